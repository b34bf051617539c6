import { decompress } from "fzstd";
import { fail } from "../../base/diagnostic.ts";
import { viewOf } from "../data/records.ts";
import { type Decoding, ended, exactly, line, skip, units } from "./decoder.ts";
import { unLz4 } from "./lz4.ts";
import { begins, type EventFormat, type Visit } from "./recording.ts";

/* Recordings of iniVation's cameras: a first line that names the version, then packets. */

const packetHeader31 = 28;
const polarityEvent31 = 1;
const bytesPerEvent31 = 8;

/** AEDAT 3.1: packets of a 28-byte header and events of one kind; polarity events are 8 bytes, and only valid ones count. */
export const aedat31Format: EventFormat = {
  name: "AEDAT 3.1",
  matches: ({ bytes }) => begins(bytes, "#!AER-DAT3.1"),
  *decode(name, event) {
    for (let text = ""; !text.startsWith("#!END-HEADER"); ) {
      text = yield* line();
      if (!text.startsWith("#") || !text.endsWith("\n")) fail("events-malformed", [name, "AEDAT 3.1", "its header has no end"]);
    }
    for (;;) {
      const head = yield* units(packetHeader31, 1);
      if (head.length < packetHeader31) return ended(name, head.length, packetHeader31);
      const view = viewOf(head);
      const [type, size, overflow] = [view.getUint16(0, true), view.getUint32(4, true), view.getUint32(12, true)];
      const [capacity, count] = [view.getUint32(16, true), view.getUint32(20, true)];
      if (type === polarityEvent31) {
        if (size !== bytesPerEvent31)
          fail("events-malformed", [name, "AEDAT 3.1", `a polarity event has ${size} bytes, not ${bytesPerEvent31}`]);
        yield* packet31(name, count, overflow * 2 ** 31, event);
      } else yield* skip(name, size * count);
      // Room for more events than there are; the last packet's may be missing.
      for (let left = size * Math.max(0, capacity - count); left > 0; ) {
        const { length } = yield* units(1, left);
        if (length === 0) return;
        left -= length;
      }
    }
  },
};

/** `before`: us that passed before the packet's times began. */
function* packet31(name: string, count: number, before: number, event: Visit): Decoding {
  for (let left = count; left > 0; ) {
    const block = yield* units(bytesPerEvent31, left);
    if (block.length < bytesPerEvent31) fail("events-cut", [name, block.length, bytesPerEvent31]);
    const view = viewOf(block);
    for (let i = 0; i < block.length; i += bytesPerEvent31) {
      const data = view.getUint32(i, true);
      if ((data & 1) !== 0) event(data >>> 17, (data >>> 2) & 0x7fff, (data >>> 1) & 1, before + view.getUint32(i + 4, true));
    }
    left -= block.length / bytesPerEvent31;
  }
}

const compressions = ["none", "lz4", "lz4", "zstd", "zstd"] as const;

/** The packet as it was before compression; null for what is no such frame. */
const unpack: Readonly<Record<(typeof compressions)[number], (packed: Uint8Array) => Uint8Array | null>> = {
  none: (packed) => packed,
  lz4: unLz4,
  zstd: unZstd,
};

const versionLine = 14;
/** More than any camera writes at once: a size beyond is damage, and is not waited for. */
const largestPacket = 2 ** 28;

/**
 * AEDAT 4: flatbuffers. The file's header says how packets are compressed; each packet
 * has its stream and size before it. Packets marked EVTS hold events of 16 bytes. Other
 * streams (frames, inertial measurements, triggers) are passed over. A table of the packets
 * may follow them.
 */
export const aedat4Format: EventFormat = {
  name: "AEDAT 4",
  matches: ({ bytes }) => begins(bytes, "#!AER-DAT4.0"),
  *decode(name, event) {
    yield* exactly(name, versionLine);
    const size = viewOf(yield* exactly(name, 4)).getUint32(0, true);
    const header = new FlatTable(name, yield* exactly(name, checkedSize(size, name)));
    const how =
      compressions[header.int32(0)] ?? fail("events-malformed", [name, "AEDAT 4", `its compression ${header.int32(0)} is unknown`]);
    const table = header.int64(1);
    const stop = table > 0 ? table : Infinity;
    for (let at = versionLine + 4 + size; at < stop; ) {
      const head = yield* units(8, 1);
      if (head.length < 8 && stop === Infinity) return ended(name, head.length, 8);
      if (head.length < 8) fail("events-cut", [name, head.length, 8]);
      const length = checkedSize(viewOf(head).getUint32(4, true), name);
      const packet = unpack[how](yield* exactly(name, length));
      if (packet === null) fail("events-malformed", [name, "AEDAT 4", `a packet is no ${how} frame`]);
      if (begins(packet.subarray(8), "EVTS")) visitPacket(new FlatTable(name, packet.subarray(4)), event);
      at += 8 + length;
    }
  },
};

function checkedSize(size: number, name: string): number {
  if (size > largestPacket) fail("events-malformed", [name, "AEDAT 4", `a packet is said to have ${size} bytes`]);
  return size;
}

function unZstd(packed: Uint8Array): Uint8Array | null {
  try {
    return decompress(packed);
  } catch (error) {
    // The library throws plain errors for what is no frame or a damaged one.
    if (error instanceof Error) return null;
    throw error;
  }
}

function visitPacket(packet: FlatTable, event: Visit): void {
  const list = packet.vector(0, 16);
  for (let i = 0; i < list.byteLength; i += 16)
    event(list.getInt16(i + 8, true), list.getInt16(i + 10, true), list.getUint8(i + 12) & 1, Number(list.getBigInt64(i, true)));
}

/** The root table of a flatbuffer, its fields by their number. Absent fields are 0 and empty. */
class FlatTable {
  readonly #view: DataView;
  readonly #root: number;
  readonly #name: string;

  constructor(name: string, bytes: Uint8Array) {
    this.#name = name;
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
    if (at < 0 || at + size > this.#view.byteLength) fail("events-malformed", [this.#name, "AEDAT 4", "a packet points outside of itself"]);
    return at;
  }
}
