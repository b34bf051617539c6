import { fail } from "../../base/diagnostic.ts";
import { isNpy } from "../data/npy.ts";
import { type DataFile, viewOf } from "../data/records.ts";
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

/** Times are microseconds; a polarity of -1 counts as 0. */
export const npyEventsFormat: EventFormat = {
  name: "NumPy records",
  matches: ({ bytes }) => isNpy(bytes) && headerOf(bytes).text.includes("["),
  visit(file, event) {
    const { name, bytes } = file;
    const { text, start } = headerOf(bytes);
    const { fields, size } = layoutOf(text, file);
    if ((bytes.length - start) % size !== 0) fail("events-cut", [name, bytes.length - start, size]);
    const view = viewOf(bytes);
    const [x, y, p, t] = (["x", "y", "p", "t"] as const).map(
      (k) =>
        names[k].map((n) => fields.get(n)).find((f) => f !== undefined) ??
        fail("events-malformed", [name, "NumPy", `it has no field ${k}`]),
    );
    const get = (f: Field | undefined, at: number): number => (f === undefined ? 0 : f.read(view, at + f.offset, f.little));
    for (let at = start; at < bytes.length; at += size) event(get(x, at), get(y, at), Math.max(0, get(p, at)), get(t, at));
  },
};

function headerOf(bytes: Uint8Array): { readonly text: string; readonly start: number } {
  const long = (bytes[6] ?? 1) >= 2;
  const first = long ? 12 : 10;
  if (bytes.length < first) return { text: "", start: bytes.length };
  const start = first + (long ? viewOf(bytes).getUint32(8, true) : viewOf(bytes).getUint16(8, true));
  return { text: new TextDecoder("latin1").decode(bytes.subarray(first, start)), start };
}

/** Fields of `[('x', '<i2'), …]`, packed one after another. */
function layoutOf(text: string, file: DataFile): { fields: Map<string, Field>; size: number } {
  const fields = new Map<string, Field>();
  let size = 0;
  for (const [, field = "", order = "", type = ""] of text.matchAll(/\(\s*'([^']*)'\s*,\s*'([<>|=]?)([^']*)'\s*\)/g)) {
    const reader = readers[type] ?? fail("events-malformed", [file.name, "NumPy", `its field ${field} has the type ${order}${type}`]);
    fields.set(field, { offset: size, read: reader.read, little: order !== ">" });
    size += reader.bytes;
  }
  if (size === 0) fail("events-malformed", [file.name, "NumPy", "its records have no plain fields"]);
  return { fields, size };
}
