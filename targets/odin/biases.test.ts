import { describe, expect, it } from "vitest";
import { at } from "../../compiler/base/bug.ts";
import { Random } from "../../compiler/base/random.ts";
import { encodeInput, sampleLength, sampleShape } from "../../compiler/ir/codes/index.ts";
import { parseNetwork } from "../../compiler/ir/network/parse.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { openSession } from "../../runtime/session.ts";
import { targetNamed } from "../index.ts";
import { withBiases } from "./biases.ts";
import { variants } from "./variant.ts";

const text = (bias: string, low = 0): string =>
  [
    "network t steps 6",
    `  input x 1x2x2 analog code direct(low=${low} high=1)`,
    `  pop h 3 binary if(threshold=2.5 ${bias})`,
    "  pop y 2 binary readout(bias=f64[2]{0.5 -1})",
    "  link x -> h dense f64[3x4]{1 0.5 -0.5 0.25 0.25 1 1 -1 0 0.75 0.5 1}",
    "  link h -> y dense f64[2x3]{1 -1 0.5 0.25 1 -1}",
    "  output y code potential scale=0.5",
  ].join("\n");

describe.each(["odin", "tinyodin"] as const)("biases and numbers on %s", (name) => {
  const target = targetNamed(name);
  const build = (lines: string) => {
    const tables: string[] = [];
    const cx = { ...context({ chip: target.chip, seed: 1 }), table: (t: string) => void tables.push(t) };
    return { ...compile(parseNetwork(lines, null, "t"), job({ target, method: "rate" }), cx), tables };
  };

  it("become events of every step, and the simulator gives the network's answers", async () => {
    const random = new Random(5);
    for (const [bias, low] of [
      ["bias=f64[3]{0.5 -0.25 1.5}", 0],
      ["bias=0", 0],
      ["bias=0.125", -1],
      ["", -0.5],
    ] as const) {
      const { legal, image, tables } = build(text(bias, low));
      const [input] = image.inputs;
      const events = (Number(input?.params["before"] ?? 0) > 0 ? 1 : 0) + (Number(input?.params["after"] ?? 0) > 0 ? 1 : 0);
      expect(events > 0).toBe(tables.includes("biases"));
      expect(sampleShape(input?.shape ?? [], input?.params ?? {})).toEqual([1, 2, 2]);
      expect(sampleLength("even", input?.shape.reduce((a, b) => a * b, 1) ?? 0, 6, input?.params)).toBe(4);
      const run = prepareNetwork(legal);
      const session = await openSession(target.simulate(), image);
      for (let s = 0; s < 8; s++) {
        const sample = [Float64Array.from({ length: 4 }, () => low + random.unit() * (1 - low))];
        const expected = run.run(sample);
        const got = await session.run(sample);
        expect(got.answers.map((a) => Array.from(a))).toEqual(expected.outputs.map((a) => Array.from(a)));
      }
    }
  });

  it("of any size are the sum of what their channels add", () => {
    const { legal } = build(text(""));
    const neurons = at(legal.pops, 1).shape[0] ?? 0;
    const bias = Int32Array.from({ length: neurons }, (_, i) => at([40, -33, 7], i % 3));
    const wide = withBiases(legal, new Map([[1, bias]]), variants[name], context({ chip: target.chip, seed: 1 }));
    const link = wide.links.find((l) => l.from === 0 && l.to === 1);
    const [rows, columns] = link?.kernel.kind === "dense" ? link.kernel.weight.shape : [];
    const weights = link?.kernel.kind === "dense" ? (link.kernel.weight.data as Int32Array) : new Int32Array();
    const { before = 0, after = 0 } = at(wide.inputs, 0).params as Readonly<Record<string, number>>;
    expect([before, after]).toEqual(name === "odin" ? [6, 5] : [6, 0]);
    for (let r = 0; r < (rows ?? 0); r++) {
      const row = [...weights.subarray(r * columns!, (r + 1) * columns!)];
      const own = [...row.slice(0, before), ...row.slice(columns! - after)];
      expect(own.reduce((a, b) => a + b, 0)).toBe(bias[r]);
      expect(Math.max(...own.map(Math.abs))).toBeLessThanOrEqual(8);
    }
  });
});

it("evenly spaced spikes come as often as the number says, at the middle of their share of the steps", () => {
  const out = new Float64Array(5);
  const trains = Array.from({ length: 8 }, (_, t) => {
    encodeInput("even", { scale: 2, zero: -1, before: 1 }, { kind: "binary" }, [-1, 1, 0, -0.5], t, out);
    return [...out];
  });
  const of = (channel: number): string => trains.map((t) => t[channel]).join("");
  expect([0, 1, 2, 3, 4].map(of)).toEqual(["11111111", "00000000", "11111111", "10101010", "01000100"]);
});
