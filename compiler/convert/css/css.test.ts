import { describe, expect, it } from "vitest";
import { targets } from "../../../targets/index.ts";
import { openSession } from "../../../runtime/session.ts";
import { at } from "../../base/bug.ts";
import { quiet } from "../../base/context.ts";
import { Failure } from "../../base/diagnostic.ts";
import { id } from "../../base/id.ts";
import { choose } from "../../base/options.ts";
import { origin } from "../../base/origin.ts";
import { Random } from "../../base/random.ts";
import { f32, f64, numbersOf, sizeOf, type Tensor } from "../../base/tensor.ts";
import { GraphBuilder } from "../../ir/graph/build.ts";
import { prepareGraph } from "../../ir/graph/run.ts";
import type { Attr, Graph, ValueId } from "../../ir/graph/types.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import type { Network, PopId } from "../../ir/network/types.ts";
import { verifyNetwork } from "../../ir/network/verify.ts";
import { compile, job } from "../../pipeline.ts";
import { lowerDelays } from "../../passes/network/lower-delays/pass.ts";
import { step } from "../../passes/pass.ts";
import type { Layer, Layered } from "../layers.ts";
import { assembleCss, type Choices } from "./assemble.ts";
import { firstPlace, isRight, largestCode, resetOf, safeSilent } from "./code.ts";
import { type CodedLayer, codedLayers } from "./coded.ts";
import { css } from "./convert.ts";
import { tryLayers } from "./layerwise.ts";
import { measureCodes, variant } from "./measure.ts";
import { prepareReference } from "./reference.ts";
import { schedule } from "./schedule.ts";

// Networks of dense layers with the numbers that a test wants

type Coding = { readonly digits: number; readonly silent: number; readonly phi?: number; readonly input?: Choices["input"] };

const half = { low: 0, high: 1 };

/** Dense layers, ReLU between them. */
function layered(sizes: readonly number[], weight: () => number, bias: () => number): Layered {
  const layers = sizes.map((n, index): Layer => {
    const from = index - 1;
    const kind = index === 0 ? "input" : index === sizes.length - 1 ? "output" : "spiking";
    const name = `l${index}`;
    const w = Float64Array.from({ length: index === 0 ? 0 : n * at(sizes, from) }, weight);
    const ways =
      index === 0
        ? []
        : [{ from, pool: null, kernel: { kind: "dense", weight: f64([n, at(sizes, from)], w) } as const, origin: origin(name) }];
    return {
      index,
      name,
      kind,
      shape: [n],
      graphShape: [n],
      value: id(index),
      valueName: name,
      activation: kind === "spiking" ? { kind: "relu" } : null,
      ways,
      bias: index === 0 ? null : Float64Array.from({ length: n }, bias),
      origin: origin(name),
    };
  });
  return { name: "random", layers, gates: [] };
}

function assembled(l: Layered, { digits, silent, phi = 1 / 2, input = "digits" }: Coding, over: Partial<Choices> = {}): Network {
  const network = assembleCss(l, {
    digits,
    input,
    inputRange: half,
    phi,
    spikes: "ternary",
    largest: () => 1,
    silent: () => silent,
    ...over,
  });
  expect(verifyNetwork(network)).toEqual([]);
  return network;
}

const sampleOf = (r: Random, n: number): Float32Array => Float32Array.from({ length: n }, () => r.unit());

/** Payloads of every step, potentials at the end, and codes, of each coding layer. */
function watch(
  n: Network,
  x: Float32Array,
): { trains: ReadonlyMap<PopId, Float64Array>; rests: ReadonlyMap<PopId, Float64Array>; answer: Float64Array } {
  const rests = new Map<PopId, Float64Array>();
  const run = prepareNetwork(n, {
    record: n.pops.map((p) => p.id),
    observe: (pop, _t, _s, v) => v !== null && rests.set(pop, v.slice()),
  }).run([x]);
  return { trains: run.trains, rests, answer: at(run.outputs, 0) };
}

function codeOf(l: CodedLayer, train: Float64Array, shift = 0): Float64Array {
  const first = l.pop.start + l.silent + shift;
  return Float64Array.from({ length: l.count }, (_, i) =>
    Array.from({ length: l.digits }, (_, k) => at(train, (first + k) * l.count + i)).reduce((p, s) => 2 * p + s, 0),
  );
}

