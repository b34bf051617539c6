import type { ReportMesh } from "../data.ts";
import { count, escape, percent, xy } from "./text.ts";

/*
 * The mesh as a heat map: each core a square, darker with more of what is chosen; each link
 * as wide as the packets that pass it, one line for each direction.
 */

type CoreOf = ReportMesh["cores"][number];
type Measure = {
  readonly key: "memory" | "synapses" | "spikes";
  readonly label: string;
  readonly value: (c: CoreOf) => number | null;
  readonly show: (c: CoreOf) => string;
  readonly full: (m: ReportMesh) => number;
};

const measures: readonly Measure[] = [
  {
    key: "memory",
    label: "synapse memory",
    value: (c) => c.synapseWords / c.synapseWordsMax,
    show: (c) => percent(Number((c.synapseWords / c.synapseWordsMax).toPrecision(2))),
    full: () => 1,
  },
  {
    key: "synapses",
    label: "synaptic events",
    value: (c) => c.synapses,
    show: (c) => short(c.synapses ?? 0),
    full: (m) => Math.max(...m.cores.map((c) => c.synapses ?? 0)),
  },
  {
    key: "spikes",
    label: "spikes",
    value: (c) => c.spikes,
    show: (c) => short(c.spikes ?? 0),
    full: (m) => Math.max(...m.cores.map((c) => c.spikes ?? 0)),
  },
];

export function meshFigure(m: ReportMesh): string {
  const pitch = Math.max(22, Math.min(148, Math.floor(960 / m.columns)));
  const side = Math.round(pitch * 0.72);
  const [width, height] = [m.columns * pitch, m.rows * pitch];
  const busiest = Math.max(1e-9, ...linksOf(m).map((l) => l.packets));
  const used = new Map(m.cores.map((c) => [c.y * m.columns + c.x, c]));
  const cells = Array.from({ length: m.columns * m.rows }, (_, i) =>
    cell(i % m.columns, Math.floor(i / m.columns), used.get(i), m, pitch, side),
  );
  const links = linksOf(m).map((l) => linkPicture(l, busiest, pitch, side));
  const switches = measuresOf(m)
    .map(
      (q, i) =>
        `<input type="radio" name="measure" id="by-${q.key}"${i === 0 ? " checked" : ""}><label for="by-${q.key}"> ${q.label}</label>`,
    )
    .join("\n");
  return `<div class="switcher">${switches}
<div class="figure heat" style="margin-top:12px"><svg role="img" aria-label="Occupancy of ${m.cores.length} cores and traffic between them" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
${links.join("")}
${cells.join("\n")}
</svg></div></div>`;
}

/** What can be chosen: activity only where something has run. */
function measuresOf(m: ReportMesh): readonly Measure[] {
  return measures.filter((q) => m.cores.every((c) => q.value(c) !== null));
}

function cell(x: number, y: number, core: CoreOf | undefined, m: ReportMesh, pitch: number, side: number): string {
  const left = x * pitch + (pitch - side) / 2;
  const top = y * pitch + (pitch - side) / 2;
  const rect = (more: string): string =>
    `<rect x="${xy(left)}" y="${xy(top)}" width="${side}" height="${side}" rx="${xy(Math.min(8, side / 6))}" ${more}/>`;
  if (core === undefined) return `<g>${rect('class="rule" stroke-dasharray="3 3"')}</g>`;
  const title = `core (${x}, ${y}): ${core.content.join(", ")}\n${count(core.neurons)} neurons, ${count(core.synapseWords)} of ${count(core.synapseWordsMax)} synapse words${happened(core)}`;
  const layers = measuresOf(m).map((q) => {
    const share = (q.value(core) ?? 0) / Math.max(1e-9, q.full(m));
    const number =
      side >= 40 ? `<text text-anchor="middle" x="${xy(left + side / 2)}" y="${xy(top + side / 2 + 4)}">${q.show(core)}</text>` : "";
    return `<g class="measure ${q.key}">${rect(`fill="var(--accent)" fill-opacity="${xy(0.06 + 0.6 * share)}"`)}${number}</g>`;
  });
  return `<g><title>${escape(title)}</title>${rect('class="frame"')}${layers.join("")}</g>`;
}

function happened({ events, synapses, spikes }: CoreOf): string {
  if (events === null || synapses === null || spikes === null) return "";
  return `\nper sample: ${count(events)} events, ${count(synapses)} synaptic events, ${count(spikes)} spikes`;
}

type Link = { readonly x: number; readonly y: number; readonly dx: number; readonly dy: number; readonly packets: number };

/** Directions of a router's outputs after the local one: north, east, south, west. */
const directions = [
  [0, -1],
  [1, 0],
  [0, 1],
  [-1, 0],
] as const;

function linksOf(m: ReportMesh): Link[] {
  const out: Link[] = [];
  for (let r = 0; r < m.columns * m.rows; r++) {
    directions.forEach(([dx, dy], d) => {
      const packets = m.traffic[5 * r + 1 + d] ?? 0;
      if (packets > 0) out.push({ x: r % m.columns, y: Math.floor(r / m.columns), dx, dy, packets });
    });
  }
  return out;
}

function linkPicture(l: Link, busiest: number, pitch: number, side: number): string {
  const share = l.packets / busiest;
  const width = 0.8 + (pitch / 16) * Math.sqrt(share);
  // The two directions of a link lie side by side, each to the right of its way.
  const aside = pitch / 14;
  const [cx, cy] = [(l.x + 0.5) * pitch - l.dy * aside, (l.y + 0.5) * pitch + l.dx * aside];
  const from = side / 2;
  const to = pitch - side / 2;
  const line = `x1="${xy(cx + l.dx * from)}" y1="${xy(cy + l.dy * from)}" x2="${xy(cx + l.dx * to)}" y2="${xy(cy + l.dy * to)}"`;
  const target = l.x + l.dx < 0 ? "the host" : `(${l.x + l.dx}, ${l.y + l.dy})`;
  return `<line ${line} stroke="var(--g2)" stroke-width="${xy(width)}" stroke-opacity="${xy(0.45 + 0.55 * share)}"><title>(${l.x}, ${l.y}) to ${target}: ${count(l.packets)} packets per sample</title></line>`;
}

/** At most four characters. */
function short(n: number): string {
  if (n < 1000) return String(Math.round(n));
  return n < 999_500 ? `${Number((n / 1e3).toPrecision(2))}k` : `${Number((n / 1e6).toPrecision(2))}M`;
}
