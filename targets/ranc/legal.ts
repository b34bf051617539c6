import { numbersOf } from "../../compiler/base/tensor.ts";
import type { Network } from "../../compiler/ir/network/types.ts";
import { legalSteps } from "../../compiler/passes/network/legalize.ts";
import { quantizeWeights } from "../../compiler/passes/network/quantize-weights/pass.ts";
import { type Step, step } from "../../compiler/passes/pass.ts";
import type { ChipSpec } from "../chip.ts";
import { rancNeurons } from "./lower.ts";

/** Bits of weights that are not whole yet: each input then takes up to three axons. */
const defaultBits = 3;

/** Steps whose work is done later: partial sums need graded spikes, and axons are counted when weights have become axons. */
const replaced: readonly string[] = ["check-range", "split-fan-in"];

/**
 * The generic legalization, with fewer weight bits than elsewhere because wide weights cost axons,
 * and units as the design's neuron at the end. Ranges are checked there: the design's potentials wrap,
 * and so do those of its neuron in the network.
 */
export function legalize(network: Network, chip: ChipSpec): readonly Step<"network">[] {
  const whole = network.links.every(({ kernel: { weight } }) =>
    typeof weight === "number" ? Number.isInteger(weight) : numbersOf(weight).every((w) => Number.isInteger(w)),
  );
  return [
    ...legalSteps(network, chip)
      .filter((s) => !replaced.includes(s.name))
      .map((s) => (s.name === "quantize-weights" && !whole ? step(quantizeWeights, { bits: String(defaultBits) }) : s)),
    step(rancNeurons),
  ];
}