const coded = (n: Network): readonly CodedLayer[] => codedLayers(n).filter((l) => l.kind === "coded");

describe("the schedule", () => {
  it("V6: three layers, four digits, one silent step: each a step later, the answer complete after T + 3n", () => {
    const chain = (n: number, silent: number) =>
      schedule(
        [{ silent: 0 }, ...Array.from({ length: n }, () => ({ silent })), { silent: 0 }],
        Array.from({ length: n + 1 }, (_, i) => ({ from: id(i), to: id(i + 1) })),
        4,
      );
    const { timing, steps, delays } = chain(3, 1);
    expect(timing.map((t) => [t.start + t.silent + 1, t.stop])).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
      [4, 7],
      [4, 7],
    ]);
    expect(steps).toBe(7);
    expect(delays.every((d) => d === 0)).toBe(true);
  });

  it.each([
    [4, 1, 0, 12],
    [4, 1, 1, 21],
    [6, 1, 1, 23],
    [6, 2, 0, 22],
    [6, 0, 1, 15],
  ])(
    "eight layers, T = %i, n = %i, transport %i: the answer is complete %i steps after the encoder begins",
    (digits, silent, transport, latency) => {
      const r = new Random(1);
      const n = assembled(
        layered(
          Array<number>(10).fill(2),
          () => r.int(-4, 4) / 8,
          () => 0,
        ),
        { digits, silent },
      );
      const made = transport === 0 ? n : step(lowerDelays, { min: String(transport) }).run(n, { ...quiet(), chip: null });
      const [encoder, readout] = [at(made.pops, 1), at(made.pops, made.pops.length - 1)];
      expect(encoder.name).toBe("l0.digits");
      expect((readout.stop ?? 0) - encoder.start).toBe(latency);
      expect(latency).toBe(digits + 8 * silent + 9 * transport);
      expect(made.steps).toBe(readout.stop);
    },
  );

  it("a skip connection waits for the silent steps of the branch that it skips", () => {
    const { delays, timing } = schedule(
      [{ silent: 0 }, { silent: 2 }, { silent: 3 }, { silent: 1 }],
      [
        { from: id(0), to: id(1) },
        { from: id(1), to: id(2) },
        { from: id(2), to: id(3) },
        { from: id(1), to: id(3) },
      ],
      4,
    );
    expect(timing.map((t) => t.start)).toEqual([0, 0, 2, 5]);
    expect(delays).toEqual([0, 0, 0, 3]);
  });
});

