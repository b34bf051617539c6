import { bug } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import type { Counts, Device, InputEvents, OutputEvent, TraceSink } from "../../runtime/device.ts";
import type { ChipSpec } from "../chip.ts";
import { OdinCore } from "./core.ts";
import { referenceEvent } from "./emit.ts";
import { Host, potentialBytes, stepEvents } from "./host.ts";
import { type Memories, memoriesOf, variantOf } from "./memory.ts";
import { odinEvents } from "./trace.ts";
import type { Variant } from "./variant.ts";
import { odinRegisters, spiNeuron } from "./words.ts";

/*
 * The chip with its host, as a device. In each step the host offers the step's events one by one,
 * each after everything that the one before caused is done, and ends the step with a time reference if the
 * network leaks. After a sample's last step it reads the potentials that are answers over the
 * configuration link; before the next sample it clears the potentials. All of it takes the
 * clocks that it takes at the pins.
 */
export function odinMachine(chip: ChipSpec): Device {
  const machine = new Machine(chip);
  return {
    name: "simulator",
    load: async (image) => machine.load(image),
    reset: async () => machine.reset(),
    send: async (events) => void machine.queue.push(...events),
    run: async (steps) => machine.run(steps),
    now: () => ({ cycle: machine.cycle, step: machine.step }),
    receive: async () => machine.receive(),
    peek: async (section) => machine.peek(section),
    trace: (sink) => {
      machine.sink = sink;
    },
    counts: async () => machine.counts(),
    close: async () => {},
  };
}

type Loaded = { readonly image: Image; readonly memories: Memories; readonly host: Host; readonly from: number };

class Machine {
  step = 0;
  sink: TraceSink | null = null;
  queue: InputEvents[] = [];
  readonly #chip: ChipSpec;
  readonly #variant: Variant;
  #now: Loaded | null = null;
  #outputs: OutputEvent[] = [];
  #seen = 0;
  #linkBits = 0;

  constructor(chip: ChipSpec) {
    this.#chip = chip;
    this.#variant = variantOf(chip.own);
  }

  get cycle(): number {
    return this.#now === null ? 0 : this.#now.host.core.cycle - this.#now.from;
  }

  load(image: Image): void {
    if (image.target !== this.#chip.name) fail("image-chip", ["chip", image.target, this.#chip.name], { at: image.name });
    this.#start(image, memoriesOf(image, this.#variant));
  }

  reset(): void {
    const { image, memories } = this.#loaded();
    this.#start(image, memories);
  }

  #start(image: Image, memories: Memories): void {
    const core = new OdinCore(this.#variant);
    memories.registers.forEach((value, address) => core.setRegister(address, value));
    core.loadNeurons(memories.neurons);
    core.loadSynapses(memories.synapses);
    const host = new Host(core);
    host.reset();
    this.#now = { image, memories, host, from: core.cycle };
    this.step = 0;
    this.queue = [];
    this.#outputs = [];
    this.#seen = 0;
    this.#linkBits = 0;
  }

  #loaded(): Loaded {
    return this.#now ?? bug("the machine is used before an image is loaded");
  }

  run(steps: number): void {
    for (let k = 0; k < steps; k++) this.#runStep();
  }

  receive(): readonly OutputEvent[] {
    const out = this.#outputs;
    this.#outputs = [];
    return out;
  }

  #runStep(): void {
    const { image, memories, host } = this.#loaded();
    const local = this.step % image.interval;
    if (local === 0 && this.step > 0) this.#clear();
    const reference = referenceEvent(this.#variant);
    const own = memories.protocol.reference && local < image.steps ? [reference] : [];
    for (const event of [...stepEvents(image, this.queue, this.step), ...own]) {
      this.#trace(odinEvents.offer.name, event, 0);
      host.offer(event);
      host.drain();
      this.#trace(odinEvents.drained.name, event, 0);
    }
    this.queue = this.queue.filter((e) => e.step > this.step);
    this.#takeSpikes();
    if (local === image.steps - 1) this.#readPotentials();
    this.step++;
  }

  #trace(event: string, a: number, b: number): void {
    if (this.sink === null) return;
    this.#takeSpikes();
    this.sink({ cycle: this.cycle, step: this.step, core: 0, event, a, b });
  }

  /** Spikes that came out since the last call go to the lines that carry them. */
  #takeSpikes(): void {
    const { memories, host, from } = this.#loaded();
    const { spikes } = host.core;
    for (; this.#seen < spikes.length; this.#seen++) {
      const { cycle, address } = spikes[this.#seen]!;
      this.sink?.({ cycle: cycle - from, step: this.step, core: 0, event: odinEvents.spike.name, a: address, b: 1 });
      memories.lines.forEach((l, line) => {
        if (l.neuron === address && !l.potential) this.#outputs.push({ step: this.step, cycle: cycle - from, line, payload: 1 });
      });
    }
    spikes.length = 0;
    host.core.fullChanges.length = 0;
    this.#seen = 0;
  }

  #readPotentials(): void {
    const { memories, host } = this.#loaded();
    if (!memories.lines.some((l) => l.potential)) return;
    host.gate(true);
    const bytes = potentialBytes(this.#variant);
    memories.lines.forEach((l, line) => {
      if (!l.potential) return;
      let bits = 0;
      for (const { byte, give } of bytes) bits |= give(host.read("neurons", spiNeuron.encode({ neuron: l.neuron, byte })));
      const { low, high } = this.#variant;
      const signed = bits > high ? bits - (high - low + 1) : bits;
      if (signed !== 0) this.#outputs.push({ step: this.step, cycle: this.cycle, line, payload: signed });
      this.#linkBits += 40 * bytes.length;
    });
    host.gate(false);
    this.#linkBits += 80;
  }

  /** Potentials as loaded. */
  #clear(): void {
    const { memories, host } = this.#loaded();
    const { protocol } = memories;
    if (protocol.clear === "references") {
      for (let k = 0; k < protocol.clears; k++) {
        host.offer(referenceEvent(this.#variant));
        host.drain();
      }
      return;
    }
    host.gate(true);
    // A potential is two bytes: between them it may reach the threshold, and would push a spike that never was.
    host.write("registers", odinRegisters.openLoop, 1);
    const bytes = potentialBytes(this.#variant);
    for (let n = 0; n < protocol.neurons; n++) {
      const { potential } = this.#variant.neuron(memories.neurons, n * this.#variant.neuronParts);
      for (const { byte, keep, take } of bytes) host.write("neurons", spiNeuron.encode({ neuron: n, byte }), take(potential), keep);
      this.#linkBits += 40 * bytes.length;
    }
    host.write("registers", odinRegisters.openLoop, memories.registers[odinRegisters.openLoop]!);
    host.gate(false);
    this.#linkBits += 160;
  }

  counts(): Counts {
    const { tally } = this.#loaded().host.core;
    return {
      synapse: tally.visits,
      leak: tally.leaks,
      event: tally.accepted,
      entry: tally.entries,
      spike: tally.spikes,
      dropped: tally.dropped,
      linkBit: this.#linkBits,
    };
  }

  /** `core(0,0)/potential`, `chip/registers|neurons|synapses` (words of 32 bits). */
  peek(section: string): Int32Array {
    const { core } = this.#loaded().host;
    const found: Readonly<Record<string, () => ArrayLike<number>>> = {
      "core(0,0)/potential": () => core.potentials(),
      "chip/registers": () => core.registers,
      "chip/neurons": () => core.neuronWords(),
      "chip/synapses": () => core.synapseWords(),
    };
    return Int32Array.from(found[section]?.() ?? []);
  }
}
