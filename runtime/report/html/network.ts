import { at } from "../../../compiler/base/bug.ts";
import type { ReportNetwork } from "../data.ts";
import { count, escape, xy } from "./text.ts";

/*
 * The network as a graph, left to right: a population stands one column after the last of its
 * sources. Links that lead backwards (recurrence) are drawn below, dashed.
 */

const box = { width: 158, height: 66 };
const gap = { x: 76, y: 22 };
const margin = { x: 4, y: 8, below: 44 };
/** Wider graphs are not shrunk to the page but scrolled. */
const widthMax = 1600;

type Placed = { readonly column: number; readonly x: number; readonly y: number };

export function networkFigure(n: ReportNetwork): string {
  const columns = columnsOf(n);
  const tallest = Math.max(...columns.map((c) => c.length));
  const places = place(columns, tallest);
  const width = columns.length * (box.width + gap.x) - gap.x + 2 * margin.x;
  const recurrent = n.links.some((l) => at(places, l.from).column >= at(places, l.to).column);
  const height = tallest * (box.height + gap.y) - gap.y + 2 * margin.y + (recurrent ? margin.below : 0);
  const links = n.links.map((l) => linkPicture(l, at(places, l.from), at(places, l.to), height));
  const boxes = n.populations.map((p, i) => boxPicture(p, at(places, i)));
  return `<div class="figure${width > widthMax ? " wide" : ""}"><svg role="img" aria-label="The network: ${n.populations.length} populations, ${n.links.length} links" width="${xy(width)}" height="${xy(height)}" viewBox="0 0 ${xy(width)} ${xy(height)}">
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="var(--soft)"/></marker></defs>
${links.join("\n")}
${boxes.join("\n")}
</svg></div>`;
}

/** Populations by column, in each column near what they are linked to. */
function columnsOf(n: ReportNetwork): number[][] {
  const column = new Array<number>(n.populations.length).fill(0);
  // Links forward lead from a lower to a higher index, so one pass in that order is enough.
  for (const l of [...n.links].sort((p, q) => p.from - q.from || p.to - q.to)) {
    if (l.from < l.to) column[l.to] = Math.max(at(column, l.to), at(column, l.from) + 1);
  }
  const columns: number[][] = Array.from({ length: Math.max(0, ...column) + 1 }, () => []);
  column.forEach((c, i) => at(columns, c).push(i));
  const rank = new Array<number>(n.populations.length).fill(0);
  for (const list of columns) {
    const wish = new Map(list.map((i) => [i, mean(n.links.filter((l) => l.to === i && l.from < i).map((l) => at(rank, l.from)))]));
    list.sort((p, q) => (wish.get(p) ?? 0) - (wish.get(q) ?? 0) || p - q);
    list.forEach((i, k) => {
      rank[i] = k - (list.length - 1) / 2;
    });
  }
  return columns;
}

function mean(list: readonly number[]): number {
  return list.length === 0 ? 0 : list.reduce((a, b) => a + b, 0) / list.length;
}

function place(columns: readonly (readonly number[])[], tallest: number): Placed[] {
  const out: Placed[] = [];
  columns.forEach((list, column) => {
    const free = (tallest - list.length) * (box.height + gap.y);
    list.forEach((i, k) => {
      out[i] = { column, x: margin.x + column * (box.width + gap.x), y: margin.y + free / 2 + k * (box.height + gap.y) };
    });
  });
  return out;
}

function linkPicture(l: ReportNetwork["links"][number], from: Placed, to: Placed, height: number): string {
  const y1 = from.y + box.height / 2;
  const y2 = to.y + box.height / 2;
  const title = `<title>${escape(`${l.kernel}, ${count(l.weights)} weights, delay ${l.delay}`)}</title>`;
  if (from.column >= to.column) {
    const bottom = height - 12;
    const path = `M${xy(from.x + box.width / 2)} ${xy(from.y + box.height)}C${xy(from.x + box.width / 2)} ${bottom} ${xy(to.x + box.width / 2)} ${bottom} ${xy(to.x + box.width / 2)} ${xy(to.y + box.height)}`;
    return `<path d="${path}" fill="none" stroke="var(--soft)" stroke-dasharray="4 3" marker-end="url(#tip)">${title}</path>`;
  }
  const x1 = from.x + box.width;
  const x2 = to.x;
  const bend = (x2 - x1) / 2;
  const far = to.column - from.column > 1;
  const label = far
    ? ""
    : `<text class="soft small" text-anchor="middle" x="${xy(x1 + bend)}" y="${xy((y1 + y2) / 2 - 7)}">${escape(l.kernel)}</text>`;
  return `<path d="M${xy(x1)} ${xy(y1)}C${xy(x1 + bend)} ${xy(y1)} ${xy(x2 - bend)} ${xy(y2)} ${xy(x2)} ${xy(y2)}" fill="none" stroke="var(--soft)" stroke-width="1.3" marker-end="url(#tip)">${title}</path>${label}`;
}

function boxPicture(p: ReportNetwork["populations"][number], { x, y }: Placed): string {
  const neurons = p.shape.reduce((a, b) => a * b, 1);
  const edge = p.model === "input" ? "var(--g1)" : p.output ? "var(--g3)" : "var(--g0)";
  const activity = p.spikes === null ? `${count(neurons)} neurons` : `${count(p.spikes)} spikes, ${count(neurons)} neurons`;
  const name = p.name.length > 21 ? `${p.name.slice(0, 20)}…` : p.name;
  return `<g><title>${escape(`${p.name}: ${activity}`)}</title><rect class="frame" x="${xy(x)}" y="${xy(y)}" width="${box.width}" height="${box.height}" rx="7"/><rect x="${xy(x)}" y="${xy(y)}" width="5" height="${box.height}" rx="2.5" fill="${edge}"/>
<text class="strong" x="${xy(x + 15)}" y="${xy(y + 20)}">${escape(name)}</text><text class="soft" x="${xy(x + 15)}" y="${xy(y + 37)}">${p.shape.join(" × ")} ${escape(p.spike)}</text><text class="soft small" x="${xy(x + 15)}" y="${xy(y + 54)}">${escape(p.model)}${p.spikes === null ? "" : ` · ${count(p.spikes)} spikes`}</text></g>`;
}
