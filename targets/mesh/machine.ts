import { bug, must } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import { Clock } from "../../runtime/clock.ts";
import type { Counts, Device, InputEvents, OutputEvent, TraceSink } from "../../runtime/device.ts";
import { buildMachine } from "../../runtime/fast/build.ts";
import { Barrier } from "../../runtime/parts/barrier.ts";
import { EventMemory } from "../../runtime/parts/event-memory.ts";
import { Fifos } from "../../runtime/parts/fifo.ts";
import { type HostPacket, HostPort } from "../../runtime/parts/host-port.ts";
import { loadSections, type Memories, parseCoreSection } from "../../runtime/parts/memory.ts";
import { MeshRouters, Port, portNames, ports, toHost } from "../../runtime/parts/router.ts";
import type { ChipSpec } from "../chip.ts";
import { kernelBytes } from "../kernels.ts";
import { type FastCounter, fastCounters } from "../../runtime/fast/engine.ts";
import { Core, type CoreCounts, type Cycles, type Shared } from "./core.ts";
import { layoutOf, planOf } from "./plan.ts";
import { Sender } from "./sender.ts";
import { meshEvents } from "./trace.ts";

/*
 * The mesh chip, wired from parts. It is given an image and nothing else.
 *
 *     host ──▶ west FIFO of router 0 ─┐            ┌─▶ host
 *                                     ▼            │
 *     core ──▶ injection FIFO ──▶ mesh of routers ─┴─▶ event memory ──▶ core
 *
 * A step: every core integrates its stored events and updates its neurons (core.ts says what
 * comes out and how long it takes); then the clock runs the packets, cycle by cycle, until everything is
 * quiet; then the barrier opens the next step. README.md, section Time, is the specification.
 */

export type MachineOptions = {
  /** Compiled kernels; null: their twins. */
  readonly kernels: Uint8Array | null;
  /** Cycles that one call of `run` may take. */
  readonly cyclesMax: number;
};

/** Hours of a real chip: enough for any run, and an end to a mistaken one. */
export const machineDefaults = { cyclesMax: 2 ** 44 };

