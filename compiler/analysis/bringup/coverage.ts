import type { Pins, PinMemory, WordMeaning } from "../../../targets/target.ts";
import type { LogEntry } from "../../../runtime/tape/types.ts";
import type { Vectors } from "./vectors.ts";

/*
 * What vectors exercise, counted from tapes and logs: a memory bit counts when it was read as 0
 * and as 1 (or, where the pins cannot read, written as both); neurons and output words when they
 * were seen in a log.
 */

export type Share = { readonly exercised: number; readonly total: number };

export type Coverage = {
  readonly memoryBits: Share;
  readonly memories: Readonly<Record<string, Share>>;
  readonly branches: Share;
  /** Branches that nothing exercises, by name. */
  readonly missing: readonly string[];
  readonly routes: Share | null;
  /** Different words that were offered, and that came out. */
  readonly events: number;
  readonly outputs: number;
  /** Different neurons that sent something; null where the words do not say. */
  readonly neurons: number | null;
};

type Seen = { readonly about: PinMemory; readonly zeros: (number | bigint)[]; readonly ones: (number | bigint)[] };

export class CoverageCount {
  readonly #pins: Pins;
  readonly #memories: readonly Seen[];
  readonly #bySpace = new Map<number, Seen[]>();
  readonly #branches = new Set<string>();
  readonly #routes = new Set<string>();
  readonly #events = new Set<number | bigint>();
  readonly #outputs = new Set<number | bigint>();
  readonly #neurons = new Set<string>();
  /** Whether any test said which neurons its words are of. */
  #named = false;

  constructor(pins: Pins) {
    this.#pins = pins;
    this.#memories = pins.memories.map((about) => ({ about, zeros: [], ones: [] }));
    for (const m of this.#memories) this.#bySpace.set(m.about.space, [...(this.#bySpace.get(m.about.space) ?? []), m]);
  }

  add({ test, tape }: Vectors, log: readonly LogEntry[]): void {
    for (const b of test.covers) this.#branches.add(b);
    for (const r of test.routes ?? []) this.#routes.add(r);
    for (const o of tape) {
      if (o.op === "event") this.#events.add(o.word);
      else if (o.op === "read" && o.expect !== null) this.#see(o.space, o.address, o.expect, true);
      else if (o.op === "write") this.#see(o.space, o.address, o.data, false);
    }
    const meaning = test.image === undefined ? undefined : this.#pins.meaning?.(test.image);
    if (meaning !== undefined) this.#named = true;
    for (const e of log) {
      if (e.kind !== "spike") continue;
      this.#outputs.add(e.word);
      const from: WordMeaning["from"] | undefined = meaning?.(e.word).from;
      if (from !== undefined && from !== null) this.#neurons.add(`${placeName(test.image, from.core)} ${from.slot}`);
    }
  }

  #see(space: number, address: number, word: number | bigint, read: boolean): void {
    for (const m of this.#bySpace.get(space) ?? []) {
      const { base, stride, words, readable, wordBits } = m.about;
      const index = (address - base) / stride;
      if (readable !== read || !Number.isInteger(index) || index < 0 || index >= words) continue;
      if (wordBits <= 32) {
        m.ones[index] = ((m.ones[index] as number | undefined) ?? 0) | Number(word);
        m.zeros[index] = ((m.zeros[index] as number | undefined) ?? 0) | ~Number(word);
      } else {
        const all = 2n ** BigInt(wordBits) - 1n;
        m.ones[index] = BigInt(m.ones[index] ?? 0) | BigInt(word);
        m.zeros[index] = BigInt(m.zeros[index] ?? 0) | (all & ~BigInt(word));
      }
    }
  }

  result(): Coverage {
    const memories = Object.fromEntries(this.#memories.map((m) => [m.about.section, shareOf(m)]));
    const sum = (key: keyof Share): number => Object.values(memories).reduce((n, s) => n + s[key], 0);
    const names = Object.keys(this.#pins.branches);
    const missing = names.filter((b) => !this.#branches.has(b));
    return {
      memoryBits: { exercised: sum("exercised"), total: sum("total") },
      memories,
      branches: { exercised: names.length - missing.length, total: names.length },
      missing,
      routes: this.#pins.routes === undefined ? null : { exercised: this.#routes.size, total: this.#pins.routes },
      events: this.#events.size,
      outputs: this.#outputs.size,
      neurons: this.#named ? this.#neurons.size : null,
    };
  }
}

/** Cores of an image are numbered from 0 in each, so a neuron is told by the place of its core. */
function placeName(image: Vectors["test"]["image"], core: number): string {
  const places = [...new Set((image?.sections ?? []).map((s) => s.name.slice(0, s.name.lastIndexOf("/"))).filter((p) => p !== "chip"))];
  return places[core] ?? String(core);
}

function shareOf({ about, zeros, ones }: Seen): Share {
  let exercised = 0;
  let total = 0;
  for (let i = 0; i < about.words; i++) {
    const bits = about.widths?.[i] ?? about.wordBits;
    total += bits;
    const o = ones[i];
    const z = zeros[i];
    if (o === undefined || z === undefined) continue;
    exercised += typeof o === "bigint" || typeof z === "bigint" ? bitsOfBig(BigInt(o) & BigInt(z)) : bitsOf32(o & z & maskOf(bits));
  }
  return { exercised, total };
}

function maskOf(bits: number): number {
  return bits >= 32 ? -1 : 2 ** bits - 1;
}

function bitsOf32(word: number): number {
  let n = 0;
  for (let w = word >>> 0; w !== 0; w = (w & (w - 1)) >>> 0) n++;
  return n;
}

function bitsOfBig(word: bigint): number {
  return word.toString(2).replace(/0/g, "").length;
}
