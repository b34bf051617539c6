import { fail } from "../../base/diagnostic.ts";
import { type DataFile, viewOf } from "../data/records.ts";
import { unLz4 } from "./lz4.ts";
import type { EventFormat, Visit } from "./recording.ts";

/* Recordings of iniVation's cameras: a first line that names the version, then packets. */

function begins(bytes: Uint8Array, text: string): boolean {
  return new TextDecoder("latin1").decode(bytes.subarray(0, text.length)) === text;
}

const end31 = new TextEncoder().encode("#!END-HEADER\r\n");
const packetHeader31 = 28;
const polarityEvent31 = 1;

/** AEDAT 3.1: packets of a 28-byte header and events of one kind; polarity events are 8 bytes, and only valid ones count. */
export const aedat31Format: EventFormat = {
  name: "AEDAT 3.1",
  matches: ({ bytes }) => begins(bytes, "#!AER-DAT3.1"),
  visit({ name, bytes }, event) {
    let at = after(bytes, end31);
    if (at < 0) fail("events-malformed", [name, "AEDAT 3.1", "its header has no end"]);
    const view = viewOf(bytes);
    while (at < bytes.length) {
      if (at + packetHeader31 > bytes.length) fail("events-cut", [name, bytes.length - at, packetHeader31]);
      const [type, size] = [view.getUint16(at, true), view.getUint32(at + 4, true)];
      const [overflow, capacity, count] = [view.getUint32(at + 12, true), view.getUint32(at + 16, true), view.getUint32(at + 20, true)];
      at += packetHeader31;
      const stop = at + size * Math.max(capacity, count);
      if (at + size * count > bytes.length) fail("events-cut", [name, bytes.length - at, size]);
      if (type === polarityEvent31) {
        if (size !== 8) fail("events-malformed", [name, "AEDAT 3.1", `a polarity event has ${size} bytes, not 8`]);
        for (let i = 0; i < count; i++) {
          const data = view.getUint32(at + 8 * i, true);
          if ((data & 1) === 0) continue;
          event(data >>> 17, (data >>> 2) & 0x7fff, (data >>> 1) & 1, overflow * 2 ** 31 + view.getUint32(at + 8 * i + 4, true));
        }
      }
      at = Math.min(stop, bytes.length);
    }
  },
};

/** Where the bytes after the first occurrence begin; -1 without one. */
function after(bytes: Uint8Array, mark: Uint8Array): number {
  for (let at = bytes.indexOf(mark[0] ?? 0); at >= 0; at = bytes.indexOf(mark[0] ?? 0, at + 1))
    if (mark.every((b, i) => bytes[at + i] === b)) return at + mark.length;
  return -1;
}

const compressions = ["none", "lz4", "lz4", "zstd", "zstd"] as const;

/**
 * AEDAT 4: flatbuffers. The file's header says how packets are compressed; each packet
 * has its stream and size before it. Packets marked EVTS hold events of 16 bytes. Other
 * streams (frames, inertial measurements, triggers) are passed over.
 */
export const aedat4Format: EventFormat = {
  name: "AEDAT 4",
  matches: ({ bytes }) => begins(bytes, "#!AER-DAT4.0"),
  visit(file, event) {
    const { name, bytes } = file;
    const view = viewOf(bytes);
    const start = 14;
    if (bytes.length < start + 8) fail("events-cut", [name, bytes.length, start + 8]);
    const header = new FlatTable(file, bytes.subarray(start + 4, start + 4 + view.getUint32(start, true)));
    const how = compressions[header.int32(0)];
    if (how === undefined || how === "zstd")
      fail("events-malformed", [
        name,
        "AEDAT 4",
        "its packets are compressed with Zstandard, which is not built in; record with LZ4 or without",
      ]);
    const table = header.int64(1);
    const stop = table > 0 ? Math.min(table, bytes.length) : bytes.length;
    let at = start + 4 + view.getUint32(start, true);
    while (at < stop) {
      if (at + 8 > stop) fail("events-cut", [name, stop - at, 8]);
      const size = view.getUint32(at + 4, true);
      if (at + 8 + size > stop) fail("events-cut", [name, stop - at - 8, size]);
      const packed = bytes.subarray(at + 8, at + 8 + size);
      const packet = how === "lz4" ? unLz4(packed) : packed;
      if (packet === null) fail("events-malformed", [name, "AEDAT 4", "a packet is no LZ4 frame"]);
      if (begins(packet.subarray(8), "EVTS")) visitPacket(new FlatTable(file, packet.subarray(4)), event);
      at += 8 + size;
    }
  },
};

function visitPacket(packet: FlatTable, event: Visit): void {
  const list = packet.vector(0, 16);
  for (let i = 0; i < list.byteLength; i += 16)
    event(list.getInt16(i + 8, true), list.getInt16(i + 10, true), list.getUint8(i + 12) & 1, Number(list.getBigInt64(i, true)));
}

/** The root table of a flatbuffer, its fields by their number. Absent fields are 0 and empty. */
class FlatTable {
  readonly #view: DataView;
  readonly #root: number;
  readonly #file: DataFile;

  constructor(file: DataFile, bytes: Uint8Array) {
    this.#file = file;
    this.#view = viewOf(bytes);
    this.#root = this.#checked(0, 4) + this.#view.getUint32(0, true);
    this.#checked(this.#root, 4);
  }

  int32(field: number): number {
    const at = this.#place(field);
    return at === null ? 0 : this.#view.getInt32(this.#checked(at, 4), true);
  }

  int64(field: number): number {
    const at = this.#place(field);
    return at === null ? 0 : Number(this.#view.getBigInt64(this.#checked(at, 8), true));
  }

  /** A vector of structs of so many bytes. */
  vector(field: number, size: number): DataView {
    const at = this.#place(field);
    if (at === null) return new DataView(new ArrayBuffer(0));
    const start = at + this.#view.getUint32(this.#checked(at, 4), true);
    const bytes = this.#view.getUint32(this.#checked(start, 4), true) * size;
    this.#checked(start + 4, bytes);
    return new DataView(this.#view.buffer, this.#view.byteOffset + start + 4, bytes);
  }

  #place(field: number): number | null {
    const table = this.#root - this.#view.getInt32(this.#root, true);
    const slot = 4 + 2 * field;
    if (slot >= this.#view.getUint16(this.#checked(table, 4), true)) return null;
    const offset = this.#view.getUint16(this.#checked(table + slot, 2), true);
    return offset === 0 ? null : this.#root + offset;
  }

  #checked(at: number, size: number): number {
    if (at < 0 || at + size > this.#view.byteLength)
      fail("events-malformed", [this.#file.name, "AEDAT 4", "a packet points outside of itself"]);
    return at;
  }
}
