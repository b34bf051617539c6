import { at, must } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import type { Counts, Device, InputEvents, OutputEvent, TraceSink } from "../../runtime/device.ts";
import type { ChipSpec } from "../chip.ts";
import { CoreState } from "./core.ts";
import { routeOf } from "./decode.ts";
import { type LoadedCore, loadCores } from "./load.ts";
import { type Hops, type Place, Schedule } from "./schedule.ts";
import { loihiEvents as events } from "./trace.ts";

/*
 * Loihi from its memories and nothing else: in every step each core adds the weights of the events that
 * have arrived, updates its compartments, and sends spikes, which act in the next step or later; then the barrier.
 * Spikes and potentials are exact. The time of a step is the estimate of schedule.ts.
 */

/** The simulator, waiting for an image. */
export function loihiMachine(chip: ChipSpec): Device {
  const machine = new Machine(chip);
  return {
    name: "simulator",
    load: async (image) => machine.load(image),
    reset: async () => machine.reset(),
    send: async (list) => machine.send(list),
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

/** Where an event goes: an axon of a core, or a line of the host (core -1). */
type Target = { readonly core: number; readonly axon: number; readonly hops: Hops };

const counters = [
  "event",
  "synapse",
  "update",
  "skip",
  "spike",
  "send",
  "hopX",
  "hopY",
  "deliver",
  "lost",
  "barrier",
  "hostIn",
  "hostOut",
] as const;
type Counter = (typeof counters)[number];

/** The host's packets enter and leave at the tile of core (0,0). */
const door: Place = { x: 0, y: 0 };

class Machine {
  step = 0;
  cycle = 0;
  sink: TraceSink | null = null;
  readonly #chip: ChipSpec;
  #cores: CoreState[] = [];
  /** By core and slot. */
  #targets: readonly (readonly (readonly Target[])[])[] = [];
  /** By input and channel. */
  #inputs: readonly (readonly (readonly Target[])[])[] = [];
  #memories: ReadonlyMap<string, Uint32Array> = new Map();
  #schedule: Schedule;
  #interval = 1;
  #loadWords = 0;
  #waiting = new Map<number, InputEvents[]>();
  #outputs: OutputEvent[] = [];
  #leaving: { readonly line: number; readonly payload: number }[] = [];
  #counts: Record<Counter, number> = zeroes();

  constructor(chip: ChipSpec) {
    this.#chip = chip;
    this.#schedule = new Schedule(chip, []);
  }

  load(image: Image): void {
    const chip = this.#chip;
    if (image.target !== chip.name) fail("image-chip", ["chip", image.target, chip.name], { at: image.name });
    const { cores, memories, words } = loadCores(image.sections, chip);
    const schedule = new Schedule(chip, cores);
    const indices = new Map(cores.map((c, i) => [`${c.x},${c.y}`, i]));
    const targetOf = (r: LoadedCore["routes"][number], from: Place): Target => {
      const core = r.host ? -1 : (indices.get(`${r.x},${r.y}`) ?? null);
      const known = core !== null && (core < 0 || r.axon < at(cores, core).axons.length);
      return { core: known ? core : nowhere, axon: r.axon, hops: schedule.hops(from, r.host ? door : r) };
    };
    this.#cores = cores.map((c) => new CoreState(c));
    this.#targets = cores.map((c) => {
      const { routeStart, routeCount } = c.compartments;
      const list = c.routes.map((r) => targetOf(r, c));
      return Array.from({ length: c.count }, (_, i) => list.slice(at(routeStart, i), at(routeStart, i) + at(routeCount, i)));
    });
    this.#inputs = image.inputs.map(({ name, start, targets }) =>
      Array.from({ length: start.length - 1 }, (_, i) =>
        Array.from(targets.subarray(at(start, i), at(start, i + 1)), (w) => targetOf(routeOf(w, `input ${name}`), door)),
      ),
    );
    this.#schedule = schedule;
    this.#memories = memories;
    this.#loadWords = words;
    this.#interval = image.interval;
    this.reset();
  }

  reset(): void {
    this.step = 0;
    this.cycle = 0;
    this.#waiting.clear();
    this.#outputs = [];
    this.#counts = zeroes();
    for (const c of this.#cores) c.clear();
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
    return { ...this.#counts, loadWord: this.#loadWords };
  }

  peek(section: string): Int32Array {
    const memory = this.#memories.get(section);
    if (memory !== undefined) return Int32Array.from(memory);
    for (const c of this.#cores)
      for (const state of ["potential", "current"] as const)
        if (section === `core(${c.loaded.x},${c.loaded.y})/${state}`) return c[state].slice();
    return fail("image-section-unknown", [section], { at: section });
  }

  #trace(core: number, event: { readonly name: string }, a: number, b: number): void {
    this.sink?.({ cycle: this.cycle, step: this.step, core, event: event.name, a, b });
  }

  #runStep(): void {
    const local = this.step % this.#interval;
    if (local === 0) for (const c of this.#cores) c.begin();
    this.#trace(-1, events.step, this.step, 0);
    this.#counts.barrier++;
    this.#cores.forEach((core, i) => this.#runCore(core, i, local));
    this.#sendInputs();
    const { quiet, next } = this.#schedule.end();
    for (const { line, payload } of this.#leaving) this.#outputs.push({ step: this.step, cycle: this.cycle + quiet, line, payload });
    this.#leaving = [];
    this.cycle += next;
    this.step++;
  }

  #runCore(core: CoreState, index: number, local: number): void {
    const counts = this.#counts;
    const number = core.loaded.y * this.#chip.columns + core.loaded.x;
    const { axons, synapses } = core.integrate(this.step);
    if (this.sink !== null) for (const axon of axons) this.#trace(number, events.event, axon, 0);
    const targets = at(this.#targets, index);
    const { updates, skips } = core.update(
      local,
      (slot) => {
        counts.spike++;
        this.#trace(number, events.spikeOut, slot, 1);
        this.#send(at(targets, slot), 1, number);
      },
      (slot, potential) => {
        this.#trace(number, events.potentialOut, slot, potential);
        this.#send(at(targets, slot), potential, number);
      },
    );
    counts.event += axons.length;
    counts.synapse += synapses;
    counts.update += updates;
    counts.skip += skips;
    this.#schedule.core(synapses, updates, skips);
  }

  #send(targets: readonly Target[], payload: number, from: number): void {
    const counts = this.#counts;
    for (const t of targets) {
      counts.send++;
      counts.hopX += t.hops.x;
      counts.hopY += t.hops.y;
      this.#schedule.spike(t.hops);
      if (t.core === nowhere) {
        counts.lost++;
        this.#trace(from, events.lost, t.axon, payload);
      } else if (t.core < 0) {
        counts.hostOut++;
        this.#leaving.push({ line: t.axon, payload });
      } else {
        counts.deliver++;
        at(this.#cores, t.core).arrive(t.axon, this.step);
      }
    }
  }

  #sendInputs(): void {
    for (const e of this.#waiting.get(this.step) ?? [])
      for (const channel of e.channel) {
        const targets = at(at(this.#inputs, e.input), channel);
        this.#counts.hostIn += targets.length;
        this.#send(targets, 1, -1);
      }
    this.#waiting.delete(this.step);
  }
}

/** Number of no core: where an event goes whose core or axon is not there. */
const nowhere = -2;

function zeroes(): Record<Counter, number> {
  return Object.fromEntries(counters.map((c) => [c, 0])) as Record<Counter, number>;
}
