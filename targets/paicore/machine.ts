import { at, must } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import type { Counts, Device, InputEvents, OutputEvent, TraceSink } from "../../runtime/device.ts";
import type { ChipSpec } from "../chip.ts";
import { type Destination, decodeWeights, floor } from "./core-words.ts";
import { type LoadedCore, loadCores } from "./cores.ts";
import { destinationOfFrame, isRead } from "./decode.ts";
import { linesPerCore } from "./emit.ts";
import { indexOfPlace, ownOf, placesOf } from "./geometry.ts";
import { paicoreEvents as events } from "./trace.ts";

/*
 * PAICORE in spiking mode, from its memories and nothing else. A step (a tick of every core):
 *
 *   u = v + sum of the weights of the axons on which a spike has arrived + leak      (v = 0 if not in spiking mode)
 *   fires if u >= threshold;  v = reset value | u - threshold | u;  then v = max(v, -floor)
 *
 * A spike of step t arrives in step t + 1 + floor(slot / extension). Source: PAIBox 1.3.0,
 * components/neuron/base.py. How many clocks a step takes is not public.
 */

const potentialMax = 2 ** 29 - 1;
const potentialMin = -(2 ** 29);
/** Steps ahead that a slot field can say. */
const horizon = 258;

type Target = { readonly core: number; readonly axon: number; readonly delay: number };

class Core {
  readonly potential: Int32Array;
  /** Axons that act, by step modulo the horizon. */
  readonly arrivals: number[][] = Array.from({ length: horizon }, () => []);
  readonly loaded: LoadedCore;
  readonly weights: Int32Array;
  readonly slots: number;
  readonly targets: readonly (readonly Target[])[];
  readonly lines: Int32Array;
  readonly first: number;
  readonly last: number;
  readonly sum: Int32Array;
  /** Number of its place in traces: row by row. */
  readonly index: number;

  constructor(loaded: LoadedCore, columns: number, fanIn: number, targets: readonly (readonly Target[])[], lines: Int32Array) {
    this.loaded = loaded;
    this.index = loaded.y * columns + loaded.x;
    this.slots = loaded.neurons.length;
    this.weights = decodeWeights(loaded.parameters, this.slots, fanIn, fanIn << loaded.parameters.extension, loaded.weights);
    this.potential = new Int32Array(this.slots);
    this.sum = new Int32Array(this.slots);
    this.targets = targets;
    this.lines = lines;
    this.first = loaded.parameters.start - 1;
    this.last = loaded.parameters.length === 0 ? Number.POSITIVE_INFINITY : this.first + loaded.parameters.length;
  }

  /** As configured: what the host does between samples, by init and by writing the neurons again. */
  begin(): void {
    this.loaded.neurons.forEach((n, i) => {
      this.potential[i] = n.potential;
    });
    for (const list of this.arrivals) list.length = 0;
  }
}

/** The simulator of a PAICORE chip, waiting for an image. */
export function paicoreMachine(chip: ChipSpec): Device {
  const machine = new Machine(chip);
  return {
    name: "simulator",
    load: async (image) => machine.load(image),
    reset: async () => machine.reset(),
    send: async (list) => machine.send(list),
    run: async (steps) => machine.run(steps),
    now: () => ({ cycle: machine.step * machine.cyclesOfStep, step: machine.step }),
    receive: async () => machine.receive(),
    peek: async (section) => machine.peek(section),
    trace: (sink) => {
      machine.sink = sink;
    },
    counts: async () => machine.counts(),
    close: async () => {},
  };
}

const counters = ["event", "synapse", "update", "spike", "deliver", "lost", "barrier", "hostIn", "hostOut"] as const;

class Machine {
  step = 0;
  cyclesOfStep = 0;
  sink: TraceSink | null = null;
  readonly #chip: ChipSpec;
  #cores: Core[] = [];
  #memories: ReadonlyMap<string, Uint32Array> = new Map();
  #inputs: readonly (readonly (readonly Target[])[])[] = [];
  #interval = 1;
  #steps = 1;
  #loadWords = 0;
  #waiting = new Map<number, InputEvents[]>();
  #outputs: OutputEvent[] = [];
  #counts = new Float64Array(counters.length);

  constructor(chip: ChipSpec) {
    this.#chip = chip;
  }

