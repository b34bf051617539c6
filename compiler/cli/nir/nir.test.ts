import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Workshop } from "../../../test/harness/command.ts";
import { f32, tensor } from "../../base/tensor.ts";
import { writeNir } from "../../frontends/nir/write.ts";
import type { NirNode, NirValue } from "../../frontends/nir/types.ts";

/* From a .nir file and recordings to a build, its accuracy, and back out again. */

const shop = new Workshop();
afterAll(() => shop.remove());

/** A neuron per polarity of a sensor of 2 x 1. */
function model(): Promise<Uint8Array> {
  const node = (name: string, type: string, params: Readonly<Record<string, NirValue>>): NirNode => ({
    name,
    type,
    params,
    metadata: {},
    graph: null,
  });
  const dims = (...d: number[]) => tensor("i64", [d.length], BigInt64Array.from(d, BigInt));
  const nodes = [
    node("input", "Input", { shape: dims(2, 1, 2) }),
    node("fc", "Linear", { weight: f32([2, 4], [1, 1, 0, 0, 0, 0, 1, 1]) }),
    node("n", "IF", { r: f32([2], [1, 1]), v_threshold: f32([2], [1, 1]) }),
    node("output", "Output", { shape: dims(2) }),
  ];
  const edges: [string, string][] = [
    ["input", "fc"],
    ["fc", "n"],
    ["n", "output"],
  ];
  return writeNir({ version: "1.0", graph: { nodes, edges, metadata: {} } });
}

/** Three events of one polarity, 1 ms apart. */
function recording(polarity: number): Uint8Array {
  return Uint8Array.from([0, 1000, 2000].flatMap((t, i) => [i % 2, 0, polarity << 7, t >> 8, t & 255]));
}

describe("spiking models", () => {
  beforeAll(async () => {
    writeFileSync(shop.path("m.nir"), await model());
    mkdirSync(shop.path("recordings"));
    for (const p of [0, 1]) writeFileSync(shop.path(`recordings/r${p}.bin`), recording(p));
    writeFileSync(shop.path("labels.csv"), "file,label,part\nr0.bin,0,a\nr1.bin,1,b\n");
  });

  it("compile and evaluate, on all recordings or on a part of them", async () => {
    const compiled = await shop.run(
      "compile",
      "m.nir",
      "-t",
      "mesh-1x1",
      "--profile",
      "sinabs",
      "--dt",
      "1ms",
      "--steps",
      "4",
      "-o",
      "build",
    );
    expect([compiled.code, compiled.err]).toEqual([0, ""]);
    expect(compiled.out).toContain("NIR import");
    for (const [only, samples] of [
      [[], 2],
      [["--only", "part=b"], 1],
    ] as const) {
      const r = await shop.run("evaluate", "build", "--events", "recordings", "--labels", "labels.csv", "--json", ...only);
      expect(JSON.parse(r.out)).toMatchObject({
        samples,
        accuracy: { ann: 1, snn: 1, chip: 1 },
        agreement: { snnVsChip: 1 },
        spikes: { perSample: 3 },
      });
    }
  });

  it("need a profile, steps, and for recordings the duration of a step", async () => {
    const compile = ["compile", "m.nir", "-t", "mesh-1x1", "-o", "other"];
    expect((await shop.run(...compile, "--steps", "4")).err).toContain("error[nir-profile-needed]");
    expect((await shop.run(...compile, "--profile", "sinabs")).err).toContain("error[option-missing]");
    expect((await shop.run(...compile, "--profile", "sinabs", "--steps", "4", "--dt", "soon")).code).toBe(2);
    expect((await shop.run(...compile, "--profile", "sinabs", "--steps", "4")).code).toBe(0);
    expect((await shop.run("evaluate", "other", "--events", "recordings")).err).toContain("error[events-step]");
  });

  it("come in as a network, and go out again", async () => {
    const imported = await shop.run(
      "import",
      "m.nir",
      "--profile",
      "norse",
      "--steps",
      "4",
      "--dt",
      "1ms",
      "--effects",
      "recordings",
      "-o",
      "m.snet",
    );
    expect([imported.code, imported.err]).toEqual([0, ""]);
    expect(imported.out).toContain("effects on 2 recordings");
    expect((await shop.run("export", "m.snet", "-o", "out.nir")).code).toBe(0);
    const back = await shop.run("import", "out.nir", "--profile", "nir", "--steps", "4", "--dt", "1ms");
    expect(back.out).toContain("pop n 2 binary if(threshold=1 compare=gt reset=set)");
  });
});

describe("export to other tools", () => {
  it("writes a build for SANA-FE and as hypergraphs, and says what is different there", async () => {
    const flags = ["--profile", "sinabs", "--dt", "1ms", "--steps", "4", "-o", "built"];
    expect((await shop.run("compile", "m.nir", "-t", "mesh-1x1", ...flags)).code).toBe(0);
    writeFileSync(shop.path("sample.txt"), `${Array.from({ length: 16 }, (_, i) => Number(i < 4)).join(" ")}\n`);
    const sanafe = await shop.run("export", "built", "--format", "sanafe", "--samples", "sample.txt", "-o", "sanafe");
    expect(sanafe.code).toBe(0);
    // Inputs count events.
    expect(sanafe.err).toContain("warning[export-approximate]");
    expect(readFileSync(shop.path("sanafe/network.yaml"), "utf8")).toContain("{spikes: [1, 0, 0, 0");
    expect((await shop.run("export", "built", "--format", "hgr", "-o", "m.hgr")).out).toContain("hyperedges");
    expect(readFileSync(shop.path("m.hgr.part"), "utf8").split("\n").length).toBe(7);
    expect((await shop.run("export", "m.snet", "--format", "sanafe", "-o", "other")).err).toContain("error[option-missing]");
  });
});
