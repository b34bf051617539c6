import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Kernel } from "../../ir/network/types.ts";
import type { Params } from "./params.ts";
import type { Rules } from "./profiles.ts";

/** What an importer is given besides the node's parameters. */
export type Setting = {
  readonly rules: Rules;
  /** Step of the neurons in seconds; throws a Failure where it is needed and unknown. */
  readonly dt: () => number;
  readonly report: (d: Diagnostic) => void;
};

/** A node without state: y = kernel(x) + bias, some steps later. */
export type Linear = {
  /** Null where the numbers stay as they are. */
  readonly kernel: Kernel | null;
  readonly outShape: readonly number[];
  readonly bias: Float64Array | null;
  /** Delay of each element in steps, not rounded; null without delay. */
  readonly delay: Float64Array | null;
};

/** A node with state, in the units of its own potential; one number per neuron. */
export type Neuron = {
  readonly model: "if" | "lif" | "cuba" | "integrator";
  /** What one unit of input adds to the potential. */
  readonly gain: Float64Array;
  /** Factor of the potential in a step. */
  readonly decay: Float64Array;
  /** Factor of the synaptic current in a step; null without one. */
  readonly decayCurrent: Float64Array | null;
  /** Added to the potential in every step, in units of the potential. */
  readonly bias: Float64Array;
  /** Null: never fires. */
  readonly firing: { readonly threshold: Float64Array; readonly resetTo: Float64Array | null } | null;
  /** True where nothing is kept: no reset is needed. */
  readonly forgets: boolean;
};

/** One primitive of NIR. */
export type Importer =
  | { readonly kind: "input" | "output" }
  | { readonly kind: "linear"; readonly read: (p: Params, inShape: readonly number[], s: Setting) => Linear }
  | {
      readonly kind: "neuron";
      /** The parameter that has the shape of the population. */
      readonly shapedBy: string;
      /** The profile's rules that can change what it does. */
      readonly rules: readonly (keyof Rules)[];
      readonly read: (p: Params, shape: readonly number[], s: Setting) => Neuron;
    };
