import { viewOf } from "../data/records.ts";

/*
 * LZ4 frames (lz4_Frame_format): blocks of sequences, each some literal bytes and then
 * a copy of bytes that came before. Checksums are passed over.
 */

const magic = 0x184d2204;

/** The decompressed bytes; null for bytes that are no whole LZ4 frame. */
export function unLz4(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length < 7 || viewOf(bytes).getUint32(0, true) !== magic) return null;
  const flags = bytes[4] ?? 0;
  const blockChecksum = (flags & 0x10) !== 0 ? 4 : 0;
  let at = 7 + ((flags & 0x08) !== 0 ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0);
  const out = new Output();
  for (;;) {
    if (at + 4 > bytes.length) return null;
    const word = viewOf(bytes).getUint32(at, true);
    at += 4;
    if (word === 0) return out.bytes();
    const size = word & 0x7fffffff;
    if (at + size > bytes.length) return null;
    const block = bytes.subarray(at, at + size);
    if (word >>> 31 === 1) out.append(block);
    else if (!unblock(block, out)) return null;
    at += size + blockChecksum;
  }
}

/** One compressed block; false where it is damaged. */
function unblock(block: Uint8Array, out: Output): boolean {
  let at = 0;
  const length = (start: number): number => {
    let n = start;
    if (start < 15) return n;
    for (let b = 255; b === 255; ) {
      b = block[at++] ?? 0;
      n += b;
    }
    return n;
  };
  while (at < block.length) {
    const token = block[at++] ?? 0;
    const literals = length(token >>> 4);
    if (at + literals > block.length) return false;
    out.append(block.subarray(at, at + literals));
    at += literals;
    if (at >= block.length) return true;
    const distance = (block[at] ?? 0) | ((block[at + 1] ?? 0) << 8);
    at += 2;
    if (!out.copy(distance, length(token & 15) + 4)) return false;
  }
  return true;
}

/** Bytes that grow. */
class Output {
  #data = new Uint8Array(1 << 16);
  #size = 0;

  bytes(): Uint8Array {
    return this.#data.subarray(0, this.#size);
  }

  append(more: Uint8Array): void {
    this.#room(more.length);
    this.#data.set(more, this.#size);
    this.#size += more.length;
  }

  /** Bytes from `distance` back; they may overlap with what is being written. */
  copy(distance: number, count: number): boolean {
    if (distance < 1 || distance > this.#size) return false;
    this.#room(count);
    for (let i = 0; i < count; i++) this.#data[this.#size + i] = this.#data[this.#size + i - distance] ?? 0;
    this.#size += count;
    return true;
  }

  #room(more: number): void {
    if (this.#size + more <= this.#data.length) return;
    const wider = new Uint8Array(Math.max(2 * this.#data.length, this.#size + more));
    wider.set(this.bytes());
    this.#data = wider;
  }
}
