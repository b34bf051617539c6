import { bug } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import type { Counts, Device, InputEvents, OutputEvent, TraceSink } from "../../runtime/device.ts";
import { buildMachine } from "../../runtime/fast/build.ts";
import { Engine, type FastCounter, fastCounters, type Work } from "../../runtime/fast/engine.ts";
import { flowRoom, MeshFlow } from "../../runtime/fast/flow.ts";
import { startThreads } from "../../runtime/fast/threads.ts";
import { loadSections, type Memories, parseCoreSection } from "../../runtime/parts/memory.ts";
import { ports } from "../../runtime/parts/router.ts";
import type { ChipSpec } from "../chip.ts";
import { kernelBytes } from "../kernels.ts";
import type { Cycles } from "./core.ts";
import { cyclesOf, machineDefaults, type MachineOptions } from "./machine.ts";
import { layoutOf, planOf } from "./plan.ts";
import { meshEvents } from "./trace.ts";

/*
 * The mesh chip in the fast time model: spikes, potentials, outputs and counters are those of
 * machine.ts; cycles are an estimate. A trace holds what neurons send, at about the time.
 */

export type FastOptions = MachineOptions & {
  readonly threads: number;
};

/** The fast simulator of a mesh chip, waiting for an image. */
export function meshFast(chip: ChipSpec, options: Partial<FastOptions> = {}): Device {
  const machine = new FastMachine(chip, { ...machineDefaults, threads: 1, kernels: kernelBytes(), ...options });
  return {
    name: "fast simulator",
    load: (image) => machine.load(image),
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
    close: () => machine.close(),
  };
}

class FastMachine {
  cycle = 0;
  step = 0;
  sink: TraceSink | null = null;
  readonly #chip: ChipSpec;
  readonly #options: FastOptions;
  readonly #cycles: Cycles;
  #flow: MeshFlow | null = null;
  #engine: Engine | null = null;
  #memories: Memories = new Map();
  #loadWords = 0;
  #steps = 0;
  #outputs: OutputEvent[] = [];
  #slots = new Int32Array(0);
  #present: readonly number[] = [];
  #isOutput: readonly Uint8Array[] = [];
  /** By core: cycles of the step in which it is done. */
  #done = new Float64Array(0);
  #emissions: number[] = [];

  constructor(chip: ChipSpec, options: FastOptions) {
    this.#chip = chip;
    this.#options = options;
    this.#cycles = cyclesOf(chip);
  }

  async load(image: Image): Promise<void> {
    const chip = this.#chip;
    if (image.target !== chip.name) fail("image-chip", ["chip", image.target, chip.name], { at: image.name });
    await this.close();
    const { memories, words } = loadSections(image.sections, layoutOf(chip));
    this.#memories = memories;
    this.#loadWords = words;
    const plan = planOf(image, chip, memories);
    const { threads, kernels } = this.#options;
    const machine = buildMachine(plan, { threads, kernels, room: flowRoom(plan) });
    this.#engine = new Engine(machine, plan, plan.inputs, threads === 1 ? null : await startThreads(machine));
    const size = plan.cores.length;
    this.#slots = Int32Array.from(plan.cores, (c) => c?.slots ?? 0);
    this.#isOutput = plan.cores.map((c) => c?.isOutput ?? new Uint8Array(0));
    this.#present = plan.cores.flatMap((c, d) => (c === null ? [] : [d]));
    this.#flow = new MeshFlow(
      machine,
      plan,
      this.#cycles.hop,
      chip.fifo,
      [...this.#present, ...machine.built.reached].map((d) => plan.routerOf[d]!),
    );
    this.#done = new Float64Array(size + 1);
    this.reset();
  }

  async close(): Promise<void> {
    await this.#engine?.close();
    this.#engine = null;
  }

  reset(): void {
    this.cycle = 0;
    this.step = 0;
    this.#steps = 0;
    this.#outputs = [];
    this.#flow?.reset();
    this.#engine?.reset();
  }

  send(events: readonly InputEvents[]): void {
    for (const e of events) this.#loaded().queue(e, this.step);
  }

  receive(): readonly OutputEvent[] {
    const out = this.#outputs;
    this.#outputs = [];
    return out;
  }

