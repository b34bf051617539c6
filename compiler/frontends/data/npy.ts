import { fail } from "../../base/diagnostic.ts";
import { sizeOf } from "../../base/tensor.ts";
import { type ElementType, elementBytes, elementReader } from "./elements.ts";
import { type DataFile, type Layout, type Records, recordName, viewOf } from "./records.ts";

/*
 * .npy, versions 1 to 3: magic, version, length of the header, a Python literal
 * with the keys descr, fortran_order and shape, then the elements.
 * Source: numpy.lib.format.
 */

const types: Readonly<Record<string, ElementType>> = {
  b1: "bool",
  i1: "i8",
  u1: "u8",
  i2: "i16",
  u2: "u16",
  i4: "i32",
  u4: "u32",
  i8: "i64",
  u8: "u64",
  f2: "f16",
  f4: "f32",
  f8: "f64",
};

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

export function isNpy(bytes: Uint8Array): boolean {
  return magic.every((b, i) => bytes[i] === b);
}

export type NpyArray = {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** First index fastest. */
  readonly fortran: boolean;
  readonly element: (index: number) => number;
};

/** Reads the header and checks the length. */
export function readNpy(file: DataFile): NpyArray {
  const { name, bytes } = file;
  if (!isNpy(bytes)) fail("data-malformed", [name, ".npy", "it must begin with \\x93NUMPY"]);
  const long = (bytes[6] ?? 0) >= 2;
  const start = long ? 12 : 10;
  if (bytes.length < start) fail("data-truncated", [name, start, bytes.length]);
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) fail("data-malformed", [name, ".npy", `version ${version} is unknown`]);
  const view = viewOf(bytes);
  const first = start + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  if (bytes.length < first) fail("data-truncated", [name, first, bytes.length]);
  const text = new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(bytes.subarray(start, first));
  const { descr, fortran, shape } = readHeader(text, name);
  const type = /^[<>|=]/.test(descr) ? types[descr.slice(1)] : undefined;
  if (type === undefined) fail("data-dtype", [name, descr]);
  const expected = first + sizeOf(shape) * elementBytes[type];
  if (bytes.length < expected) fail("data-truncated", [name, expected, bytes.length]);
  return { type, shape, fortran, element: elementReader({ bytes: bytes.subarray(first, expected), type, little: descr[0] !== ">" }) };
}

function readHeader(text: string, name: string): { descr: string; fortran: boolean; shape: number[] } {
  const descr = /['"]descr['"]\s*:\s*(?:['"]([^'"]*)['"]|(\[[^\]]*\]))/.exec(text);
  const fortran = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text);
  const shape = /['"]shape['"]\s*:\s*\(([^)]*)\)/.exec(text);
  if (descr === null || fortran === null || shape === null)
    fail("data-malformed", [name, ".npy", "its header lacks descr, fortran_order or shape"]);
  const dims = (shape[1] ?? "")
    .split(",")
    .map((d) => d.trim().replace(/L$/, ""))
    .filter((d) => d !== "")
    .map(Number);
  if (dims.some((d) => !Number.isInteger(d) || d < 0)) fail("data-malformed", [name, ".npy", `its shape is (${shape[1]})`]);
  return { descr: descr[1] ?? descr[2] ?? "", fortran: fortran[1] === "True", shape: dims };
}

/** All elements in row-major order. */
export function npyNumbers(a: NpyArray): Float64Array {
  const records = arrayRecords({ ...a, shape: [1, ...a.shape] }, "", null);
  const out = new Float64Array(sizeOf(a.shape));
  records.read(0, out);
  return out;
}

/** The first dimension counts samples, unless the array as a whole has as many numbers as one sample. */
export function npyRecords(a: NpyArray, name: string, layout: Layout | null, sampleSize: number): Records {
  const whole = sizeOf(a.shape) === sampleSize;
  return arrayRecords(whole ? { ...a, shape: [1, ...dropOnes(a.shape)] } : a, name, layout);
}

/** A batch dimension of one in front of a single sample. */
function dropOnes(shape: readonly number[]): readonly number[] {
  return shape.length > 3 && shape[0] === 1 ? dropOnes(shape.slice(1)) : shape;
}

function arrayRecords(a: NpyArray, name: string, layout: Layout | null): Records {
  const [count = 1, ...shape] = a.shape;
  const size = sizeOf(shape);
  const order = a.fortran ? fortranOffsets(count, shape) : null;
  return {
    count,
    shape,
    layout,
    read: (index, out) => {
      if (order === null) for (let i = 0; i < size; i++) out[i] = a.element(index * size + i);
      else for (let i = 0; i < size; i++) out[i] = a.element(index + (order[i] ?? 0));
    },
    label: () => null,
    name: (index) => (count === 1 ? name : recordName(name, index)),
  };
}

/** Offset of each element of record 0 (in row-major order) when the first index runs fastest. */
function fortranOffsets(count: number, shape: readonly number[]): Float64Array {
  let offsets = Float64Array.of(0);
  let stride = count;
  for (const dim of shape) {
    const next = new Float64Array(offsets.length * dim);
    offsets.forEach((o, i) => {
      for (let d = 0; d < dim; d++) next[i * dim + d] = o + d * stride;
    });
    offsets = next;
    stride *= dim;
  }
  return offsets;
}
