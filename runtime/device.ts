import type { Image } from "../compiler/ir/image/types.ts";

/** Payloads the host sends in one step of one sample: parallel arrays, payload never 0. */
export type InputEvents = {
  /** Index into the image's inputs. */
  readonly input: number;
  /** Global step in which they are sent; they act from the next step on, as any spike does. */
  readonly step: number;
  readonly channel: Int32Array;
  readonly payload: Int32Array;
};

/** What reached the host: a spike (or graded payload) or a final potential, on an output line. */
export type OutputEvent = { readonly step: number; readonly cycle: number; readonly line: number; readonly payload: number };

/** Integers by counter name; what happened, never what it cost. */
export type Counts = Readonly<Record<string, number>>;

export type TraceEvent = {
  readonly cycle: number;
  readonly step: number;
  readonly core: number;
  readonly event: string;
  readonly a: number;
  readonly b: number;
};

/** Receives trace events while the device runs. */
export type TraceSink = (e: TraceEvent) => void;

/** Anything that can run an image: a simulator, RTL, a board. Steps count from 0 since `load` or `reset`. */
export type Device = {
  /** "simulator", "verilator", "board". */
  readonly name: string;
  readonly load: (image: Image) => Promise<void>;
  /** State as just after loading; memories keep their image. */
  readonly reset: () => Promise<void>;
  /** Queues events for steps that have not run yet. */
  readonly send: (events: readonly InputEvents[]) => Promise<void>;
  /** Runs that many steps, each ending at the barrier. */
  readonly run: (steps: number) => Promise<void>;
  /** Cycle reached, and the next step. */
  readonly now: () => { readonly cycle: number; readonly step: number };
  /** Takes what has arrived at the host since the last call, in order of cycle. */
  readonly receive: () => Promise<readonly OutputEvent[]>;
  /** Words of a memory, for tests and debuggers: `core(x,y)/memory`. State memories: `core(x,y)/potential`. */
  readonly peek: (section: string) => Promise<Int32Array>;
  /** Null switches tracing off, which costs nothing. */
  readonly trace: (sink: TraceSink | null) => void;
  readonly counts: () => Promise<Counts>;
  readonly close: () => Promise<void>;
};
