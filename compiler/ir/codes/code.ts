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