describe("the code", () => {
  it("no charge is lost: pre-activation = code + what is left of the potential, exactly, whatever is sent wrongly", () => {
    for (let seed = 0; seed < 30; seed++) {
      const r = new Random(seed);
      const digits = r.int(2, 7);
      // Powers of two as LSBs and dyadic weights: every sum is exact in doubles.
      const net = assembled(
        layered(
          [5, 8, 6, 3],
          () => r.int(-24, 24) / 16,
          () => r.int(-16, 16) / 16,
        ),
        { digits, silent: r.int(0, 3) },
        { largest: () => largestCode(digits) / firstPlace(digits), inputRange: { low: 0, high: largestCode(digits) / firstPlace(digits) } },
      );
      const { trains, rests } = watch(
        net,
        Float32Array.from({ length: 5 }, () => r.int(0, 64) / 64),
      );
      const layers = codedLayers(net);
      for (const l of coded(net).slice(1)) {
        const y = l.bias.slice();
        for (const a of l.arrivals) {
          const source = at(layers, a.from);
          const value = codeOf(source, trains.get(a.from)!).map((p, i) => p * at(source.lsb, i));
          a.scatter(value.length, Int32Array.from(value.keys()), value, y);
        }
        const code = codeOf(l, trains.get(l.pop.id)!);
        for (let i = 0; i < l.count; i++)
          expect(at(code, i) + at(rests.get(l.pop.id)!, i) / (at(l.lsb, i) * resetOf(l.silent))).toBe(at(y, i) / at(l.lsb, i));
      }
    }
  });

  it("a layer whose weights sum to at most 2^n / 2 sends clip(floor(y + ½), 0, 2^T - 1), ties included", () => {
    let codes = 0;
    for (let seed = 0; seed < 60; seed++) {
      const r = new Random(seed);
      const [digits, silent] = [r.int(2, 8), r.int(0, 3)];
      const inputs = r.int(1, 6);
      const room = Math.floor((16 * resetOf(silent)) / 2 / inputs);
      const range = { low: 0, high: largestCode(digits) / firstPlace(digits) };
      const net = assembled(
        layered(
          [inputs, 12, 2],
          () => r.int(-room, room) / 16,
          () => r.int(-64, 64) / 64,
        ),
        { digits, silent },
        { largest: () => range.high, inputRange: range },
      );
      for (let k = 0; k < 10; k++) {
        const x = Float32Array.from({ length: inputs }, () => (r.int(0, 64) / 64) * range.high);
        for (const c of measureCodes(net, [x])) expect([c.wrong, c.differs]).toEqual([0, 0]);
        const reference = prepareReference(net).run([x]);
        expect([...watch(net, x).answer]).toEqual([...at(reference.outputs, 0)]);
        codes += 12;
      }
    }
    expect(codes).toBe(7200);
  });

  it("silent steps that are always enough", () => {
    expect([0.25, 0.5, 0.51, 1, 2, 4, 6].map(safeSilent)).toEqual([0, 0, 1, 1, 2, 3, 4]);
    expect([
      isRight(3, 0.4, 0, 15),
      isRight(3, 0.6, 0, 15),
      isRight(0, -9, 0, 15),
      isRight(15, 8, 0, 15),
      isRight(15, -0.6, 0, 15),
    ]).toEqual([true, false, true, true, false]);
  });

  it("running in a pipeline is running layer after layer, digit for digit, with and without transport", () => {
    for (let seed = 0; seed < 12; seed++) {
      const r = new Random(seed);
      const silent = r.int(0, 2);
      const net = assembled(
        layered(
          [6, 10, 10, 8, 4],
          () => r.normal() / 2,
          () => r.normal() / 4,
        ),
        { digits: r.int(2, 7), silent, phi: r.pick([1 / 2, 2 / 3]) },
      );
      const phi = at(coded(net), 1).pop.neuron.params;
      const fraction = Number(phi["threshold"]) / Number(phi["resetValue"]);
      const x = sampleOf(r, 6);
      const sent = new Map<PopId, Int8Array>();
      tryLayers(
        net,
        [x],
        fraction,
        (t) => {
          sent.set(t.layer.pop.id, at(t.sent(t.layer.silent), 0));
          return t.layer.silent;
        },
        () => {},
      );
      const { trains, answer } = watch(net, x);
      const moved = lowered(net);
      const late = watch(moved, x);
      for (const l of coded(net)) {
        const from = (l.pop.start + l.silent) * l.count;
        const train = Array.from(trains.get(l.pop.id)!.subarray(from, from + l.digits * l.count), (s) => s + 0);
        expect(train).toEqual(Array.from(sent.get(l.pop.id)!));
        const lateFrom = (at(moved.pops, l.pop.id).start + l.silent) * l.count;
        expect(Array.from(late.trains.get(l.pop.id)!.subarray(lateFrom, lateFrom + l.digits * l.count), (s) => s + 0)).toEqual(train);
      }
      expect(late.answer).toEqual(answer);
    }
  });

  it("a register that holds twice the largest input and one digit's worth gives the same spikes as an endless one", () => {
    const r = new Random(4);
    const net = assembled(
      layered(
        [6, 10, 10, 4],
        () => r.normal() / 2,
        () => r.normal() / 4,
      ),
      { digits: 6, silent: 1 },
    );
    const most = coded(net).reduce((worst, l) => {
      const sums = new Float64Array(l.count);
      for (const link of net.links.filter((k) => k.to === l.pop.id)) {
        if (link.kernel.kind !== "dense") continue;
        const [rows = 1, columns = 1] = link.kernel.weight.shape;
        const worth = codedLayers(net)[link.from]?.lsb ?? new Float64Array(columns).fill(1);
        numbersOf(link.kernel.weight).forEach(
          (w, i) => (sums[Math.floor(i / columns)] = at(sums, Math.floor(i / columns)) + Math.abs(w) * at(worth, i % columns)),
        );
        expect(rows).toBe(l.count);
      }
      return Math.max(worst, 2 * Math.max(...sums) + at(l.lsb, 0) * resetOf(l.silent));
    }, 0);
    for (let k = 0; k < 20; k++) {
      const x = sampleOf(r, 6);
      const trains = (limits?: { low: number; high: number }) =>
        prepareNetwork(net, { record: coded(net).map((l) => l.pop.id), ...(limits === undefined ? {} : { limits }) }).run([x]).trains;
      expect(trains({ low: -most, high: most })).toEqual(trains());
    }
  });
});

