import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { at } from "../../compiler/base/bug.ts";
import type { Counts } from "../../runtime/device.ts";
import { type Interval, price } from "../../runtime/report/energy.ts";
import { targetNamed } from "../../targets/index.ts";
import { sharedFile } from "./onnx-files.ts";

/*
 * What the published prices of Loihi's operations explain of a keyword spotter measured on a board (arXiv 1812.01739; logs
 * of abr/power_benchmarks): 390-256-256-29 neurons, 10 steps an inference. How often neurons fired is not in the
 * logs, so counts are intervals: no neuron in any step, to every neuron in every step. docs/loihi.md discusses the table.
 */

const file = sharedFile("peers/groundtruth/abr_kws_loihi1/abr_loihi_summary.csv");
if (file === null) console.warn("skipped: no reference data beside the project (../shared)");

const { chip } = targetNamed("loihi1");
const steps = 10;
const spotter = [390, 256, 256, 29];
/** One branch of the scaling runs (ScaledModel of the authors' models.py): ten dense layers of 256 and their way to the output layer. */
const branch = { neurons: 2560, synapses: 11 * 256 * 256 };
/** "About 70 mW" of the constant power are the management cores and input and output, by the authors' remark; the 10 % are assumed. */
const outsideWatts = { typical: 0.07, tolerance: 0.1 };

type Run = {
  readonly name: string;
  readonly branches: number;
  readonly secondsPerInference: number;
  readonly watts: number;
  readonly joules: number;
};

