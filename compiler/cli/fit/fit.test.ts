import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Workshop } from "../../../test/harness/command.ts";
import { parseChip } from "../../../targets/chip-yaml.ts";
import { targetNamed } from "../../../targets/index.ts";

const lenet = resolve(import.meta.dirname, "../../../test/models/lenet/lenet.onnx");
const shop = new Workshop();
afterAll(() => shop.remove());

const { chip } = targetNamed("mesh-4x4");
/** What a board with synapses at 1.25 and updates at 0.8 times the file's price would have used. */
const joules = (synapse: number, update: number, seconds: number): number =>
  (synapse * 1.25 * 23.6 + update * 0.8 * 81) * 1e-12 + seconds * chip.staticWatts.watts;
const runs = [
  [1e6, 0, 1e-4],
  [0, 1e6, 1e-4],
  [5e5, 2e5, 2e-3],
  [1e5, 9e5, 1e-3],
] as const;
const table = ["name,synapse,update,seconds,joules", ...runs.map(([s, u, t], i) => `r${i},${s},${u},${t},${joules(s, u, t)}`)].join("\n");

beforeAll(async () => {
  const images = new Uint8Array(16 + 4 * 784);
  images.set([0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 28, 0, 0, 0, 28]);
  for (let i = 16; i < images.length; i++) images[i] = (i * 31) % 256;
  shop.write("images", images);
  shop.write("labels", Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 4, 1, 2, 3, 4]));
  const args = [
    "compile",
    lenet,
    "-t",
    "mesh-4x4",
    "-m",
    "rate",
    "--steps",
    "2",
    "--calibration",
    "images",
    "--scale",
    "1/255",
    "-o",
    "build",
  ];
  const { code, err } = await shop.run(...args);
  expect(code, err).toBe(0);
});

describe("fit-costs", () => {
  it("fits a table of measurements and writes a chip that holds them", async () => {
    shop.write("board.csv", table);
    const { code, out, err } = await shop.run("fit-costs", "board.csv", "-t", "mesh-4x4", "-o", "fitted.yaml", "--json");
    expect(code, err).toBe(0);
    const prices = (JSON.parse(out) as { prices: { name: string; value: number }[] }).prices;
    expect(prices.find((p) => p.name === "synapse")?.value).toBeCloseTo(29.5, 2);
    const fitted = parseChip(readFileSync(shop.path("fitted.yaml"), "utf8"), "fitted.yaml");
    expect(fitted.costs["synapse"]?.picojoules).toBeCloseTo(29.5, 2);
    expect(fitted.costs["synapse"]?.source).toContain("board: 4 measurements");
    expect(fitted.costs["hop"]).toEqual(chip.costs["hop"]);
    expect(fitted.staticWatts.watts).toBeCloseTo(chip.staticWatts.watts, 5);
  });

  it("counts a build's runs on the simulator", async () => {
    shop.write("board.yaml", "measurements:\n  - { build: build, data: images, limit: 2, joules: 20e-6, tolerance: 5 % }\n");
    const { code, out, err } = await shop.run("fit-costs", "board.yaml", "-t", "mesh-4x4");
    expect(code, err).toBe(0);
    expect(err).toContain("warning[fit-undetermined]");
    expect(out).toContain("measured energy");
  });

  it.each([
    ["fit-columns", "a.csv", "name,synapse,joules\na,1,1"],
    ["fit-number", "b.csv", "synapse,seconds,joules\n1,1e-3,x"],
    ["fit-counter", "c.csv", "sinapse,seconds,joules\n1,1e-3,1"],
    ["job-key", "d.yaml", "measurements: [{ joule: 1 }]"],
  ])("%s", async (code, file, text) => {
    shop.write(file, text);
    const { code: exit, err } = await shop.run("fit-costs", file, "-t", "mesh-4x4");
    expect(exit).toBe(1);
    expect(err).toContain(`error[${code}]`);
  });
});

describe("check", () => {
  const check = async (text: string, ...more: string[]) => {
    shop.write("budget.yaml", text);
    return shop.run("check", "build", "--budget", "budget.yaml", ...more);
  };

  it("is content within the budget", async () => {
    const { code, out, err } = await check("cores: 16\nsteps: 10\ncycles: 1e6\nenergy: 1 mJ\ndata: { data: images, limit: 1 }\n", "--json");
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      within: true,
      limits: [{ name: "cores", kept: true }, {}, {}, { name: "energy", limit: 1e-3 }],
    });
  });

  it("names all that is over it", async () => {
    const { code, err } = await check(
      "cores: 2\nsteps: 1\nenergy: 1 nJ\naccuracy: 101 %\ndata: { data: images, labels: labels, limit: 2 }\n",
    );
    expect(code).toBe(1);
    expect(err.match(/error\[budget-exceeded\]/g)).toHaveLength(4);
    expect(err).toContain("energy of a sample");
  });

  it.each([
    ["budget-data", "energy: 1 uJ\n"],
    ["labels-needed", "accuracy: 90 %\ndata: { data: images, limit: 1 }\n"],
    ["job-key", "energy: 1 uW\n"],
    ["job-key", "core: 1\n"],
  ])("%s", async (code, text) => {
    const { code: exit, err } = await check(text);
    expect(exit).toBe(1);
    expect(err).toContain(`error[${code}]`);
  });
});