/** The simulator of a mesh chip, waiting for an image. */
export function meshMachine(chip: ChipSpec, options: Partial<MachineOptions> = {}): Device {
  const machine = new Machine(chip, options);
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

const cycleKeys = ["event", "row", "word", "gate", "update", "skip", "send", "hop", "barrier"] as const;
/** Different steps for which events can be stored at the same time: delays 0 … 63, and the running step. */
const storedSteps = 65;

/** The machine itself, for the chip's board; everyone else sees it as a Device. */
export class Machine {
  cycle = 0;
  step = 0;
  sink: TraceSink | null = null;
  readonly #chip: ChipSpec;
  readonly #options: MachineOptions;
  readonly #cycles: Cycles;
  readonly #size: number;
  readonly #clock: Clock;
  readonly #fifos: Fifos;
  readonly #routers: MeshRouters;
  readonly #events: EventMemory;
  readonly #barrier = new Barrier();
  readonly #counts: CoreCounts;
  /** Cores by router; null where the image enables none. */
  #cores: (Sender | null)[] = [];
  #active: Sender[] = [];
  #host: HostPort | null = null;
  #memories: Memories = new Map();
  #loadWords = 0;
  #steps = 0;
  #hostOut = 0;
  #outputs: OutputEvent[] = [];
  /** Cycle in which the running call of `run` has used its budget. */
  #limit = 0;

  // Units of the clock: cores, then the host, then routers.
  readonly #hostUnit: number;
  readonly #firstRouter: number;

  constructor(chip: ChipSpec, options: Partial<MachineOptions> = {}) {
    this.#chip = chip;
    this.#options = { ...machineDefaults, kernels: kernelBytes(), ...options };
    this.#cycles = cyclesOf(chip);
    this.#size = chip.columns * chip.rows;
    this.#hostUnit = this.#size;
    this.#firstRouter = this.#size + 1;
    this.#clock = new Clock(this.#firstRouter + this.#size);
    this.#fifos = new Fifos(this.#size * ports, chip.fifo);
    this.#events = new EventMemory(this.#size, chip.core.events, storedSteps);
    this.#counts = Object.fromEntries(fastCounters.map((c) => [c, new Float64Array(this.#size)])) as Record<FastCounter, Float64Array>;
    this.#routers = new MeshRouters(
      { columns: chip.columns, rows: chip.rows, hop: this.#cycles.hop, firstUnit: this.#firstRouter, firstCore: 0, host: this.#hostUnit },
      this.#fifos,
      this.#clock,
      {
        hasRoom: (router) => this.#events.hasRoom(router),
        deliver: (router, what, payload, cycle) => this.#deliver(router, what, payload, cycle),
        leave: (what, payload, cycle) => this.#leave(what, payload, cycle),
      },
    );
  }

  load(image: Image): void {
    const chip = this.#chip;
    if (image.target !== chip.name) fail("image-chip", ["chip", image.target, chip.name], { at: image.name });
    const { memories, words: count } = loadSections(image.sections, layoutOf(chip));
    this.#memories = memories;
    this.#loadWords = count;
    const plan = planOf(image, chip, memories);
    const machine = buildMachine(plan, { kernels: this.#options.kernels, sends: false });
    const shared: Shared = { cycles: this.#cycles, counts: this.#counts, interval: plan.interval, machine };
    this.#cores = new Array<Sender | null>(this.#size).fill(null);
    for (const built of machine.built.cores) {
      const core = new Core(plan.cores[built.index] ?? bug("a core was built that the plan does not have"), built, shared);
      this.#cores[core.index] = new Sender(core, this.#cycles, this.#routers, this.#clock, this.#barrier, this.#counts.send);
    }
    this.#active = this.#cores.filter((c) => c !== null);
    this.#host = new HostPort(plan.inputs, this.#hostUnit, this.#routers, this.#clock, this.#barrier);
    this.reset();
  }

  reset(): void {
    this.cycle = 0;
    this.step = 0;
    for (const s of this.#active) s.core.reset();
    for (const c of fastCounters) this.#counts[c].fill(0);
    this.#clock.restart();
    this.#fifos.reset();
    this.#routers.reset();
    this.#events.reset();
    this.#host?.reset();
    this.#steps = 0;
    this.#hostOut = 0;
    this.#outputs = [];
  }

  send(events: readonly InputEvents[]): void {
    for (const e of events) this.#loaded().queue(e, this.step);
  }

  /** Hands over a packet of the next step as the host puts it. */
  sendPacket(packet: HostPacket): void {
    this.#loaded().queuePacket(packet);
  }

  receive(): readonly OutputEvent[] {
    const out = this.#outputs;
    this.#outputs = [];
    return out;
  }

  run(steps: number): void {
    this.#loaded();
    this.#limit = this.cycle + this.#options.cyclesMax;
    for (let k = 0; k < steps; k++) this.#runStep();
  }

  #loaded(): HostPort {
    return this.#host ?? bug("the machine is used before an image is loaded");
  }

  #runStep(): void {
    const t = this.step;
    const host = this.#loaded();
    this.#clock.restart();
    this.#fifos.restart();
    this.#barrier.begin();
    this.#report(0, -1, meshEvents.stepBegin.name, t, 0);
    host.begin(
      t,
      this.sink === null
        ? null
        : (cycle, to, what) => this.#report(cycle, -1, meshEvents.hostSend.name, to, to === toHost ? what : what & 0xfff),
    );
    for (const s of this.#active) this.#compute(s, t);
    this.#runPackets();
    if (this.#routers.inFlight > 0) this.#reportDeadlock();
    this.#report(this.#barrier.quiet, -1, meshEvents.stepQuiet.name, t, 0);
    this.cycle += this.#barrier.quiet + this.#cycles.barrier;
    this.#steps++;
    this.step++;
    if (this.cycle > this.#limit) this.#reportBudget();
  }

  /** Integrate and update of one core; its packets follow by the clock. */
  #compute(s: Sender, t: number): void {
    const core = s.core;
    const count = this.#events.take(core.index, t);
    const tracing = this.sink !== null;
    if (tracing) this.#report(0, core.index, meshEvents.integrateBegin.name, count, 0);
    const taken = tracing
      ? (cycle: number, axon: number, p: number) => this.#report(cycle, core.index, meshEvents.eventTake.name, axon, p)
      : null;
    const integrate = core.integrate(t, count, this.#events.what, this.#events.payload, taken);
    if (tracing) this.#report(integrate, core.index, meshEvents.updateBegin.name, core.slots, 0);
    const update = core.update(t);
    this.#countSpikes(core);
    s.begin(integrate, update, tracing ? (cycle, event, a, b) => this.#report(cycle, core.index, event, a, b) : null);
  }

  #countSpikes(core: Core): void {
    const { count, slot } = core.emissions;
    let spikes = 0;
    for (let e = 0; e < count; e++) if (core.isOutput[slot[e]!] === 0) spikes++;
    this.#counts.spike[core.index] = this.#counts.spike[core.index]! + spikes;
  }

  /** Runs the clock until no unit has work left. */
  #runPackets(): void {
    const clock = this.#clock;
    const host = this.#loaded();
    while (clock.advance()) {
      const cycle = clock.now;
      if (this.cycle + cycle > this.#limit) this.#reportBudget();
      for (let unit = clock.take(); unit >= 0; unit = clock.take()) {
        if (unit >= this.#firstRouter) this.#routers.step(unit - this.#firstRouter, cycle);
        else if (unit === this.#hostUnit) host.put(cycle);
        else this.#cores[unit]!.put(cycle);
      }
    }
  }

  /** A packet leaves a router toward its core. */
  #deliver(router: number, what: number, payload: number, cycle: number): void {
    this.#barrier.done(cycle + 1);
    const axon = what & 0xfff;
    const delay = this.#cores[router]?.core.delayOf(axon) ?? -1;
    const counter = delay < 0 ? this.#counts.lost : this.#counts.deliver;
    counter[router] = counter[router]! + 1;
    if (delay >= 0) this.#events.store(router, this.step + 1 + delay, what, payload);
    if (this.sink !== null) this.#report(cycle, router, (delay < 0 ? meshEvents.packetLost : meshEvents.eventStore).name, axon, payload);
  }

  /** A packet leaves router 0 toward the host. */
  #leave(line: number, payload: number, cycle: number): void {
    this.#barrier.done(cycle + 1);
    this.#hostOut++;
    this.#outputs.push({ step: this.step, cycle: this.cycle + cycle, line, payload });
    if (this.sink !== null) this.#report(cycle, -1, meshEvents.hostReceive.name, line, payload);
  }

  /** Tells the sink, if there is one; the cycle counts from the step's beginning. */
  #report(cycle: number, core: number, event: string, a: number, b: number): void {
    if (this.sink !== null) this.sink({ cycle: this.cycle + cycle, step: this.step, core, event, a, b });
  }

  #reportDeadlock(): never {
    const name = (router: number): string => `core(${router % this.#chip.columns},${Math.floor(router / this.#chip.columns)})`;
    const full = Array.from(this.#events.held.keys()).filter((r) => !this.#events.hasRoom(r));
    must(full.length > 0, "packets can only be stuck because an event memory is full");
    const notes = [...this.#routers.stuck()]
      .slice(0, 8)
      .map(
        (s) =>
          `${s.count} packets wait in the ${portNames[s.port]} input of router ${name(s.router).slice(4)}, the first for ${s.to < 0 ? "the host" : name(s.to)}`,
      );
    fail("simulator-deadlock", [this.step, this.#routers.inFlight, full.map(name)], { at: `step ${this.step}`, notes });
  }

  #reportBudget(): never {
    fail("simulator-budget", [this.step, this.#options.cyclesMax], { at: `step ${this.step}` });
  }

  counts(): Counts {
    const totals = Object.fromEntries(fastCounters.map((c) => [c, this.#counts[c].reduce((a, b) => a + b, 0)])) as Record<
      FastCounter,
      number
    >;
    return {
      ...totals,
      hop: this.#hops(),
      barrier: this.#steps,
      hostIn: this.#host?.sent ?? 0,
      hostOut: this.#hostOut,
      loadWord: this.#loadWords,
    };
  }

  /** Packets that left a router FIFO toward another router or the host. */
  #hops(): number {
    return this.#routers.traffic.reduce((sum, n, o) => (o % ports === Port.local ? sum : sum + n), 0);
  }

  /**
   * Memories as loaded, by section name; state as `core(x,y)/potential|current|accumulator|fired`; per core
   * (row by row) `chip/counters/NAME`; packets by output as `chip/links`, 5 numbers a core: local, north, east, south, west.
   */
  peek(section: string): Int32Array {
    if (section === "chip/links") return Int32Array.from(this.#routers.traffic);
    const counter = /^chip\/counters\/([a-z]+)$/i.exec(section)?.[1];
    if (counter !== undefined && counter in this.#counts) return Int32Array.from(this.#counts[counter as FastCounter]);
    const place = parseCoreSection(section);
    const core =
      place === null || place.x >= this.#chip.columns ? null : (this.#cores[place.y * this.#chip.columns + place.x]?.core ?? null);
    const found = core === null || place === null ? null : core.state(place.memory);
    if (found !== null) return found;
    return Int32Array.from(this.#memories.get(section) ?? []);
  }
}

export function cyclesOf(chip: ChipSpec): Cycles {
  return Object.fromEntries(
    cycleKeys.map((key) => [key, chip.cycles[key] ?? bug(`chip ${chip.name} does not say how many cycles "${key}" takes`)]),
  ) as Cycles;
}
