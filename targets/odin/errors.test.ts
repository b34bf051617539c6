import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../compiler/base/diagnostic.ts";
import { Failure } from "../../compiler/base/diagnostic.ts";
import { parseNetwork } from "../../compiler/ir/network/parse.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { targetNamed } from "../index.ts";
import { OdinCore } from "./core.ts";
import { spikeEvent } from "./emit.ts";
import { variants } from "./variant.ts";

/** Codes that compiling a network reports. */
function codes(chip: string, ...lines: string[]): string[] {
  const target = targetNamed(chip);
  const found: Diagnostic[] = [];
  const cx = { ...context({ chip: target.chip, seed: 1 }), report: (d: Diagnostic) => void found.push(d) };
  try {
    compile(parseNetwork(lines.join("\n"), null, "t"), job({ target, method: "rate" }), cx);
  } catch (e) {
    if (!(e instanceof Failure)) throw e;
    found.push(...e.diagnostics);
  }
  return found.map((d) => d.code);
}

const head = (steps = 2): string[] => [`network t steps ${steps}`, "  input x 2 binary code direct"];

describe("what does not fit ODIN and tinyODIN", () => {
  it("multiplicative leaks, and no biases any more", () => {
    const one = (neuron: string): string[] =>
      codes("odin", ...head(), `  pop a 1 binary ${neuron}`, "  link x -> a dense i8[1x2]{3 2}", "  output a code spikes");
    expect(one("if(threshold=9 bias=1 reset=set)")).not.toContain("odin-neuron");
    expect(one("lif(threshold=9 decay=0.5 reset=set)")).toContain("odin-neuron");
    expect(one("if(threshold=9 reset=set)")).toEqual(["odin-steps"]);
    expect(one("if(threshold=9 reset=subtract)")).toEqual(["odin-reset", "odin-steps"]);
    expect(one("if(threshold=255 compare=gt reset=set)")).toContain("odin-threshold");
  });
  it("answers that are potentials, on ODIN", () => {
    const of = (chip: string): string[] =>
      codes(chip, ...head(), "  pop a 1 binary readout", "  link x -> a dense i8[1x2]{3 2}", "  output a code potential");
    expect(of("odin")).toEqual(["odin-counts"]);
    expect(of("tinyodin")).toEqual([]);
  });
  it("payloads and pools", () => {
    expect(
      codes(
        "odin",
        "network t steps 1",
        "  input x 2 ternary code direct",
        "  pop a 1 binary if(threshold=9 reset=set)",
        "  link x -> a dense i8[1x2]{3 2}",
        "  output a code spikes",
      ),
    ).toContain("odin-input");
    expect(
      codes(
        "tinyodin",
        "network t steps 1",
        "  input x 1x4x4 binary code direct",
        "  pop a 1x2x2 binary if(threshold=9 reset=set)",
        "  link x -> a one weight=5 pool or(size=2x2)",
        "  output a code spikes",
      ),
    ).toContain("odin-pool");
  });
  it("weights that are whole and too wide", () => {
    const net = (chip: string): string[] =>
      codes(chip, ...head(), "  pop a 1 binary if(threshold=9 reset=set)", "  link x -> a dense i8[1x2]{-8 2}", "  output a code spikes");
    expect(net("odin")).toContain("odin-weight");
    expect(net("tinyodin")).not.toContain("odin-weight");
  });
  it("more rows than there are", () => {
    const weights = Array.from({ length: 300 }, (_, i) => (i % 7) + 1).join(" ");
    expect(
      codes(
        "tinyodin",
        "network t steps 1",
        "  input x 300 binary code direct",
        "  pop a 1 binary event-lif(threshold=9 low=-2048 high=2047 queue=128)",
        `  link x -> a dense i8[1x300]{${weights}}`,
        "  output a code spikes",
      ),
    ).toContain("odin-full");
  });
  it("event-driven neurons among others", () => {
    expect(
      codes(
        "tinyodin",
        ...head(),
        "  pop a 1 binary event-lif(threshold=9)",
        "  pop b 1 binary if(threshold=3)",
        "  link x -> a dense i8[1x2]{3 2}",
        "  link a -> b dense i8[1x1]{3}",
        "  output b code spikes",
      ),
    ).toContain("event-network");
  });
});

describe("what the machine does not model", () => {
  const code = (work: () => void): string | undefined => {
    try {
      work();
    } catch (e) {
      return e instanceof Failure ? e.diagnostics[0]?.code : String(e);
    }
    return undefined;
  };
  it("a visit to a neuron of the other model", () => {
    const core = new OdinCore(variants.odin);
    core.event = spikeEvent(3, variants.odin);
    core.request = 1;
    expect(code(() => core.advance(600))).toBeUndefined();
    core.request = 0;
    expect(code(() => core.runQuiet(600))).toBe("odin-neuron-model");
  });
});
