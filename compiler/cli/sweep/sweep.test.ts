import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Workshop } from "../../../test/harness/command.ts";
import { answerTo, packages } from "../queue/redis.ts";
import { fingerprint } from "./fingerprint.ts";
import { runPoint } from "./point.ts";
import { readSweep } from "./sweep.ts";
import { csv, withFront } from "./table.ts";

const lenet = resolve(import.meta.dirname, "../../../test/models/lenet/lenet.onnx");
const shop = new Workshop();
afterAll(() => shop.remove());

const text = `model: ${lenet}
calibration: { data: images, limit: 2 }
preprocessing: { scale: 1/255 }
data: { data: images, limit: 3, chipLimit: 1 }
sweep:
  target: [mesh-1x1, mesh-4x4]
  steps: [2, 3]
  method: ["rate:round=nearest", qcfs]
  mapping: [tiles/rows, tiles/hilbert]
`;

beforeAll(() => {
  const images = new Uint8Array(16 + 3 * 784);
  images.set([0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 28, 0, 0, 0, 28]);
  for (let i = 16; i < images.length; i++) images[i] = (i * 31) % 256;
  shop.write("images", images);
});

describe("a sweep file", () => {
  it("is the product of its lists, the last one changing fastest", () => {
    const { axes, points } = readSweep(text, "s.yaml");
    expect(axes).toEqual(["chip", "method", "steps", "mapping"]);
    expect(points).toHaveLength(16);
    expect(points[1]?.settings).toEqual({ chip: "mesh-1x1", method: "rate:round=nearest", steps: "2", mapping: "tiles/hilbert" });
    expect(points[15]?.job).toMatchObject({
      target: "mesh-4x4",
      method: "qcfs",
      options: { steps: "3" },
      partition: "tiles",
      place: "hilbert",
    });
  });

  it.each([
    ["sweep-empty", text.replace(/sweep:[^]*/, "sweep: { steps: [2] }\n")],
    ["sweep-large", text.replace("[2, 3]", `[${Array.from({ length: 20000 }, (_, i) => i + 1).join(", ")}]`)],
    ["job-key", text.replace("steps: [2, 3]", "steps: [2, x]")],
    ["job-key", text.replace("limit: 3,", "limits: 3,")],
    ["job-syntax", text.replace("[2, 3]", "[2, 3")],
  ])("%s", async (code, wrong) => {
    shop.write("wrong.yaml", wrong);
    const { code: exit, err } = await shop.run("sweep", "wrong.yaml", "-o", "wrong");
    expect(exit).toBe(1);
    expect(err).toContain(`error[${code}]`);
    expect(err).toContain("wrong.yaml");
  });
});

describe("a sweep", () => {
  it("writes tables and a page, keeps what is finished, and belongs to its file", { timeout: 120_000 }, async () => {
    shop.write("s.yaml", text.replace('method: ["rate:round=nearest", qcfs]', "method: [qcfs]").replace("tiles/rows, ", ""));
    const first = await shop.run("sweep", "s.yaml", "-o", "out", "--json", "--workers", "1");
    expect(first.code, first.err).toBe(0);
    const { points } = JSON.parse(first.out) as { points: { settings: object; refused: { code: string } | null; front: boolean }[] };
    expect(points.map((p) => p.refused?.code ?? null)).toEqual(["map-chip-full", "map-chip-full", null, null]);
    expect(points.filter((p) => p.front).length).toBeGreaterThan(0);
    expect(readFileSync(shop.path("out/page.html"), "utf8")).not.toMatch(/NaN|undefined|Infinity|<script|https?:/);
    expect(readFileSync(shop.path("out/table.csv"), "utf8").split("\r\n")).toHaveLength(6);
    // One finished point is cut in the middle and one says nothing: both are done again, with the same result.
    const kept = readdirSync(shop.path("out/points"));
    writeFileSync(shop.path(`out/points/${kept[0]}`), '{"refused');
    writeFileSync(shop.path(`out/points/${kept[1]}`), '{"refused":null,"summary":null}');
    const again = await shop.run("sweep", "s.yaml", "-o", "out", "--json", "--workers", "1");
    expect(again.err).toContain("2 of 4 points are there");
    expect(again.out).toBe(first.out);
    shop.write("t.yaml", text);
    const other = await shop.run("sweep", "t.yaml", "-o", "out");
    expect(other.err).toContain("error[sweep-output]");
  });

  it("marks the points that no other beats", () => {
    const summary = (accuracy: number, seconds: number, joules: number) =>
      ({ accuracy: { chip: accuracy }, latency: { seconds: { mean: seconds } }, energy: { joules: { typical: joules } } }) as never;
    const rows = [
      [0.9, 2, 2],
      [0.9, 2, 3],
      [0.8, 1, 1],
      [0.7, 3, 3],
    ].map(([a = 0, s = 0, j = 0]) => ({ settings: {}, refused: null, load: null, summary: summary(a, s, j) }));
    expect(withFront(rows).map((r) => r.front)).toEqual([true, false, true, false]);
  });

  it("quotes what a table of commas needs", () => {
    const row = { settings: { chip: 'a,"b"' }, refused: { code: "x", message: "m" }, load: null, summary: null, front: false };
    expect(csv(["chip"], [row])).toContain('"a,""b""",');
  });
});

describe("tasks on other machines", () => {
  it("refuse other files than those they were made for", async () => {
    mkdirSync(shop.path("folder"));
    shop.write("folder/a", "1");
    const before = fingerprint(shop.path("folder"));
    shop.write("folder/b", "2");
    expect(fingerprint(shop.path("folder"))).not.toBe(before);
    const { points, data } = readSweep(text, shop.path("s.yaml"));
    const job = points[0]?.job ?? expect.unreachable();
    const task = { kind: "point", job, data, files: { [lenet]: "another hash" } } as const;
    await expect(runPoint(task)).rejects.toMatchObject({ diagnostics: [{ code: "queue-file" }] });
  });

  it("need the packages, and a worker of their version", async () => {
    await expect(packages(() => Promise.reject(new Error("not installed")))).rejects.toMatchObject({
      diagnostics: [{ code: "queue-packages" }],
    });
    const local = { width: 1, run: () => expect.unreachable(), close: async () => {} };
    const packed = { version: "0.0.0-other", task: { kind: "samples", build: "b", hash: "", rung: "snn", samples: [] } } as const;
    expect(await answerTo(packed, local)).toMatchObject({ kind: "failed", diagnostics: [{ code: "queue-version" }] });
  });

  it("need a server that answers", async () => {
    for (const url of ["redis://127.0.0.1:1", "nonsense"]) {
      const { code, err } = await shop.run("sweep", "s.yaml", "-o", "far", "--redis", url);
      expect(code).toBe(1);
      expect(err).toContain("error[queue-unreachable]");
    }
  });
});
