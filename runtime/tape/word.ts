/*
 * Words of tapes and logs have up to 64 bits. Those that a double holds exactly are numbers,
 * the others are bigint, so that the same word is always the same value.
 */

export type TapeWord = number | bigint;

/** The one form of a word. */
export function tapeWord(value: bigint): TapeWord {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

export function sameWord(a: TapeWord, b: TapeWord): boolean {
  return a === b || (typeof a !== typeof b && BigInt(a) === BigInt(b));
}

/** Hexadecimal without a prefix. */
export function showWord(word: TapeWord): string {
  return word.toString(16);
}

/** A word of hexadecimal digits of at most 64 bits; null for anything else. */
export function readWord(text: string): TapeWord | null {
  return /^[0-9a-fA-F]{1,16}$/.test(text) ? tapeWord(BigInt(`0x${text}`)) : null;
}

/** A decimal count or address; null for anything else. */
export function readCount(text: string): number | null {
  const n = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(n) ? n : null;
}
