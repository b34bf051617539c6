import { escape, percent, xy } from "../../../runtime/report/html/text.ts";
import { at } from "../../base/bug.ts";
import { titleOf } from "../advice.ts";
import type { LayerLoss } from "../layer-sums.ts";
import type { Loss } from "../loss.ts";
import { colours, figure, page, section, table, tiles } from "./page.ts";

/** The loss as one page that needs nothing else. */
export function lossPage(loss: Loss, generator: string): string {
  const what = loss.against === "labels" ? "accuracy" : "agreement with the first form";
  const parts = [...new Set(loss.layers.flatMap((l) => l.parts.map((p) => p.part)))];
  const sections = [
    tiles([
      ["First form", percent(loss.accuracy.first), `${what}, ${titleOf(at(loss.rungs, 0).part)}`],
      ["Last form", percent(loss.accuracy.last), `${what}, ${loss.chipSamples > 0 ? "chip" : "network with the chip's limits"}`],
      ["Lost", `${points(loss.accuracy.loss)} points`, `on ${loss.samples} samples`],
    ]),
    section(
      "Part by part",
      "What each step of the way from the trained model to the chip costs, in percentage points. They add up to the total.",
      waterfall(loss) + rungTable(loss),
    ),
    section(
      "Layer by layer",
      "Mean absolute deviation of each layer from the first form, in percent of its mean absolute value, and the parts that add up to it. A part below zero makes up for others.",
      legend(parts) + bars(loss.layers, parts) + layerTable(loss),
    ),
  ];
  if (loss.layers.some((l) => l.own !== null))
    sections.push(
      section(
        "Own flaws",
        "What each layer of the spiking network does wrong itself, given the spikes that it gets; the rest it inherits. In the same percent.",
        ownTable(loss.layers),
      ),
    );
  if (loss.coupling !== null)
    sections.push(
      section(
        "Temporal coupling",
        `Wrong codes with n silent steps in every layer, on ${loss.coupling.samples} samples.`,
        couplingTable(loss.coupling.rows),
      ),
    );
  if (loss.advice.length > 0)
    sections.push(
      section("What may help", "For the parts that lose the most.", `<ul>${loss.advice.map((a) => `<li>${escape(a)}</li>`).join("")}</ul>`),
    );
  return page(
    `Where the accuracy of ${loss.model} went`,
    `${loss.target}, ${loss.steps} steps, ${loss.samples} samples, ${loss.chipSamples} of them on the chip`,
    generator,
    sections,
  );
}

const width = 980;
const left = 250;
const line = 28;

/** Accuracy falling from form to form. */
function waterfall(loss: Loss): string {
  const all = loss.rungs.map((r) => r.accuracy);
  const low = Math.max(0, Math.min(...all) - 0.02);
  const x = (a: number): number => left + ((a - low) / Math.max(1e-9, Math.max(...all) - low)) * (width - left - 150);
  const body = loss.rungs.map((r, k) => {
    const before = loss.rungs[k - 1]?.accuracy ?? low;
    const [from, to] = [Math.min(x(before), x(r.accuracy)), Math.max(x(before), x(r.accuracy))];
    const colour = k === 0 ? "var(--g0)" : r.loss > 0 ? "var(--bad)" : "var(--good)";
    const middle = k * line + line / 2;
    const text = k === 0 ? percent(r.accuracy) : `${r.loss > 0 ? "−" : "+"}${points(Math.abs(r.loss))} → ${percent(r.accuracy)}`;
    return `<text x="${left - 10}" y="${middle + 4}" text-anchor="end">${escape(titleOf(r.part))}</text><rect x="${xy(from)}" y="${middle - 8}" width="${xy(Math.max(1.5, to - from))}" height="16" rx="2" fill="${colour}"/><text class="soft small" x="${xy(to + 8)}" y="${middle + 4}">${text}</text>`;
  });
  return figure("Accuracy from the trained model to the chip", width, loss.rungs.length * line, body.join("\n"));
}

