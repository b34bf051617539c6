import type { Distribution } from "../latency.ts";
import { count, si, xy } from "./text.ts";

/* The cycles of all samples as a histogram, with the median and the 99th percentile. */

const width = 860;
const height = 190;
const base = height - 34;
const left = 8;

export function latencyFigure(d: Distribution, clockHz: number): string {
  const { low, width: bin, counts } = d.histogram;
  const most = Math.max(1, ...counts);
  const inner = width - 2 * left;
  const step = inner / counts.length;
  const x = (cycles: number): number => left + ((cycles - low) / (bin * counts.length)) * inner;
  const bars = counts.map((n, k) => {
    const h = (n / most) * (base - 30);
    const from = low + k * bin;
    return `<rect x="${xy(left + k * step + 0.5)}" y="${xy(base - h)}" width="${xy(Math.max(1, step - 1))}" height="${xy(h)}" rx="1.5" fill="var(--g0)"><title>${count(from)} to ${count(from + bin)} cycles: ${n} samples</title></rect>`;
  });
  const ticks = Array.from({ length: 5 }, (_, k) => {
    const cycles = low + (bin * counts.length * k) / 4;
    const anchor = k === 0 ? "start" : k === 4 ? "end" : "middle";
    return `<text class="soft small" text-anchor="${anchor}" x="${xy(x(cycles))}" y="${base + 15}">${count(Math.round(cycles))}</text><text class="soft small" text-anchor="${anchor}" x="${xy(x(cycles))}" y="${base + 28}">${si(cycles / clockHz, "s")}</text>`;
  });
  return `<div class="figure"><svg role="img" aria-label="Distribution of latency over ${d.samples} samples" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
${bars.join("")}<path class="rule" d="M${left} ${base}H${width - left}"/>${ticks.join("")}
${marker(x(d.p50), "median", 12)}${marker(x(d.p99), "99 %", 24)}
</svg></div>`;
}

function marker(x: number, name: string, y: number): string {
  const anchor = x > width - 80 ? "end" : "start";
  return `<path d="M${xy(x)} ${y - 8}V${base}" stroke="var(--g3)" stroke-dasharray="3 2" fill="none"/><text class="small" text-anchor="${anchor}" x="${xy(x + (anchor === "end" ? -5 : 5))}" y="${y}">${name}</text>`;
}
