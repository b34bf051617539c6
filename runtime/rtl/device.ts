import { bug, must } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import type { Device, InputEvents, OutputEvent, TraceEvent, TraceSink } from "../device.ts";
import { buildRtl, type RtlOptions } from "./build.ts";
import type { RtlDesign, RtlTool } from "./design.ts";
import { Simulation } from "./process.ts";
import { tools } from "./tools.ts";

/** Most cycles of one step; a chip that needs more is taken to be stuck. */
const stepLimit = 2 ** 31 - 1;
/** Steps that are asked for at a time, so that the pipe to the simulation is never the slow part. */
const batch = 256;
const defaultPatience = 300;

/** A chip's Verilog in a simulator for Verilog, compiled if need be. */
export async function rtlDevice(design: RtlDesign, tool: RtlTool, options: RtlOptions = {}): Promise<Device> {
  const folder = await buildRtl(design, tool, options);
  const rtl = new RtlDevice(design, tool, new Simulation(tool, folder, options.patience ?? defaultPatience));
  return {
    name: tool,
    load: (image) => rtl.load(image),
    reset: () => rtl.reset(),
    send: async (events) => rtl.send(events),
    run: (steps) => rtl.run(steps),
    now: () => ({ cycle: rtl.cycle, step: rtl.step }),
    receive: async () => rtl.receive(),
    peek: (section) => rtl.peek(section),
    trace: (sink) => {
      rtl.sink = sink;
    },
    counts: async () => rtl.counts(),
    close: () => rtl.close(),
  };
}

class RtlDevice {
  cycle = 0;
  step = 0;
  sink: TraceSink | null = null;
  readonly #design: RtlDesign;
  readonly #tool: RtlTool;
  readonly #simulation: Simulation;
  #image: Image | null = null;
  #words = 0;
  #sent = 0;
  #received = 0;
  #waiting = new Map<number, InputEvents[]>();
  #outputs: OutputEvent[] = [];
  /** Events of the step that is being read. */
  #events: TraceEvent[] = [];

  constructor(design: RtlDesign, tool: RtlTool, simulation: Simulation) {
    this.#design = design;
    this.#tool = tool;
    this.#simulation = simulation;
  }

  async load(image: Image): Promise<void> {
    const { commands, answers, words } = await this.#design.load(image);
    this.#image = image;
    this.#words = words;
    await this.#simulation.ask(commands, answers, () => {});
    this.#restart();
  }

  async reset(): Promise<void> {
    await this.#simulation.ask(this.#design.reset, 1, () => {});
    this.#restart();
  }

  #restart(): void {
    this.cycle = 0;
    this.step = 0;
    this.#sent = 0;
    this.#received = 0;
    this.#waiting = new Map();
    this.#outputs = [];
    this.#events = [];
  }

  send(events: readonly InputEvents[]): void {
    for (const e of events) {
      must(e.step >= this.step, `events for step ${e.step} come after that step has run`);
      this.#waiting.set(e.step, [...(this.#waiting.get(e.step) ?? []), e]);
    }
  }

  receive(): readonly OutputEvent[] {
    const out = this.#outputs;
    this.#outputs = [];
    return out;
  }

  async run(steps: number): Promise<void> {
    const image = this.#image ?? bug("the device is used before an image is loaded");
    for (let done = 0; done < steps; done += batch) {
      const count = Math.min(batch, steps - done);
      const commands: string[] = [];
      for (let k = 0; k < count; k++) {
        const packets = this.#design.packets(image, this.#waiting.get(this.step + k) ?? []);
        this.#waiting.delete(this.step + k);
        this.#sent += packets.length;
        for (const p of packets) commands.push(p);
        commands.push(this.#design.step(this.sink !== null, stepLimit));
      }
      await this.#simulation.ask(commands, count, (line) => this.#take(line));
    }
  }

  #take(line: string): void {
    const [kind, ...numbers] = line.split(" ");
    if (kind === "q") return this.#endStep(Number(numbers[0]), numbers[1] === "1");
    if (kind === "r") {
      const [cycle, output, payload] = numbers.map(Number);
      this.#received++;
      this.#outputs.push({ step: this.step, cycle: cycle!, line: output!, payload: payload! });
    }
    if (this.sink === null) return;
    const event = this.#design.event(line);
    if (event === null) fail("rtl-stopped", [tools[this.#tool].title, `it said "${line}"`]);
    this.#events.push({ step: this.step, ...event });
  }

  #endStep(quiet: number, late: boolean): void {
    if (late) fail("rtl-unsupported", [`in step ${this.step} a pipeline was later than the stated cycles allow`]);
    if (this.sink !== null) {
      const chip = { step: this.step, core: -1, a: this.step, b: 0 };
      this.#events.push({ ...chip, cycle: quiet, event: this.#design.quiet });
      const events = [{ ...chip, cycle: this.cycle, event: this.#design.begin }, ...this.#events];
      for (const e of events.sort((p, q) => p.cycle - q.cycle || p.core - q.core)) this.sink(e);
      this.#events = [];
    }
    this.cycle = quiet + this.#design.barrier;
    this.step++;
  }

  async peek(section: string): Promise<Int32Array> {
    const image = this.#image ?? bug("the device is used before an image is loaded");
    const state = this.#design.peek(section, image);
    if (state === null) return Int32Array.from(image.sections.find((s) => s.name === section)?.words ?? []);
    const out: number[] = [];
    await this.#simulation.ask([state.command], 1, (line) => {
      const [kind, ...numbers] = line.split(" ");
      if (kind === "v") out.push(Number(numbers[state.column]));
    });
    return Int32Array.from(out);
  }

  /** What a host can count. */
  counts(): Record<string, number> {
    return { barrier: this.step, hostIn: this.#sent, hostOut: this.#received, loadWord: this.#words };
  }

  close(): Promise<void> {
    return this.#simulation.close();
  }
}
