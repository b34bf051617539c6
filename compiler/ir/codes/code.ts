import type { Tensor } from "../../base/tensor.ts";

/*
 * Codes: samples to spikes, spikes to answers. Used by the network's run and by
 * the host side of every device alike, so both see the same events.
 */

export type CodeParams = Readonly<Record<string, number | string | Tensor>>;

/** Sample tensor → payloads of one step. */
export type InputCodeModel = {
  readonly name: string;
  readonly summary: string;
  readonly params: Readonly<Record<string, { readonly help: string; readonly default: number }>>;
  /**
   * Payload of every channel in local step `step` (0-based): zero means no event.
   * On an analog population the payload is the real value; on a quantized one an
   * integer. `out` has one element per channel and is overwritten, unless the result is
   * false: then the whole step is empty. Callers want `encodeInput`, which also keeps the spike type's range.
   */
  readonly encode: (sample: ArrayLike<number>, step: number, params: CodeParams, analog: boolean, out: Float64Array) => boolean;
};

/**
 * Parameters that every input code has: binary planes of a payload, for chips that carry binary spikes only, and channels
 * that spike in every step, for chips whose neurons have no bias.
 */
export const planeParams = {
  planes: {
    help: "0: a channel for each number; else each number's payload is sent as so many bits, each on a channel of its own",
    default: 0,
  },
  least: { help: "with planes: the least payload; below 0, payloads are in two's complement", default: 0 },
  area: { help: "with planes: positions of a channel; the planes of a channel follow each other", default: 1 },
  before: { help: "channels before those of the sample that spike in every step", default: 0 },
  after: { help: "the same after those of the sample", default: 0 },
  height: { help: "with these: rows of an image, which the input's shape no longer says; 0: the sample is flat", default: 0 },
  width: { help: "with these: columns of an image", default: 0 },
} as const;

/** What the host reads of an output population. */
export type OutputCodeModel = {
  readonly name: string;
  readonly summary: string;
  /** "potential": the membrane after the last active step; "spikes": the sum of payloads over all steps. */
  readonly reads: "potential" | "spikes";
};

/** A number that the code's table has, as given or its default. */
export function numberOf(code: InputCodeModel, params: CodeParams, name: string): number {
  const given = params[name];
  return typeof given === "number" ? given : (code.params[name]?.default ?? 0);
}