  #loaded(): Engine {
    return this.#engine ?? bug("the machine is used before an image is loaded");
  }

  run(steps: number): void {
    const engine = this.#loaded();
    const limit = this.cycle + this.#options.cyclesMax;
    for (let k = 0; k < steps; k++) {
      this.#runStep(engine);
      if (this.cycle > limit) fail("simulator-budget", [this.step, this.#options.cyclesMax], { at: `step ${this.step}` });
    }
  }

  #runStep(engine: Engine): void {
    this.#emissions.length = 0;
    engine.onEmission = this.sink === null ? null : (core, slot, payload) => this.#emissions.push(core, slot, payload);
    engine.step(this.step);
    this.#checkRoom(engine);
    const quiet = this.#schedule(engine.work);
    if (this.sink !== null) this.#report(engine.work, quiet);
    this.#keepOutputs(engine);
    this.cycle += quiet + this.#cycles.barrier;
    this.#steps++;
    this.step++;
  }

  /** Cycles from the step's first to the one in which everything is quiet. */
  #schedule(work: Work): number {
    const c = this.#cycles;
    const flow = this.#flow ?? bug("the machine is used before an image is loaded");
    const { begins, ends } = flow;
    let quiet = 0;
    for (const d of this.#present) {
      const slots = this.#slots[d]!;
      const updated = work.updated[d]!;
      const sent = work.sent[d]!;
      const integrate = this.#integrate(work, d);
      const update = updated * c.update + (slots - updated) * c.skip;
      const done = integrate + update + this.#sending(work, d, update, flow.gap);
      this.#done[d] = done;
      if (done > quiet) quiet = done;
      if (sent === 0) continue;
      const before = work.firstUpdated[d]! * c.update + (work.firstSlot[d]! + 1 - work.firstUpdated[d]!) * c.skip;
      // Slots behind the last sender take their part of the update.
      const after = ((slots - 1 - work.lastSlot[d]!) * update) / slots;
      begins[d] = integrate + before + c.send;
      ends[d] = Math.max(integrate + before + c.send, done - Math.floor(after) - 1);
    }
    const host = ends.length - 1;
    begins[host] = 0;
    ends[host] = Math.max(0, Math.ceil((work.fromHost - 1) * flow.gap));
    return Math.max(quiet, flow.finish());
  }

  /** Cycles that the core sends, waiting for room included. Packets of one neuron come close together; those of different ones have updates between. */
  #sending(work: Work, d: number, update: number, gap: number): number {
    const sent = work.sent[d]!;
    const own = sent * (this.#cycles.send + 1);
    const through = Math.max(0, sent - this.#chip.fifo) * gap;
    return Math.max(own, through - update);
  }

  #integrate(work: Work, d: number): number {
    const c = this.#cycles;
    return work.events[d]! * c.event + work.rows[d]! * c.row + work.words[d]! * c.word + work.gates[d]! * c.gate;
  }

  /** Outputs in the order in which their cores are done. */
  #keepOutputs(engine: Engine): void {
    const { outputs } = engine;
    if (outputs.length === 0) return;
    const ends = this.#flow?.ends ?? [];
    const cycleOf = (core: number): number => this.cycle + Math.round(core < 0 ? ends[ends.length - 1]! : ends[core]!);
    const events = outputs.map((o) => ({ step: this.step, cycle: cycleOf(o.core), line: o.line, payload: o.payload }));
    this.#outputs.push(...events.sort((a, b) => a.cycle - b.cycle));
  }

  #report(work: Work, quiet: number): void {
    const sink = this.sink;
    if (sink === null) return;
    const { step } = this;
    sink({ cycle: this.cycle, step, core: -1, event: meshEvents.stepBegin.name, a: step, b: 0 });
    const list = this.#emissions;
    for (let e = 0; e < list.length; e += 3) {
      const core = list[e]!;
      const slot = list[e + 1]!;
      const within = ((slot + 1) * (this.#done[core]! - this.#integrate(work, core))) / this.#slots[core]!;
      const event = (this.#isOutput[core]![slot] === 1 ? meshEvents.potentialOut : meshEvents.spikeOut).name;
      const cycle = this.cycle + this.#integrate(work, core) + Math.floor(within);
      sink({ cycle, step, core, event, a: slot, b: list[e + 2]! });
    }
    sink({ cycle: this.cycle + quiet, step, core: -1, event: meshEvents.stepQuiet.name, a: step, b: 0 });
  }

  /** What would make the chip stand still. */
  #checkRoom(engine: Engine): void {
    const capacity = this.#chip.core.events;
    const full = this.#present.filter((d) => engine.held[d]! > capacity);
    if (full.length === 0) return;
    const { columns } = this.#chip;
    const waiting = full.reduce((n, d) => n + engine.held[d]! - capacity, 0);
    const names = full.map((d) => `core(${d % columns},${Math.floor(d / columns)})`);
    fail("simulator-deadlock", [this.step, waiting, names], { at: `step ${this.step}` });
  }

  #traffic(): Float64Array {
    return this.#flow?.traffic ?? bug("the machine is used before an image is loaded");
  }

  counts(): Counts {
    const engine = this.#loaded();
    const totals = Object.fromEntries(fastCounters.map((c) => [c, engine.counts[c].reduce((a, b) => a + b, 0)])) as Record<
      FastCounter,
      number
    >;
    const hops = this.#traffic().reduce((sum, n, o) => (o % ports === 0 ? sum : sum + n), 0);
    return {
      ...totals,
      hop: hops,
      barrier: this.#steps,
      hostIn: engine.hostIn,
      hostOut: engine.hostOut,
      loadWord: this.#loadWords,
    };
  }

  /** As the cycle-accurate machine's. */
  peek(section: string): Int32Array {
    const engine = this.#loaded();
    if (section === "chip/links") return Int32Array.from(this.#traffic());
    const counter = /^chip\/counters\/([a-z]+)$/i.exec(section)?.[1];
    if (counter !== undefined && counter in engine.counts) return Int32Array.from(engine.counts[counter as FastCounter]);
    const place = parseCoreSection(section);
    const found =
      place === null || place.x >= this.#chip.columns ? null : engine.state(place.y * this.#chip.columns + place.x, place.memory);
    return found ?? Int32Array.from(this.#memories.get(section) ?? []);
  }
}
