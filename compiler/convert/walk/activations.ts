import { fail } from "../../base/diagnostic.ts";
import { f64, numbersOf, type Tensor } from "../../base/tensor.ts";
import type { Node } from "../../ir/graph/types.ts";
import type { Activation } from "../layers.ts";

/** Gives the activation that a node is, or null when it is none; fails when it is one that spikes cannot carry. */
type Handler = (node: Node, constants: readonly (Tensor | null)[], shape: readonly number[]) => Activation | null;

/** Operations that become neurons. */
export const activations: Readonly<Record<string, Handler>> = {
  relu: () => ({ kind: "relu" }),
  clip: (node) => clipped(Number(node.attrs["min"] ?? -Infinity), Number(node.attrs["max"] ?? Infinity)),
  max: (_node, constants) => {
    const floor = constants.find((c) => c !== null);
    return constants.length === 2 && floor && numbersOf(floor).every((x) => x === 0) ? { kind: "relu" } : null;
  },
  "leaky-relu": (node) => {
    const alpha = Number(node.attrs["alpha"] ?? 0.01);
    if (alpha === 0) return { kind: "relu" };
    return fail("convert-leaky-relu", [alpha]);
  },
  "quantized-clip": (node, constants, shape) => ({
    kind: "quantized",
    levels: Number(node.attrs["levels"]),
    lambda: lambdaOf(node, constants[1] ?? null, shape),
  }),
};

/** Operations that are left out at the output, where they do not change which answer is the largest. */
export const endings: ReadonlySet<string> = new Set(["softmax", "log-softmax", "argmax", "sigmoid", "log"]);

function clipped(low: number, high: number): Activation {
  if (low !== 0 || !(high > 0)) fail("convert-clip", [low, high]);
  return high === Infinity ? { kind: "relu" } : { kind: "clip", high };
}

/** One number, or one per channel (the first axis without the batch). */
function lambdaOf(node: Node, given: Tensor | null, shape: readonly number[]): number | Tensor {
  if (given === null) return Number(node.attrs["lambda"]);
  const numbers = numbersOf(given);
  const channels = shape[0] ?? 1;
  if (numbers.length === 1) return numbers[0] ?? 1;
  if (numbers.length !== channels)
    fail("convert-unsupported", ["quantized-clip", `its λ has ${numbers.length} numbers for ${channels} channels`]);
  return f64([channels], numbers);
}
