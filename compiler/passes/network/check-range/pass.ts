import { at } from "../../../base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../../base/diagnostic.ts";
import { integer } from "../../../base/options.ts";
import { neuronParams, neuronWords } from "../../../ir/network/neurons/index.ts";
import type { Link, Network, Population } from "../../../ir/network/types.ts";
import { type Context, pass } from "../../pass.ts";
import { type Bounds, driveOf } from "../bounds.ts";
import { incoming, isInput, placeOf } from "../edit.ts";
import { drivesOf } from "./drives.ts";
import { unitOf } from "../lower-neurons/unit.ts";
import { potentialBounds, type Saturation } from "./potential.ts";
import { neuronName, witness } from "./witness.ts";

/*
 * Proves what the hardware takes for granted, and changes nothing:
 *
 *   accumulator   the input of one step fits the register, which wraps
 *   potential     it cannot reach the end of its range within the sample, where it is held
 *
 * The bounds are sums and intervals over the worst of all inputs. Where a proof fails,
 * the neuron is named, and the sources that have to fire for it. A register that holds its
 * end is no error, and the worst of all inputs rarely occurs: that is said once, about all
 * populations together, and warned of only where an answer is read from such a potential.
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
    const found: Found = { diagnostics: [], held: [] };
    const rows = network.pops.filter((p) => !isInput(p)).map((p) => checkPopulation(network, p, at(into, p.id), widths, found));
    if (rows.length > 0) cx.table("check-range", rows);
    finish([...found.diagnostics, ...saturations(network, found.held)], cx);
    return network;
  },
});

type Widths = { readonly accumulator: number; readonly potential: number; readonly wraps: boolean };
type Row = Record<string, string | number>;
/** A population whose potential can reach an end of its range. */
type Held = { readonly pop: Population; readonly links: readonly Link[]; readonly saturation: Saturation };
type Found = { readonly diagnostics: Diagnostic[]; readonly held: Held[] };

function finish(found: readonly Diagnostic[], cx: Context): void {
  if (found.some((d) => d.severity === "error")) throw new Failure(found);
  for (const d of found) cx.report(d);
}

function checkPopulation(n: Network, p: Population, links: readonly Link[], w: Widths, found: Found): Row {
  const drive = driveOf(n, p, links);
  const drives = drivesOf(n, p, links);
  const worst = worstOf(drive);
  const limit = 2 ** (w.accumulator - 1);
  const place = { at: placeOf(p), origin: p.origin };
  if (worst.value >= limit || worst.value < -limit) {
    const note = `reached when, in one step, ${witness(n, links, p, worst.neuron, worst.value > 0)}`;
    found.diagnostics.push(
      diagnostic("accumulator-overflow", [neuronName(p, worst.neuron), worst.value, w.accumulator], { ...place, notes: [note] }),
    );
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
  const potentials = potentialBounds(unit, drives, (p.stop ?? n.steps) - p.start, -range, range - 1);
  const { saturation } = potentials;
  if (saturation !== null && !isHarmless(unit, comesAtOnce(n, links) ? { low: 0, high: 0 } : worst, range)) {
    const held = { pop: p, links, saturation };
    if (w.wraps) found.diagnostics.push(wraps(n, held, place));
    else found.held.push(held);
  }
  return {
    ...row,
    "potential low": potentials.low,
    "potential high": potentials.high,
    "potential bits": bitsFor(potentials.low, potentials.high),
  };
}

function wraps(n: Network, held: Held, place: { at: string; origin: Population["origin"] }): Diagnostic {
  const { pop, saturation } = held;
  const { neuron, step, value, count } = saturation;
  const notes = [`reached when ${sourcesOf(n, held)}`, ofIntervals];
  return diagnostic("potential-wraps", [neuronName(pop, neuron), value, step, count - 1], { ...place, notes });
}

const ofIntervals = "the bound is that of intervals: no input goes beyond it, and this one need not reach it";

/** One diagnostic about all populations; a warning where an answer is read from one of them. */
function saturations(n: Network, held: readonly Held[]): Diagnostic[] {
  const read = held.filter((h) => n.outputs.some((o) => o.pop === h.pop.id && o.code === "potential"));
  const first = read[0] ?? held[0];
  if (first === undefined) return [];
  const { neuron, step, value } = first.saturation;
  const example = `${neuronName(first.pop, neuron)} reaches ${value} in local step ${step} when ${sourcesOf(n, first)}`;
  const list = held.map((h): [string, number] => [h.pop.name, h.saturation.count]);
  const place = { at: placeOf(first.pop), origin: first.pop.origin, notes: [example, ofIntervals] };
  if (read.length === 0) return [diagnostic("potential-saturates", [list], place)];
  return [diagnostic("answer-saturates", [read.map((h) => h.pop.name), list], place)];
}

function sourcesOf(n: Network, { pop, links, saturation }: Held): string {
  const sources = witness(n, links, pop, saturation.neuron, saturation.value > 0);
  return sources === "" ? "its bias alone adds up" : `in each of the local steps 0 to ${saturation.step} ${sources}`;
}

/** Whether all input comes from outside, in the sample's first step only. */
function comesAtOnce(n: Network, links: readonly Link[]): boolean {
  return links.every((l) => n.inputs.some((i) => i.pop === l.from && i.code === "direct" && i.params["every"] === 0));
}

/**
 * A doubled potential that was held at ±M still has the right sign in every later step
 * if M >= 2 * (largest input of a later step) + reset: doubling takes it back to the end of the range. So
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
