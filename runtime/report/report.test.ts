import { describe, expect, test } from "vitest";
import { byGroup, influences, price } from "./energy.ts";
import { htmlReport, type ReportData } from "./html.ts";
import { count, percent, si } from "./html/text.ts";
import { distributionOf } from "./latency.ts";

const prices = {
  clockHz: 1e6,
  costs: {
    synapse: { picojoules: 10, tolerance: 0.3, source: "a table" },
    hop: { picojoules: 2, tolerance: null, source: "a guess" },
    gate: { picojoules: 5, tolerance: null, source: "a guess" },
  },
  staticWatts: { watts: 1e-3, tolerance: 0, source: "a page" },
};

describe("energy", () => {
  test("is counts times prices, with the interval of their tolerances, plus static power times time", () => {
    const e = price({ synapse: 100, hop: 50, spike: 7 }, 3, prices);
    expect(e.parts.map((p) => [p.name, p.group, p.count])).toEqual([
      ["synapse", "neuron cores", 100],
      ["gate", "neuron cores", 0],
      ["hop", "network on chip", 50],
      ["static", "static", 3],
    ]);
    expect(e.joules.typical).toBeCloseTo(1e-9 + 1e-10 + 3e-9, 15);
    expect(e.joules.high - e.joules.low).toBeCloseTo(2 * 0.3e-9, 15);
    expect(e.unknown).toEqual(["hop"]);
    expect(e.unpriced).toEqual([]);
  });
  test("what happened and has no known price is named", () => {
    const barrier = { picojoules: 0, tolerance: null, source: "not published" };
    const priced = { ...prices, costs: { ...prices.costs, barrier, hostIn: barrier }, staticWatts: { ...prices.staticWatts, watts: 0 } };
    expect(price({ barrier: 4 }, 3, priced).unpriced).toEqual(["barrier"]);
    expect(price({}, 3, { ...priced, staticWatts: { ...priced.staticWatts, tolerance: null } }).unpriced).toEqual(["static"]);
  });
  test("the prices that decide: unknown tolerances first, then by what they make of the interval", () => {
    const e = price({ synapse: 100, hop: 50 }, 3, { ...prices, staticWatts: { watts: 1e-3, tolerance: 0.2, source: "a page" } });
    const ranking = influences(e);
    expect(ranking.map((i) => i.name)).toEqual(["hop", "static", "synapse"]);
    expect(ranking[0]?.ofInterval).toBeNull();
    expect(ranking[1]?.ofInterval).toBeCloseTo(0.6 / 0.9, 12);
    expect(ranking[2]?.ofInterval).toBeCloseTo(0.3 / 0.9, 12);
    expect(ranking.reduce((sum, i) => sum + i.share, 0)).toBeCloseTo(1, 12);
  });
  test("groups add up to the whole, and half the price is half of its share", () => {
    const e = price({ synapse: 100, hop: 50 }, 3, prices);
    expect(byGroup(e).reduce((sum, g) => sum + g.typical, 0)).toBeCloseTo(e.joules.typical, 18);
    const half = price({ synapse: 100, hop: 50 }, 3, {
      ...prices,
      costs: { ...prices.costs, synapse: { ...prices.costs.synapse, picojoules: 5 } },
    });
    expect(half.parts[0]?.typical).toBe((e.parts[0]?.typical ?? 0) / 2);
    expect(half.parts.slice(1)).toEqual(e.parts.slice(1));
  });
});

describe("latency", () => {
  test("percentiles are of the samples", () => {
    const values = Array.from({ length: 200 }, (_, i) => 200 - i);
    expect(distributionOf(values)).toMatchObject({ samples: 200, mean: 100.5, p50: 100, p99: 198, max: 200 });
  });
  test("every sample is in the histogram, whatever its spread", () => {
    for (const values of [[], [5], [5, 5, 5], [1, 2], [0.5, 0.75, 2.25], [10, 1000, 1001], Array.from({ length: 500 }, (_, i) => i * i)]) {
      const { histogram } = distributionOf(values);
      expect(histogram.counts.reduce((a, b) => a + b, 0)).toBe(values.length);
      expect(histogram.low + histogram.width * histogram.counts.length).toBeGreaterThanOrEqual(Math.max(0, ...values));
      expect(histogram.counts.length).toBeLessThanOrEqual(40);
    }
  });
});

test("numbers for people", () => {
  expect(["1\u202f234\u202f567", "12.3", "0"]).toEqual([count(1234567), count(12.34), count(0)]);
  expect([si(3.4216e-6, "J"), si(0, "s"), si(999.9e-6, "s"), si(2.5e-14, "J")]).toEqual(["3.42 µJ", "0 s", "1 ms", "0.025 pJ"]);
  expect([percent(1), percent(0.999999), percent(0.98), percent(0)]).toEqual(["100 %", "99.99 %", "98 %", "0 %"]);
});

