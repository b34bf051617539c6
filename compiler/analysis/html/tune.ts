import { count, escape, percent, si, xy } from "../../../runtime/report/html/text.ts";
import { at } from "../../base/bug.ts";
import type { BitsReport } from "../bits.ts";
import type { Point, Tuned } from "../tune.ts";
import { figure, page, section, table, tiles } from "./page.ts";

/** What tuning found, as one page that needs nothing else. */
export function tunePage(t: Tuned, generator: string): string {
  const right = t.against === "labels" ? "accuracy" : "agreement with the model";
  const chosen = t.points.find((p) => p.given === t.chosen);
  const onChip = t.points.every((p) => p.chip !== null);
  const sections = [
    tiles([
      ["Trained model", percent(t.reference), right],
      [
        "Fewest steps",
        t.chosen === null ? "none" : String(t.chosen),
        `of those tried, for at most ${t.maxLoss} ${t.maxLoss === 1 ? "point" : "points"}`,
      ],
      ...(chosen === undefined ? [] : ([["Kept", percent(chosen.accuracy), right]] as const)),
      ...(chosen?.chip == null
        ? []
        : ([
            ["Latency", si(chosen.chip.seconds, "s"), `${count(Math.round(chosen.chip.cycles))} cycles`],
            ["Energy", si(chosen.chip.joules.typical, "J"), `${si(chosen.chip.joules.low, "J")} to ${si(chosen.chip.joules.high, "J")}`],
          ] as const)),
    ]),
    section(
      "Accuracy against latency",
      "One point for each number of steps; filled points are those that no other beats in accuracy, latency and energy at once. The dashed line is what may be lost; points far below it lie at the bottom.",
      plot(t, onChip ? (p) => p.chip?.seconds ?? 0 : (p) => p.steps, onChip ? (x) => si(x, "s") : (x) => `${Math.round(x)} steps`),
    ),
    section(
      "Accuracy against energy",
      onChip
        ? "Energy of one sample by the chip's prices, on the simulator."
        : "Synaptic events of one sample stand for energy, as the chip was not run.",
      plot(
        t,
        onChip ? (p) => p.chip?.joules.typical ?? 0 : (p) => p.synapticEvents,
        onChip ? (x) => si(x, "J") : (x) => count(Math.round(x)),
      ),
    ),
    section("Steps", `${t.calibrated} samples calibrate, ${t.heldOut} others decide.`, pointTable(t, right)),
    section("Early exit", "Samples by the step from which their answer no longer changes.", t.points.map(exitFigure).join("\n")),
  ];
  if (t.bits !== null) sections.push(section("Bits of weights", "With the chosen number of steps.", bitsTables(t.bits, right)));
  return page(`${t.model}: how few steps${t.bits === null ? "" : " and bits"}`, `${t.method} on ${t.target}`, generator, sections);
}

const width = 860;
const height = 260;
const frame = { left: 70, right: width - 60, top: 16, bottom: height - 40 };

/** Points further below the line than this many times what may be lost are drawn at the bottom. */
const depth = 10;

