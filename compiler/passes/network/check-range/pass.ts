import { at } from "../../../base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../../base/diagnostic.ts";
import { integer } from "../../../base/options.ts";
import { neuronParams, neuronWords } from "../../../ir/network/neurons/index.ts";
import type { Link, Network, Population } from "../../../ir/network/types.ts";
import { type Context, pass } from "../../pass.ts";
import { type Bounds, driveOf } from "../bounds.ts";
import { incoming, isInput, placeOf } from "../edit.ts";
import { unitOf } from "../lower-neurons/unit.ts";
import { type Potentials, potentialBounds } from "./potential.ts";
import { neuronName, witness } from "./witness.ts";

/*
 * Proves what the hardware takes for granted, and changes nothing:
 *
 *   accumulator   the input of one step fits the register, which wraps
 *   potential     it cannot reach the end of its range within the sample, where it is held
 *
 * The bounds are sums and intervals over the worst of all inputs. Where a proof fails,
 * the neuron is named, and the sources that have to fire for it.
 */
export const checkRange = pass({
  name: "check-range",
  on: "network",
  summary: "Proves that sums and potentials fit their registers, or names the input that overflows them.",
  keeps: "spikes",
  options: {
    accumulator: integer(0, 53, 0, "bits of the accumulator; 0: the chip's, or 32 without a chip"),
    potential: integer(0, 53, 0, "bits of a potential; 0: the chip's, or 24 without a chip"),
  },
  run(network, options, cx) {
    const widths: Widths = {
      accumulator: options.accumulator > 0 ? options.accumulator : (cx.chip?.accumulator.bits ?? 32),
      potential: options.potential > 0 ? options.potential : (cx.chip?.potential.bits ?? 24),
      wraps: cx.chip?.potential.overflow === "wrap",
    };
    const into = incoming(network);
    const found: Diagnostic[] = [];
    const rows = network.pops.filter((p) => !isInput(p)).map((p) => checkPopulation(network, p, at(into, p.id), widths, found));
    if (rows.length > 0) cx.table("check-range", rows);
    finish(found, cx);
    return network;
  },
});

type Widths = { readonly accumulator: number; readonly potential: number; readonly wraps: boolean };
type Row = Record<string, string | number>;

function finish(found: readonly Diagnostic[], cx: Context): void {
  if (found.some((d) => d.severity === "error")) throw new Failure(found);
  for (const d of found) cx.report(d);
}

function checkPopulation(n: Network, p: Population, links: readonly Link[], w: Widths, found: Diagnostic[]): Row {
  const drive = driveOf(n, p, links);
  const worst = worstOf(drive);
  const limit = 2 ** (w.accumulator - 1);
  const place = { at: placeOf(p), origin: p.origin };
  if (worst.value >= limit || worst.value < -limit) {
    const note = `reached when, in one step, ${witness(n, links, p, worst.neuron, worst.value > 0)}`;
    found.push(diagnostic("accumulator-overflow", [neuronName(p, worst.neuron), worst.value, w.accumulator], { ...place, notes: [note] }));
  }
  const row: Row = {
    population: p.name,
    "input low": worst.low,
    "input high": worst.high,
    "accumulator bits": bitsFor(worst.low, worst.high),
  };
  // A relay or a population that is not whole yet has no potential to prove anything about.
  const unit = unitOf(p, () => {}, true);
  if (unit === null || neuronWords(unit)["boundary"] === "keep")
    return { ...row, "potential low": "", "potential high": "", "potential bits": "" };
  const range = 2 ** (w.potential - 1);
  const potentials = potentialBounds(unit, drive, (p.stop ?? n.steps) - p.start, -range, range - 1);
  if (potentials.saturation !== null && !isHarmless(unit, worst, range)) found.push(saturates(n, p, links, potentials, w, place));
  return {
    ...row,
    "potential low": potentials.low,
    "potential high": potentials.high,
    "potential bits": bitsFor(potentials.low, potentials.high),
  };
}

function saturates(
  n: Network,
  p: Population,
  links: readonly Link[],
  found: Potentials,
  w: Widths,
  place: { at: string; origin: Population["origin"] },
): Diagnostic {
  const { neuron, step, value, count } = found.saturation ?? { neuron: 0, step: 0, value: 0, count: 0 };
  const sources = witness(n, links, p, neuron, value > 0);
  const notes = [
    sources === "" ? "reached by its bias alone" : `reached when, in each of the local steps 0 to ${step}, ${sources}`,
    `the bound is that of intervals: no input goes beyond it, and this one need not reach it`,
  ];
  return diagnostic(w.wraps ? "potential-wraps" : "potential-saturates", [neuronName(p, neuron), value, step, count - 1], {
    ...place,
    notes,
  });
}

/**
 * A doubled potential that was held at ±M still has the right sign in every later step
 * if M >= 2 * (largest input) + reset: doubling takes it back to the end of the range. So
 * its spikes are those of unlimited arithmetic. An answer read from it would not be.
 */
function isHarmless(unit: Population, worst: { readonly low: number; readonly high: number }, range: number): boolean {
  const words = neuronWords(unit);
  if (words["leak"] !== "double" || words["output"] === "yes" || words["current"] === "on" || words["emit"] !== "unit") return false;
  const params = neuronParams(unit);
  const largest = [params["resetValue"], params["threshold"], params["bias"]].reduce(
    (m, list) => Math.max(m, list?.reduce((a, b) => Math.max(a, Math.abs(b)), 0) ?? 0),
    0,
  );
  return range - 1 >= 2 * Math.max(worst.high, -worst.low) + 2 * largest;
}

function worstOf(drive: Bounds): { neuron: number; value: number; low: number; high: number } {
  let [neuron, value, low, high] = [0, 0, 0, 0];
  for (let i = 0; i < drive.low.length; i++) {
    const [a, b] = [at(drive.low, i), at(drive.high, i)];
    if (a < low) low = a;
    if (b > high) high = b;
    if (Math.max(b, -a) > Math.abs(value)) [neuron, value] = [i, b > -a ? b : a];
  }
  return { neuron, value, low, high };
}

/** Bits of two's complement that hold low … high. */
function bitsFor(low: number, high: number): number | string {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return "unbounded";
  const size = Math.max(high + 1, -low);
  return 1 + Math.ceil(Math.log2(Math.max(1, size)));
}
