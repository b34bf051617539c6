import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { readArchitecture } from "../../compiler/frontends/sanafe/architecture.ts";
import { readMappedNetwork } from "../../compiler/frontends/sanafe/network.ts";
import { readSanafeImage, sanafeFiles } from "../../targets/sanafe/files.ts";
import { buildImage, type SanafeImage } from "../../targets/sanafe/image.ts";
import { energyOf, runSanafe, type StepReport } from "../../targets/sanafe/run.ts";
import type { Timing } from "../../targets/sanafe/timing.ts";
import { sharedFile } from "./onnx-files.ts";

/* A DVS-gesture network on Loihi as SANA-FE's files have it, against what SANA-FE made of it. */

const folder = "peers/groundtruth/sanafe_dvs_reference/";
const file = (name: string): string => sharedFile(folder + name) ?? "";
const present = file("dvs.yaml") !== "";
if (!present) console.warn("skipped: there is no ../shared with the DVS-gesture network");

/** Columns of a perf.csv by name. */
function table(name: string): Record<string, number>[] {
  const [head = "", ...rows] = readFileSync(file(name), "utf8").trim().split("\n");
  const names = head.split(",");
  return rows.map((row) => Object.fromEntries(row.split(",").map((cell, i) => [names[i] ?? "", Number(cell)])));
}

/** Relative differences. */
function errors(found: readonly number[], wanted: readonly number[]): { mean: number; worst: number } {
  const each = wanted.map((w, i) => Math.abs((found[i] ?? 0) / w - 1));
  return { mean: each.reduce((a, b) => a + b, 0) / each.length, worst: Math.max(...each) };
}

describe.skipIf(!present)("the DVS-gesture network", () => {
  let image: SanafeImage;
  let files: Map<string, Uint8Array>;
  const runs = new Map<Timing, { readonly steps: StepReport[]; readonly sum: StepReport }>();
  beforeAll(async () => {
    const chip = readArchitecture(readFileSync(file("loihi.yaml"), "utf8"), "loihi.yaml");
    const text = readFileSync(file("dvs.yaml"), "utf8");
    files = sanafeFiles(
      buildImage(
        chip,
        await readMappedNetwork(
          text,
          "dvs.yaml",
          chip,
          () => null,
          () => {},
        ),
      ),
    );
    image = readSanafeImage((name) => files.get(name) ?? new Uint8Array());
    for (const timing of ["simple", "detailed", "fast", "exact"] as const) {
      const steps: StepReport[] = [];
      runs.set(timing, { sum: runSanafe(image, 100, timing, (_, r) => steps.push(r)), steps });
    }
  }, 300_000);
  const of = (timing: Timing) => runs.get(timing) ?? expect.fail();
  const seconds = (timing: Timing): number[] => of(timing).steps.map((s) => s.seconds);

  it("has as many neurons and synapses, in under 16 bytes a synapse", () => {
    expect(image.arrays.bias.length).toBe(18_678);
    expect(image.arrays.synapses.length).toBe(3_564_441);
    expect([...files.values()].reduce((n, f) => n + f.length, 0) / image.arrays.synapses.length).toBeLessThan(16);
  });

  it("counts what SANA-FE counts, in every step", () => {
    expect(of("fast").sum).toMatchObject({ fired: 29_181, synapticEvents: 4_158_831, messages: 295_322, updated: 913_154 });
    expect(of("simple").steps.map((s) => [s.fired, s.updated, s.messages, s.hops, s.synapticEvents])).toEqual(
      table("perf_simple.csv").map((r) => [r["fired"], r["updated"], r["packets"], r["hops"], r["spikes"]]),
    );
  });

  it("energy and simple time are SANA-FE's", () => {
    const { sum, steps } = of("simple");
    // The sums that summary.txt states in full; the table has seven digits.
    expect(Math.abs(energyOf(sum) / 0.00025318885870000206 - 1)).toBeLessThan(1e-9);
    expect(Math.abs(sum.synapseEnergy / 0.00010036854400000235 - 1)).toBeLessThan(1e-9);
    expect(Math.abs(sum.somaEnergy / 0.00011737772969999968 - 1)).toBeLessThan(1e-9);
    expect(Math.abs(sum.networkEnergy / 3.544258499999998e-5 - 1)).toBeLessThan(1e-9);
    expect(Math.abs(sum.seconds / 0.0014175979999999976 - 1)).toBeLessThan(1e-9);
    const rows = table("perf_simple.csv");
    const column = (name: string): number[] => rows.map((r) => r[name] ?? 0);
    expect(errors(steps.map(energyOf), column("total_energy")).worst).toBeLessThan(1e-6);
    expect(errors(seconds("simple"), column("sim_time")).worst).toBeLessThan(1e-6);
  });

  it("detailed time is SANA-FE's but for the order of a neuron's messages, which is not fixed there", () => {
    const { mean, worst } = errors(
      seconds("detailed"),
      table("perf_detailed.csv").map((r) => r["sim_time"] ?? 0),
    );
    expect(mean).toBeLessThan(0.01);
    expect(worst).toBeLessThan(0.05);
  });

  it("the exact model is nearer to BookSim 2 than SANA-FE's models, the fast one near to it", () => {
    const booksim = table("perf_cycle.csv").map((r) => r["sim_time"] ?? 0);
    const exact = errors(seconds("exact").slice(0, booksim.length), booksim);
    expect(exact.mean).toBeLessThan(0.025);
    expect(exact.worst).toBeLessThan(0.2);
    const fast = errors(seconds("fast"), seconds("exact"));
    expect(fast.mean).toBeLessThan(0.049);
    expect(fast.worst).toBeLessThan(0.2);
  });
});
