import type { TapeOp } from "./types.ts";

/*
 * March tests of a memory at the pins: each word is written with a pattern of its own and read
 * back, then with the complement, upwards and downwards, so that every bit is seen as 0 and as 1
 * after having been the other, and no two addresses can be the same word.
 */

/** A memory as the pins reach it. */
export type MarchedMemory = {
  readonly space: number;
  readonly base: number;
  readonly stride: number;
  readonly words: number;
  readonly wordBits: number;
};

/** Up: write p; up: read p, write ~p; down: read ~p, write p; up: read p, write 0; up: read 0. */
export function marchOps(m: MarchedMemory): TapeOp[] {
  const all = 2n ** BigInt(m.wordBits) - 1n;
  const patterns = Array.from({ length: m.words }, (_, i) => patternOf(i, m.wordBits));
  const inverse = (p: number | bigint): number | bigint => (m.wordBits <= 32 ? Number(all) - Number(p) : all - BigInt(p));
  const out: TapeOp[] = [];
  const at = (i: number): number => m.base + i * m.stride;
  const write = (i: number, data: number | bigint): void => void out.push({ op: "write", space: m.space, address: at(i), data, mask: 0 });
  const read = (i: number, expect: number | bigint): void => void out.push({ op: "read", space: m.space, address: at(i), expect });
  for (const [i, p] of patterns.entries()) write(i, p);
  for (const [i, p] of patterns.entries()) {
    read(i, p);
    write(i, inverse(p));
  }
  for (let i = m.words - 1; i >= 0; i--) {
    const p = patterns[i] as number | bigint;
    read(i, inverse(p));
    write(i, p);
  }
  for (const [i, p] of patterns.entries()) {
    read(i, p);
    write(i, 0);
  }
  for (let i = 0; i < m.words; i++) read(i, 0);
  return out;
}

/** A word that differs from address to address in about half of its bits (murmur3's finalizer of the address). */
function patternOf(index: number, bits: number): number | bigint {
  let word = 0n;
  for (let k = 0; 32 * k < bits; k++) word |= BigInt(mix(index * 4 + k + 1)) << BigInt(32 * k);
  const masked = word & (2n ** BigInt(bits) - 1n);
  return bits <= 32 ? Number(masked) : masked;
}

function mix(n: number): number {
  let h = n >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
