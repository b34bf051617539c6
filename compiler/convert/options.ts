import { choice, integer, type Option, real } from "../base/options.ts";

/** A range of input values; null: from calibration. */
export type Range = { readonly low: number; readonly high: number };

const inputRange: Option<Range | "auto"> = {
  default: "auto",
  help: "range of the model's input values, which the chip's input is quantized over; auto: from calibration samples",
  domain: "auto|LOW:HIGH",
  parse: (text) => {
    if (text === "auto") return "auto";
    const [low, high, ...rest] = text.split(":").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
    return low !== undefined && high !== undefined && rest.length === 0 && Number.isFinite(low) && Number.isFinite(high) && low < high
      ? { low, high }
      : null;
  },
  show: (r) => (r === "auto" ? "auto" : `${r.low}:${r.high}`),
};

/** How graph operations without one obvious counterpart are lowered; every method that uses integrate-and-fire neurons takes these. */
export const structureOptions = {
  maxPool: choice(
    ["refuse", "gate", "average"],
    "refuse",
    "max pooling: refuse it, gate (pass the input that has spiked most so far), or average pooling scaled to fit; with one step it is always exact",
  ),
  averagePool: choice(["fold", "neurons"], "fold", "average pooling: fold it into the next layer, or give it neurons of its own"),
  input: choice(["static", "direct"], "static", "input: given once, as a constant current into the first layer, or given in every step"),
  inputRange,
};

/** How thresholds come from calibrated activations. */
export const thresholdOptions = {
  threshold: choice(
    ["max", "percentile", "mse"],
    "mse",
    "threshold of a layer: its largest activation, a percentile of them, or the value that minimises the error of clipping and counting over the given steps",
  ),
  percentile: real(50, 100, 99.9, "percentile of all activations, zeros included; for threshold=percentile"),
  per: choice(
    ["channel", "layer"],
    "channel",
    "one threshold per channel, which is more exact and costs nothing where gains fold into weights, or one for the layer",
  ),
};

/** Number of steps; 0 lets the method choose. */
export function stepsOption(preset: number, help: string): Option<number> {
  return integer(preset === 0 ? 0 : 1, 4096, preset, help);
}
