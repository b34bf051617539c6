import type { Id } from "../../base/id.ts";
import type { Origin } from "../../base/origin.ts";
import type { Dtype, Tensor } from "../../base/tensor.ts";

/*
 * Graph: what a trained model file says, before anything spiking has happened.
 *
 * A dataflow graph in single assignment form. Shapes are static: a symbolic
 * batch has been taken as 1 by the front end. Layout is the exporter's (NCHW
 * for images, batch first).
 */

export type ValueId = Id<"value">;

/** One edge of the graph. `constant` holds its numbers when they are known. */
export type Value = {
  readonly id: ValueId;
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly constant: Tensor | null;
};

/** Attribute of a node; lists are lists of numbers. */
export type Attr = number | string | readonly number[] | Tensor;

/** One operation. `op` is a key of `ops/index.ts`; inputs that an op leaves out are null. */
export type Node = {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly (ValueId | null)[];
  readonly outputs: readonly ValueId[];
  readonly attrs: Readonly<Record<string, Attr>>;
  readonly origin: Origin;
};

export type Graph = {
  readonly kind: "graph";
  readonly name: string;
  /** Indexed by ValueId. */
  readonly values: readonly Value[];
  /** In topological order. */
  readonly nodes: readonly Node[];
  /** Values given by the user at run time; constants are not inputs. */
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  /** What the file says about itself in keys that begin with "ganglion.", such as how a network was trained. */
  readonly metadata?: Readonly<Record<string, string>>;
};
