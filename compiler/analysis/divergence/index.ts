import type { Target } from "../../../targets/target.ts";
import { at } from "../../base/bug.ts";
import { Failure } from "../../base/diagnostic.ts";
import type { Cores } from "../../ir/cores/types.ts";
import type { Image } from "../../ir/image/types.ts";
import type { Network } from "../../ir/network/types.ts";
import { type Cone, coneOf } from "./cone.ts";
import { type FirstDifference, firstDifferenceOf } from "./first.ts";
import { shrinkSample } from "./shrink.ts";
import { placeIn, type Suspect, suspectsOf } from "./suspects.ts";
import type { Sample, Testify, Witness } from "./witness.ts";

/** What is wrong at one neuron, and what led to it. */
export type Divergence = {
  readonly names: readonly [string, string];
  readonly first: FirstDifference;
  readonly cone: Cone;
  readonly suspects: readonly Suspect[];
  /** Core and slot of the neuron; null where the image does not say. */
  readonly place: { readonly core: number; readonly slot: number } | null;
  /** The sample that the rest is told of: as small as one that still shows the difference. */
  readonly sample: readonly Float64Array[];
};

export type DivergenceOptions = {
  /** Runs that may be spent on a smaller input; 0: the sample stays as it is. */
  readonly trials: number;
};

/** Compares two witnesses on one sample. Null where they agree. */
export async function findDivergence(
  subject: { readonly network: Network; readonly target: Target; readonly image: Image },
  left: Testify,
  right: Testify,
  sample: Sample,
  options: DivergenceOptions,
): Promise<Divergence | null> {
  const { network, target, image } = subject;
  const differ = async (s: Sample): Promise<FirstDifference | null> => firstDifferenceOf(network, await left(s), await right(s));
  if ((await differ(sample)) === null) return null;
  const small = await shrinkSample(sample, async (s) => (await differ(s)) !== null, { trials: options.trials });
  const [l, r] = [await left(small), await right(small)];
  const first = firstDifferenceOf(network, l, r) as FirstDifference;
  const cores = decoded(target, image);
  return {
    names: [l.name, r.name],
    first,
    cone: coneOf(network, fullest(l, r).trains, first.pop, first.neuron, first.step),
    suspects: cores === null ? [] : suspectsOf(network, target, image, cores, first.pop, first.neuron),
    place: cores === null ? null : placeIn(cores, at(network.pops, first.pop).name, first.neuron),
    sample: small,
  };
}

/** The witness that tells more populations, the inputs among them. */
function fullest(l: Witness, r: Witness): Witness {
  return l.trains.size >= r.trains.size ? l : r;
}

/** The image as cores; null where its words mean nothing. */
export function decoded(target: Target, image: Image): Cores | null {
  try {
    return target.decode(image);
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}
