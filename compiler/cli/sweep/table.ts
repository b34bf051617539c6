import { frontOf } from "../../analysis/search.ts";
import { at } from "../../base/bug.ts";
import type { Row } from "./point.ts";
import type { Settings } from "./sweep.ts";

/** A row of the sweep's table: the settings of a point and what it gave. */
export type Line = Row & {
  readonly settings: Settings;
  /** No other point is at least as good in accuracy, latency and energy, and better in one. */
  readonly front: boolean;
};

/** Accuracy that counts: the chip's, or the network's where the chip did not run. */
export function accuracyOf({ summary }: Row): number | null {
  return summary?.accuracy.chip ?? summary?.accuracy.snn ?? null;
}

/** Marks the points of the Pareto front over accuracy, latency and energy. */
export function withFront(rows: readonly (Row & { readonly settings: Settings })[]): readonly Line[] {
  const measured = rows.filter((r) => r.summary !== null);
  const marks = frontOf(
    measured.map((r) => [
      accuracyOf(r) ?? r.summary?.agreement.annVsSnn ?? 0,
      -(r.summary?.latency.seconds?.mean ?? r.summary?.steps ?? 0),
      -(r.summary?.energy.joules?.typical ?? r.summary?.synapticEvents.perSample ?? 0),
    ]),
  );
  const front = new Set(measured.filter((_, i) => at(marks, i)));
  return rows.map((r) => ({ ...r, front: front.has(r) }));
}

const numbers: Readonly<Record<string, (r: Row) => number | null | undefined>> = {
  samples: (r) => r.summary?.samples,
  "accuracy ann": (r) => r.summary?.accuracy.ann,
  "accuracy network": (r) => r.summary?.accuracy.snn,
  "accuracy chip": (r) => r.summary?.accuracy.chip,
  "network = chip": (r) => r.summary?.agreement.snnVsChip,
  "steps in all": (r) => r.summary?.steps,
  cycles: (r) => r.summary?.latency.cycles?.mean,
  seconds: (r) => r.summary?.latency.seconds?.mean,
  joules: (r) => r.summary?.energy.joules?.typical,
  "joules low": (r) => r.summary?.energy.joules?.low,
  "joules high": (r) => r.summary?.energy.joules?.high,
  spikes: (r) => r.summary?.spikes.perSample,
  "synaptic events": (r) => r.summary?.synapticEvents.perSample,
  cores: (r) => r.summary?.cores.used,
  "load seconds": (r) => r.load?.seconds,
};

/** Comma-separated values, one line a point (RFC 4180). */
export function csv(axes: readonly string[], lines: readonly Line[]): string {
  const head = [...axes, ...Object.keys(numbers), "front", "refused"];
  const body = lines.map((l) => [
    ...axes.map((a) => l.settings[a] ?? ""),
    ...Object.values(numbers).map((f) => f(l) ?? ""),
    l.front ? "yes" : "no",
    l.refused === null ? "" : `${l.refused.code}: ${l.refused.message}`,
  ]);
  return [head, ...body].map((cells) => `${cells.map(quoted).join(",")}\r\n`).join("");
}

function quoted(cell: string | number): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The columns that people look at first. */
export function shortRows(axes: readonly string[], lines: readonly Line[]): Readonly<Record<string, string | number>>[] {
  const percent = (x: number | null | undefined): string => (x == null ? "" : `${(100 * x).toFixed(2)} %`);
  return lines.map((l) => ({
    ...Object.fromEntries(axes.map((a) => [a, l.settings[a] ?? ""])),
    "accuracy, network": percent(l.summary?.accuracy.snn),
    "on the chip": percent(l.summary?.accuracy.chip),
    µs: l.summary?.latency.seconds == null ? "" : (l.summary.latency.seconds.mean * 1e6).toFixed(1),
    µJ: l.summary?.energy.joules == null ? "" : (l.summary.energy.joules.typical * 1e6).toFixed(2),
    cores: l.summary?.cores.used ?? "",
    front: l.front ? "*" : "",
    refused: l.refused?.code ?? "",
  }));
}
