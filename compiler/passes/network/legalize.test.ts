import { describe, expect, it } from "vitest";
import { knownChips } from "../../../targets/chip-yaml.ts";
import type { ChipSpec } from "../../../targets/chip.ts";
import { randomNetwork, randomSample } from "../../../test/harness/random-network.ts";
import { at } from "../../base/bug.ts";
import { Failure } from "../../base/diagnostic.ts";
import { weightsOf } from "../../ir/network/kernels/index.ts";
import { parseNetwork } from "../../ir/network/parse.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import type { Network } from "../../ir/network/types.ts";
import { verifyNetwork } from "../../ir/network/verify.ts";
import { context, type Step, step } from "../pass.ts";
import { legalSteps } from "./legalize.ts";
import { lowerDelays } from "./lower-delays/pass.ts";
import { quantizeWeights } from "./quantize-weights/pass.ts";
import { splitFanIn } from "./split-fan-in/pass.ts";

const mesh = at(Object.values(knownChips()), 0);

function legal(n: Network, chip: ChipSpec = mesh): Network {
  return legalSteps(n, chip).reduce((now, s) => s.run(now, context({ chip })), n);
}

/** Null where the network is refused. */
function tried(run: () => Network): Network | null {
  try {
    return run();
  } catch (e) {
    if (e instanceof Failure) return null;
    throw e;
  }
}

function codes(run: () => unknown): string[] {
  try {
    run();
  } catch (e) {
    if (e instanceof Failure) return e.diagnostics.map((d) => d.code);
    throw e;
  }
  return [];
}

describe("a legal network", () => {
  it("is whole, has units, amplitude 1, delays of at least 1 and windows; and stays as it is", () => {
    let done = 0;
    for (let seed = 0; seed < 120; seed++) {
      const n = ranged(randomNetwork(seed));
      const out = tried(() => legal(n));
      if (out === null) continue;
      done++;
      expect(verifyNetwork(out)).toEqual([]);
      for (const p of out.pops) {
        expect(p.amplitude).toBe(1);
        expect(p.stop).not.toBeNull();
        expect(["input", "unit"]).toContain(p.neuron.model);
        expect(p.spike.kind).not.toBe("analog");
      }
      for (const l of out.links) {
        expect(l.delay).toBeGreaterThanOrEqual(1);
        expect(weightsOf(l.kernel).every((w) => Number.isInteger(w) && Math.abs(w) <= 127)).toBe(true);
      }
      for (const o of out.outputs) if (o.code === "potential") expect(at(out.pops, o.pop).neuron.params["output"]).toBe("yes");
      expect(legal(out), `seed ${seed}`).toBe(out);
    }
    expect(done).toBeGreaterThan(50);
  });

  it("of integers already is spike for spike what it was", () => {
    let done = 0;
    for (let seed = 0; seed < 300; seed++) {
      const n = randomNetwork(seed, { integer: true });
      const noisy = n.pops.some((p) => p.neuron.params["noise"] === "uniform" || p.neuron.params["noise"] === "gauss");
      // Folded amplitudes, and what doubles or is a large payload, may exceed 8 bits and be rounded.
      if (noisy || n.pops.some((p) => p.amplitude !== 1)) continue;
      const out = tried(() => legal(n));
      if (out === null) continue;
      done++;
      const sample = randomSample(n, seed);
      expect(prepareNetwork(out).run(sample).outputs, `seed ${seed}`).toEqual(prepareNetwork(n).run(sample).outputs);
    }
    expect(done).toBeGreaterThan(20);
  });

  /** Analog inputs say how large their numbers are; the codes that cannot become direct. */
  function ranged(n: Network): Network {
    return {
      ...n,
      inputs: n.inputs.map((i) => (at(n.pops, i.pop).spike.kind === "analog" ? { ...i, code: "direct", params: { low: -2, high: 2 } } : i)),
    };
  }
});

describe("relays as units", () => {
  it.each(["binary", "ternary", "signed6", "unsigned6"])("%s payloads are clamped as the relay clamps them", (spike) => {
    const text = `network t steps 6\n  input x 3 signed8 code events\n  pop r 3 ${spike} relay\n  link x -> r one weight=1\n  pop o 3 binary readout\n  link r -> o one weight=1\n  output o of o code potential\n`;
    const n = parseNetwork(text, null);
    const out = legal(n);
    expect(verifyNetwork(out)).toEqual([]);
    const sample = [[0, 1, -1, 50, -50, 2, 0, 0, 0, 1, 1, 1, -1, -1, -1, 31, -31, 32]];
    expect(prepareNetwork(out).run(sample).raw).toEqual(prepareNetwork(n).run(sample).raw);
  });
});

