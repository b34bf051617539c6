import { describe, expect, it } from "vitest";
import { type Diagnostic, Failure } from "../../compiler/base/diagnostic.ts";
import { Random } from "../../compiler/base/random.ts";
import { parseGraph } from "../../compiler/ir/graph/parse.ts";
import { parseNetwork } from "../../compiler/ir/network/parse.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { targetNamed, targetOf } from "../index.ts";
import { wrapped } from "./wrapped.ts";

const target = targetNamed("ranc-2x2");

/** One neuron that gets `weight` for each spike of its input. */
const neuron = (params: string, weight: number): string => `network t steps 40
  input x 1 binary code events
  pop a 1 binary ${params}
  link x -> a dense i16[1x1]{${weight}} delay=1
  output y of a code spikes
`;

const legal = (text: string) => {
  const codes: string[] = [];
  const cx = context({ report: (d: Diagnostic) => codes.push(d.code) });
  return { network: compile(parseNetwork(text, null, "t.snet"), job({ target, method: "rate" }), cx).legal, codes };
};

describe("potentials that would wrap", () => {
  const always = new Float32Array(40).fill(1);

  it.each(["reset=subtract", "reset=set"])("below are kept from it by a negative threshold: %s", (reset) => {
    const { network, codes } = legal(neuron(`if(threshold=40 ${reset})`, -100));
    expect(codes).toContain("ranc-wraps");
    expect(prepareNetwork(network).run([always]).events[1]).toBe(0);
    expect(wrapped(network, [always])).toEqual(new Map());
  });

  it("above are told by the first population whose spikes differ, and on how many samples", () => {
    const { network } = legal(neuron("if(threshold=40 reset=subtract)", 100));
    const silent = new Float32Array(40);
    expect(wrapped(network, [always, silent, always])).toEqual(new Map([["a", 2]]));
  });
});

describe("a model that is calibrated", () => {
  /** Three classes, each of two inputs and two hidden neurons; input 6 is always 0, and `unused` is its weight. */
  const model = (unused = 0): string => {
    const w = Array.from({ length: 42 }, (_, k) => (k >= 36 ? unused : Math.floor(k / 6) === k % 6 ? 0.9 : -0.15));
    const u = Array.from({ length: 18 }, (_, k) => (Math.floor(k / 3) % 3 === k % 3 ? 1 : -0.5));
    return `graph m
  input x f32[1x7]
  constant w = f32[7x6]{${w.join(" ")}}
  constant b = f32[6]{0.1 0.1 0.1 0.1 0.1 0.1}
  constant u = f32[6x3]{${u.join(" ")}}
  node h = gemm(x, w, b) -> h f32[1x6]
  node r = relu(h) -> r f32[1x6]
  node y = gemm(r, u) -> y f32[1x3]
  output y
`;
  };
  const samples = (): Float32Array[] => {
    const r = new Random(5);
    return Array.from({ length: 24 }, (_, n) =>
      Float32Array.from({ length: 7 }, (_v, i) => (i === 6 ? 0 : i % 3 === n % 3 ? r.int(60, 100) / 100 : r.int(0, 20) / 100)),
    );
  };
  const codesOf = (source: string, bits: string, on = target): string[] => {
    const passOptions = { "quantize-weights": { bits } };
    try {
      compile(
        parseGraph(source, null, "m.graph"),
        job({ target: on, method: "rate", options: { steps: "16" }, passOptions, calibration: samples() }),
        context({ chip: on.chip }),
      );
      return [];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return error.diagnostics.map((d) => d.code);
    }
  };

  it("answers as before it was made legal, from samples that come once", () => {
    const { converted, legal: made } = compile(
      parseGraph(model(), null, "m.graph"),
      job({ target, method: "rate", options: { steps: "16" }, calibration: samples().values() }),
      context({ chip: target.chip }),
    );
    const classes = [converted, made].map((n) =>
      samples().map((s) => {
        const y = [...prepareNetwork(n).run([s]).outputs[0]!];
        return y.indexOf(Math.max(...y));
      }),
    );
    expect(classes[1]).toEqual(classes[0]);
    expect(new Set(classes[0]).size).toBe(3);
  });

  it("answers-lost: is refused where one weight, which nothing ever passes, leaves nothing of the others", () => {
    expect(codesOf(model(300), "3")).toContain("answers-lost");
    expect(codesOf(model(), "3")).toEqual([]);
  });

  it("gets narrower weights in populations that wrap with the default's", () => {
    const narrow = targetOf({ ...target.chip, potential: { ...target.chip.potential, bits: 5 } });
    const tables = new Map<string, readonly unknown[]>();
    compile(
      parseGraph(model(), null, "m.graph"),
      job({ target: narrow, method: "rate", options: { steps: "16" }, calibration: samples().values() }),
      context({ chip: narrow.chip, table: (title, rows) => tables.set(title, rows) }),
    );
    expect(tables.get("room for potentials")).toEqual([expect.objectContaining({ "weight bits": 2 })]);
    // Where the bits are given, they stay.
    expect(codesOf(model(), "3", narrow)).toContain("potential-wraps");
  });

  it("potential-wraps: is refused where the answers would mean nothing", () => {
    expect(codesOf(model(), "9")).toContain("potential-wraps");
  });
});
