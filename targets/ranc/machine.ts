import { bug, must } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import type { Counts, Device, InputEvents, OutputEvent, TraceSink } from "../../runtime/device.ts";
import { type Memories, parseCoreSection } from "../../runtime/parts/memory.ts";
import type { ChipSpec } from "../chip.ts";
import { Grid } from "./grid.ts";
import { cellName, coresFrom, elaborationOf, memoriesOf } from "./load.ts";
import { type Parameters, parametersOf, tickClocks } from "./parameters.ts";
import { rancEvents } from "./trace.ts";
import { decodePacket, type Packet } from "./words.ts";

/*
 * A RANC grid as a device, with a host that keeps the rules: in each step it gives the tick, waits
 * until cores and packets are at rest, offers the step's packets, and waits until they
 * have arrived. What a step's packets carry acts in the next tick, or later by their delay.
 *
 * Potentials outlive a reset, so a sample begins with a reload of the configuration. It takes
 * no clocks, for in an FPGA it is another elaboration.
 */

/** Clocks that a tick may take at most, for an end to a grid in which packets wait for each other. */
const patience = 200;

export function rancMachine(chip: ChipSpec): Device {
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

type Input = { readonly start: Uint32Array; readonly packets: readonly Packet[] };

class Machine {
  step = 0;
  sink: TraceSink | null = null;
  readonly #chip: ChipSpec;
  readonly #margin: number;
  #p: Parameters | null = null;
  #grid: Grid | null = null;
  #memories: Memories = new Map();
  #inputs: readonly Input[] = [];
  #interval = 1;
  #waiting = new Map<number, InputEvents[]>();
  #outputs: OutputEvent[] = [];
  /** Clocks of the samples before the last reload. */
  #before = 0;
  #loadWords = 0;
  #ticks = 0;
  #hostIn = 0;
  #reloads = 0;

  constructor(chip: ChipSpec) {
    this.#chip = chip;
    this.#margin = chip.cycles["margin"] ?? bug(`chip ${chip.name} does not say how long a host waits`);
  }

  get cycle(): number {
    return this.#before + (this.#grid?.clock ?? 0);
  }

  load(image: Image): void {
    const chip = this.#chip;
    if (image.target !== chip.name) fail("image-chip", ["chip", image.target, chip.name], { at: image.name });
    const { p, interval } = elaborationOf(image);
    const mine = parametersOf(chip);
    for (const key of Object.keys(mine) as (keyof Parameters)[])
      if (p[key] !== mine[key]) fail("image-chip", [key, p[key], mine[key]], { at: "chip/parameters" });
    if (interval === 0) fail("image-word", ["samples begin every 0 steps"], { at: "chip/parameters word 4" });
    const { memories, words } = memoriesOf(image, p);
    this.#p = p;
    this.#interval = interval;
    this.#memories = memories;
    this.#loadWords = words;
    this.#inputs = image.inputs.map((input) => ({ start: input.start, packets: Array.from(input.targets, (w) => decodePacket(p, w)) }));
    const cores = coresFrom(p, (cell, name) => memories.get(`${cellName(p, cell)}/${name}`) ?? new Uint32Array());
    this.#grid = new Grid(p, cores, {
      output: (clock, axon) => this.#receive(clock, axon),
      spike: (clock, cell, neuron) => this.#report(clock, cell, rancEvents.spikeOut.name, neuron, 1),
      wait: (clock, cell, waited) => this.#report(clock, cell, rancEvents.wait.name, waited, 0),
      store: (clock, cell, axon, delay) => this.#report(clock, cell, rancEvents.store.name, axon, delay),
    });
    this.reset();
  }

  reset(): void {
    const grid = this.#loaded();
    grid.restart();
    grid.clearCounts();
    this.step = 0;
    this.#waiting.clear();
    this.#outputs = [];
    this.#before = 0;
    this.#ticks = 0;
    this.#hostIn = 0;
    this.#reloads = 0;
  }

  send(events: readonly InputEvents[]): void {
    for (const e of events) {
      must(e.step >= this.step, `events for step ${e.step} come after that step has run`);
      const input = this.#inputs[e.input] ?? bug(`the image has no input ${e.input}`);
      const channels = input.start.length - 1;
      must(
        e.channel.every((c) => c < channels),
        "an event has a channel of its input",
      );
      const list = this.#waiting.get(e.step);
      if (list === undefined) this.#waiting.set(e.step, [e]);
      else list.push(e);
    }
  }

  receive(): readonly OutputEvent[] {
    const out = this.#outputs;
    this.#outputs = [];
    return out;
  }

  run(steps: number): void {
    for (let k = 0; k < steps; k++) this.#runStep();
  }

  #loaded(): Grid {
    return this.#grid ?? bug("the machine is used before an image is loaded");
  }

  #runStep(): void {
    const grid = this.#loaded();
    if (this.step > 0 && this.step % this.#interval === 0) this.#reload(grid);
    grid.tick();
    this.#report(grid.clock + 1, -1, rancEvents.tick.name, this.step, 0);
    this.#ticks++;
    this.#settle(grid);
    for (const { packet } of packetsOf(this.#inputs, this.#waiting.get(this.step) ?? [])) {
      grid.offer(packet);
      const limit = grid.clock + patience * tickClocks(this.#p!);
      do {
        if (grid.clock > limit) this.#stuck(grid);
        grid.runTo(grid.clock + 1);
      } while (!grid.accepted);
      this.#hostIn++;
      this.#report(grid.clock, -1, rancEvents.hostSend.name, packet.axon, packet.delay);
    }
    this.#waiting.delete(this.step);
    this.#settle(grid);
    this.step++;
  }

  /** Waits as a host does: until all is at rest, and the margin. */
  #settle(grid: Grid): void {
    if (!grid.settle(patience * tickClocks(this.#p!))) this.#stuck(grid);
    grid.runTo(grid.clock + this.#margin);
  }

  #stuck(grid: Grid): never {
    const full = grid.cores.flatMap((c, cell) => (c !== null && !c.idle && c.waited > 0 ? [cellName(this.#p!, cell)] : []));
    fail("simulator-deadlock", [this.step, grid.waiting, full], { at: `step ${this.step}` });
  }

  #reload(grid: Grid): void {
    this.#before += grid.clock;
    this.#reloads++;
    grid.restart();
    this.#report(0, -1, rancEvents.reload.name, this.step, 0);
  }

  #receive(clock: number, line: number): void {
    this.#outputs.push({ step: this.step, cycle: this.#before + clock, line, payload: 1 });
    this.#report(clock, -1, rancEvents.hostReceive.name, line, 1);
  }

  #report(clock: number, core: number, event: string, a: number, b: number): void {
    if (this.sink !== null) this.sink({ cycle: this.#before + clock, step: this.step, core, event, a, b });
  }

  counts(): Counts {
    const grid = this.#loaded();
    const sum = (key: "event" | "update" | "synapse"): number => grid.cores.reduce((n, c) => n + (c?.counts[key] ?? 0), 0);
    return {
      event: sum("event"),
      synapse: sum("synapse"),
      update: sum("update"),
      spike: grid.counts.send,
      hop: grid.counts.hop,
      deliver: grid.counts.deliver,
      lost: grid.counts.lost,
      wait: grid.counts.wait,
      tick: this.#ticks,
      reload: this.#reloads,
      hostIn: this.#hostIn,
      hostOut: grid.counts.out,
      loadWord: this.#loadWords,
    };
  }

  /** Memories as loaded, by section name; potentials as `core(x,y)/potential`; packets by cell and merge as `chip/links`, 5 a cell: east, west, north, south, local. */
  peek(section: string): Int32Array {
    const grid = this.#loaded();
    if (section === "chip/links") return Int32Array.from(grid.traffic);
    const place = parseCoreSection(section);
    if (place?.memory === "potential") {
      const core = place.x < this.#chip.columns ? grid.cores[place.y * this.#chip.columns + place.x] : null;
      return core == null ? new Int32Array() : Int32Array.from(core.potentials);
    }
    return Int32Array.from(this.#memories.get(section) ?? []);
  }
}

/** A step's packets in the order in which the host sends them: by input, channel, target. */
export function packetsOf(inputs: readonly Input[], events: readonly InputEvents[]): { readonly packet: Packet }[] {
  const out: { packet: Packet }[] = [];
  for (const [i, input] of inputs.entries()) {
    const channels = events.filter((e) => e.input === i).flatMap((e) => [...e.channel]);
    channels.sort((a, b) => a - b);
    for (const c of channels) for (let k = input.start[c]!; k < input.start[c + 1]!; k++) out.push({ packet: input.packets[k]! });
  }
  return out;
}
