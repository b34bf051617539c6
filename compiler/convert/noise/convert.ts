import { diagnostic, fail } from "../../base/diagnostic.ts";
import type { Context } from "../../base/context.ts";
import { choice, type Option } from "../../base/options.ts";
import type { Param } from "../../ir/network/types.ts";
import { assembleSpiking } from "../as-is/assemble.ts";
import { lowerSpiking } from "../as-is/convert.ts";
import { inputRangeOf, rangeOf } from "../as-is/range.ts";
import { conversion } from "../conversion.ts";
import type { Layer, Neuron } from "../layers.ts";
import { type Range, stepsOption, structureOptions } from "../options.ts";
import { isSpiking, statesOf } from "../walk/neurons.ts";
import { type Case, caseOf } from "./cases.ts";
import { type Descriptor, descriptorKey, descriptorOf } from "./descriptor.ts";
import { type Noise, stripNoise } from "./strip.ts";

/**
 * A network that was trained with a single step, noise standing for the potential that later
 * steps would carry over, run over N steps. The noise is taken out and recorded, the neurons get the state that it
 * stood for, and the report names the case and what is guaranteed in it (README.md, cases.ts).
 */
export const noise = conversion({
  name: "noise",
  summary: "Runs, over N steps, a spiking network that was trained with one step and noise in the place of the potential.",
  source:
    "Noise-trained single-step networks, Neural Computation 2023 (training); cases and bounds: own derivation, docs/conversion/noise.md",
  options: {
    steps: stepsOption(0, "time steps N per sample; 0: as many as the descriptor says, if it does"),
    descriptor: text("descriptor of training and deployment, a JSON file; auto: the one in the model's metadata"),
    leak: number("factor of the potential per step"),
    reset: choice(["auto", "soft", "hard"], "auto", "reset by subtraction (soft) or to zero (hard); auto: as the descriptor says"),
    theta: number("threshold"),
    v0: number("potential before the first step"),
    mu: number("mean of the training's noise"),
    sigma: number("standard deviation of the training's noise"),
    noise: choice(["auto", "off", "on"], "auto", "noise in every comparison on the chip, as in training; auto: as the descriptor says"),
    input: structureOptions.input,
    inputRange: structureOptions.inputRange,
  },
  spiking: true,

  calibrate: (_graph, samples): Range | null => rangeOf(samples),

  convert(graph, seen, options, cx) {
    if (!isSpiking(graph)) fail("convert-no-neurons", []);
    if (statesOf(graph).size > 0) fail("convert-noise-state", []);
    const written = said(options.descriptor) ?? graph.metadata?.[descriptorKey] ?? null;
    const d = descriptorOf(written, {
      leak: said(options.leak),
      reset: said(options.reset),
      theta: said(options.theta),
      v0: said(options.v0),
      mu: said(options.mu),
      sigma: said(options.sigma),
      noise: options.noise === "auto" ? null : options.noise === "on",
    });
    const steps = options.steps || d.deploy.steps || fail("convert-steps-missing", []);
    const { graph: still, noises } = stripNoise(graph);
    const trained = lowerSpiking(still, cx);
    const nodes = new Map(graph.nodes.flatMap((n) => n.outputs.map((v) => [v, n])));
    // Layers that combine spikes (AND) are no neurons of the file, and keep no memory.
    const inFile = (l: Layer): boolean => nodes.get(l.value)?.op === "neuron-step";
    const noiseAt = (l: Layer): Noise | null => noises.get(nodes.get(l.value)?.name ?? "") ?? null;
    for (const l of trained.layers) if (l.neuron !== undefined && inFile(l)) compareWithFile(l, l.neuron, noiseAt(l), d, cx);
    const kind = [...noises.values()][0]?.kind ?? null;
    const found = caseOf(d, kind);
    warn(d, found, kind, cx);
    cx.table("noise", [row(d, found, noises.size, steps)]);
    const layers = trained.layers.map((l) =>
      l.neuron === undefined || !inFile(l) ? l : { ...l, neuron: deployed(l.neuron, noiseAt(l), d) },
    );
    return assembleSpiking(
      { ...trained, layers },
      {
        steps,
        input: options.input,
        inputRange: inputRangeOf(options.inputRange, seen, cx),
        initial: (l) => (inFile(l) ? d.deploy.v0 : 0),
        extra: (l) => (d.deploy.noise && inFile(l) ? noiseParams(noiseAt(l)) : {}),
      },
    );
  },
});

