import { bug } from "../../compiler/base/bug.ts";
import type { Board, Fault, LogEntry, Tape } from "../../runtime/tape/types.ts";
import { OdinCore } from "./core.ts";
import { Host, type Space } from "./host.ts";
import type { Variant } from "./variant.ts";
import { spiNeuron } from "./words.ts";

/** Spaces of tape operations; addresses are those of the configuration link, words are bytes (20 bits in registers). */
export const spaces = {
  registers: 0,
  neurons: 1,
  synapses: 2,
  /** Neurons again: the writes after loading that refresh the learning flags, which a back door leaves out. */
  refresh: 3,
} as const;

/** Clocks after which nobody waits for quiet any more: a network that goes round for ever. The bench has the same number. */
const restless = 100_000;

const spaceNames: readonly Space[] = ["registers", "neurons", "synapses", "neurons"];

/** A pin of the bench: at 1 the host does not answer output events. */
export const holdPin = "AEROUT_HOLD";

/** A chip at its pins, just powered up: memories hold zeros, registers too. */
export function odinBoard(variant: Variant, faults: readonly Fault[] = []): Board {
  const core = new OdinCore(variant);
  core.setFaults(faults);
  const host = new Host(core);
  /** The clock at the end of the first reset. */
  let origin: number | null = null;
  const now = (): number => core.cycle - (origin ?? 0);
  let log: LogEntry[] = [];
  let lastSpike = 0;
  let errors = 0;

  /** Output events and changes of pins since the last call, in order; at one clock the event comes first. */
  const take = (): void => {
    const found: LogEntry[] = [];
    for (const s of core.spikes) found.push({ kind: "spike", cycle: s.cycle - (origin ?? 0), word: s.address });
    if (variant.name === "tinyodin")
      for (const c of core.fullChanges) found.push({ kind: "pin", cycle: c.cycle - (origin ?? 0), name: "SCHED_FULL", value: c.value });
    const last = core.spikes.at(-1);
    if (last !== undefined) lastSpike = last.cycle;
    core.spikes.length = 0;
    core.fullChanges.length = 0;
    found.sort((a, b) => a.cycle - b.cycle || (a.kind === "spike" ? 0 : 1) - (b.kind === "spike" ? 0 : 1));
    if (origin !== null) log.push(...found);
  };

  const wait = (cycles: number): void => {
    for (let left = cycles; left > 0; ) left -= core.advance(left);
  };

  const play = (o: Tape[number]): void => {
    switch (o.op) {
      case "reset":
        core.setReset(1);
        wait(8);
        core.setReset(0);
        take();
        origin ??= core.cycle;
        wait(8);
        return;
      case "write":
        return host.write(spaceNames[o.space] ?? bug(`no space ${o.space}`), o.address, Number(o.data), o.mask);
      case "read": {
        const value = host.read(spaceNames[o.space] ?? bug(`no space ${o.space}`), o.address);
        take();
        if (o.expect !== null && Number(o.expect) !== value) errors++;
        log.push({ kind: "read", cycle: now(), space: o.space, address: o.address, value });
        return;
      }
      case "event":
        return host.offer(Number(o.word));
      case "wait":
        return wait(o.cycles);
      case "quiet": {
        const from = core.cycle;
        for (;;) {
          take();
          const left = Math.min(Math.max(from, lastSpike) + o.cycles, from + restless) - core.cycle;
          if (left <= 0) return;
          core.advance(left);
        }
      }
      case "pin":
        if (o.name !== holdPin) bug(`no pin ${o.name}`);
        core.hold = o.value;
        return;
      case "mark":
        take();
        log.push({ kind: "mark", cycle: now(), id: o.id });
        return;
      case "tick":
        return bug("the chip has no step signal");
    }
  };

  return {
    run: (tape) => {
      log = [];
      errors = 0;
      for (const o of tape) play(o);
      take();
      log.push({ kind: "end", cycle: now(), errors });
      return log;
    },
  };
}

/** Address of a byte of a neuron. */
export const neuronByte = (neuron: number, byte: number): number => spiNeuron.encode({ neuron, byte });
