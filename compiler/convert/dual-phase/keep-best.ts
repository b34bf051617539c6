import { at } from "../../base/bug.ts";
import type { LayerErrors } from "./errors.ts";
import type { Spiking } from "./spiking.ts";
import type { Swept } from "./sweep.ts";

export type PhaseName = "none" | "IIa" | "IIb" | "IIc";

/** The network after one part of phase II, and how it does on the validation samples. */
export type Phase = {
  readonly name: PhaseName;
  readonly spiking: Spiking;
  readonly errors: readonly LayerErrors[];
  /** ‖answers - trained answers‖ / ‖trained answers‖. */
  readonly distance: number;
  /** Fraction of samples with the same largest answer. */
  readonly agreement: number;
};

export function judged(name: PhaseName, { spiking, answers, errors }: Swept, wanted: readonly ArrayLike<number>[]): Phase {
  let [difference, size, agreeing] = [0, 0, 0];
  answers.forEach((answer, s) => {
    const target = at(wanted, s);
    answer.forEach((x, i) => {
      difference += (x - target[i]!) ** 2;
      size += target[i]! ** 2;
    });
    if (largestOf(answer) === largestOf(target)) agreeing++;
  });
  return { name, spiking, errors, distance: Math.sqrt(difference / (size || 1)), agreement: agreeing / Math.max(1, answers.length) };
}

/** The phase whose answers are closest to the trained network's; of equals the earlier. No part of phase II is sure to help, so the start takes part. */
export function keepBest(phases: readonly Phase[]): Phase {
  return phases.reduce((best, p) => (p.distance < best.distance ? p : best));
}

function largestOf(x: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < x.length; i++) if (x[i]! > x[best]!) best = i;
  return best;
}