function runs(): Run[] {
  const [head = "", ...lines] = readFileSync(file ?? "", "utf8")
    .trim()
    .split("\n");
  const column = (name: string): number => head.split(",").indexOf(name);
  return lines.map((line) => {
    const cells = line.split(",");
    const value = (name: string): number => Number(at(cells, column(name)));
    return {
      name: at(cells, 0),
      branches: value("n_copies"),
      secondsPerInference: value("ms_per_inf") / 1e3,
      watts: value("dyn_W"),
      joules: value("uJ_dyn_per_inf") / 1e6,
    };
  });
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Counts of one step in which each neuron fires with a probability: updates are inactive ones where nothing fires. */
function countsOf(neurons: number, synapses: number, sources: number, rate: number): Counts {
  const spikes = rate * sources;
  return {
    synapse: rate * synapses,
    [rate === 0 ? "skip" : "update"]: neurons,
    send: spikes,
    // Where the network sat is not known: at most from one corner of the chip's tiles to the other.
    hopX: spikes * (chip.columns / 2 - 1),
    hopY: spikes * (chip.rows / 2 - 1),
  };
}

const scaled = (i: Interval, by: number): Interval => ({ low: i.low * by, typical: i.typical * by, high: i.high * by });
const joules = (counts: Counts): Interval => price(counts, 0, chip).joules;
/** From the low end without spikes to the high end with all of them. */
const span = (none: Interval, all: Interval): Omit<Interval, "typical"> => ({ low: none.low, high: all.high });

/** Least squares of y = a + b x. */
function line(points: readonly (readonly [number, number])[]): { readonly a: number; readonly b: number } {
  const [x, y] = [mean(points.map((p) => p[0])), mean(points.map((p) => p[1]))];
  const b = mean(points.map((p) => (p[0] - x) * (p[1] - y))) / mean(points.map((p) => (p[0] - x) ** 2));
  return { a: y - b * x, b };
}

it.skipIf(file === null)("a keyword spotter on a Loihi 1 board: what counts and prices explain", () => {
  const all = runs();
  const kws = all.filter((r) => r.name.startsWith("loihi_run"));
  const scaling = all.filter((r) => !r.name.startsWith("loihi_run"));
  expect([kws.length, scaling.length]).toEqual([5, 21]);
  const seconds = mean(kws.map((r) => r.secondsPerInference));
  const measured = mean(kws.map((r) => r.joules));
  expect(measured * 1e6).toBeCloseTo(271.6, 1);

  // The spotter's cores: three dense layers; its 390 inputs come from the host.
  const neurons = spotter.slice(1).reduce((a, b) => a + b, 0);
  const sources = spotter.slice(0, -1).reduce((a, b) => a + b, 0);
  const synapses = spotter.slice(1).reduce((n, size, i) => n + size * at(spotter, i), 0);
  expect([neurons, synapses]).toEqual([541, 172_800]);
  const still = scaled(joules(countsOf(neurons, synapses, sources, 0)), steps);
  const busy = scaled(joules(countsOf(neurons, synapses, sources, 1)), steps);
  const cores = span(still, busy);
  const typical = outsideWatts.typical * seconds;
  const outside = { low: typical * (1 - outsideWatts.tolerance), high: typical * (1 + outsideWatts.tolerance) };
  const total = { low: cores.low + outside.low, high: cores.high + outside.high };

  // A branch: the slope of power over branches, of the runs that have any, which all take the same time.
  const slope = line(scaling.filter((r) => r.branches > 0).map((r) => [r.branches, r.watts]));
  const stepSeconds = mean(scaling.filter((r) => r.branches > 0).map((r) => r.secondsPerInference)) / steps;
  const perBranch = slope.b * stepSeconds;
  expect(slope.a * 1e3).toBeCloseTo(76.5, 1);
  expect(perBranch * 1e6).toBeCloseTo(1.64, 1);
  const quiet = joules(countsOf(branch.neurons, branch.synapses, branch.neurons, 0));
  const loud = joules(countsOf(branch.neurons, branch.synapses, branch.neurons, 1));
  const model = span(quiet, loud);
  // Energy is linear in the rate: which one the measurement asks for, with the dearest and the cheapest prices.
  const active = joules({ update: branch.neurons });
  const rateWith = (end: keyof Interval): number => (perBranch - active[end]) / (loud[end] - active[end]);
  const rate = { low: rateWith("high"), typical: rateWith("typical"), high: rateWith("low") };

  // No branch and the spotter are the same layers at two speeds: what depends on time, and what on steps.
  const none = scaling.filter((r) => r.branches === 0);
  const speeds = line([...kws, ...none].map((r) => [steps / r.secondsPerInference, r.watts]));

  const micro = (j: number): string => (j * 1e6).toFixed(2).padStart(8);
  const row = (name: string, i: { readonly low: number; readonly high: number }, found: string): string =>
    `${name.padEnd(58)} ${micro(i.low)} … ${micro(i.high)}   ${found}`;
  console.log(
    [
      "in microjoules                                                  model: low … high       measured",
      row("spotter, cores and network on chip, an inference", cores, ""),
      row("spotter, outside the cores: about 70 mW for its time", outside, ""),
      row("spotter, both", total, micro(measured)),
      row("a branch of 2,560 neurons, a step", model, micro(perBranch)),
      `  mean rate that this measurement asks for: ${rate.low.toFixed(3)} … ${rate.high.toFixed(3)} spikes a neuron and step (typical prices: ${rate.typical.toFixed(3)})`,
      `same layers at two speeds: ${(speeds.a * 1e3).toFixed(1)} mW always, ${micro(speeds.b).trim()} uJ a step, so ${micro(speeds.b * steps).trim()} of ${micro(measured).trim()} uJ an inference come from steps`,
    ].join("\n"),
  );

  expect(total.low).toBeLessThan(measured);
  expect(total.high).toBeGreaterThan(measured);
  expect(model.low).toBeLessThan(perBranch);
  expect(model.high).toBeGreaterThan(perBranch);
  // The cores alone cannot explain the measurement, even if every neuron fired in every step.
  expect(cores.high).toBeLessThan(measured / 4);
  expect(rate.low).toBeGreaterThan(0);
  expect(rate.high).toBeLessThan(0.2);
  // What depends on steps lies within what cores can take; what does not lies outside them.
  expect(speeds.b * steps).toBeGreaterThan(cores.low);
  expect(speeds.b * steps).toBeLessThan(cores.high);
  expect(speeds.a).toBeGreaterThan(outsideWatts.typical * (1 - outsideWatts.tolerance));
  expect(speeds.a).toBeLessThan(outsideWatts.typical * (1 + outsideWatts.tolerance));
});