describe("the page", () => {
  const data: ReportData = {
    title: "A <net> & more",
    subtitle: "qcfs, 4 steps",
    generator: "ganglion",
    summary: {
      samples: 3,
      accuracy: { ann: 0.9, snn: 0.8, chip: null },
      agreement: { snnVsChip: 1, annVsSnn: null },
      steps: 4,
      cores: { used: 2, available: 4 },
      spikes: 12.5,
      synapticEvents: 1000,
    },
    network: {
      populations: [
        { name: "in", shape: [1, 2, 2], model: "input", spike: "binary", spikes: 3, output: false },
        { name: "hidden", shape: [8], model: "unit", spike: "ternary", spikes: null, output: false },
        { name: "out", shape: [2], model: "unit", spike: "binary", spikes: 1, output: true },
      ],
      links: [
        { from: 0, to: 1, kernel: "dense", delay: 1, weights: 32 },
        { from: 1, to: 2, kernel: "dense", delay: 1, weights: 16 },
        { from: 2, to: 1, kernel: "one", delay: 2, weights: 1 },
        { from: 0, to: 2, kernel: "dense", delay: 1, weights: 8 },
      ],
    },
    mesh: {
      columns: 2,
      rows: 2,
      cores: [
        { x: 0, y: 0, content: ["hidden"], neurons: 8, synapseWords: 10, synapseWordsMax: 100, events: 3, synapses: 24, spikes: 4 },
        { x: 1, y: 1, content: ["out"], neurons: 2, synapseWords: 100, synapseWordsMax: 100, events: 0, synapses: 0, spikes: 0 },
      ],
      traffic: Array.from({ length: 20 }, (_, i) => (i === 2 || i === 8 ? 5 : 0)),
    },
    raster: {
      caption: "Sample 0",
      steps: 4,
      populations: [{ name: "hidden", neurons: 8, step: [0, 1, 3], neuron: [0, 7, 4], payload: [1, -1, 1] }],
    },
    energy: price({ synapse: 100, hop: 50 }, 3, prices),
    latency: { cycles: distributionOf([10, 12, 30]), clockHz: 1e6 },
    budget: [
      { core: null, resource: "cores", used: 2, available: 4 },
      { core: "core(0,0)", resource: "neurons", used: 8, available: 16 },
    ],
    diagnostics: [{ severity: "warning", code: "some-code", message: 'a "quoted" <message>' }],
  };

  test("is complete, needs nothing from outside, and escapes what it is given", () => {
    const page = htmlReport(data);
    expect(page.match(/<h2>[^<]+/g)?.map((h) => h.slice(4))).toEqual([
      "Network",
      "Chip",
      "Spikes",
      "Energy",
      "Latency",
      "Budget",
      "Diagnostics",
    ]);
    expect(page).not.toMatch(/https?:|<script|<link|url\((?!#)|@import|src=/);
    expect(page).toContain("A &lt;net&gt; &amp; more");
    expect(page).not.toMatch(/<net>|<message>|NaN|undefined|Infinity/);
    expect(htmlReport(data)).toBe(page);
  });
  test("says what the text and the JSON say of energy and latency: no known price, ranking, tolerance of the latency", () => {
    const barrier = { picojoules: 0, tolerance: null, source: "not published" };
    const energy = price({ synapse: 100, hop: 50, barrier: 4 }, 3, { ...prices, costs: { ...prices.costs, barrier } });
    const page = htmlReport({
      ...data,
      energy,
      latency: { cycles: distributionOf([10, 12, 30]), clockHz: 1e6, range: { low: 7e-6, high: 2e-5 } },
    });
    expect(page).toContain("have no known price, so they are left out: barriers.");
    expect(page).toContain("the mean is 7 µs to 20 µs");
    const rows = [...page.matchAll(/<tr><td>([^<]*)<\/td><td>(neuron cores|network on chip|static)<\/td><td>([^<]*)<\/td><td>([^<]*)</g)];
    expect(rows.map((r) => r.slice(1))).toEqual([
      ["hops", "network on chip", "2.44 %", "tolerance unknown"],
      ["synaptic events", "neuron cores", "24.39 %", "100 %"],
      ["static power", "static", "73.17 %", "0 %"],
    ]);
    expect(htmlReport(data)).not.toMatch(/no known price|the mean is/);
  });
  test("tags are balanced", () => {
    const open: string[] = [];
    for (const [, close, name, rest] of htmlReport(data)
      .replace(/<!doctype[^>]*>|<style>[\s\S]*?<\/style>/g, "")
      .matchAll(/<(\/?)([a-zA-Z0-9]+)([^>]*)>/g)) {
      if (close === "/") expect(open.pop()).toBe(name);
      else if (rest?.endsWith("/") !== true && !["meta", "input"].includes(name ?? "")) open.push(name ?? "");
    }
    expect(open).toEqual([]);
  });
  test("leaves out what is not known", () => {
    const page = htmlReport({ ...data, network: null, mesh: null, raster: null, energy: null, latency: null, budget: [], diagnostics: [] });
    expect(page).not.toContain("<section>");
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });
});
