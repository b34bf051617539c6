import { bug } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Image, Input } from "../../compiler/ir/image/types.ts";
import type { Counts, Device, InputEvents, OutputEvent, TraceSink } from "../../runtime/device.ts";
import { parseCoreSection } from "../../runtime/parts/memory.ts";
import type { ChipSpec } from "../chip.ts";
import { type MemoryName, memorySizes, outputCount, type ReckonCore, type Work } from "./core.ts";
import { loadCore } from "./load.ts";
import { neuronCount } from "./neurons.ts";
import { reckonEvents } from "./trace.ts";
import * as words from "./words.ts";

/*
 * The simulator of ReckOn: the core (core.ts), and a host that plays samples. Of a sample's steps
 *
 *   step 0          SAMPLE rises; the host sends the events of step 0
 *   steps 1 …       a tick; when the chip is ready, the host sends the events of the step
 *   the last step   SAMPLE falls; a tick; the readouts leave over the output bus
 *
 * so that an event of step t is integrated in step t + 1, as everywhere in this project.
 */

type Cycles = Readonly<Record<"event" | "tick" | "scan" | "pair" | "step" | "done" | "byte", number>>;

export function reckonMachine(chip: ChipSpec): Device {
  const machine = new Machine(chip);
  return {
    name: "simulator",
    load: async (image) => machine.load(image),
    reset: async () => machine.reset(),
    send: async (events) => machine.send(events),
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

class Machine {
  cycle = 0;
  step = 0;
  sink: TraceSink | null = null;
  readonly #chip: ChipSpec;
  readonly #cycles: Cycles;
  #image: Image | null = null;
  #core: ReckonCore | null = null;
  #loadWords = 0;
  /** Bus words of each input's channels. */
  #channels: readonly Int32Array[] = [];
  #queue = new Map<number, number[]>();
  #outputs: OutputEvent[] = [];
  #sent = 0;
  #bytes = 0;
  #before: Work | null = null;

  constructor(chip: ChipSpec) {
    this.#chip = chip;
    const cost = (key: keyof Cycles): number => chip.cycles[key] ?? bug(`chip ${chip.name} does not say how many cycles "${key}" takes`);
    this.#cycles = {
      event: cost("event"),
      tick: cost("tick"),
      scan: cost("scan"),
      pair: cost("pair"),
      step: cost("step"),
      done: cost("done"),
      byte: cost("byte"),
    };
  }

  load(image: Image): void {
    if (image.target !== this.#chip.name) fail("image-chip", ["chip", image.target, this.#chip.name], { at: image.name });
    if (image.interval < 3) fail("image-word", [`samples begin every ${image.interval} steps; they take at least 3`], { at: image.name });
    this.#channels = image.inputs.map(channelsOf);
    this.#image = image;
    this.reset();
  }

  /** Loads again: the end of a sample leaves potentials in the memory, though none can be seen. */
  reset(): void {
    const { core, words: count } = loadCore(this.#loaded());
    this.#core = core;
    this.#loadWords = count;
    this.cycle = 0;
    this.step = 0;
    this.#queue = new Map();
    this.#outputs = [];
    this.#sent = 0;
    this.#bytes = 0;
    this.#before = { ...core.work };
  }

  #loaded(): Image {
    return this.#image ?? bug("the machine is used before an image is loaded");
  }

  send(events: readonly InputEvents[]): void {
    for (const e of events) {
      if (e.step < this.step) bug(`events of step ${e.step} come in step ${this.step}`);
      const channels = this.#channels[e.input] ?? bug(`there is no input ${e.input}`);
      const list = this.#queue.get(e.step) ?? [];
      this.#queue.set(e.step, list);
      for (const c of e.channel) list.push(channels[c] ?? bug(`input ${e.input} has no channel ${c}`));
    }
  }

  receive(): readonly OutputEvent[] {
    const out = this.#outputs;
    this.#outputs = [];
    return out;
  }

  run(steps: number): void {
    const { interval } = this.#loaded();
    for (let k = 0; k < steps; k++) {
      const local = this.step % interval;
      this.#report(-1, reckonEvents.stepBegin.name, this.step, 0);
      this.#runStep(this.#core ?? bug("no image is loaded"), local, local === interval - 1);
      this.step++;
    }
  }

  #runStep(core: ReckonCore, local: number, last: boolean): void {
    core.sample = !last;
    if (local > 0) this.#tick(core);
    if (last) this.#leave(core);
    for (const channel of this.#queue.get(this.step) ?? []) {
      core.event(channel);
      this.#sent++;
      this.cycle += this.#cycles.event;
      this.#report(-1, reckonEvents.hostSend.name, channel, 0);
    }
    this.#queue.delete(this.step);
  }

  #tick(core: ReckonCore): void {
    const before = { ...core.work };
    core.spikes =
      this.sink === null
        ? null
        : (neuron) => {
            const cycle = this.cycle + this.#cycles.tick + this.#clocks(before, core.work);
            this.sink?.({ cycle, step: this.step - 1, core: 0, event: reckonEvents.spikeOut.name, a: neuron, b: 1 });
          };
    core.tick();
    core.advance(Number.POSITIVE_INFINITY);
    this.cycle += this.#cycles.tick + this.#clocks(before, core.work);
    this.#report(0, reckonEvents.stepReady.name, core.work.row - before.row, 0);
  }

  #clocks(before: Work, after: Work): number {
    const c = this.#cycles;
    return (
      (after.scan - before.scan) * c.scan +
      (after.pair - before.pair) * c.pair +
      (after.step - before.step) * c.step +
      (after.done - before.done) * c.done
    );
  }

  /**
   * The output bus: low and high byte of each readout; with the label only, one byte. The first request
   * rises a clock after the update; a clock before the last byte's time is over, the bus is quiet.
   */
  #leave(core: ReckonCore): void {
    const { outputs, labelOnly } = core.settings;
    const begin = this.cycle;
    const { byte } = this.#cycles;
    let sent = 0;
    const put = (line: number, payload: number, bytes: number): void => {
      sent += bytes;
      this.cycle = begin + 1 + (sent - 1) * byte;
      this.#outputs.push({ step: this.step, cycle: this.cycle, line, payload });
      this.#report(-1, reckonEvents.hostReceive.name, line, payload);
    };
    if (labelOnly) put(0, core.label, 1);
    else for (let k = 0; k < outputs; k++) put(k, core.out[k] ?? 0, 2);
    this.#bytes += sent;
    this.cycle = begin + sent * byte - 1;
    core.sent();
  }

  #report(core: number, event: string, a: number, b: number): void {
    if (this.sink !== null) this.sink({ cycle: this.cycle, step: this.step, core, event, a, b });
  }

  counts(): Counts {
    const core = this.#core;
    if (core === null) return {};
    const before = this.#before ?? core.work;
    const work = Object.fromEntries((Object.keys(core.work) as (keyof Work)[]).map((name) => [name, core.work[name] - before[name]]));
    return { ...work, hostIn: this.#sent, hostOut: this.#bytes, loadWord: this.#loadWords };
  }

  /** Memories by section name; state as `core(0,0)/potential` (0 where not live), `core(0,0)/output`, `core(0,0)/live`. */
  peek(section: string): Int32Array {
    const core = this.#core;
    const place = parseCoreSection(section);
    if (core === null || place === null || place.x !== 0 || place.y !== 0) return new Int32Array();
    if (place.memory === "potential") return Int32Array.from({ length: neuronCount }, (_, n) => core.potential(n));
    if (place.memory === "output") return core.out.slice(0, outputCount);
    if (place.memory === "live") return Int32Array.from(core.live);
    const size = memorySizes[place.memory as MemoryName];
    return Int32Array.from({ length: size ?? 0 }, (_, a) => core.read(place.memory as MemoryName, a));
  }
}

function channelsOf(input: Input): Int32Array {
  return Int32Array.from(input.targets, (w) => {
    const r = words.inputEvent.decode(w);
    return "value" in r ? r.value.channel : fail("image-word", [`${r.field}: ${r.problem}`], { at: `input ${input.name}` });
  });
}
