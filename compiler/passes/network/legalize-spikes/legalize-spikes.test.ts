import { describe, expect, it } from "vitest";
import { codeNetwork, digitSample } from "../../../../test/harness/code-network.ts";
import { randomNetwork, randomSample } from "../../../../test/harness/random-network.ts";
import { at } from "../../../base/bug.ts";
import { Failure } from "../../../base/diagnostic.ts";
import { numbersOf, sizeOf } from "../../../base/tensor.ts";
import { denseOf } from "../../../ir/network/kernels/index.ts";
import { neuronParams } from "../../../ir/network/neurons/index.ts";
import { parseNetwork } from "../../../ir/network/parse.ts";
import { prepareNetwork } from "../../../ir/network/run.ts";
import type { Network, PopId, Population } from "../../../ir/network/types.ts";
import { verifyNetwork } from "../../../ir/network/verify.ts";
import { context, step } from "../../pass.ts";
import { foldAmplitude } from "../fold-amplitude/pass.ts";
import { lowerDelays } from "../lower-delays/pass.ts";
import { lowerNeurons } from "../lower-neurons/pass.ts";
import { legalizeSpikes } from "./pass.ts";

function signsTo(form: string, n: Network): Network {
  return step(legalizeSpikes, { form }).run(n, context());
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

function attempt(run: () => Network): Network | null {
  try {
    return run();
  } catch (e) {
    if (e instanceof Failure) return null;
    throw e;
  }
}

const isSigned = (p: Population): boolean => p.neuron.model !== "input" && p.spike.kind === "ternary";

/** Payloads of a population from its first step on; of a divided one, plus less minus. */
function train(
  n: Network,
  trains: ReadonlyMap<PopId, Float64Array>,
  name: string,
  steps: number,
  shift: (p: Population) => number,
): number[] {
  const one = (p: Population): Float64Array => trains.get(p.id)!.subarray(shift(p) * sizeOf(p.shape), (shift(p) + steps) * sizeOf(p.shape));
  const whole = n.pops.find((p) => p.name === name);
  if (whole !== undefined) return Array.from(one(whole), (v) => v + 0);
  const [plus, minus] = [`${name}.plus`, `${name}.minus`].map((half) => one(n.pops.find((p) => p.name === half)!));
  return Array.from(plus!, (v, i) => v - minus![i]! + 0);
}

function runAll(n: Network, sample: readonly ArrayLike<number>[]): ReturnType<ReturnType<typeof prepareNetwork>["run"]> {
  return prepareNetwork(n, { record: n.pops.map((p) => p.id) }).run(sample);
}

/** Every spike, in its step, and every answer. */
function expectPaired(before: Network, after: Network, sample: readonly ArrayLike<number>[], what: string): void {
  const [a, b] = [runAll(before, sample), runAll(after, sample)];
  expect(b.outputs, what).toEqual(a.outputs);
  const starts = new Map(before.pops.map((p) => [p.name, p.start]));
  for (const p of before.pops) {
    if (p.neuron.model === "readout" || p.neuron.params["output"] === "yes") continue;
    const late = (q: Population): number => q.start - (starts.get(p.name) ?? 0);
    const found = train(after, b.trains, p.name, before.steps, late);
    expect(found, `${what}, ${p.name}`).toEqual(train(before, a.trains, p.name, before.steps, () => 0));
  }
}

describe("pairs", () => {
  it("send every spike of random neurons in its step, before and after transport takes its time", () => {
    let [done, latched, latches] = [0, 0, 0];
    for (let seed = 0; seed < 3000 && done < 120; seed++) {
      const before = attempt(() => step(foldAmplitude).run(randomNetwork(seed, { integer: true }), context()));
      if (before === null || !before.pops.some(isSigned)) continue;
      const after = attempt(() => signsTo("paired", before));
      if (after === null) continue;
      done++;
      if (before.pops.some((p) => p.neuron.params["negative"] === "latched" || p.neuron.model === "tsa")) latched++;
      if (after.pops.some((p) => p.name.endsWith(".sent"))) latches++;
      expect(verifyNetwork(after), `seed ${seed}`).toEqual([]);
      expect(after.pops.some(isSigned)).toBe(false);
      const slow = attempt(() => step(lowerDelays).run(after, context()));
      for (let k = 0; k < 2; k++) {
        const sample = randomSample(before, 2 * seed + k);
        expectPaired(before, after, sample, `seed ${seed}`);
        const noisy = before.pops.some((p) => (p.neuron.params["noise"] ?? "none") !== "none");
        if (slow !== null && !noisy) expectPaired(before, slow, sample, `seed ${seed}, late`);
      }
    }
    expect(done).toBeGreaterThanOrEqual(100);
    expect(latched).toBeGreaterThan(30);
    expect(latches).toBeGreaterThan(20);
  });

  it("send every digit of networks of codes, wrong codes included", () => {
    let wrong = 0;
    for (let seed = 0; seed < 60; seed++) {
      const before = codeNetwork(seed, { silent: seed % 3 });
      const after = signsTo("paired", before);
      const late = step(lowerNeurons).run(step(lowerDelays).run(after, context()), context());
      expect(verifyNetwork(late)).toEqual([]);
      for (let k = 0; k < 4; k++) {
        const sample = digitSample(before, 4 * seed + k);
        expectPaired(before, after, sample, `seed ${seed}`);
        expectPaired(before, late, sample, `seed ${seed}, late`);
        wrong += wrongCodes(before, sample);
      }
    }
    expect(wrong).toBeGreaterThan(50);
  });

  it("hold the same in a register that saturates", () => {
    const limits = { low: -(2 ** 23), high: 2 ** 23 - 1 };
    for (let seed = 0; seed < 20; seed++) {
      const before = codeNetwork(seed, { silent: 1, digits: 8 });
      const after = signsTo("paired", before);
      const sample = digitSample(before, seed);
      expect(prepareNetwork(after, { limits }).run(sample).outputs).toEqual(prepareNetwork(before).run(sample).outputs);
    }
  });
});

describe("store and fire", () => {
  it("sends the codes of the quantized network, clip(floor(y + 1/2), 0, 2^T - 1), whatever arrives", () => {
    for (let seed = 0; seed < 60; seed++) {
      const before = codeNetwork(seed, { silent: seed % 3 });
      const after = signsTo("store-and-fire", before);
      const late = step(lowerNeurons).run(step(lowerDelays).run(after, context()), context());
      expect(verifyNetwork(late)).toEqual([]);
      const digits = digitsOf(before);
      const layers = before.pops.filter(isSigned).length;
      // A layer whose input comes at once begins to send at once, after its own silent steps.
      const first = at(before.pops, 1);
      const waits = at(before.inputs, 0).code === "direct" ? first.silent - digits : 0;
      expect(after.steps).toBe(digits * (layers + 1) + waits);
      for (let k = 0; k < 4; k++) {
        const sample = digitSample(before, 4 * seed + k);
        const wanted = quantized(before, sample);
        for (const n of [after, late]) {
          const run = runAll(n, sample);
          for (const p of n.pops) {
            const expected = wanted.get(p.name);
            if (expected === undefined || !before.pops.some((q) => q.name === p.name && isSigned(q))) continue;
            expect(codesOf(p, run.trains.get(p.id)!, digits), `seed ${seed}, ${p.name}`).toEqual(expected);
          }
          expect(Array.from(at(run.raw, 0)), `answer of seed ${seed}`).toEqual(wanted.get("out"));
        }
      }
    }
  });

  it("sends the codes of the ternary network where those are right: silent steps that the weights ask for", () => {
    for (let seed = 0; seed < 60; seed++) {
      const before = codeNetwork(seed, { silent: "safe" });
      const after = signsTo("store-and-fire", before);
      const sample = digitSample(before, seed);
      expect(wrongCodes(before, sample)).toBe(0);
      expect(prepareNetwork(after).run(sample).raw, `seed ${seed}`).toEqual(prepareNetwork(before).run(sample).raw);
    }
  });
});

describe("what cannot be done without signs", () => {
  const network = (neuron: string, more = ""): Network =>
    parseNetwork(
      `network t steps 6\n  input x 2 binary code events\n  pop a 2 ternary ${neuron}${more}\n  link x -> a dense i8[2x2]{3 -2 1 -4}\n  pop o 1 binary readout\n  link a -> o dense i8[1x2]{1 1}\n  output o of o code potential\n`,
      null,
    );

  it.each([
    ["if(threshold=2 negative=counted)"],
    ["if(threshold=2 negative=free reset=set)"],
    ["unit(threshold=2 negative=free leak=shift leakArgument=1)"],
    ["unit(threshold=2 negative=latched leak=multiply leakArgument=0)"],
    ["unit(threshold=2 negative=free current=on currentDecay=2048)"],
    ["unit(threshold=2 negative=free boundary=keep)"],
    ["unit(threshold=2 negative=free update=touched)"],
    ["if(threshold=2 negative=free noise=uniform noiseWidth=2)"],
  ])("%s is refused", (neuron) => {
    expect(codes(() => signsTo("auto", network(neuron)))).toEqual(["spikes-not-binary"]);
  });

  it("digits that do not meet", () => {
    const n = codeNetwork(1, { silent: 1 });
    const late = { ...n, links: n.links.map((l, i) => (i === 1 ? { ...l, delay: l.delay + 1 } : l)) };
    expect(codes(() => signsTo("store-and-fire", late))).toContain("spikes-not-aligned");
  });
});

// The reference: what a network of codes computes, from its weights alone.

function digitsOf(n: Network): number {
  const p = n.pops.find(isSigned)!;
  return p.stop! - p.start - p.silent;
}

/** Codes as sums of digits times their places, read from a train. */
function codesOf(p: Population, train: Float64Array, digits: number): number[] {
  const count = sizeOf(p.shape);
  const out = new Array<number>(count).fill(0);
  for (let k = 0; k < digits; k++) for (let i = 0; i < count; i++) out[i] = 2 * out[i]! + train[(p.start + p.silent + k) * count + i]!;
  return out;
}

/** Codes of every population, layer by layer, with sums instead of steps. */
function quantized(n: Network, sample: readonly ArrayLike<number>[]): Map<string, number[]> {
  const digits = digitsOf(n);
  const values = new Map<string, number[]>();
  for (const p of n.pops) {
    if (p.neuron.model === "input") {
      values.set(
        p.name,
        inputValues(
          n,
          p,
          at(
            sample,
            n.inputs.findIndex((c) => c.pop === p.id),
          ),
          digits,
        ),
      );
      continue;
    }
    const y = new Array<number>(sizeOf(p.shape)).fill(0);
    for (const l of n.links.filter((link) => link.to === p.id)) {
      const source = at(n.pops, l.from);
      const w = denseOf(l.kernel, source.shape, p.shape);
      const x = values.get(source.name)!;
      y.forEach((_, t) => x.forEach((v, s) => void (y[t]! += w[t * x.length + s]! * v)));
    }
    if (!isSigned(p)) {
      values.set(p.name, y);
      continue;
    }
    const { bias, resetValue } = neuronParams(p);
    values.set(
      p.name,
      y.map((v, i) => {
        const lsb = resetValue![i]! / 2 ** p.silent;
        return Math.min(Math.max(Math.floor((v + bias![i]! * 2 ** (digits - 1)) / lsb + 0.5), 0), 2 ** digits - 1);
      }),
    );
  }
  return values;
}

/** What an input is worth: its digits, or what it gives in the first step, which is doubled in all others. */
function inputValues(n: Network, p: Population, sample: ArrayLike<number>, digits: number): number[] {
  const count = sizeOf(p.shape);
  const steps = n.inputs.find((c) => c.pop === p.id)?.code === "events" ? digits : 1;
  const frames = Array.from({ length: steps }, (_, k) => Array.from({ length: count }, (_, i) => sample[k * count + i] ?? 0));
  return Array.from({ length: count }, (_, i) => frames.reduce((sum, f, k) => sum + f[i]! * 2 ** (digits - 1 - k), 0));
}

function wrongCodes(n: Network, sample: readonly ArrayLike<number>[]): number {
  const run = runAll(n, sample);
  const digits = digitsOf(n);
  const values = new Map<string, number[]>();
  let wrong = 0;
  // Each layer is asked for the codes it owes to what it was really sent.
  const real = { ...n, pops: n.pops };
  for (const p of real.pops) if (isSigned(p)) values.set(p.name, codesOf(p, run.trains.get(p.id)!, digits));
  for (const p of n.pops.filter(isSigned)) {
    const y = new Array<number>(sizeOf(p.shape)).fill(0);
    for (const l of n.links.filter((link) => link.to === p.id)) {
      const source = at(n.pops, l.from);
      const x =
        values.get(source.name) ??
        inputValues(
          n,
          source,
          at(
            sample,
            n.inputs.findIndex((c) => c.pop === source.id),
          ),
          digits,
        );
      const w = denseOf(l.kernel, source.shape, p.shape);
      y.forEach((_, t) => x.forEach((v, s) => void (y[t]! += w[t * x.length + s]! * v)));
    }
    const { bias, resetValue } = neuronParams(p);
    values.get(p.name)!.forEach((code, i) => {
      const lsb = resetValue![i]! / 2 ** p.silent;
      const right = Math.min(Math.max(Math.floor((y[i]! + bias![i]! * 2 ** (digits - 1)) / lsb + 0.5), 0), 2 ** digits - 1);
      if (code !== right) wrong++;
    });
  }
  return wrong;
}

it("weights of codes are whole", () => {
  for (const l of codeNetwork(3, {}).links)
    if (typeof l.kernel.weight !== "number") expect(numbersOf(l.kernel.weight).every(Number.isInteger)).toBe(true);
});
