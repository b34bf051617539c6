import type { Dtype, Tensor } from "../../base/tensor.ts";
import type { ValueId } from "../../ir/graph/types.ts";

/**
 * What a name of the file stands for while it is being read: a value of the
 * graph, or numbers that are known. Known numbers become a constant of the graph
 * only where a node or an output needs them, so folded shape arithmetic leaves
 * nothing behind.
 */
export type Entry = ValueEntry | ConstantEntry;

export type ValueEntry = {
  readonly kind: "value";
  readonly name: string;
  readonly id: ValueId;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
};

export type ConstantEntry = {
  readonly kind: "constant";
  readonly name: string;
  readonly tensor: Tensor;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The ONNX element type of a zero point narrower than its dtype (int4, uint16 …); quantizing saturates at its range. */
  readonly range: readonly [number, number] | null;
};

export function constantEntry(name: string, tensor: Tensor, range: readonly [number, number] | null = null): ConstantEntry {
  return { kind: "constant", name, tensor, dtype: tensor.dtype, shape: tensor.shape, range };
}
