import { Parser } from "binary-parser";
import { fail } from "../../base/diagnostic.ts";
import { sizeOf } from "../../base/tensor.ts";
import { type ElementType, elementBytes, elementReader } from "./elements.ts";
import { type DataFile, type Records, recordName } from "./records.ts";

/*
 * IDX, the format of MNIST: two zero bytes, element type, rank, then the
 * dimensions and the elements, all big-endian, row-major.
 * Source: http://yann.lecun.com/exdb/mnist, "the IDX file format".
 */

const types: Readonly<Record<number, ElementType>> = { 8: "u8", 9: "i8", 11: "i16", 12: "i32", 13: "f32", 14: "f64" };

const header = new Parser().endianess("big").uint16("zero").uint8("type").uint8("rank").array("dims", { type: "uint32be", length: "rank" });

export type IdxArray = { readonly type: ElementType; readonly dims: readonly number[]; readonly bytes: Uint8Array };

/** Whether the file begins as an IDX file does. */
export function isIdx(bytes: Uint8Array): boolean {
  const rank = bytes[3] ?? 0;
  return bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0 && types[bytes[2] ?? 0] !== undefined && rank >= 1 && rank <= 4;
}

/** Reads the header and checks the length. */
export function readIdx(file: DataFile): IdxArray {
  const { name, bytes } = file;
  if (!isIdx(bytes)) fail("data-malformed", [name, "IDX", "it must begin with two zero bytes, an element type and a rank of 1 to 4"]);
  const headerBytes = 4 + 4 * (bytes[3] ?? 0);
  if (bytes.length < headerBytes) fail("data-truncated", [name, headerBytes, bytes.length]);
  const { type: code, dims } = header.parse(bytes) as { type: number; dims: number[] };
  const type = types[code] ?? "u8";
  const expected = headerBytes + sizeOf(dims) * elementBytes[type];
  if (bytes.length < expected) fail("data-truncated", [name, expected, bytes.length]);
  if (bytes.length > expected) fail("data-malformed", [name, "IDX", `${bytes.length - expected} bytes follow the last element`]);
  return { type, dims, bytes: bytes.subarray(headerBytes) };
}

/** The first dimension counts samples; images of one plane have one channel. */
export function idxRecords(file: DataFile): Records {
  const { type, dims, bytes } = readIdx(file);
  const [count = 0, ...stored] = dims;
  const shape = stored.length === 2 ? [1, ...stored] : stored;
  const size = sizeOf(shape);
  const element = elementReader({ bytes, type, little: false });
  return {
    count,
    shape,
    layout: stored.length === 2 ? "nchw" : null,
    read: (index, out) => {
      for (let i = 0; i < size; i++) out[i] = element(index * size + i);
    },
    label: () => null,
    name: (index) => recordName(file.name, index),
  };
}
