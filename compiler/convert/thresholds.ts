import { at } from "../base/bug.ts";
import { type Diagnostic, diagnostic } from "../base/diagnostic.ts";
import { f64, numbersOf, sizeOf, type Tensor } from "../base/tensor.ts";
import type { LayerStatistics, Statistics } from "./calibrate.ts";
import type { Layer, Layered } from "./layers.ts";

/** A threshold and where it comes from. */
export type Threshold = { readonly theta: number | Tensor; readonly from: "calibration" | "learned" | "clip" | "sources" };

/** Chooses a layer's threshold; reports and gives null when it cannot. */
export type ChooseThreshold = (layer: Layer, sources: readonly (Threshold | null)[], report: (d: Diagnostic) => void) => Threshold | null;

/** The threshold that calibration found. */
export function calibrated(layer: Layer, stats: Statistics, report: (d: Diagnostic) => void): Threshold | null {
  const found = stats.layers[layer.valueName];
  if (found === undefined) {
    report(
      stats.samples === 0
        ? diagnostic("convert-no-samples", [], { at: `layer ${layer.name}`, origin: layer.origin })
        : diagnostic("convert-no-statistics", [layer.name], { origin: layer.origin }),
    );
    return null;
  }
  if (found.max === 0) report(diagnostic("convert-silent-layer", [layer.name], { origin: layer.origin }));
  // A neuron that never reached a positive value keeps a threshold of 1, so that it stays silent.
  const scale = found.scale.map((s) => (s > 0 ? s : 1));
  const [first = 1] = scale;
  return { theta: scale.length === 1 ? first : f64([scale.length], scale), from: "calibration" };
}

/** Thresholds of all spiking layers in order, by layer; every problem is reported, those without samples once. */
export function chooseThresholds(
  layered: Layered,
  choose: ChooseThreshold,
  report: (d: Diagnostic) => void,
): ReadonlyMap<number, Threshold> {
  const chosen = new Map<number, Threshold>();
  let missing = false;
  const once = (d: Diagnostic): void => {
    if (d.code !== "convert-no-samples" || !missing) report(d);
    missing ||= d.code === "convert-no-samples";
  };
  for (const l of layered.layers) {
    if (l.kind !== "spiking") continue;
    const threshold = choose(
      l,
      l.ways.map((w) => chosen.get(w.from) ?? null),
      once,
    );
    if (threshold !== null) chosen.set(l.index, threshold);
  }
  return chosen;
}

/** The largest of a threshold's numbers. */
export function largest(t: Threshold): number {
  return typeof t.theta === "number" ? t.theta : numbersOf(t.theta).reduce((a, b) => Math.max(a, b), 0);
}

/** Table of layers for a report. */
export function thresholdRows(
  layered: Layered,
  thresholds: ReadonlyMap<number, Threshold>,
  stats: Statistics,
): readonly Record<string, string | number>[] {
  return layered.layers
    .filter((l) => l.kind === "spiking")
    .map((l) => {
      const t = at([thresholds.get(l.index)], 0) as Threshold;
      return {
        layer: l.name,
        neurons: sizeOf(l.shape),
        threshold: showThreshold(t),
        from: t.from,
        ...showStatistics(stats.layers[l.valueName]),
      };
    });
}

function showThreshold(t: Threshold): string {
  if (typeof t.theta === "number") return t.theta.toPrecision(4);
  const numbers = numbersOf(t.theta);
  return `${numbers.reduce((a, b) => Math.min(a, b), Infinity).toPrecision(4)} … ${largest(t).toPrecision(4)}`;
}

function showStatistics(s: LayerStatistics | undefined): Record<string, string> {
  if (s === undefined) return { largest: "-", clipped: "-", active: "-" };
  const percent = (x: number): string => `${(100 * x).toFixed(2)}%`;
  return { largest: s.max.toPrecision(4), clipped: percent(s.clipped), active: percent(s.active) };
}
