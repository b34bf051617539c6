import { fail } from "../../base/diagnostic.ts";
import { isNpy } from "../data/npy.ts";
import { viewOf } from "../data/records.ts";
import { type Decoding, exactly, unitsToEnd } from "./decoder.ts";
import type { EventFormat } from "./recording.ts";

/* A NumPy array of records, as Tonic and Prophesee's tools save events: fields x, y, t and p in any order. */

type Field = { readonly offset: number; readonly read: (view: DataView, at: number, little: boolean) => number; readonly little: boolean };

const readers: Readonly<Record<string, { readonly bytes: number; readonly read: Field["read"] }>> = {
  "?": { bytes: 1, read: (v, at) => v.getUint8(at) },
  b1: { bytes: 1, read: (v, at) => v.getUint8(at) },
  i1: { bytes: 1, read: (v, at) => v.getInt8(at) },
  u1: { bytes: 1, read: (v, at) => v.getUint8(at) },
  i2: { bytes: 2, read: (v, at, little) => v.getInt16(at, little) },
  u2: { bytes: 2, read: (v, at, little) => v.getUint16(at, little) },
  i4: { bytes: 4, read: (v, at, little) => v.getInt32(at, little) },
  u4: { bytes: 4, read: (v, at, little) => v.getUint32(at, little) },
  i8: { bytes: 8, read: (v, at, little) => Number(v.getBigInt64(at, little)) },
  u8: { bytes: 8, read: (v, at, little) => Number(v.getBigUint64(at, little)) },
  f4: { bytes: 4, read: (v, at, little) => v.getFloat32(at, little) },
  f8: { bytes: 8, read: (v, at, little) => v.getFloat64(at, little) },
};

const names: Readonly<Record<"x" | "y" | "p" | "t", readonly string[]>> = {
  x: ["x"],
  y: ["y"],
  p: ["p", "polarity", "on"],
  t: ["t", "ts", "time", "timestamp"],
};

/** Field lists are short; a length beyond is damage. */
const longestHeader = 2 ** 20;

/** Times are microseconds; a polarity of -1 counts as 0. */
export const npyEventsFormat: EventFormat = {
  name: "NumPy records",
  matches: ({ bytes }) => isNpy(bytes) && /'descr'\s*:\s*\[/.test(new TextDecoder("latin1").decode(bytes)),
  *decode(name, event) {
    const { fields, size, count } = layoutOf(yield* header(name), name);
    const [x, y, p, t] = (["x", "y", "p", "t"] as const).map(
      (k) =>
        names[k].map((n) => fields.get(n)).find((f) => f !== undefined) ??
        fail("events-malformed", [name, "NumPy", `it has no field ${k}`]),
    );
    let there = 0;
    yield* unitsToEnd(name, size, (block) => {
      const view = viewOf(block);
      const get = (f: Field | undefined, at: number): number => (f === undefined ? 0 : f.read(view, at + f.offset, f.little));
      for (let at = 0; at < block.length; at += size) event(get(x, at), get(y, at), Math.max(0, get(p, at)), get(t, at));
      there += block.length / size;
    });
    if (count !== null && there !== count)
      fail("events-malformed", [name, "NumPy", `its header says ${count} events, and there are ${there}`]);
  },
};

/** The text of the header: magic and version, its length in 2 or 4 bytes, a Python literal. */
function* header(name: string): Decoding<string> {
  const [, , , , , , version = 1] = yield* exactly(name, 8);
  const length = yield* exactly(name, version >= 2 ? 4 : 2);
  const count = version >= 2 ? viewOf(length).getUint32(0, true) : viewOf(length).getUint16(0, true);
  return new TextDecoder("latin1").decode(yield* exactly(name, Math.min(count, longestHeader)));
}

/** Fields of `[('x', '<i2'), …]`, packed one after another. */
function layoutOf(text: string, name: string): { fields: Map<string, Field>; size: number; count: number | null } {
  const fields = new Map<string, Field>();
  let size = 0;
  for (const [, field = "", order = "", type = ""] of text.matchAll(/\(\s*'([^']*)'\s*,\s*'([<>|=]?)([^']*)'\s*\)/g)) {
    const reader = readers[type] ?? fail("events-malformed", [name, "NumPy", `its field ${field} has the type ${order}${type}`]);
    fields.set(field, { offset: size, read: reader.read, little: order !== ">" });
    size += reader.bytes;
  }
  if (size === 0) fail("events-malformed", [name, "NumPy", "its records have no plain fields"]);
  const shape = /'shape'\s*:\s*\(\s*(\d+)\s*,?\s*\)/.exec(text)?.[1];
  return { fields, size, count: shape === undefined ? null : Number(shape) };
}
