import { diagnostic } from "../../base/diagnostic.ts";
import type { Context } from "../../base/context.ts";
import type { Range } from "../options.ts";

/** Least and greatest number of the samples; null without any. */
export function rangeOf(samples: Iterable<Float32Array>): Range | null {
  let [low, high] = [Infinity, -Infinity];
  for (const x of samples) {
    for (const v of x) {
      if (v < low) low = v;
      if (v > high) high = v;
    }
  }
  return low < high ? { low, high } : null;
}

/** The range of the input that was given, or seen in samples; reports when it has to be assumed. */
export function inputRangeOf(given: Range | "auto", seen: Range | null, cx: Context): Range {
  if (given !== "auto") return given;
  if (seen !== null) return seen;
  const assumed = { low: 0, high: 1 };
  cx.report(diagnostic("convert-input-range", [assumed.low, assumed.high]));
  return assumed;
}