function rungTable(loss: Loss): string {
  return table(
    ["part", loss.against === "labels" ? "accuracy" : "agreement", "points lost", "right to wrong", "wrong to right"],
    loss.rungs.map((r, k) => [
      titleOf(r.part),
      percent(r.accuracy),
      ...(k === 0 ? ["", "", ""] : [points(r.loss), String(r.broken), String(r.repaired)]),
    ]),
  );
}

function legend(parts: readonly string[]): string {
  return `<div class="legend">${parts.map((p, k) => `<span><i style="background:${colourOf(k)}"></i>${escape(titleOf(p))}</span>`).join("")}</div>`;
}

function colourOf(k: number): string {
  return at(colours, k % colours.length);
}

/** Positive parts to the right of zero, negative ones to the left. */
function bars(layers: readonly LayerLoss[], parts: readonly string[]): string {
  const of = (l: LayerLoss, part: string): number => (l.size === 0 ? 0 : (l.parts.find((p) => p.part === part)?.absolute ?? 0) / l.size);
  const sum = (l: LayerLoss, sign: number): number => parts.reduce((s, p) => s + Math.max(0, sign * of(l, p)), 0);
  const most = Math.max(1e-9, ...layers.map((l) => sum(l, 1)));
  const least = Math.max(0, ...layers.map((l) => sum(l, -1)));
  const scale = (width - left - 110) / (most + least);
  const zero = left + least * scale;
  const rows = layers.map((l, row) => {
    const y = row * line + 6;
    let [right, back] = [zero, zero];
    const pieces = parts.map((p, k) => {
      const size = of(l, p) * scale;
      if (Math.abs(size) < 0.05) return "";
      const x = size > 0 ? right : back + size;
      if (size > 0) right += size;
      else back += size;
      return `<rect x="${xy(x)}" y="${y}" width="${xy(Math.abs(size))}" height="16" fill="${colourOf(k)}"><title>${escape(`${l.layer}, ${titleOf(p)}: ${(100 * of(l, p)).toFixed(2)} %`)}</title></rect>`;
    });
    return `<text x="${left - 10}" y="${y + 12}" text-anchor="end">${escape(l.layer)}</text>${pieces.join("")}<text class="soft small" x="${xy(right + 8)}" y="${y + 12}">${share(l.deviation.absolute, l.size)} %</text>`;
  });
  return figure(
    "Deviation of each layer by part",
    width,
    layers.length * line + 4,
    `${rows.join("\n")}<path class="rule" d="M${xy(zero)} 0V${layers.length * line}"/>`,
  );
}

function layerTable(loss: Loss): string {
  const accuracy = new Map(loss.layerwise?.layers.map((l) => [l.layer, l]) ?? []);
  const optional = (x: number | null): string => (x === null ? "–" : percent(x));
  return table(
    ["layer", "neurons", "correlation", "clipped", "wrong codes", "silent", "always full", "accuracy up to here", "points lost here"],
    loss.layers.map((l) => {
      const here = accuracy.get(l.layer);
      const numbers = [optional(l.clipped), optional(l.wrong), optional(l.silent), optional(l.full), optional(here?.accuracy ?? null)];
      return [
        l.layer,
        String(l.neurons),
        l.correlation === null ? "–" : l.correlation.toFixed(4),
        ...numbers,
        here === undefined ? "–" : points(here.loss),
      ];
    }),
  );
}

function ownTable(layers: readonly LayerLoss[]): string {
  const rows = layers.flatMap((l) => (l.own === null ? [] : [[l.layer, ...l.own.map((p) => share(p.absolute, l.size))]]));
  return table(["layer", "inherited", "clipping", "quantization", "spike timing"], rows);
}

function couplingTable(rows: NonNullable<Loss["coupling"]>["rows"]): string {
  const names = (digits: string): string[] => [0, 1, 2].map((n) => `${digits}, n=${n}`);
  return table(
    ["layer", ...names("ternary"), ...names("binary")],
    rows.map((r) => [r.layer, ...[...r.ternary, ...r.binary].map(percent)]),
  );
}

function share(x: number, size: number): string {
  return size === 0 ? "–" : (100 * (x / size)).toFixed(2).replace(/^-0\.00$/, "0.00");
}

function points(x: number): string {
  return (100 * x).toFixed(2).replace(/^-0\.00$/, "0.00");
}
