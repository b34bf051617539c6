import { count, escape, percent, si, xy } from "../../../runtime/report/html/text.ts";
import { colours, figure, page, section, table } from "../../analysis/html/page.ts";
import { accuracyOf, type Line } from "./table.ts";
import type { Settings } from "./sweep.ts";

/** A sweep as one page that needs nothing else: the Pareto front in two pictures, and the table. */
export function sweepPage(title: string, axes: readonly string[], lines: readonly Line[], generator: string): string {
  const measured = lines.filter((l) => l.summary !== null);
  const refused = lines.filter((l) => l.refused !== null);
  const by = axes.includes("method") ? "method" : (axes.find((a) => new Set(lines.map((l) => l.settings[a])).size > 1) ?? "");
  const sections = [
    section(
      "Accuracy against latency",
      `Filled points are on the Pareto front: none other is as good in accuracy, latency and energy at once. ${legend(by, measured)}`,
      plot(measured, by, (l) => l.summary?.latency.seconds?.mean ?? null, "s"),
    ),
    section(
      "Accuracy against energy",
      "Bars reach from the lowest to the highest energy that the prices' tolerances allow.",
      plot(
        measured,
        by,
        (l) => l.summary?.energy.joules?.typical ?? null,
        "J",
        (l) => l.summary?.energy.joules ?? null,
      ),
    ),
    section(
      "The Pareto front",
      "In the order of the sweep.",
      pointTable(
        axes,
        measured.filter((l) => l.front),
      ),
    ),
    section("All points", `${lines.length} points, ${refused.length} of them refused.`, pointTable(axes, measured)),
  ];
  if (refused.length > 0) sections.push(section("Refused", "What the compiler said first.", refusedTable(axes, refused)));
  return page(title, `${axes.join(" × ")}`, generator, sections);
}

function legend(by: string, lines: readonly Line[]): string {
  const names = [...new Set(lines.map((l) => l.settings[by] ?? ""))];
  if (names.length < 2) return "";
  return names.map((n, i) => `<b style="color:${colours[i % colours.length] ?? ""}">●</b> ${escape(`${by} ${n}`)}`).join(" &nbsp; ");
}

const width = 860;
const height = 300;
const frame = { left: 70, right: width - 30, top: 16, bottom: height - 40 };

type Range = { readonly low: number; readonly high: number };

/** Accuracy over a cost on a logarithmic axis; with `spread`, an interval for each point. */
function plot(
  lines: readonly Line[],
  by: string,
  cost: (l: Line) => number | null,
  unit: string,
  spread?: (l: Line) => Range | null,
): string {
  const points = lines.flatMap((l) => {
    const [c, a] = [cost(l), accuracyOf(l)];
    return c === null || a === null || c <= 0 ? [] : [{ l, c, a, range: spread?.(l) ?? { low: c, high: c } }];
  });
  if (points.length === 0) return "<p>No point has both numbers.</p>";
  const log = (x: number): number => Math.log(Math.max(1e-30, x));
  const [from, to] = [Math.min(...points.map((p) => log(p.range.low))), Math.max(...points.map((p) => log(p.range.high)))];
  const [low, high] = [Math.min(...points.map((p) => p.a)), Math.max(...points.map((p) => p.a))];
  const x = (c: number): number => frame.left + ((log(c) - from) / Math.max(1e-9, to - from)) * (frame.right - frame.left);
  const y = (a: number): number => frame.bottom - ((a - low) / Math.max(1e-9, high - low)) * (frame.bottom - frame.top);
  const names = [...new Set(lines.map((l) => l.settings[by] ?? ""))];
  const dots = points.map(({ l, c, a, range }) => {
    const colour = colours[names.indexOf(l.settings[by] ?? "") % colours.length] ?? "";
    const title = escape(`${settingsOf(l.settings)}: ${percent(a)}, ${si(c, unit)}`);
    const bar =
      range.low < range.high ? `<path d="M${xy(x(range.low))} ${xy(y(a))}H${xy(x(range.high))}" stroke="${colour}" opacity="0.35"/>` : "";
    return `${bar}<circle cx="${xy(x(c))}" cy="${xy(y(a))}" r="5" fill="${l.front ? colour : "var(--card)"}" stroke="${colour}"><title>${title}</title></circle>`;
  });
  const levels = [low, high].map(
    (a) => `<text class="soft small" x="${frame.left - 6}" y="${xy(y(a) + 4)}" text-anchor="end">${percent(a)}</text>`,
  );
  const ends = [from, to].map(
    (c, i) =>
      `<text class="soft small" x="${i === 0 ? frame.left : frame.right}" y="${height - 4}" text-anchor="${i === 0 ? "start" : "end"}">${si(Math.exp(c), unit)}</text>`,
  );
  const front = points.filter((p) => p.l.front).sort((p, q) => p.c - q.c);
  const line = front.map((p, i) => `${i === 0 ? "M" : "L"}${xy(x(p.c))} ${xy(y(p.a))}`).join("");
  return figure(
    "Accuracy of every point",
    width,
    height,
    `<path class="rule" d="M${frame.left} ${frame.bottom}H${frame.right}"/><path d="${line}" stroke="var(--line)" fill="none"/>${dots.join("\n")}${levels.join("")}${ends.join("")}`,
  );
}

function settingsOf(s: Settings): string {
  return Object.entries(s)
    .map(([k, v]) => `${k} ${v}`)
    .join(", ");
}

function pointTable(axes: readonly string[], lines: readonly Line[]): string {
  return table(
    [...axes, "network", "chip", "cycles", "latency", "energy", "spikes", "cores"],
    lines.map((l) => {
      const s = l.summary;
      const share = (x: number | null | undefined): string => (x == null ? "–" : percent(x));
      return [
        ...axes.map((a) => l.settings[a] ?? ""),
        share(s?.accuracy.snn),
        share(s?.accuracy.chip),
        s?.latency.cycles == null ? "–" : count(Math.round(s.latency.cycles.mean)),
        s?.latency.seconds == null ? "–" : si(s.latency.seconds.mean, "s"),
        s?.energy.joules == null
          ? "–"
          : `${si(s.energy.joules.typical, "J")} (${si(s.energy.joules.low, "J")} to ${si(s.energy.joules.high, "J")})`,
        s?.spikes.perSample == null ? "–" : count(Math.round(s.spikes.perSample)),
        String(s?.cores.used ?? "–"),
      ];
    }),
  );
}

function refusedTable(axes: readonly string[], lines: readonly Line[]): string {
  return table(
    [...axes, "code", "cause"],
    lines.map((l) => [...axes.map((a) => l.settings[a] ?? ""), l.refused?.code ?? "", l.refused?.message ?? ""]),
  );
}
