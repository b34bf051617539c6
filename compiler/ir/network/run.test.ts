import { expect, test } from "vitest";
import { randomNetwork, randomSample } from "../../../test/harness/random-network.ts";
import { parseNetwork } from "./parse.ts";
import { type NetworkRun, prepareNetwork, type RunOptions } from "./run.ts";
import { verifyNetwork } from "./verify.ts";

function run(
  body: string,
  steps: number,
  sample: readonly ArrayLike<number>[],
  options: RunOptions = {},
): NetworkRun & { train: (pop: string) => number[] } {
  const n = parseNetwork(`network t steps ${steps}\n${body}`, null);
  expect(verifyNetwork(n)).toEqual([]);
  const result = prepareNetwork(n, { ...options, record: n.pops.map((p) => p.id) }).run(sample);
  return { ...result, train: (name) => [...result.trains.get(n.pops.find((p) => p.name === name)!.id)!] };
}

test("a link delivers what its source sent `delay` steps ago", () => {
  const body = (delay: number): string => `input x 1 signed8 code events\n pop y 1 signed8 relay\n link x -> y one weight=1 delay=${delay}`;
  expect(run(body(0), 5, [[1, 2, 3, 4, 5]]).train("y")).toEqual([1, 2, 3, 4, 5]);
  expect(run(body(2), 5, [[1, 2, 3, 4, 5]]).train("y")).toEqual([0, 0, 1, 2, 3]);
  expect(run(body(9), 5, [[1, 2, 3, 4, 5]]).train("y")).toEqual([0, 0, 0, 0, 0]);
});

test("a loop with delay remembers", () => {
  const body = "input x 1 signed8 code events\n pop y 1 signed8 relay\n link x -> y one weight=1\n link y -> y one weight=2 delay=1";
  expect(run(body, 5, [[1, 0, 0, 1, 0]]).train("y")).toEqual([1, 2, 4, 9, 18]);
});

test("outside its window a population keeps its state and loses its input; in the silent period it integrates", () => {
  const body =
    "input x 1 binary code events\n pop y 1 binary if(threshold=2) start=1 silent=2 stop=5\n link x -> y one weight=1\n output y code potential";
  const got = run(body, 6, [[1, 1, 1, 1, 1, 1]]);
  // Steps 1 and 2 integrate, 3 fires at 3, 4 fires at 2.
  expect(got.train("y")).toEqual([0, 0, 0, 1, 1, 0]);
  expect(got.raw[0]).toEqual(Float64Array.of(0));
});

test("amplitude, gain and weight multiply; counters count", () => {
  const body = `input x 2 ternary code direct amplitude=f64[2]{0.5 2}
    pop y 2 analog relay
    link x -> y dense f64[2x2]{1 2 3 4} gain=f64[2]{10 1}
    output o of y code spikes scale=2 offset=f64[2]{1 -1}`;
  const got = run(body, 1, [[1, -1]]);
  expect(got.train("y")).toEqual([0.5 * 10 - 4, 0.5 * 30 - 8]);
  expect(got.outputs[0]).toEqual(Float64Array.of(3, 13));
  expect([...got.events]).toEqual([2, 2]);
  expect(got.synapticEvents).toBe(4);
});

test("a current without decay turns a static input into a constant one", () => {
  const text = (every: number, model: string): string =>
    `input x 3 analog code direct(every=${every})\n pop y 2 binary ${model}\n link x -> y dense f64[2x3]{0.5 0.25 1 -1 0.5 0.75}`;
  const sample = [[0.5, 1, 0.25]];
  const still = run(text(0, "cuba(decayCurrent=1)"), 8, sample);
  const driven = run(text(1, "if"), 8, sample);
  expect(still.train("y")).toEqual(driven.train("y"));
  expect(still.synapticEvents * 8).toBe(driven.synapticEvents);
});

test("decays are rounded as chips round them", () => {
  const lif = (params: string): number[] => {
    const body = `input x 1 signed16 code events\n pop y 1 binary lif(threshold=10000 ${params})\n link x -> y one weight=1\n output y code potential`;
    return [2, 3].map((t) => run(body, t, [[-99, 0, 0]]).raw[0]![0]!);
  };
  expect(lif("decay=0.75")).toEqual([-74.25, -55.6875]);
  expect(lif("decay=0.75 leak=multiply")).toEqual([-74, -55]);
  // -99 - floor(-99/4) = -99 + 25
  expect(lif("decay=0.75 leak=shift")).toEqual([-74, -55]);
  expect(lif("decay=0.5 leak=shift")).toEqual([-49, -24]);
});

test("limits saturate the potential in every step", () => {
  const body = "input x 1 signed8 code events\n pop y 1 binary readout\n link x -> y one weight=1\n output y code potential";
  expect(run(body, 3, [[100, 100, -50]]).raw[0]).toEqual(Float64Array.of(150));
  expect(run(body, 3, [[100, 100, -50]], { limits: { low: -128, high: 127 } }).raw[0]).toEqual(Float64Array.of(77));
});