/** Every link one step slower, as on a chip. */
function lowered(n: Network): Network {
  return step(lowerDelays).run(n, { ...quiet(), chip: null });
}

function squares(a: ArrayLike<number>, b: ArrayLike<number> | null): number {
  return Array.from(a).reduce((sum, v, i) => sum + (v - (b?.[i] ?? 0)) ** 2, 0);
}

/** Relative error of the answers against those of `of`, over samples. */
function relativeError(n: Network, of: (x: Float32Array) => ArrayLike<number>, samples: readonly Float32Array[]): number {
  const run = prepareNetwork(n);
  let [difference, size] = [0, 0];
  for (const x of samples) {
    const wanted = of(x);
    at(run.run([x]).outputs, 0).forEach((v, i) => {
      difference += (v - (wanted[i] ?? 0)) ** 2;
      size += (wanted[i] ?? 0) ** 2;
    });
  }
  return Math.sqrt(difference / size);
}

// Graphs

type Build = (
  b: GraphBuilder,
  x: ValueId,
  add: (op: Parameters<GraphBuilder["node"]>[0], inputs: readonly ValueId[], attrs?: Readonly<Record<string, Attr>>) => ValueId,
  weights: (shape: readonly number[]) => ValueId,
) => ValueId;

function graph(seed: number, shape: readonly number[], build: Build): Graph {
  const r = new Random(seed);
  const b = new GraphBuilder("net");
  let count = 0;
  const add: Parameters<Build>[2] = (op, inputs, attrs = {}) => at(b.node(op, inputs, attrs, { name: `${op}${count++}` }), 0);
  const weights = (s: readonly number[]): ValueId =>
    b.constant(
      `w${count++}`,
      f32(
        s,
        Float64Array.from({ length: sizeOf(s) }, () => r.normal() * Math.sqrt(2 / sizeOf(s.slice(1)))),
      ),
    );
  const x = b.input("x", "f32", shape);
  return b.finish([build(b, x, add, weights)]);
}

const deep = (seed: number): Graph =>
  graph(seed, [1, 24], (_b, x, add, weights) => {
    let v = x;
    for (let i = 0; i < 6; i++) v = add("relu", [add("matmul", [v, weights([at([24, 48, 48, 48, 48, 48], i), 48])])]);
    return add("matmul", [v, weights([48, 10])]);
  });

const window = (pads: number) => ({ strides: [1, 1], pads: [pads, pads, pads, pads], dilations: [1, 1], group: 1 });

/** Two convolutions with a skip connection around them, as in a residual network. */
const residual = (seed: number): Graph =>
  graph(seed, [1, 3, 6, 6], (_b, x, add, weights) => {
    const a = add("relu", [add("conv", [x, weights([8, 3, 3, 3])], window(1))]);
    const b = add("relu", [add("conv", [a, weights([8, 8, 3, 3])], window(1))]);
    const c = add("relu", [add("add", [add("conv", [b, weights([8, 8, 3, 3])], window(1)), a])]);
    return add("matmul", [add("reshape", [add("global-average-pool", [c])], { shape: [1, 8] }), weights([8, 5])]);
  });

function converted(g: Graph, options: Record<string, string>, samples: readonly Float32Array[]): Network {
  const chosen = choose("css", css.options, options);
  const stats = JSON.parse(JSON.stringify(css.calibrate(g, samples, chosen, quiet())));
  const n = css.convert(g, stats, chosen, quiet());
  expect(verifyNetwork(n)).toEqual([]);
  return n;
}

const samplesFor = (g: Graph, count: number, seed = 7): Float32Array[] => {
  const r = new Random(seed);
  return Array.from({ length: count }, () => sampleOf(r, sizeOf(at(g.values, at(g.inputs, 0)).shape)));
};

const annOf = (g: Graph) => {
  const run = prepareGraph(g);
  return (x: Float32Array): Float64Array => numbersOf(at(run.run([f32(at(g.values, at(g.inputs, 0)).shape, x)]).outputs, 0));
};

