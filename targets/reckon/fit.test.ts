import { describe, expect, test } from "vitest";
import { Failure } from "../../compiler/base/diagnostic.ts";
import type { Diagnostic } from "../../compiler/base/diagnostic.ts";
import { f64 } from "../../compiler/base/tensor.ts";
import { parseNetwork } from "../../compiler/ir/network/parse.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import type { Network } from "../../compiler/ir/network/types.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { openSession } from "../../runtime/session.ts";
import { targetNamed } from "../index.ts";
import { chooseNeurons, chooseReadouts } from "./scales.ts";

const target = targetNamed("reckon");

/** A network of one hidden population; lines of the text may be replaced. */
function text(over: Partial<Record<"x" | "h" | "o" | "xh" | "ho" | "hh" | "code" | "more", string>> = {}): string {
  return [
    "network t steps 6",
    `  input x ${over.x ?? "2 binary"} code ${over.code ?? "events"}`,
    `  pop h ${over.h ?? "2 binary lif(threshold=1 resetValue=1.1111111111111112 decay=0.9)"}`,
    `  link x -> h ${over.xh ?? "dense f64[2x2]{0.5 -0.25 0.125 1}"}`,
    `  link h -> h ${over.hh ?? "dense f64[2x2]{0 0.5 0.25 0} delay=1"}`,
    `  pop o ${over.o ?? "1 binary integrator(decay=0.984375)"}`,
    `  link h -> o ${over.ho ?? "dense f64[1x2]{1 -0.5}"}`,
    over.more ?? "",
    "  output y of o code potential",
    "",
  ]
    .filter((l) => l !== "")
    .join("\n");
}

function codes(network: Network | string): string[] {
  const found: Diagnostic[] = [];
  const source = typeof network === "string" ? parseNetwork(`${network}\n`, null) : network;
  try {
    compile(source, job({ target, method: "" }), context({ chip: target.chip, report: (d) => void found.push(d) }));
  } catch (e) {
    if (!(e instanceof Failure)) throw e;
    return [...new Set(e.diagnostics.map((d) => d.code))];
  }
  return [...new Set(found.map((d) => d.code))];
}

describe("what does not fit", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["reckon-leak", "a leak that is too fast", text({ h: "2 binary lif(threshold=1 decay=0.5 resetValue=2)" })],
    ["reckon-leak", "a readout that keeps nothing", text({ o: "1 binary integrator(decay=0)" })],
    ["reckon-neuron", "a synaptic current", text({ h: "2 binary cuba(threshold=1 decay=0.9 decayCurrent=0.5)" })],
    ["reckon-neuron", "a bias behind a synaptic current", text({ h: "2 binary cuba(threshold=1 decay=0.9 decayCurrent=0.5 bias=0.1)" })],
    ["reckon-neuron", "a reset to a potential", text({ h: "2 binary lif(threshold=1 decay=0.9 reset=set resetValue=0.2)" })],
    ["reckon-pair", "two leaks in a pair", text({ h: "2 binary lif(threshold=1 reset=set decay=f64[2]{0.9 0.95})" })],
    ["reckon-reset", "a threshold that is taken away before the leak", text({ h: "2 binary lif(threshold=1 decay=0.9)" })],
    ["reckon-link", "feedback that takes two steps", text({ hh: "dense f64[2x2]{0 0.5 0.25 0} delay=2" })],
    ["reckon-link", "an input that reaches a readout", text({ more: "  link x -> o dense f64[1x2]{1 1}" })],
    ["reckon-input", "an input with signs", text({ x: "2 ternary" })],
    ["reckon-shape", "more inputs than lines", text({ x: "257 binary", xh: `dense f64[2x257]{${"1 ".repeat(514).trim()}}` })],
    ["reckon-clipped", "weights that dwarf the threshold", text({ xh: "dense f64[2x2]{50000 -0.25 0.125 1}" })],
  ];
  for (const [code, name, network] of cases)
    test(`${name}: ${code}`, () => {
      expect(codes(network)).toContain(code);
    });

  test("an answer of spikes: reckon-output", () => {
    expect(codes(text().replace("output y of o code potential", "output y of h code spikes"))).toContain("reckon-output");
  });

  test("an image that asks for learning: reckon-settings", async () => {
    const { image } = compile(parseNetwork(text(), null), job({ target, method: "" }), context({ chip: target.chip }));
    const sections = image.sections.map((s) =>
      s.name === "chip/registers" ? { ...s, words: s.words.map((w, a) => (a === 9 ? 7 : w)) } : s,
    );
    await expect(target.simulate().load({ ...image, sections })).rejects.toThrow(/learning/);
  });
});

test("what fits gives no diagnostic, and its numbers are the network's", async () => {
  expect(codes(text())).toEqual([]);
  const { converted, legal, image } = compile(parseNetwork(text(), null), job({ target, method: "" }), context({ chip: target.chip }));
  const sample = [Float64Array.from([1, 1, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1])];
  const real = prepareNetwork(converted).run(sample);
  const whole = prepareNetwork(legal).run(sample);
  const session = await openSession(target.simulate(), image);
  const chip = await session.run(sample);
  await session.close();
  expect(Array.from(chip.answers[0]!)).toEqual(Array.from(whole.outputs[0]!));
  expect(Math.abs(whole.outputs[0]![0]! - real.outputs[0]![0]!)).toBeLessThan(0.05);
  expect(real.outputs[0]![0]).not.toBe(0);
});

test("a constant input of a readout becomes part of the answer", () => {
  const { converted, legal } = compile(
    parseNetwork(text({ o: "1 binary integrator(decay=0.984375 bias=0.5)" }), null),
    job({ target, method: "" }),
    context({ chip: target.chip }),
  );
  const sample = [new Float64Array(12)];
  expect(prepareNetwork(legal).run(sample).outputs[0]![0]).toBeCloseTo(prepareNetwork(converted).run(sample).outputs[0]![0]!, 9);
});

test("neurons of one pair get one threshold, whatever theirs were", () => {
  const m = { rows: 2, columns: 1, values: Float64Array.of(0.5, 2) };
  const zero = { rows: 2, columns: 2, values: new Float64Array(4) };
  const { threshold, input } = chooseNeurons(m, zero, Float64Array.of(1, 4), Float64Array.of(0x7800, 0x7800));
  expect(threshold[0]).toBe(threshold[1]);
  // Both weights are half of their neuron's threshold.
  expect(input.weights[0]).toBe(input.weights[1]);
  expect((input.weights[0]! * 2 ** input.shift) / threshold[0]!).toBeCloseTo(0.5, 2);
});

test("readouts share a unit that leaves room for what is expected", () => {
  const m = { rows: 2, columns: 4, values: Float64Array.of(1, 1, 1, 1, -0.5, 0, 0, 0) };
  const r = chooseReadouts(m, { kappa: 128, steps: 1000, activity: 1 });
  // 4 units of the largest weight, a thousand times.
  expect(r.weights[0]! * 2 ** r.shift * 4 * 1000).toBeLessThanOrEqual(32767);
  expect(f64([1], [r.unit]).data[0]).toBeGreaterThan(0);
});
