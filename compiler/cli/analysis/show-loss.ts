import { titleOf } from "../../analysis/advice.ts";
import type { LayerLoss } from "../../analysis/layer-sums.ts";
import type { Loss } from "../../analysis/loss.ts";
import { at } from "../../base/bug.ts";
import { showPairs, showTable } from "../tables.ts";

/** The loss as tables for a terminal. Accuracies are percentages, losses percentage points. */
export function showLoss(loss: Loss): string {
  const measured = loss.against === "labels" ? "accuracy" : "agrees";
  const where = loss.against === "labels" ? "" : " (no labels: compared with the first form's answers)";
  const blocks = [
    showPairs([
      [loss.model, `on ${loss.target}, ${loss.steps} steps, ${loss.samples} samples${where}`],
      ["lost", `${points(loss.accuracy.loss)} points: ${percent(loss.accuracy.first)} to ${percent(loss.accuracy.last)}`],
      ["chip", loss.chipSamples === 0 ? "not run" : `run on ${loss.chipSamples} samples; on the others it is taken to equal the network`],
    ]),
    showTable({
      title: "part by part",
      rows: loss.rungs.map((r, k) => ({
        part: titleOf(r.part),
        [measured]: percent(r.accuracy),
        "points lost": k === 0 ? "" : points(r.loss),
        "right to wrong": k === 0 ? "" : String(r.broken),
        "wrong to right": k === 0 ? "" : String(r.repaired),
      })),
    }),
    showTable({
      title: `deviation of each layer from the ${titleOf(at(loss.rungs, 0).part)}, in percent of its mean absolute value; the parts add up to it`,
      rows: deviations(loss.layers),
    }),
    showTable({ title: "layers", rows: loss.layers.map((l) => ({ ...facts(l), ...accuracyOf(loss, l.layer, measured) })) }),
  ];
  const own = loss.layers.flatMap((l) => (l.own === null ? [] : [ownRow(l, l.own)]));
  if (own.length > 0)
    blocks.push(
      showTable({ title: "what each layer of the spiking network does itself, in the same percent; the rest it inherits", rows: own }),
    );
  if (loss.coupling !== null) {
    const { samples, rows } = loss.coupling;
    const six = (name: string, fractions: readonly number[]): Record<string, string> =>
      Object.fromEntries(fractions.map((f, n) => [`${name}, n=${n}`, percent(f)]));
    blocks.push(
      showTable({
        title: `wrong codes with n silent steps in every layer, on ${samples} samples`,
        rows: rows.map((r) => ({ layer: r.layer, ...six("ternary", r.ternary), ...six("binary", r.binary) })),
      }),
    );
  }
  if (loss.unread.length > 0) blocks.push(`not followed, because their spikes stand for no value of the model: ${loss.unread.join(", ")}`);
  if (loss.advice.length > 0) blocks.push(["what may help", ...loss.advice.map((a) => `  ${a}`)].join("\n"));
  return blocks.join("\n\n");
}

function deviations(layers: readonly LayerLoss[]): readonly Record<string, string>[] {
  const names = [...new Set(layers.flatMap((l) => l.parts.map((p) => p.part)))];
  return layers.map((l) => {
    const of = (x: number): string => share(x, l.size);
    const parts = Object.fromEntries(names.map((n) => [n, of(l.parts.find((p) => p.part === n)?.absolute ?? 0)]));
    return { layer: l.layer, deviation: of(l.deviation.absolute), ...parts };
  });
}

function facts(l: LayerLoss): Record<string, string> {
  return {
    layer: l.layer,
    neurons: String(l.neurons),
    correlation: l.correlation === null ? "–" : l.correlation.toFixed(4),
    clipped: percent(l.clipped),
    "wrong codes": percent(l.wrong),
    silent: percent(l.silent),
    "always full": percent(l.full),
  };
}

/** The accuracy with this layer and all before it spiking, and what that lost. */
function accuracyOf(loss: Loss, layer: string, measured: string): Record<string, string> {
  const found = loss.layerwise?.layers.find((l) => l.layer === layer);
  return loss.layerwise === null
    ? {}
    : { [`${measured} up to here`]: percent(found?.accuracy ?? null), "points lost here": found === undefined ? "–" : points(found.loss) };
}

function ownRow(l: LayerLoss, own: NonNullable<LayerLoss["own"]>): Record<string, string> {
  return {
    layer: l.layer,
    ...Object.fromEntries(own.map((p) => [p.part === "time" ? "spike timing" : p.part, share(p.absolute, l.size)])),
  };
}

function share(x: number, size: number): string {
  return size === 0 ? "–" : (100 * (x / size) + 0).toFixed(2);
}

/** Percentage points, with a sign where something was won. */
function points(x: number): string {
  return (100 * x + 0).toFixed(2).replace(/^-0\.00$/, "0.00");
}

function percent(x: number | null): string {
  return x === null ? "–" : `${(100 * x).toFixed(2)} %`;
}