const referenceOf = (n: Network) => {
  const run = prepareReference(n);
  return (x: Float32Array): Float64Array => at(run.run([x]).outputs, 0);
};

describe("converted networks", () => {
  it("ternary digits with one silent step give the quantized network; binary ones without it do not", () => {
    const g = deep(1);
    const [calibration, samples] = [samplesFor(g, 40), samplesFor(g, 40, 8)];
    const net = converted(g, { steps: "6" }, calibration);
    const wanted = annOf(g);
    const reference = referenceOf(net);
    const error = (n: Network): number => relativeError(n, wanted, samples);
    const of = (n: number, spikes: "ternary" | "binary"): number => error(variant(net, { silentOf: () => n, spikes }));
    const quantized = Math.sqrt(
      samples.reduce((sum, x) => sum + squares(reference(x), wanted(x)), 0) / samples.reduce((sum, x) => sum + squares(wanted(x), null), 0),
    );
    expect(error(net)).toBeLessThan(quantized + 0.005);
    expect(Math.abs(of(2, "ternary") - quantized)).toBeLessThan(0.001);
    expect(of(0, "ternary")).toBeGreaterThan(2 * error(net));
    expect(of(0, "binary")).toBeGreaterThan(5 * error(net));
    const wrong = (n: number, spikes: "ternary" | "binary"): number =>
      measureCodes(variant(net, { silentOf: () => n, spikes }), samples).reduce((most, c) => Math.max(most, c.wrong), 0);
    expect(wrong(1, "ternary")).toBeLessThan(0.05);
    expect(wrong(2, "ternary")).toBeLessThan(0.005);
    expect(wrong(0, "ternary")).toBeGreaterThan(2 * wrong(1, "ternary"));
    expect(wrong(0, "binary")).toBeGreaterThan(0.3);
  });

  it("without the latch, negative values get through and the answers are lost", () => {
    const g = deep(2);
    const net = converted(g, { steps: "6" }, samplesFor(g, 30));
    const open = {
      ...net,
      pops: net.pops.map((p) =>
        p.neuron.model === "tsa" ? { ...p, neuron: { ...p.neuron, params: { ...p.neuron.params, latch: "off" } } } : p,
      ),
    };
    const samples = samplesFor(g, 20, 9);
    expect(relativeError(net, annOf(g), samples)).toBeLessThan(0.1);
    expect(relativeError(open, annOf(g), samples)).toBeGreaterThan(0.5);
  });

  it("a skip connection that is one step off doubles or halves its values", () => {
    const g = residual(3);
    const samples = samplesFor(g, 20, 9);
    for (const silent of ["1", "2"]) {
      const net = converted(g, { steps: "6", silent }, samplesFor(g, 30));
      const skip = net.links.findIndex((l) => l.delay > 0);
      expect(net.links.filter((l) => l.delay > 0).map((l) => l.delay)).toEqual([Number(silent)]);
      const off = { ...net, links: net.links.map((l, i) => (i === skip ? { ...l, delay: l.delay - 1 } : l)) };
      expect(relativeError(net, annOf(g), samples)).toBeLessThan(0.06);
      expect(relativeError(off, annOf(g), samples)).toBeGreaterThan(0.3);
    }
  });

  it("silent=auto takes the fewest steps that keep wrong codes below the limit", () => {
    const g = residual(3);
    const samples = samplesFor(g, 10);
    const strict = converted(g, { steps: "5", silent: "auto", wrong: "0.001" }, samples);
    const loose = converted(g, { steps: "5", silent: "auto", wrong: "50" }, samples);
    for (const c of measureCodes(strict, samples)) expect(c.wrong).toBeLessThan(0.00001);
    expect(coded(loose).every((l) => l.silent === 0)).toBe(true);
    const silent = coded(strict).map((l) => l.silent);
    expect(silent[0]).toBe(0);
    const one = coded(strict)
      .slice(1)
      .map(
        (l) =>
          measureCodes(variant(strict, { silentOf: (k) => (k.pop.id === l.pop.id ? Math.max(0, l.silent - 1) : k.silent) }), samples).find(
            (c) => c.layer === l.pop.name,
          )?.wrong ?? 0,
      );
    expect(one.every((w, i) => at(silent, i + 1) === 0 || w >= 0.00001)).toBe(true);
  });

  it.each(["current", "digits"])("an input as %s, positive or not", (input) => {
    const g = deep(5);
    const signed = samplesFor(g, 30).map((x) => x.map((v) => 2 * v - 1));
    const net = converted(g, { steps: "9", input, silent: "2", threshold: "max" }, signed);
    expect(net.pops.some((p) => p.name === "x.digits")).toBe(input === "digits");
    expect(relativeError(net, annOf(g), signed.slice(0, 10))).toBeLessThan(0.02);
  });

  it("average pooling folded or with neurons, strides, padded channels and concatenation", () => {
    const g = graph(6, [1, 2, 8, 8], (_b, x, add, weights) => {
      const a = add("relu", [add("conv", [x, weights([4, 2, 3, 3])], window(1))]);
      const pooled = add("average-pool", [a], { kernelShape: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0], dilations: [1, 1] });
      const b = add("relu", [add("conv", [pooled, weights([4, 4, 3, 3])], window(1))]);
      const c = add("concat", [b, add("slice", [a], { starts: [0, 0], ends: [8, 8], axes: [2, 3], steps: [2, 2] })], { axis: 1 });
      const shortcut = add("pad", [c], { pads: [0, 2, 0, 0, 0, 2, 0, 0], mode: "constant", value: 0 });
      const d = add("relu", [add("add", [add("conv", [c, weights([12, 8, 3, 3])], window(1)), shortcut])]);
      return add("matmul", [add("reshape", [d], { shape: [1, 192] }), weights([192, 4])]);
    });
    for (const averagePool of ["fold", "neurons"]) {
      const net = converted(g, { steps: "9", silent: "auto", wrong: "0.01", threshold: "max", averagePool }, samplesFor(g, 12));
      expect(relativeError(net, annOf(g), samplesFor(g, 12))).toBeLessThan(0.01);
    }
  });

  it("only φ = ½ is used where a layer has no silent step; φ = ⅔ sends fewer spikes", () => {
    const g = deep(1);
    const samples = samplesFor(g, 20);
    const spikes = (phi: string): number => {
      const net = converted(g, { steps: "6", phi }, samples);
      const fractions = coded(net).map((l) => at(numbersOf(param(l, "threshold")), 0) / at(numbersOf(param(l, "resetValue")), 0));
      expect(at(fractions, 0)).toBeCloseTo(1 / 2, 12);
      for (const f of fractions.slice(1)) expect(f).toBeCloseTo(phi === "2/3" ? 2 / 3 : 1 / 2, 12);
      return samples.reduce(
        (sum, x) =>
          sum +
          prepareNetwork(net)
            .run([x])
            .events.reduce((s, e) => s + e, 0),
        0,
      );
    };
    expect(spikes("2/3")).toBeLessThan(0.9 * spikes("1/2"));
  });
});

