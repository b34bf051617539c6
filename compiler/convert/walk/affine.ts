import { type Tensor, tensor } from "../../base/tensor.ts";
import type { Node } from "../../ir/graph/types.ts";
import type { Pool } from "../../ir/network/types.ts";
import { append, type Chain } from "../linear/chain.ts";
import type { LinearMap } from "../linear/map.ts";

/** Spikes of a layer, pooled, through a chain of maps. `label` is the last node with weights on the way. */
export type Term = {
  readonly from: number;
  readonly pool: Pool | null;
  readonly chain: Chain;
  readonly label: Node | null;
  /** What a spike is worth before the chain: a number, or one per element behind the pool. Only where the walk keeps gains. */
  readonly gain?: number | Tensor;
};

/** A value of the graph, as an affine function of the layers before it. */
export type Affine = {
  readonly terms: readonly Term[];
  /** What the value is when nothing spikes, in the graph's own shape; null: zero. */
  readonly bias: Tensor | null;
  /** Set behind an operation that is only allowed at the output: which, and the shape before it. */
  readonly ended: { readonly node: Node; readonly shape: readonly number[] } | null;
};

/** The terms behind one more map, or list of maps. */
export function behind(terms: readonly Term[], maps: readonly LinearMap[], label: Node | null): Term[] {
  return terms.map((t) => ({ ...t, chain: maps.reduce<Chain>(append, t.chain), label: label ?? t.label }));
}

/** The shape without the batch. */
export function bare(shape: readonly number[]): readonly number[] {
  return shape.length > 1 && shape[0] === 1 ? shape.slice(1) : shape;
}

/** Null when every element is zero. */
export function unlessZero(t: Tensor): Tensor | null {
  for (const x of t.data) if (Number(x) !== 0) return t;
  return null;
}

/** A tensor of f64 counting from 1, to see where an operation moves each element. */
export function counting(shape: readonly number[]): Tensor {
  const size = shape.reduce((n, d) => n * d, 1);
  return tensor(
    "f64",
    shape,
    Float64Array.from({ length: size }, (_, i) => i + 1),
  );
}

export function filled(dtype: "f32" | "f64", shape: readonly number[], value: number): Tensor {
  const size = shape.reduce((n, d) => n * d, 1);
  return dtype === "f32"
    ? tensor("f32", shape, new Float32Array(size).fill(value))
    : tensor("f64", shape, new Float64Array(size).fill(value));
}
