import { fail } from "./diagnostic.ts";
import { sha256 } from "./hash.ts";
import { bytesOf, type Dtype, make, sizeOf, type Tensor } from "./tensor.ts";

/**
 * The side file of a text form: tensors by the first 16 hexadecimal digits of
 * the SHA-256 of their dtype, shape and little-endian bytes.
 *
 * File layout: the 8 bytes "GANGTNS1", a little-endian u32 with the length of a
 * JSON index `[{hash, dtype, shape, offset}]`, the index, then the numbers, each
 * tensor padded to 8 bytes; offsets count from the end of the index.
 */
export class TensorStore {
  readonly #byHash = new Map<string, Tensor>();
  readonly #hashes = new WeakMap<Tensor, string>();

  put(t: Tensor): string {
    const known = this.#hashes.get(t);
    if (known !== undefined) return known;
    const hash = tensorHash(t);
    this.#byHash.set(hash, t);
    this.#hashes.set(t, hash);
    return hash;
  }

  get(hash: string): Tensor {
    const t = this.#byHash.get(hash);
    if (t === undefined) fail("tensor-missing", [hash]);
    return t;
  }

  get size(): number {
    return this.#byHash.size;
  }

  encode(): Uint8Array {
    const index: { hash: string; dtype: Dtype; shape: readonly number[]; offset: number }[] = [];
    let offset = 0;
    const sorted = [...this.#byHash].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [hash, t] of sorted) {
      index.push({ hash, dtype: t.dtype, shape: t.shape, offset });
      offset += Math.ceil(t.data.byteLength / 8) * 8;
    }
    const json = new TextEncoder().encode(JSON.stringify(index));
    const out = new Uint8Array(12 + json.length + offset);
    out.set(new TextEncoder().encode(magic));
    new DataView(out.buffer).setUint32(8, json.length, true);
    out.set(json, 12);
    sorted.forEach(([, t], i) => out.set(bytesView(t), 12 + json.length + (index[i]?.offset ?? 0)));
    return out;
  }

  static decode(bytes: Uint8Array): TensorStore {
    const store = new TensorStore();
    if (bytes.length < 12 || new TextDecoder().decode(bytes.subarray(0, 8)) !== magic)
      fail("tensors-damaged", ["it does not begin with GANGTNS1"]);
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
    for (const e of indexIn(bytes.subarray(12, 12 + length))) {
      const from = 12 + length + e.offset;
      if (from + sizeOf(e.shape) * bytesOf[e.dtype] > bytes.length) fail("tensors-damaged", [`it ends before tensor #${e.hash}`]);
      const data = make[e.dtype](sizeOf(e.shape));
      new Uint8Array(data.buffer).set(bytes.subarray(from, from + sizeOf(e.shape) * bytesOf[e.dtype]));
      const t = { dtype: e.dtype, shape: e.shape, data } as Tensor;
      if (tensorHash(t) !== e.hash) fail("tensors-damaged", [`tensor #${e.hash} does not have the content its name says`]);
      store.#byHash.set(e.hash, t);
      store.#hashes.set(t, e.hash);
    }
    return store;
  }
}

const magic = "GANGTNS1";

type Entry = { readonly hash: string; readonly dtype: Dtype; readonly shape: readonly number[]; readonly offset: number };

/** The index, of which nothing is taken for granted: a damaged one is a Failure. */
function indexIn(bytes: Uint8Array): readonly Entry[] {
  let index: unknown;
  try {
    index = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    index = null;
  }
  if (!Array.isArray(index) || !index.every(isEntry)) return fail("tensors-damaged", ["its index cannot be read"]);
  return index;
}

function isEntry(e: unknown): e is Entry {
  if (typeof e !== "object" || e === null) return false;
  const { hash, dtype, shape, offset } = e as Partial<Record<keyof Entry, unknown>>;
  const size = (n: unknown): boolean => typeof n === "number" && Number.isSafeInteger(n) && n >= 0;
  return (
    typeof hash === "string" &&
    typeof dtype === "string" &&
    Object.hasOwn(make, dtype) &&
    Array.isArray(shape) &&
    shape.every(size) &&
    size(offset)
  );
}

function bytesView(t: Tensor): Uint8Array {
  return new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength);
}

/** First 16 hexadecimal digits of the SHA-256 of dtype, shape and bytes. */
export function tensorHash(t: Tensor): string {
  return sha256(`${t.dtype}[${t.shape.join("x")}]`, bytesView(t)).slice(0, 16);
}
