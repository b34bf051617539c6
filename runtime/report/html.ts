import type { ReportData } from "./data.ts";
import { budgetTable } from "./html/budget.ts";
import { energyFigure } from "./html/energy.ts";
import { latencyFigure } from "./html/latency.ts";
import { meshFigure } from "./html/mesh.ts";
import { networkFigure } from "./html/network.ts";
import { rasterFigure } from "./html/raster.ts";
import { style } from "./html/style.ts";
import { count, escape, percent, si } from "./html/text.ts";

export type { ReportBudget, ReportData, ReportDiagnostic, ReportMesh, ReportNetwork, ReportRaster, ReportSummary } from "./data.ts";

/**
 * The report as one HTML page that needs nothing else: no script, no font, no picture from
 * anywhere. The same data give the same bytes.
 */
export function htmlReport(data: ReportData): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(data.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header><h1>${escape(data.title)}</h1><p>${escape(data.subtitle)}</p></header>
${tiles(data)}
${sections(data).join("\n")}
<footer>${escape(data.generator)}</footer>
</main>
</body>
</html>
`;
}

/** The numbers that matter most. */
function tiles(data: ReportData): string {
  const { accuracy, agreement, cores, samples, steps, spikes, synapticEvents } = data.summary;
  const list: [name: string, value: string | null, more: string][] = [
    ["Trained model", accuracy.ann === null ? null : percent(accuracy.ann), "accuracy"],
    ["Spiking network", accuracy.snn === null ? null : percent(accuracy.snn), `accuracy, ${steps} steps`],
    ["Chip", accuracy.chip === null ? null : percent(accuracy.chip), `accuracy, ${count(samples)} samples`],
    ["Network = chip", agreement.snnVsChip === null ? null : percent(agreement.snnVsChip), "of all output values"],
    ["Model = network", agreement.annVsSnn === null ? null : percent(agreement.annVsSnn), "same class"],
    [
      "Latency",
      data.latency === null ? null : si(data.latency.cycles.mean / data.latency.clockHz, "s"),
      data.latency === null ? "" : `${count(Math.round(data.latency.cycles.mean))} cycles per sample`,
    ],
    [
      "Energy",
      data.energy === null ? null : si(data.energy.joules.typical, "J"),
      data.energy === null ? "" : `${si(data.energy.joules.low, "J")} to ${si(data.energy.joules.high, "J")} per sample`,
    ],
    ["Cores", `${count(cores.used)}`, `of ${count(cores.available)}`],
    ["Spikes", spikes === null ? null : count(Math.round(spikes)), "per sample"],
    ["Synaptic events", synapticEvents === null ? null : count(Math.round(synapticEvents)), "per sample"],
  ];
  const known = list.filter((t): t is [string, string, string] => t[1] !== null);
  return `<div class="tiles">${known.map(([name, value, more]) => `<div class="tile"><span>${name}</span><b>${value}</b><small>${escape(more)}</small></div>`).join("\n")}</div>`;
}

function sections(data: ReportData): string[] {
  const out: string[] = [];
  const add = (title: string, words: string, body: string): void => {
    out.push(`<section><h2>${title}</h2><p>${words}</p>\n${body}</section>`);
  };
  if (data.network !== null) {
    add(
      "Network",
      "Populations of neurons and the links between them, as they run on the chip. Point at a link for its weights and delay.",
      networkFigure(data.network),
    );
  }
  if (data.mesh !== null) {
    add(
      "Chip",
      data.mesh.cores.some((c) => c.events !== null)
        ? "Cores of the mesh, coloured by what is chosen; orange lines are packets between routers, wider with more of them. Point at a core or a line for numbers."
        : "Cores of the mesh, darker with more of their synapse memory in use. Point at a core for numbers.",
      meshFigure(data.mesh),
    );
  }
  if (data.raster !== null) {
    add(
      "Spikes",
      `${escape(data.raster.caption)}. Time runs to the right, neurons downward; blue is positive, violet negative.`,
      rasterFigure(data.raster),
    );
  }
  if (data.energy !== null) {
    add(
      "Energy",
      "Counted events times their price, for one sample on average. Whiskers show what the prices' tolerances leave open.",
      energyFigure(data.energy),
    );
  }
  if (data.latency !== null) {
    const { mean, p50, p99, max, samples } = data.latency.cycles;
    const { range } = data.latency;
    const tolerance =
      range === undefined ? "" : ` With the tolerance of the chip's latencies the mean is ${si(range.low, "s")} to ${si(range.high, "s")}.`;
    const words = `From a sample's first cycle to the end of its last step, over ${count(samples)} samples: mean ${count(Math.round(mean))}, median ${count(p50)}, 99 % within ${count(p99)}, longest ${count(max)} cycles.${tolerance}`;
    add("Latency", words, latencyFigure(data.latency.cycles, data.latency.clockHz));
  }
  if (data.budget.length > 0) add("Budget", "What the network uses of the chip.", budgetTable(data.budget));
  if (data.diagnostics.length > 0) {
    const list = data.diagnostics.map(
      (d) =>
        `<tr><td class="${d.severity === "note" ? "noted" : d.severity}">${d.severity}</td><td><code>${escape(d.code)}</code></td><td>${escape(d.message)}</td></tr>`,
    );
    add("Diagnostics", "What the compiler and the simulator had to say.", `<table><tbody>${list.join("\n")}</tbody></table>`);
  }
  return out;
}
