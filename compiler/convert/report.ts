import { diagnostic } from "../base/diagnostic.ts";
import type { Context } from "../base/context.ts";
import type { Statistics } from "./calibrate.ts";
import type { Layered } from "./layers.ts";
import type { Range } from "./options.ts";
import { type Threshold, thresholdRows } from "./thresholds.ts";

/** The range over which the chip's input is quantized; reports when it has to be assumed. */
export function chooseRange(given: Range | "auto", stats: Statistics, cx: Context): Range {
  if (given !== "auto") return given;
  if (stats.input !== null && stats.input.low < stats.input.high) return stats.input;
  const assumed = { low: 0, high: 1 };
  cx.report(diagnostic("convert-input-range", [assumed.low, assumed.high]));
  return assumed;
}

/** Tables of layers and of approximated max poolings, with a warning for each of these. */
export function reportConversion(
  layered: Layered,
  thresholds: ReadonlyMap<number, Threshold>,
  stats: Statistics,
  maxPool: string,
  steps: number,
  cx: Context,
): void {
  cx.table("layers", thresholdRows(layered, thresholds, stats));
  if (steps === 1) return;
  const pools = Object.entries(stats.pools);
  if (pools.length === 0) return;
  const percent = (x: number): string => `${(100 * x).toFixed(1)}%`;
  cx.table(
    "max pooling",
    pools.map(([name, p]) => ({ pooling: name, lowered: maxPool, "relative error": percent(p.error) })),
  );
  for (const [name, p] of pools)
    cx.report(diagnostic("convert-max-pool-inexact", [maxPool, percent(p.error)], { at: `node ${JSON.stringify(name)}` }));
}