test("update=touched skips neurons that no synapse reached, whatever the sum", () => {
  const body = `input x 3 ternary code events
    pop y 3 binary unit(update=touched bias=1 threshold=100)
    link x -> y sparse rows=i32[4]{0 1 1 2} columns=i32[4]{0 0 1 2} weight=i8[4]{1 5 5 0}
    output y code potential`;
  // Step 0: neuron 0 gets 1, neuron 1 gets 5 - 5 = 0 and still its bias, neuron 2 only a weight of 0. Step 1: nothing.
  expect([...run(body, 2, [[1, -1, 1, 0, 0, 0]]).raw[0]!]).toEqual([2, 1, 0]);
});

test("boundary: samples start from the initial potential, from zero, or from what is left", () => {
  const ends = (boundary: string): number[] => {
    const n = parseNetwork(
      `network t steps 2\n input x 1 signed8 code direct\n pop y 1 binary unit(threshold=100 boundary=${boundary}) initial(v=3)\n link x -> y one weight=1\n output y code potential`,
      null,
    );
    const prepared = prepareNetwork(n);
    return [prepared.run([[1]]).raw[0]![0]!, prepared.run([[1]]).raw[0]![0]!];
  };
  expect(ends("preload")).toEqual([5, 5]);
  expect(ends("clear")).toEqual([2, 2]);
  expect(ends("keep")).toEqual([2, 4]);
});

test("an output unit sends nothing and is read at its end", () => {
  const body =
    "input x 1 binary code direct\n pop y 1 binary unit(output=yes threshold=2 reset=none) stop=3\n link x -> y one weight=1\n output y code potential";
  const got = run(body, 5, [[1]]);
  expect(got.train("y")).toEqual([0, 0, 0, 0, 0]);
  expect(got.raw[0]).toEqual(Float64Array.of(3));
});

test("noise is the same for the same seed, key and step, and spreads the threshold", () => {
  const body = (kind: string): string =>
    `input x 1000 analog code direct\n pop y 1000 binary if(noise=${kind} noiseWidth=2 threshold=1 reset=none)\n link x -> y one weight=1`;
  const sample = [new Float64Array(1000)];
  const rate = (train: number[]): number => train.reduce((a, b) => a + b, 0) / train.length;
  for (const kind of ["uniform", "gauss"]) {
    const a = run(body(kind), 4, sample, { seed: 3 }).train("y");
    expect(run(body(kind), 4, sample, { seed: 3 }).train("y")).toEqual(a);
    expect(run(body(kind), 4, sample, { seed: 4 }).train("y")).not.toEqual(a);
    expect(a.slice(0, 1000)).not.toEqual(a.slice(1000, 2000));
    // Uniform in [0,2) reaches 1 half of the time; the sum of four less 4 is at least 1 with the Irwin-Hall tail P(sum of four unit uniforms >= 2.5).
    expect(rate(a)).toBeCloseTo(kind === "uniform" ? 0.5 : 0.1979, 1);
  }
});

test("integer noise is the same in every sample, and different in every step and neuron", () => {
  const n = parseNetwork(
    "network t steps 2\n input x 50 binary code direct\n pop y 50 binary unit(noise=uniform noiseBits=4 threshold=8 reset=none)\n link x -> y one weight=0\n output y code spikes",
    null,
  );
  const prepared = prepareNetwork(n);
  const first = [...prepared.run([new Float64Array(50)]).raw[0]!];
  expect([...prepared.run([new Float64Array(50)]).raw[0]!]).toEqual(first);
  expect(new Set(first)).toEqual(new Set([0, 1, 2]));
});

test("codes: direct quantizes and clips, rate follows the sample, events are frames", () => {
  const train = (spike: string, code: string, sample: number[], steps = 1): number[] =>
    run(`input x 3 ${spike} code ${code}`, steps, [sample]).train("x");
  expect(train("signed8", "direct(scale=0.5 zero=1)", [1, 1.74, -3])).toEqual([0, 1, -8]);
  expect(train("signed8", "direct(low=-2 high=2)", [1, 9, -9])).toEqual([1, 2, -2]);
  expect(train("unsigned2", "direct", [2, 9, -9])).toEqual([2, 3, 0]);
  expect(train("analog", "direct(scale=2)", [0.3, -1, 7])).toEqual([0.3, -1, 7]);
  expect(train("binary", "direct(every=0)", [1, 0, 1], 2)).toEqual([1, 0, 1, 0, 0, 0]);
  expect(train("ternary", "events", [1, 0, -1, 0, 1, 0], 3)).toEqual([1, 0, -1, 0, 1, 0, 0, 0, 0]);
  const rate = train("ternary", "rate(scale=4)", [1, -2, 4], 2000);
  const sum = (c: number): number => rate.reduce((s, x, i) => s + (i % 3 === c ? x : 0), 0) / 2000;
  expect(sum(0)).toBeCloseTo(0.25, 1);
  expect(sum(1)).toBeCloseTo(-0.5, 1);
  expect(sum(2)).toBe(1);
});

test("preparing once and running many samples is the same as preparing for each", () => {
  for (let seed = 0; seed < 60; seed++) {
    const n = randomNetwork(seed, { forMesh: seed % 2 === 0 });
    const prepared = prepareNetwork(n);
    prepared.run(randomSample(n, seed + 1));
    expect(prepared.run(randomSample(n, seed)).raw).toEqual(prepareNetwork(n).run(randomSample(n, seed)).raw);
  }
});
