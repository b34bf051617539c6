import type { Tensor } from "../../base/tensor.ts";

/*
 * A NIR graph as its file says it, nothing interpreted: named nodes with a type and
 * parameters, and edges between names. A node of type NIRGraph holds a graph of its own.
 */

export type NirValue = number | string | Tensor;

export type NirNode = {
  readonly name: string;
  /** Name of the primitive: LIF, Conv2d, … */
  readonly type: string;
  readonly params: Readonly<Record<string, NirValue>>;
  /** Notes of the exporter, which change nothing. */
  readonly metadata: Readonly<Record<string, NirValue>>;
  /** Of a node of type NIRGraph. */
  readonly graph: NirGraph | null;
};

export type NirGraph = {
  readonly nodes: readonly NirNode[];
  /** [from, to] by name. The same pair twice counts once. */
  readonly edges: readonly (readonly [string, string])[];
  readonly metadata: Readonly<Record<string, NirValue>>;
};

export type NirFile = {
  /** Version of the nir package that wrote the file, where it says. */
  readonly version: string | null;
  readonly graph: NirGraph;
};
