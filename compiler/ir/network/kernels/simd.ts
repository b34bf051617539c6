import { bug } from "../../../base/bug.ts";

/*
 * The innermost loop of convolutions, two doubles at a time, as a WebAssembly module that
 * is put together here:
 *
 *   sums[s + i] = sums[s + i] + p1*weights[a1 + i] + … + pk*weights[ak + i]      for i < length
 *
 * Each product is rounded and each sum is rounded, from left to right, exactly as in
 * JavaScript, so a network's run gives the same bits with it and without it.
 */

/** Numbers of rows that are added at a time. */
type Rows = 4 | 2 | 1;

/** Weights and sums in a memory of their own, and the loop over them; all positions count doubles. */
export type RunAdder = {
  readonly sums: Float64Array;
  readonly add4: (
    s: number,
    length: number,
    a: number,
    b: number,
    c: number,
    d: number,
    p: number,
    q: number,
    r: number,
    t: number,
  ) => void;
  readonly add2: (s: number, length: number, a: number, b: number, p: number, q: number) => void;
  readonly add1: (s: number, length: number, a: number, p: number) => void;
};

// The library of types that the project compiles with has no WebAssembly; this is what is used of it.
type Memory = { readonly buffer: ArrayBuffer };
type Wasm = {
  readonly Memory: new (size: { initial: number }) => Memory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, (...args: number[]) => void>> };
};

const wasm = (globalThis as { readonly WebAssembly?: Wasm }).WebAssembly;
const page = 65536;
const modules = new Map<number, object>();

/** An adder for runs whose length is a multiple of `grain`, which is even; null where the machine has no such instructions. */
export function runAdder(weights: Float64Array, sums: number, grain: number): RunAdder | null {
  if (wasm === undefined || grain % 2 !== 0) return null;
  const unroll = grain % 8 === 0 ? 4 : grain % 4 === 0 ? 2 : 1;
  try {
    const module = modules.get(unroll) ?? new wasm.Module(moduleBytes(unroll));
    modules.set(unroll, module);
    const memory = new wasm.Memory({ initial: Math.ceil(((weights.length + sums) * 8) / page) });
    const instance = new wasm.Instance(module, { m: { m: memory } });
    const doubles = new Float64Array(memory.buffer, 0, weights.length + sums);
    doubles.set(weights, sums);
    const loop = (rows: Rows): ((...args: number[]) => void) =>
      instance.exports[`add${rows}`] ?? bug(`the module has no loop for ${rows} rows`);
    const [four, two, one] = [loop(4), loop(2), loop(1)];
    const at = sums * 8;
    return {
      sums: doubles.subarray(0, sums),
      add4: (s, length, a, b, c, d, p, q, r, t) =>
        four(8 * s, 8 * (s + length), at + 8 * a, at + 8 * b, at + 8 * c, at + 8 * d, p, q, r, t),
      add2: (s, length, a, b, p, q) => two(8 * s, 8 * (s + length), at + 8 * a, at + 8 * b, p, q),
      add1: (s, length, a, p) => one(8 * s, 8 * (s + length), at + 8 * a, p),
    };
  } catch {
    return null;
  }
}

// WebAssembly binary format: https://webassembly.github.io/spec/core/binary

const i32 = 0x7f;
const f64 = 0x7c;
const v128 = 0x7b;

const op = {
  loop: [0x03, 0x40],
  end: [0x0b],
  branchIf: [0x0d],
  get: [0x20],
  set: [0x21],
  constant: [0x41],
  less: [0x49],
  plus: [0x6a],
  load: [0xfd, 0x00],
  store: [0xfd, 0x0b],
  splat: [0xfd, 0x14],
  add: [0xfd, 0xf0, 0x01],
  multiply: [0xfd, 0xf2, 0x01],
} as const;

/** Unsigned LEB128. */
function number(n: number): number[] {
  const out: number[] = [];
  do {
    out.push((n & 127) | (n > 127 ? 128 : 0));
    n >>>= 7;
  } while (n > 0);
  return out;
}

const list = (items: readonly (readonly number[])[]): number[] => [...number(items.length), ...items.flat()];
const name = (text: string): number[] => [...number(text.length), ...new TextEncoder().encode(text)];
const section = (id: number, content: readonly number[]): number[] => [id, ...number(content.length), ...content];

function moduleBytes(unroll: number): Uint8Array {
  const all: readonly Rows[] = [4, 2, 1];
  return Uint8Array.from([
    0x00,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(
      1,
      list(
        all.map((rows) => [0x60, ...list([[i32], [i32], ...Array<number[]>(rows).fill([i32]), ...Array<number[]>(rows).fill([f64])]), 0]),
      ),
    ),
    ...section(2, list([[...name("m"), ...name("m"), 0x02, 0x00, 1]])),
    ...section(3, list(all.map((_, i) => [i]))),
    ...section(7, list(all.map((rows, i) => [...name(`add${rows}`), 0x00, i]))),
    ...section(
      10,
      list(
        all.map((rows) => {
          const body = [...list([[...number(rows), v128]]), ...loopOver(rows, unroll), ...op.end];
          return [...number(body.length), ...body];
        }),
      ),
    ),
  ]);
}

/** Parameters: address of the sums and of their end, addresses of the rows, factors. Locals: the factors, twice side by side. */
function loopOver(rows: Rows, unroll: number): number[] {
  const get = (local: number): number[] => [...op.get, local];
  const set = (local: number): number[] => [...op.set, local];
  const each = Array.from({ length: rows }, (_, k) => ({ row: 2 + k, factor: 2 + rows + k, vector: 2 + 2 * rows + k }));
  const bytes = 16;
  // Alignment is a hint, 2^3 bytes.
  const load = (local: number, offset: number): number[] => [...get(local), ...op.load, 3, ...number(offset)];
  const pair = (offset: number): number[] => [
    ...get(0),
    ...load(0, offset),
    ...each.flatMap(({ row, vector }) => [...load(row, offset), ...get(vector), ...op.multiply, ...op.add]),
    ...op.store,
    3,
    ...number(offset),
  ];
  const advance = (local: number): number[] => [...get(local), ...op.constant, ...signed(bytes * unroll), ...op.plus, ...set(local)];
  return [
    ...each.flatMap(({ factor, vector }) => [...get(factor), ...op.splat, ...set(vector)]),
    ...op.loop,
    ...Array.from({ length: unroll }, (_, u) => pair(u * bytes)).flat(),
    ...[0, ...each.map((e) => e.row)].flatMap(advance),
    ...get(0),
    ...get(1),
    ...op.less,
    ...op.branchIf,
    0,
    ...op.end,
  ];
}

/** Signed LEB128 of a small positive number. */
function signed(n: number): number[] {
  return n < 64 ? [n] : [(n & 127) | 128, n >> 7];
}