  load(image: Image): void {
    const chip = this.#chip;
    if (image.target !== chip.name) fail("image-chip", ["chip", image.target, chip.name], { at: image.name });
    const own = ownOf(chip);
    const { cores, memories, words } = loadCores(image.sections, chip);
    const places = new Map(cores.map((c, i) => [indexOfPlace(c), i]));
    const isHost = (d: Destination): boolean => d.chip.x === own.hostChip.x && d.chip.y === own.hostChip.y;
    const targetsOf = (d: Destination): Target[] =>
      isHost(d)
        ? []
        : placesOf(d).flatMap((p) => {
            const core = places.get(indexOfPlace(p));
            if (core === undefined) return [];
            const folds = 1 << at(cores, core).parameters.extension;
            return [{ core, axon: (d.slot % folds) * own.fanIn + d.axon, delay: Math.floor(d.slot / folds) }];
          });
    this.#cores = cores.map((c) => {
      const lines = Int32Array.from(c.neurons, ({ destination: d }) => (isHost(d) ? indexOfPlace(d.base) * linesPerCore + d.axon : -1));
      return new Core(
        c,
        chip.columns,
        own.fanIn,
        c.neurons.map((n) => targetsOf(n.destination)),
        lines,
      );
    });
    this.#inputs = image.inputs.map(({ name, start, targets }) =>
      Array.from({ length: start.length - 1 }, (_, i) => {
        const out: Target[] = [];
        for (let k = at(start, i); k < at(start, i + 1); k += 2) {
          const d = destinationOfFrame(at(targets, k), at(targets, k + 1));
          out.push(...targetsOf(d ?? fail("image-word", ["a target of an input is no spike frame"], { at: `input ${name}` })));
        }
        return out;
      }),
    );
    const slots = Math.max(1, ...cores.map((c) => 1 << c.parameters.extension));
    this.cyclesOfStep = (chip.cycles["slot"] ?? 0) * slots;
    this.#memories = memories;
    this.#loadWords = words;
    this.#interval = image.interval;
    this.#steps = image.steps;
    this.reset();
  }

  reset(): void {
    this.step = 0;
    this.#waiting.clear();
    this.#outputs = [];
    this.#counts.fill(0);
    for (const c of this.#cores) c.begin();
  }

  send(list: readonly InputEvents[]): void {
    for (const e of list) {
      must(e.step >= this.step, `events of step ${e.step} were sent in step ${this.step}`);
      const waiting = this.#waiting.get(e.step);
      if (waiting === undefined) this.#waiting.set(e.step, [e]);
      else waiting.push(e);
    }
  }

  run(steps: number): void {
    for (let i = 0; i < steps; i++) this.#runStep();
  }

  receive(): readonly OutputEvent[] {
    const out = this.#outputs;
    this.#outputs = [];
    return out;
  }

  counts(): Counts {
    const out: Record<string, number> = { loadWord: this.#loadWords };
    counters.forEach((name, i) => {
      out[name] = at(this.#counts, i);
    });
    return out;
  }

  peek(section: string): Int32Array {
    const memory = this.#memories.get(section);
    if (memory !== undefined) return Int32Array.from(memory);
    const core = this.#cores.find((c) => section === `core(${c.loaded.x},${c.loaded.y})/potential`);
    return core === undefined ? fail("image-section-unknown", [section], { at: section }) : core.potential.slice();
  }

  #count(name: (typeof counters)[number], by: number): void {
    const i = counters.indexOf(name);
    this.#counts[i] = at(this.#counts, i) + by;
  }

  #trace(core: number, event: { readonly name: string }, a: number, b: number): void {
    this.sink?.({ cycle: this.step * this.cyclesOfStep, step: this.step, core, event: event.name, a, b });
  }

  #runStep(): void {
    const local = this.step % this.#interval;
    if (local === 0) for (const c of this.#cores) c.begin();
    this.#trace(-1, events.step, this.step, 0);
    this.#count("barrier", 1);
    for (const core of this.#cores) this.#runCore(core, local);
    for (const e of this.#waiting.get(this.step) ?? []) {
      for (const channel of e.channel) {
        const targets = at(at(this.#inputs, e.input), channel);
        this.#count("hostIn", targets.length > 0 ? 1 : 0);
        this.#deliver(targets);
      }
    }
    this.#waiting.delete(this.step);
    this.step++;
  }

  #deliver(targets: readonly Target[]): void {
    this.#count("deliver", targets.length);
    for (const t of targets) at(at(this.#cores, t.core).arrivals, (this.step + 1 + t.delay) % horizon).push(t.axon);
  }

  #runCore(core: Core, local: number): void {
    const arrivals = at(core.arrivals, this.step % horizon);
    const active = local >= core.first && local < core.last;
    if (!active) {
      for (const axon of arrivals) this.#trace(core.index, events.lost, axon, 0);
      this.#count("lost", arrivals.length);
      arrivals.length = 0;
      return;
    }
    const { slots, sum, weights, potential } = core;
    sum.fill(0);
    let synapses = 0;
    for (const axon of arrivals) {
      if (this.sink !== null) this.#trace(core.index, events.axon, axon, 0);
      const row = axon * slots;
      for (let n = 0; n < slots; n++) {
        const w = weights[row + n] as number;
        if (w === 0) continue;
        sum[n] = (sum[n] as number) + w;
        synapses++;
      }
    }
    this.#count("event", arrivals.length);
    this.#count("synapse", synapses);
    this.#count("update", slots);
    arrivals.length = 0;
    const { neurons, parameters } = core.loaded;
    const lastStep = local === this.#steps - 1;
    for (let n = 0; n < slots; n++) {
      const p = at(neurons, n);
      const u = clamp((parameters.spiking ? (potential[n] as number) : 0) + (sum[n] as number) + p.leak);
      const read = isRead(p);
      const fires = u >= p.threshold && !read;
      potential[n] = Math.max(-floor, fires ? afterSpike(u, p.reset, p.resetValue, p.threshold) : u);
      if (fires) this.#fire(core, n);
      if (read && lastStep) this.#leave(core, n, at(core.lines, n), potential[n] as number);
    }
  }

  #fire(core: Core, neuron: number): void {
    this.#count("spike", 1);
    this.#trace(core.index, events.spikeOut, neuron, 1);
    this.#deliver(at(core.targets, neuron));
    const line = at(core.lines, neuron);
    if (line < 0) return;
    this.#count("hostOut", 1);
    this.#outputs.push({ step: this.step, cycle: (this.step + 1) * this.cyclesOfStep, line, payload: 1 });
  }

  /** A potential that the host reads with a test frame. */
  #leave(core: Core, neuron: number, line: number, potential: number): void {
    this.#trace(core.index, events.potentialOut, neuron, potential);
    this.#count("hostOut", 1);
    this.#outputs.push({ step: this.step, cycle: (this.step + 1) * this.cyclesOfStep, line, payload: potential });
  }
}

function afterSpike(u: number, reset: string, value: number, threshold: number): number {
  return reset === "set" ? value : reset === "subtract" ? u - threshold : u;
}

function clamp(u: number): number {
  return Math.min(potentialMax, Math.max(potentialMin, u));
}