function param(l: CodedLayer, name: string): Tensor {
  const p = l.pop.neuron.params[name] ?? 0;
  return typeof p === "string" || typeof p === "number" ? f64([1], [Number(p)]) : p;
}

describe("max pooling", () => {
  const pool = (size: readonly number[], stride: readonly number[], pads: readonly number[], ceilMode = 0) => ({
    kernelShape: size,
    strides: stride,
    pads,
    dilations: size.map(() => 1),
    ceilMode,
  });
  const cases: readonly (readonly [
    string,
    readonly number[],
    Parameters<Build>[2] extends never ? never : (add: Parameters<Build>[2], a: ValueId) => ValueId,
  ])[] = [
    ["2x2", [1, 2, 6, 6], (add, a) => add("max-pool", [a], pool([2, 2], [2, 2], [0, 0, 0, 0]))],
    ["3x3, overlapping and padded", [1, 2, 7, 7], (add, a) => add("max-pool", [a], pool([3, 3], [2, 2], [1, 1, 1, 1]))],
    ["of one axis", [1, 2, 9], (add, a) => add("max-pool", [a], pool([3], [3], [0, 0]))],
    ["global", [1, 2, 4, 3], (add, a) => add("global-max-pool", [a])],
  ];
  it.each(cases)("%s is exact: every maximum is the largest of the codes", (_name, shape, build) => {
    for (const maxSum of ["fold", "neurons"]) {
      // The identity behind the pooling shows the pooled values as answers.
      const g = graph(8, shape, (_b, x, add, weights) => {
        const spatial = shape.length - 2;
        const a = add("relu", [
          add("conv", [x, weights([3, 2, ...Array<number>(spatial).fill(3)])], {
            strides: Array<number>(spatial).fill(1),
            pads: Array<number>(2 * spatial).fill(1),
            dilations: Array<number>(spatial).fill(1),
            group: 1,
          }),
        ]);
        return add("identity", [build(add, a)]);
      });
      const net = converted(g, { steps: "5", maxSum }, samplesFor(g, 20));
      const trees = coded(net).slice(1);
      expect(trees.length).toBeGreaterThan(1);
      const samples = samplesFor(g, 40, 9);
      for (const c of measureCodes(net, samples)) expect([c.layer, c.wrong]).toEqual([c.layer, 0]);
      // The same pooling of the values that the first layer's codes stand for.
      const pooled = graph(
        0,
        shape.map((d, i) => (i === 1 ? 3 : d)),
        (_b, x, add) => build(add, x),
      );
      const pooling = annOf(pooled);
      const run = prepareNetwork(net, { record: [at(trees, 0).pop.id, at(coded(net), 0).pop.id] });
      const [first] = coded(net);
      for (const x of samples) {
        const r = run.run([x]);
        const codes = codeOf(first!, r.trains.get(first!.pop.id)!).map((p, i) => p * at(first!.lsb, i));
        const wanted = pooling(Float32Array.from(codes));
        at(r.outputs, 0).forEach((v, i) => expect(v).toBeCloseTo(at(wanted, i), 5));
      }
    }
  });

  it("refuses to pad with zeros what may be negative", () => {
    const g = graph(8, [1, 2, 7, 7], (_b, x, add, weights) =>
      add("max-pool", [add("conv", [x, weights([3, 2, 3, 3])], window(1))], pool([3, 3], [2, 2], [1, 1, 1, 1])),
    );
    expect(() => converted(g, {}, samplesFor(g, 3))).toThrow(Failure);
  });
});