/** Accuracy over some cost on a logarithmic axis. */
function plot(t: Tuned, cost: (p: Point) => number, show: (x: number) => string): string {
  const costs = t.points.map((p) => Math.log(Math.max(1e-30, cost(p))));
  const kept = t.reference - t.maxLoss / 100;
  const all = [...t.points.map((p) => p.accuracy), t.reference, kept];
  const high = Math.max(...all);
  const low = Math.max(Math.min(...all), t.reference - Math.max(0.05, (depth * t.maxLoss) / 100));
  const [from, to] = [Math.min(...costs), Math.max(...costs)];
  const x = (c: number): number => frame.left + ((c - from) / Math.max(1e-9, to - from)) * (frame.right - frame.left);
  const y = (a: number): number => frame.bottom - ((Math.max(a, low) - low) / Math.max(1e-9, high - low)) * (frame.bottom - frame.top);
  const level = (a: number, dash: string, side: number, anchor: string): string =>
    `<path d="M${frame.left} ${xy(y(a))}H${frame.right}" stroke="var(--soft)"${dash} fill="none"/><text class="soft small" x="${side}" y="${xy(y(a) + 4)}" text-anchor="${anchor}">${percent(a)}</text>`;
  const line = t.points.map((p, i) => `${i === 0 ? "M" : "L"}${xy(x(at(costs, i)))} ${xy(y(p.accuracy))}`).join("");
  let labelled = -Infinity;
  const dots = t.points.map((p, i) => {
    const cx = x(at(costs, i));
    const fill = p.front ? (p.given === t.chosen ? "var(--good)" : "var(--g0)") : "var(--card)";
    const room = cx - labelled > 18 || p.given === t.chosen;
    if (room) labelled = cx;
    const name = room ? `<text class="small" x="${xy(cx)}" y="${xy(y(p.accuracy) + 18)}" text-anchor="middle">${p.given}</text>` : "";
    return `<circle cx="${xy(cx)}" cy="${xy(y(p.accuracy))}" r="5" fill="${fill}" stroke="var(--g0)"><title>${escape(`${p.given} steps: ${percent(p.accuracy)}, ${show(cost(p))}`)}</title></circle>${name}`;
  });
  const ends = [from, to].map(
    (c, i) =>
      `<text class="soft small" x="${xy(x(c))}" y="${height - 4}" text-anchor="${i === 0 ? "start" : "end"}">${show(Math.exp(c))}</text>`,
  );
  return figure(
    "Accuracy of every number of steps",
    width,
    height,
    `<path class="rule" d="M${frame.left} ${frame.bottom}H${frame.right}"/>${level(t.reference, "", frame.left - 6, "end")}${level(kept, ' stroke-dasharray="4 3"', frame.right + 6, "start")}<path d="${line}" stroke="var(--line)" fill="none"/>
${dots.join("\n")}${ends.join("")}`,
  );
}

function pointTable(t: Tuned, right: string): string {
  const chip = t.points.some((p) => p.chip !== null);
  return table(
    ["steps", right, "points lost", "kept", "spikes", "synaptic events", ...(chip ? ["cycles", "latency", "energy"] : [])],
    t.points.map((p) => [
      String(p.given),
      percent(p.accuracy),
      (100 * p.loss).toFixed(2),
      p.within ? "yes" : "no",
      count(p.spikes),
      count(p.synapticEvents),
      ...(p.chip === null ? [] : [count(Math.round(p.chip.cycles)), si(p.chip.seconds, "s"), si(p.chip.joules.typical, "J")]),
    ]),
  );
}

/** Bars: how many samples leave at each step; the line above is the accuracy of stopping all of them there. */
function exitFigure(p: Point): string {
  const most = Math.max(1, ...p.exit.counts);
  const bar = Math.min(40, (width - 140) / p.exit.counts.length);
  const tall = 70;
  const bars = p.exit.counts.map((n, k) => {
    const h = (n / most) * tall;
    const title = `step ${k + 1}: ${n} samples; stopping all here: ${percent(p.exit.accuracies[k] ?? 0)}`;
    return `<rect x="${xy(120 + k * bar)}" y="${xy(tall - h + 8)}" width="${xy(Math.max(1, bar - 2))}" height="${xy(Math.max(0.5, h))}" fill="var(--g1)"><title>${escape(title)}</title></rect>`;
  });
  const text = `<text x="0" y="30">${p.given} steps</text><text class="soft small" x="0" y="48">mean ${p.exit.mean.toFixed(2)} of ${p.steps}</text>`;
  return figure(
    `Early exit with ${p.given} steps`,
    width,
    tall + 20,
    `${text}<path class="rule" d="M120 ${tall + 8}H${xy(120 + p.exit.counts.length * bar)}"/>${bars.join("")}`,
  );
}

function bitsTables(b: BitsReport, right: string): string {
  const all = table(
    ["bits of all weights", right, "kept"],
    b.tried.map((t) => [String(t.bits), percent(t.accuracy), t.within ? "yes" : "no"]),
  );
  if (b.perLayer === null) return all;
  const { layers, accuracy, total, uniform, option } = b.perLayer;
  const words = `<p>${right} ${percent(accuracy)}; ${count(total)} bits of weights instead of ${count(uniform)}. <code>--option ${escape(option)}</code></p>`;
  return (
    all +
    table(
      ["layer", "weights", "bits"],
      layers.map((l) => [l.layer, count(l.weights), String(l.bits)]),
    ) +
    words
  );
}
