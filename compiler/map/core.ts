import { bitsOf, denseWords, shapeLimits, sparseWords } from "../ir/cores/storage.ts";
import type { Axon, NeuronGroup, Row, Shape } from "../ir/cores/types.ts";

/** Which rows the chip has. */
export type RowKinds = {
  readonly sharedKernels: boolean;
  readonly lists: readonly ("dense" | "sparse")[];
  readonly listOffsets: number;
};

type Standing = { readonly row: number; readonly y: number; readonly x: number };

/**
 * A core while it is being filled: first its groups, then what arrives. Equal rows and equal shapes are stored once, and where
 * axons can move a list, lists that are equal but for their place too.
 */
export class CoreBuilder {
  readonly groups: NeuronGroup[] = [];
  readonly axons: Axon[] = [];
  readonly rows: Row[] = [];
  readonly shapes: Shape[] = [];
  readonly #rowsByHash = new Map<number, number[]>();
  readonly #shapes = new Map<string, number>();
  readonly #leastBits: number;
  readonly #kinds: RowKinds;

  constructor(leastBits: number, kinds: RowKinds) {
    this.#leastBits = leastBits;
    this.#kinds = kinds;
  }

  /** Slots in use. */
  get slots(): number {
    const last = this.groups.at(-1);
    return last === undefined ? 0 : last.first + last.count;
  }

  addAxon(axon: Axon): number {
    return this.axons.push(axon) - 1;
  }

  shape(s: Shape): number {
    const key = Object.values(s).join();
    let index = this.#shapes.get(key);
    if (index === undefined) {
      index = this.shapes.push(s) - 1;
      this.#shapes.set(key, index);
    }
    return index;
  }

  /** A convolution row; `weights` is [tap][channel]. */
  convRow(base: number, shape: number, channels: number, weights: Int32Array): number {
    return this.#store({ kind: "conv", bits: bitsOf(weights, this.#leastBits), base, shape, channels, weights });
  }

  /**
   * The row of a source with these weights for slots base … base+length-1, some of them not zero,
   * and where its axons stand: a shared row of one weight, else dense or sparse, whichever is smaller.
   */
  listRow(base: number, weights: Int32Array): Standing {
    let [first, last, count] = [-1, -1, 0];
    for (let i = 0; i < weights.length; i++) {
      if (weights[i] === 0) continue;
      if (first < 0) first = i;
      last = i;
      count++;
    }
    if (count === 1 && this.#kinds.sharedKernels) return this.#single(base + first, weights[first] ?? 0);
    const span = weights.slice(first, last + 1);
    const bits = bitsOf(span, this.#leastBits);
    const { lists } = this.#kinds;
    if (!lists.includes("sparse") || (lists.includes("dense") && denseWords(span.length, bits) <= sparseWords(count)))
      return this.#list({ kind: "dense", bits, base: base + first, weights: span });
    return this.#list(sparseRow(base + first, span, count, this.#leastBits));
  }

  /** A list, or the one at most so many slots before it that an axon can move here. */
  #list(row: List): Standing {
    const { listOffsets } = this.#kinds;
    if (listOffsets <= 1) return { row: this.#store(row), y: 0, x: 0 };
    const place = firstSlot(row);
    const hash = hashOf(row, place);
    const same = this.#rowsByHash.get(hash) ?? [];
    for (const i of same) {
      const other = this.rows[i] as List;
      const offset = place - firstSlot(other);
      if (offset >= 0 && offset < listOffsets && sameRow(other, row, offset)) return { row: i, y: 0, x: offset };
    }
    same.push(this.rows.push(row) - 1);
    this.#rowsByHash.set(hash, same);
    return { row: this.rows.length - 1, y: 0, x: 0 };
  }

  /** One weight to one slot: a 1 × 1 convolution over the core's slots, taken as lines of as many positions as an axon can name. */
  #single(slot: number, weight: number): { row: number; y: number; x: number } {
    const line = shapeLimits.positionMax + 1;
    const base = slot - (slot % line);
    const width = Math.min(line, this.slots - base);
    const shape = this.shape({ kernelY: 1, kernelX: 1, strideY: 1, strideX: 1, dilationY: 1, dilationX: 1, height: 1, width, pitch: 1 });
    return { row: this.convRow(base, shape, 1, Int32Array.of(weight)), y: 0, x: slot - base };
  }

  #store(row: Row): number {
    const hash = hashOf(row);
    const same = this.#rowsByHash.get(hash) ?? [];
    for (const i of same) if (sameRow(this.rows[i] as Row, row)) return i;
    const index = this.rows.push(row) - 1;
    same.push(index);
    this.#rowsByHash.set(hash, same);
    return index;
  }
}

type List = Exclude<Row, { readonly kind: "conv" }>;

function firstSlot(list: List): number {
  return list.kind === "dense" ? list.base : (list.slots[0] ?? 0);
}

function sparseRow(base: number, span: Int32Array, count: number, leastBits: number): List {
  const slots = new Int32Array(count);
  const weights = new Int32Array(count);
  let n = 0;
  for (let i = 0; i < span.length; i++) {
    const w = span[i] ?? 0;
    if (w === 0) continue;
    slots[n] = base + i;
    weights[n++] = w;
  }
  return { kind: "sparse", bits: bitsOf(weights, leastBits), slots, weights };
}

/** Where a row stands, seen from slot `from`, besides its weights: dense and conv rows by base, conv rows also by shape. */
function headOf(row: Row, from: number): readonly number[] {
  if (row.kind === "dense") return [0, row.base - from];
  return row.kind === "conv" ? [1, row.base - from, row.shape, row.channels] : [2, ...row.slots.map((s) => s - from)];
}

function hashOf(row: Row, from = 0): number {
  let h = 0x811c9dc5;
  for (const n of headOf(row, from)) h = Math.imul(h ^ n, 0x01000193);
  for (const w of row.weights) h = Math.imul(h ^ w, 0x01000193) ^ (h >>> 15);
  return h;
}

/** Whether `b` is `a`, moved by so many slots. */
function sameRow(a: Row, b: Row, offset = 0): boolean {
  return a.kind === b.kind && equal(a.weights, b.weights) && equal(headOf(a, 0), headOf(b, offset));
}

function equal(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
