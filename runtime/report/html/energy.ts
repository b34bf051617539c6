import { byGroup, type Energy, type EnergyPart, energyGroups, influences } from "../energy.ts";
import { count, escape, percent, si, xy } from "./text.ts";

/* Energy by kind of event: a bar each, with the interval that the prices' tolerances leave. */

const names: Readonly<Record<string, string>> = {
  event: "events taken",
  row: "rows applied",
  word: "row words read",
  synapse: "synaptic events",
  multiply: "multiplications",
  gate: "gates",
  update: "neuron updates",
  skip: "skipped neurons",
  spike: "spikes",
  send: "packets made",
  hop: "hops",
  deliver: "packets stored",
  barrier: "barriers",
  hostIn: "packets from the host",
  hostOut: "packets to the host",
  loadWord: "words loaded",
  static: "static power",
};

const left = 178;
const right = 250;
const barMax = 520;
const line = 26;

export function energyFigure(e: Energy): string {
  const parts = e.parts.filter((p) => p.high > 0).sort((p, q) => q.typical - p.typical);
  const most = Math.max(1e-30, ...parts.map((p) => p.high));
  const rows = parts.map((p, k) => bar(p, k * line, barMax / most, e));
  const height = parts.length * line + 4;
  const width = left + barMax + right;
  const legend = byGroup(e)
    .filter((g) => g.typical > 0)
    .map((g) => `<span><i style="background:${colour(g.group)}"></i>${g.group} ${si(g.typical, "J")}</span>`);
  const unknown =
    e.unknown.length === 0
      ? ""
      : `<p class="note">The tolerance of ${e.unknown.map((n) => names[n] ?? n).join(", ")} is unknown; the interval is too narrow by that.</p>`;
  const unpriced =
    e.unpriced.length === 0
      ? ""
      : `<p class="note">These happened and have no known price, so they are left out: ${e.unpriced.map((n) => escape(names[n] ?? n)).join(", ")}.</p>`;
  return `<div class="legend">${legend.join("")}</div>
<div class="figure"><svg role="img" aria-label="Energy by kind of event" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
${rows.join("\n")}
</svg></div>${unknown}${unpriced}${ranking(e)}`;
}

/** The prices that decide the energy and its interval, the most important one first. */
function ranking(e: Energy): string {
  const rows = influences(e).map(
    (i) =>
      `<tr><td>${escape(names[i.name] ?? i.name)}</td><td>${i.group}</td><td>${percent(i.share)}</td><td>${i.ofInterval === null ? "tolerance unknown" : percent(i.ofInterval)}</td></tr>`,
  );
  if (rows.length === 0) return "";
  return `<h3>Prices that decide it</h3>
<table><thead><tr><th>price of</th><th>group</th><th>of the energy</th><th>of the interval</th></tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
}

function colour(group: EnergyPart["group"]): string {
  return `var(--g${energyGroups.indexOf(group)})`;
}

function bar(p: EnergyPart, top: number, scale: number, e: Energy): string {
  const middle = top + line / 2;
  const [low, typical, high] = [p.low, p.typical, p.high].map((j) => left + j * scale) as [number, number, number];
  const times = p.name === "static" ? `${count(p.count)} cycles` : `${count(p.count)} ×`;
  const share = Number(((p.typical / Math.max(1e-30, e.joules.typical)) * 100).toPrecision(2));
  return `<g><title>${escape(`${names[p.name] ?? p.name}: ${si(p.low, "J")} to ${si(p.high, "J")}, ${times}`)}</title>
<text text-anchor="end" x="${left - 10}" y="${xy(middle + 4)}">${names[p.name] ?? escape(p.name)}</text><rect x="${left}" y="${xy(top + 5)}" width="${xy(Math.max(0.5, typical - left))}" height="${line - 10}" rx="2" fill="${colour(p.group)}"/>
<path d="M${xy(low)} ${xy(middle)}H${xy(high)}M${xy(low)} ${xy(middle - 4)}v8M${xy(high)} ${xy(middle - 4)}v8" stroke="var(--ink)" stroke-opacity="0.65" fill="none"/>
<text class="soft" x="${xy(high + 10)}" y="${xy(middle + 4)}">${si(p.typical, "J")} · ${share < 0.1 ? "under 0.1" : share} % · ${times}</text></g>`;
}