describe("what a chip lacks", () => {
  const text =
    "network t steps 2\n  input x 1x2x2 binary code direct\n  pop a 1x1x1 ternary if(negative=free)\n  link x -> a conv f64[1x1x1x1]{1} pool gate(size=2x2)\n  pop r 1 signed20 relay\n  link a -> r one weight=1\n  output r of r code spikes\n";

  it.each<[string, Partial<ChipSpec>, string[]]>([
    ["chip-lacks-spikes", { spikes: ["binary", "ternary"] }, ["chip-lacks-spikes"]],
    ["chip-lacks-neuron", { neurons: ["if"] }, ["chip-lacks-neuron", "chip-lacks-payload"]],
    ["chip-lacks-pool", { pools: ["or", "and"] }, ["chip-lacks-payload", "chip-lacks-pool"]],
    ["chip-lacks-payload", {}, ["chip-lacks-payload"]],
  ])("%s is said, with the rest", (_, over, expected) => {
    expect(codes(() => legalSteps(parseNetwork(text, null), { ...mesh, ...over })).sort()).toEqual(expected);
  });

  it("chip-lacks-lists, chip-lacks-doubling, setting-not-replaced: what no pass replaces, all at once", () => {
    const n = parseNetwork(
      "network t steps 2\n  input x 2 binary code direct\n  pop a 2 ternary tsa\n  link x -> a sparse rows=i32[1]{0} columns=i32[1]{1} weight=f64[1]{2}\n  pop b 2 binary lif(decay=0.5 leak=shift)\n  link a -> b one weight=1\n  output b of b code spikes\n",
      null,
    );
    const chip = { ...mesh, lists: [], unit: { ...mesh.unit, leak: ["none"], emit: ["unit"] } };
    expect(codes(() => legalSteps(n, chip)).sort()).toEqual(["chip-lacks-doubling", "chip-lacks-lists", "setting-not-replaced"]);
  });

  it("passes that replace something run only where it is lacking", () => {
    const n = randomNetwork(1);
    const added = (chip: ChipSpec): string[] =>
      legalSteps(n, chip)
        .map((s) => s.name)
        .filter((name) => /^legalize-|^unroll-/.test(name));
    expect(added(mesh)).toEqual([]);
    expect(added({ ...mesh, pools: ["or", "gate"] })).toEqual(["legalize-pools"]);
    expect(added({ ...mesh, unit: { ...mesh.unit, negative: ["none"] } })).toEqual(["legalize-spikes"]);
    expect(added({ ...mesh, unit: { ...mesh.unit, reset: ["set", "none"] } })).toEqual(["unroll-static-input", "legalize-reset"]);
  });

  const small =
    "network t steps 4\n  input x 3 binary code direct\n  pop a 1 binary if\n  link x -> a dense f64[1x3]{1 -1 0.5}\n  output a of a code spikes\n";
  const without = (s: Step<"network">, over: Partial<ChipSpec>): string[] =>
    codes(() => s.run(parseNetwork(small, null), context({ chip: { ...mesh, ...over } })));

  it("weights-unsigned, fan-in-graded, network-steps", () => {
    expect(without(step(quantizeWeights), { weight: { ...mesh.weight, signed: false } })).toEqual(["weights-unsigned"]);
    expect(without(step(splitFanIn), { core: { ...mesh.core, axons: 2 }, spikes: ["binary"] })).toEqual(["fan-in-graded"]);
    expect(without(step(lowerDelays), { stepsMax: 4 })).toEqual(["network-steps"]);
  });
});

describe("quantization", () => {
  /** Largest difference of answers, relative to their size. */
  function loss(bits: string, per: string): number {
    let [difference, size] = [0, 0];
    for (let seed = 0; seed < 20; seed++) {
      const n = randomLayer(seed);
      const sample = [Float64Array.from({ length: 24 }, (_, i) => ((i * 37 + seed * 11) % 17) / 16)];
      const out = step(quantizeWeights, { bits, per }).run(n, context());
      const [a, b] = [n, out].map((m) => at(prepareNetwork(m).run(sample).outputs, 0));
      a!.forEach((v, i) => {
        difference += (v - b![i]!) ** 2;
        size += v ** 2;
      });
    }
    return Math.sqrt(difference / size);
  }

  function randomLayer(seed: number): Network {
    const weights = Array.from({ length: 8 * 24 }, (_, i) => Math.sin(i * 12.9898 + seed) * 0.1 * (1 + Math.floor(i / 24)));
    return parseNetwork(
      `network t steps 1\n  input x 24 unsigned5 code direct(scale=0.0625)\n  pop o 8 binary readout\n  link x -> o dense f64[8x24]{${weights.join(" ")}}\n  output o of o code potential\n`,
      null,
    );
  }

  it("leaves weights that are whole and fit the chip as they are, unless fewer bits are asked for", () => {
    const n = parseNetwork(
      "network t steps 1\n  input x 2 binary code direct\n  pop o 2 binary readout\n  link x -> o dense i16[2x2]{32767 -32768 5 0}\n  output o of o code potential\n",
      null,
    );
    expect(step(quantizeWeights).run(n, context({ chip: mesh }))).toBe(n);
    expect(step(quantizeWeights, { bits: "12" }).run(n, context({ chip: mesh }))).not.toBe(n);
  });

  it("loses half as much with every bit, and less with a unit per output", () => {
    const [eight, seven, four] = [loss("8", "tensor"), loss("7", "tensor"), loss("4", "tensor")];
    expect(eight).toBeLessThan(0.01);
    expect(seven / eight).toBeGreaterThan(1.5);
    expect(seven / eight).toBeLessThan(2.7);
    expect(four / eight).toBeGreaterThan(8);
    expect(loss("4", "group")).toBeLessThan(four * 0.8);
  });
});