describe("on the chip", () => {
  it.each([[{ steps: "4" }], [{ steps: "6", silent: "2", phi: "2/3" }], [{ steps: "5", input: "digits" }]])(
    "%j: the chip sends the network's spikes",
    async (options) => {
      const g = residual(3);
      const compiled = compile(g, job({ target: targets["mesh-4x4"]!(), method: "css", options, calibration: samplesFor(g, 20) }), {
        ...quiet(),
        chip: null,
      });
      const network = prepareNetwork(compiled.legal, { limits: { low: -(2 ** 23), high: 2 ** 23 - 1 } });
      const session = await openSession(targets["mesh-4x4"]!().simulate(), compiled.image);
      for (const x of samplesFor(g, 4, 9)) {
        const [chip, wanted] = [await session.run([x]), network.run([x])];
        expect(chip.raw.map((v) => [...v])).toEqual(wanted.raw.map((v) => [...v]));
        expect(chip.counts["spike"]).toBe(
          wanted.events.reduce((sum, n, p) => sum + (at(compiled.legal.pops, p).neuron.model === "input" ? 0 : n), 0),
        );
      }
      // A digit takes away exactly twice what decides it, when φ = ½.
      for (const p of compiled.legal.pops) {
        if (p.neuron.params["leak"] !== "double" || p.neuron.params["output"] === "yes" || "phi" in options) continue;
        const [t, reset] = ["threshold", "resetValue"].map((k) => p.neuron.params[k]);
        expect(typeof t === "number" ? [2 * t] : Array.from(numbersOf(t as never), (v) => 2 * v)).toEqual(
          typeof reset === "number" ? [reset] : [...numbersOf(reset as never)],
        );
      }
    },
  );

  it("the whole latency is T + silent steps + one step of transport for each link", () => {
    const g = residual(3);
    const { converted: before, legal } = compile(
      g,
      job({ target: targets["mesh-4x4"]!(), method: "css", options: { steps: "5", silent: "2" }, calibration: samplesFor(g, 5) }),
      { ...quiet(), chip: null },
    );
    // Two layers with silent steps behind the first one, and four links in a row from the input to the answer.
    expect(before.steps).toBe(5 + 2 * 2);
    expect(legal.steps).toBe(before.steps + 4);
  });
});
