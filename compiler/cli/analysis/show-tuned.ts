import type { BitsReport } from "../../analysis/bits.ts";
import type { Point, Tuned } from "../../analysis/tune.ts";
import { at } from "../../base/bug.ts";
import { showPairs, showTable } from "../tables.ts";
import { showCount, showJoules, showPercent, showSeconds } from "../units.ts";

/** What tuning found, as tables for a terminal. */
export function showTuned(t: Tuned): string {
  const right = t.against === "labels" ? "accuracy" : "agrees with the model";
  const blocks = [
    showPairs([
      [t.model, `by ${t.method} on ${t.target}; ${t.calibrated} samples calibrate, ${t.heldOut} others decide`],
      ["trained model", `${showPercent(t.reference)}; at most ${t.maxLoss} points may be lost`],
      ["fewest steps", t.chosen === null ? `none of those tried keeps that` : String(t.chosen)],
    ]),
    showTable({ title: `steps (* no other is better in ${right}, latency and energy at once)`, rows: t.points.map((p) => row(p, right)) }),
    showTable({ title: "early exit: steps until the answer no longer changes", rows: t.points.map(exitRow) }),
  ];
  if (t.bits !== null) blocks.push(showBits(t.bits, right));
  return blocks.join("\n\n");
}

function row(p: Point, right: string): Record<string, string> {
  return {
    steps: `${p.given}${p.front ? " *" : ""}`,
    [right]: showPercent(p.accuracy),
    "points lost": (100 * p.loss + 0).toFixed(2),
    kept: p.within ? "yes" : "no",
    spikes: showCount(p.spikes),
    "synaptic events": showCount(p.synapticEvents),
    ...(p.chip === null
      ? {}
      : { cycles: showCount(p.chip.cycles), latency: showSeconds(p.chip.seconds), energy: showJoules(p.chip.joules.typical) }),
  };
}

function exitRow(p: Point): Record<string, string> {
  return {
    steps: String(p.given),
    "with delays": String(p.steps),
    mean: p.exit.mean.toFixed(2),
    median: String(p.exit.p50),
    "99 % within": String(p.exit.p99),
  };
}

function showBits(b: BitsReport, right: string): string {
  const blocks = [
    showTable({
      title: "bits of all weights",
      rows: b.tried.map((t) => ({ bits: String(t.bits), [right]: showPercent(t.accuracy), kept: t.within ? "yes" : "no" })),
    }),
  ];
  if (b.perLayer !== null) {
    const { layers, accuracy, total, uniform, option } = b.perLayer;
    blocks.push(
      showTable({
        title: "bits layer by layer",
        rows: layers.map((l) => ({ layer: l.layer, weights: String(l.weights), bits: String(l.bits) })),
      }),
      showPairs([
        [right, showPercent(accuracy)],
        [
          "all weights",
          `${showCount(total)} bits instead of ${showCount(uniform)} with ${
            at(
              b.tried.filter((t) => t.bits === b.chosen),
              0,
            ).bits
          } for each`,
        ],
        ["option", `--option ${option}`],
      ]),
    );
  }
  return blocks.join("\n\n");
}
