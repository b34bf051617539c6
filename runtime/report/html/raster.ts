import type { ReportRaster } from "../data.ts";
import { count, escape, xy } from "./text.ts";

/*
 * The spikes of one sample: a band for each population, time to the right, neurons downward. A large
 * population has several neurons to a line; the more of them spike, the stronger the colour.
 */

const label = 170;
const bandMax = 150;
const bandMin = 14;
const levels = 5;

export function rasterFigure(r: ReportRaster): string {
  const stepWidth = Math.max(4, Math.min(64, Math.floor(820 / r.steps)));
  const width = label + r.steps * stepWidth + 12;
  let top = 6;
  const bands: string[] = [];
  for (const p of r.populations) {
    const lines = Math.min(p.neurons, bandMax);
    const height = Math.max(bandMin, lines);
    bands.push(band(p, r.steps, stepWidth, lines, top, height));
    top += height + 12;
  }
  const every = Math.max(1, Math.ceil(32 / stepWidth));
  const ticks = Array.from({ length: Math.ceil(r.steps / every) }, (_, k) => {
    const step = k * every;
    return `<text class="soft small" text-anchor="middle" x="${xy(label + (step + 0.5) * stepWidth)}" y="${top + 10}">${step}</text>`;
  });
  return `<div class="figure"><svg role="img" aria-label="Spikes of ${escape(r.caption)}" width="${width}" height="${top + 20}" viewBox="0 0 ${width} ${top + 20}">
${bands.join("\n")}
${ticks.join("")}<text class="soft small" x="${label - 8}" y="${top + 10}" text-anchor="end">step</text>
</svg></div>`;
}

function band(
  p: ReportRaster["populations"][number],
  steps: number,
  stepWidth: number,
  lines: number,
  top: number,
  height: number,
): string {
  const { positive, negative } = densities(p, steps, lines);
  const perLine = Math.ceil(p.neurons / lines);
  const marks = [
    { cells: positive, colour: "var(--g0)" },
    { cells: negative, colour: "var(--g3)" },
  ].flatMap(({ cells, colour }) =>
    pathsOf(
      cells,
      steps,
      lines,
      perLine,
      (step, line) => rectangle(label + step * stepWidth, top + (line * height) / lines, stepWidth, height / lines),
      colour,
    ),
  );
  const left = label - 8;
  return `<g><title>${escape(p.name)}: ${count(p.step.length)} spikes of ${count(p.neurons)} neurons</title>
<text text-anchor="end" x="${left}" y="${xy(top + Math.min(12, height - 2))}">${escape(p.name.length > 22 ? `${p.name.slice(0, 21)}…` : p.name)}</text>${height > 30 ? `<text class="soft small" text-anchor="end" x="${left}" y="${xy(top + 26)}">${count(p.step.length)} spikes</text>` : ""}
<rect class="rule" x="${label}" y="${top}" width="${steps * stepWidth}" height="${height}"/>${marks.join("")}</g>`;
}

/** Spikes per (step, line), positive and negative payloads apart. */
function densities(
  p: ReportRaster["populations"][number],
  steps: number,
  lines: number,
): { positive: Float64Array; negative: Float64Array } {
  const positive = new Float64Array(steps * lines);
  const negative = new Float64Array(steps * lines);
  for (let k = 0; k < p.step.length; k++) {
    const cell = (p.step[k] ?? 0) * lines + Math.floor(((p.neuron[k] ?? 0) * lines) / p.neurons);
    const cells = (p.payload[k] ?? 0) < 0 ? negative : positive;
    cells[cell] = (cells[cell] ?? 0) + 1;
  }
  return { positive, negative };
}

/** One path for each strength of colour. */
function pathsOf(
  cells: Float64Array,
  steps: number,
  lines: number,
  perLine: number,
  rect: (step: number, line: number) => string,
  colour: string,
): string[] {
  const paths = new Array<string>(levels).fill("");
  for (let step = 0; step < steps; step++) {
    for (let line = 0; line < lines; line++) {
      const n = cells[step * lines + line] ?? 0;
      if (n === 0) continue;
      const level = Math.min(levels - 1, Math.ceil((n / perLine) * levels) - 1);
      paths[level] += rect(step, line);
    }
  }
  return paths.flatMap((d, level) => (d === "" ? [] : [`<path d="${d}" fill="${colour}" fill-opacity="${(level + 1) / levels}"/>`]));
}

function rectangle(x: number, y: number, width: number, height: number): string {
  // A narrow gap between steps; none between neurons, whose lines may be as thin as a pixel.
  return `M${xy(x + 0.5)} ${xy(y)}h${xy(width - 1)}v${xy(Math.max(1, height))}h${xy(1 - width)}z`;
}
