/*
 * The kernels of the fast time model: what they are called with, and where they come from.
 * There are two of each, one compiled to WebAssembly (assembly/) and one in TypeScript (twin/),
 * which leave the same bytes in memory.
 */

/** All numbers are byte addresses in the machine's memory, or small integers; layout.ts says what lies there. */
export type Kernels = {
  /** Takes a core's events of a step and applies their rows. */
  readonly integrate: (machine: number, core: number, slot: number, parity: number, scratch: number) => void;
  /** Updates a run of neurons in its local step c. */
  readonly update: (machine: number, core: number, run: number, c: number, parity: number) => void;
  /** Forgets what arrived for a run that is not active. */
  readonly idle: (machine: number, core: number, run: number, parity: number) => void;
  /** A thread's share of step t: its cores take their events, update and send. Returns the end of the thread's list of outputs. */
  readonly runShare: (machine: number, thread: number, t: number) => number;
  /** Adds up what a step has done, in the ledger, and clears the threads' tables. */
  readonly tally: (machine: number, fromHost: number) => void;
  /** When the packets of a step have left a mesh: fast/flow.ts. */
  readonly meshFlow: (machine: number, flow: number) => number;
  /** sums[i] += payload * weights[i] for `count` weights of 8 or 16 bits. */
  readonly add8: (sums: number, weights: number, count: number, payload: number) => void;
  readonly add16: (sums: number, weights: number, count: number, payload: number) => void;
  /** Adds `n` rows of 8-bit weights, given as a list of addresses, to the same `count` sums. */
  readonly addRows8: (sums: number, list: number, n: number, count: number) => void;
};

/** The kernels of machines whose numbers are doubles (targets/sanafe, where their twins are). */
export type DoubleKernels = {
  /** Updates leaky neurons first … end - 1 and notes which fire; returns how many were at work. */
  readonly updateLeaky: (
    machine: number,
    first: number,
    end: number,
    decay: number,
    threshold: number,
    reset: number,
    mode: number,
    forced: number,
  ) => number;
  /** Adds up the messages of what fired; weights are in `unit`. */
  readonly deliverDoubles: (machine: number, unit: number) => void;
  /** Seconds until all is sent and received, by the fast timing model: networks, room of a sender's buffers and of what is free of a receiver's. */
  readonly fastTime: (machine: number, networks: number, room: number, waits: number, slices: number) => number;
};

/** A machine's memory, seen as numbers of every size. It is shared, so that threads can work on it. */
export type Memory = {
  readonly buffer: SharedArrayBuffer;
  readonly i32: Int32Array;
  readonly i16: Int16Array;
  readonly u16: Uint16Array;
  readonly i8: Int8Array;
  readonly u8: Uint8Array;
  readonly f64: Float64Array;
};

/** Views of a buffer. */
export function viewsOf(buffer: SharedArrayBuffer): Memory {
  return {
    buffer,
    i32: new Int32Array(buffer),
    i16: new Int16Array(buffer),
    u16: new Uint16Array(buffer),
    i8: new Int8Array(buffer),
    u8: new Uint8Array(buffer),
    f64: new Float64Array(buffer),
  };
}

// The library of types that the project compiles with has no WebAssembly; this is what is used of it.
export type WasmMemory = { readonly buffer: SharedArrayBuffer };
/** A compiled module; it can be sent to other threads. */
export type WasmModule = object;
type Wasm = {
  readonly Memory: new (size: { initial: number; maximum: number; shared: boolean }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: unknown };
};

const wasm = (globalThis as { readonly WebAssembly?: Wasm }).WebAssembly;
const page = 65536;
/** Most bytes of a memory: addresses have 32 bits. */
export const memoryMax = 2 ** 32 - page;

/** The compiled kernels; null where the machine has no WebAssembly with shared memory and vectors. */
export function compileKernels(bytes: Uint8Array): WasmModule | null {
  let module = compiled.get(bytes);
  if (module === undefined) {
    module = compile(bytes);
    compiled.set(bytes, module);
  }
  return module;
}

/** Machines are many, the module is one. */
const compiled = new WeakMap<Uint8Array, WasmModule | null>();

function compile(bytes: Uint8Array): WasmModule | null {
  if (wasm === undefined) return null;
  try {
    return new wasm.Module(bytes);
  } catch {
    return null;
  }
}

/** A memory of so many bytes for compiled kernels. */
export function wasmMemory(bytes: number): WasmMemory | null {
  if (wasm === undefined) return null;
  const pages = Math.ceil(bytes / page);
  return new wasm.Memory({ initial: pages, maximum: pages, shared: true });
}

/** Compiled kernels at work on a memory. */
export function wasmKernels(module: WasmModule, memory: WasmMemory): Kernels & DoubleKernels {
  if (wasm === undefined) throw new RangeError("compiled kernels need WebAssembly");
  const kernels = new wasm.Instance(module, { env: { memory } }).exports as Kernels & DoubleKernels;
  return { ...kernels, runShare: (machine, thread, t) => kernels.runShare(machine, thread, t) >>> 0 };
}