/** The neuron with the state that the noise stood for. */
function deployed(n: Neuron, own: Noise | null, d: Descriptor): Neuron {
  const { leak, reset, theta, noise: noisy } = d.deploy;
  // The chip's uniform noise begins at 0; the threshold takes up its mean.
  const mean = noisy && own?.kind === "uniform" ? (own.sigma * Math.sqrt(12)) / 2 : 0;
  // Without memory the mean of the training's noise is not carried over but added in every step, so it stays in the threshold.
  if (leak === 0) return { compare: n.compare, decay: 0, threshold: theta - d.train.mu + mean, reset: "none", amount: 0 };
  const back = reset === "soft" ? ({ reset: "subtract", amount: theta } as const) : ({ reset: "set", amount: 0 } as const);
  return { compare: n.compare, decay: leak, threshold: theta + mean, ...back };
}

/** The chip's noise: uniform in [0, w), or four such numbers less their mean, of variance w*w/3. */
function noiseParams(own: Noise | null): Readonly<Record<string, Param>> {
  if (own === null) return {};
  return own.kind === "uniform"
    ? { noise: "uniform", noiseWidth: own.sigma * Math.sqrt(12) }
    : { noise: "gauss", noiseWidth: own.sigma * Math.sqrt(3) };
}

/** The file has theta - mu as its threshold (theta where the noise was taken out with its mean), and sigma in its noise. */
function compareWithFile(l: Layer, n: Neuron, own: Noise | null, d: Descriptor, cx: Context): void {
  const place = { at: `layer ${l.name}`, origin: l.origin };
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-4 * Math.max(1, d.deploy.theta);
  if (typeof n.threshold !== "number" || (own === null && near(n.threshold, d.deploy.theta))) return;
  const mean = d.deploy.theta - n.threshold + (own?.mean ?? 0);
  if (!near(mean, d.train.mu)) cx.report(diagnostic("convert-noise-differs", ["mean", mean, d.train.mu], place));
  if (own !== null && !near(own.sigma, d.train.sigma))
    cx.report(diagnostic("convert-noise-differs", ["deviation", own.sigma, d.train.sigma], place));
}

/** More than this between the firing probabilities of training and deployment is worth a warning; the best Gaussian has 0.048. */
const acceptable = 0.1;

function warn(d: Descriptor, found: Case, kind: "gauss" | "uniform" | null, cx: Context): void {
  const { leak, reset, v0, theta } = d.deploy;
  cx.report(diagnostic("convert-noise-case", [found.name, found.title, found.guarantee]));
  if (found.bound !== null && found.bound > acceptable) {
    const apart = `its mean ${d.train.mu} and deviation ${d.train.sigma} are not those of what a threshold of ${theta} leaves behind`;
    cx.report(diagnostic("convert-noise-mismatch", [`${apart}; firing probabilities differ by up to ${found.bound.toFixed(3)}`]));
  }
  if (leak === 1 && reset === "soft" && Math.abs(v0 - d.train.mu) > 1e-3 * theta)
    cx.report(
      diagnostic("convert-noise-mismatch", [`the potential starts at ${v0}, and the noise of training has the mean ${d.train.mu}`]),
    );
  if (leak === 0 && d.deploy.noise && kind === null)
    cx.report(diagnostic("convert-noise-mismatch", ["the file holds no noise that could be drawn on the chip"]));
}

function row(d: Descriptor, found: Case, neurons: number, steps: number): Record<string, string | number> {
  return {
    case: found.name,
    "run as": found.title,
    guarantee: found.guarantee,
    "layers with noise": neurons,
    "training mu": d.train.mu,
    "training sigma": d.train.sigma,
    leak: d.deploy.leak,
    reset: d.deploy.reset,
    threshold: d.deploy.theta,
    v0: d.deploy.v0,
    "noise on the chip": d.deploy.noise ? "yes" : "no",
    steps,
  };
}

/** What an option says; null where it leaves it to the descriptor. */
function said<T>(value: T | "auto"): Exclude<T, "auto"> | null {
  return value === "auto" ? null : (value as Exclude<T, "auto">);
}

function number(help: string): Option<number | "auto"> {
  return {
    default: "auto",
    help: `${help}; auto: as the descriptor says`,
    domain: "auto|NUMBER",
    parse: (t) => (t === "auto" ? t : t.trim() !== "" && Number.isFinite(Number(t)) ? Number(t) : null),
    show: String,
  };
}

function text(help: string): Option<string> {
  return { default: "auto", help, domain: "auto|FILE", parse: (t) => t, show: (t) => t };
}
