import type { InputEvents } from "../../runtime/device.ts";
import { at } from "../../compiler/base/bug.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import type { OdinCore } from "./core.ts";
import type { Variant } from "./variant.ts";
import * as words from "./words.ts";

/*
 * What a host does at the pins: transfers on the configuration link, and address events. Everything
 * changes between rising edges of the clock; the link's clock has a quarter of its frequency.
 */

/** Far more clocks than anything that ends takes. */
const patience = 2 ** 30;

export class Host {
  readonly core: OdinCore;
  constructor(core: OdinCore) {
    this.core = core;
  }

  /** Pulses the reset pin. */
  reset(): void {
    this.core.setReset(1);
    this.core.advance(8);
    this.core.setReset(0);
    this.core.advance(8);
  }

  /** One transfer of 40 bits, the highest first; returns the last 20 that came back. */
  transfer(address: number, data: number): number {
    const { core } = this;
    let back = 0;
    for (let bit = 39; bit >= 0; bit--) {
      const plain = Math.min(core.linkPlain, bit >= 20 ? bit - 19 : bit + 1);
      if (plain > 1) {
        const from = bit >= 20 ? address >>> (bit - 20 - plain + 1) : data >>> (bit - plain + 1);
        const came = core.linkBits(plain, from & (2 ** plain - 1));
        if (came !== null) {
          back = ((back << plain) | came) & 0xfffff;
          bit -= plain - 1;
          continue;
        }
      }
      const out = bit >= 20 ? (address >>> (bit - 20)) & 1 : (data >>> bit) & 1;
      core.advance2();
      back = ((back << 1) | core.miso) & 0xfffff;
      core.linkClock(1, out);
      core.advance2();
      core.linkClock(0, out);
    }
    return back;
  }

  write(space: Space, address: number, data: number, mask = 0): void {
    const value = space === "registers" ? data : words.spiData.encode({ byte: data, mask });
    this.transfer(words.spiAddress.encode({ address, space, write: true, read: false }), value);
  }

  read(space: Space, address: number): number {
    return this.transfer(words.spiAddress.encode({ address, space, write: false, read: true }), 0) & 0xff;
  }

  /** Freezes the network, or lets it go on. The link must write a register after memory accesses, which this does. */
  gate(closed: boolean): void {
    this.write("registers", words.odinRegisters.gate, closed ? 1 : 0);
    this.core.advance(settle);
  }

  /** Offers an event until it is accepted and the chip is ready for the next. */
  offer(event: number): void {
    const { core } = this;
    core.event = event;
    core.request = 1;
    for (let spent = 0; core.acknowledge === 0 && spent < patience; ) spent += core.advance(patience);
    core.request = 0;
    while (core.acknowledge === 1) core.advance(patience);
  }

  /** Waits until everything that was caused has been done. */
  drain(): void {
    this.core.runQuiet(patience);
  }
}

export type Space = "registers" | "neurons" | "synapses";

/** Clocks after which a register's change has reached the controller. */
export const settle = 20;

/** The words that the host sends in a step: by input, channel and target, each with its spikes. */
export function stepEvents(image: Image, events: readonly InputEvents[], step: number): number[] {
  const out: number[] = [];
  for (const [i, input] of image.inputs.entries()) {
    for (const e of events) {
      if (e.input !== i || e.step !== step) continue;
      for (const k of [...e.channel.keys()].sort((p, q) => at(e.channel, p) - at(e.channel, q))) {
        const channel = at(e.channel, k);
        for (let t = at(input.start, channel); t < at(input.start, channel + 1); t++) out.push(at(input.targets, t));
      }
    }
  }
  return out;
}

/** Bytes of a neuron's word that hold its potential, with the bits to keep, and how to put them together. */
export function potentialBytes(
  variant: Variant,
): readonly { readonly byte: number; readonly keep: number; readonly take: (v: number) => number; readonly give: (b: number) => number }[] {
  const field = variant.name === "odin" ? words.odinNeuron2.fields.potential : words.tinyNeuron.fields.potential;
  const part = variant.name === "odin" ? 2 : 0;
  const out = [];
  for (let byte = field.low >> 3; byte <= field.high >> 3; byte++) {
    const mask = words.withBits(field, 0, -1);
    const used = (mask >>> (8 * byte)) & 0xff;
    out.push({
      byte: 4 * part + byte,
      keep: 0xff & ~used,
      take: (v: number): number => (words.withBits(field, 0, v) >>> (8 * byte)) & 0xff,
      give: (b: number): number => words.bitsOf(field, ((b & used) << (8 * byte)) >>> 0),
    });
  }
  return out;
}
