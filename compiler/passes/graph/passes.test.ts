import { describe, expect, it } from "vitest";
import { at } from "../../base/bug.ts";
import { Random } from "../../base/random.ts";
import { TensorStore } from "../../base/store.ts";
import { f64, i32, numbersOf, sizeOf, type Tensor, tensor } from "../../base/tensor.ts";
import { GraphBuilder } from "../../ir/graph/build.ts";
import type { OpName } from "../../ir/graph/ops/index.ts";
import { parseGraph } from "../../ir/graph/parse.ts";
import { printGraph } from "../../ir/graph/print.ts";
import { runGraph } from "../../ir/graph/run.ts";
import type { Attr, Graph, ValueId } from "../../ir/graph/types.ts";
import { verifyGraph } from "../../ir/graph/verify.ts";
import { context, type Pass, step } from "../pass.ts";
import { runSteps } from "../run.ts";
import { graphPasses, graphPipeline } from "./index.ts";

/*
 * Every pass keeps what random graphs compute. The graphs are made of what passes look for, in
 * doubles, so that no rounding to a grid falls differently by a little noise.
 */

class Scribe {
  readonly r: Random;
  readonly b: GraphBuilder;
  #count = 0;

  constructor(seed: number) {
    this.r = new Random(seed);
    this.b = new GraphBuilder(`random-${seed}`);
  }

  node(op: OpName, inputs: readonly ValueId[], attrs: Readonly<Record<string, Attr>> = {}): ValueId {
    return at(this.b.node(op, inputs, attrs, { name: `${op}-${this.#count++}` }), 0);
  }

  random(shape: readonly number[], make = (): number => this.r.normal()): ValueId {
    const t = f64(shape, Array.from({ length: sizeOf(shape) }, make));
    return this.b.constant("c", t);
  }

  scalar(value: number): ValueId {
    return this.b.constant("s", f64(this.r.pick([[], [1]]), [value]));
  }

  shape(v: ValueId): readonly number[] {
    return this.b.shapeOf(v);
  }
}

type Rule = (s: Scribe, x: ValueId) => ValueId;

const norm: Rule = (s, x) => {
  const shape = [at(s.shape(x), 1)];
  const variance = s.random(shape, () => 0.1 + s.r.unit());
  const offset = s.r.chance(0.3) ? s.random(shape, () => 0) : s.random(shape);
  const mean = s.r.chance(0.5) ? s.random(shape, () => 0) : s.random(shape);
  return s.node("batch-normalization", [x, s.random(shape), offset, mean, variance]);
};

const conv: Rule = (s, x) => {
  const channels = at(s.shape(x), 1);
  const group = channels % 2 === 0 && s.r.chance(0.3) ? 2 : 1;
  const filters = 2 * s.r.int(1, 3);
  const k = s.r.pick([1, 2, 3]);
  const padded = Math.min(...s.shape(x).slice(2)) < 4 || s.r.chance(0.5) ? 1 : 0;
  const w = s.random([filters, channels / group, k, k]);
  const bias = s.r.chance(0.5) ? [s.random([filters])] : [];
  const pads = [padded, padded, padded, padded];
  return s.node("conv", [x, w, ...bias], { strides: [1, 1], pads, dilations: [1, 1], group });
};

const transposed: Rule = (s, x) => {
  const channels = at(s.shape(x), 1);
  const w = s.random([channels, 2, 2, 2]);
  return s.node("conv-transpose", [x, w], { strides: [1, 1], pads: [1, 1, 0, 0], dilations: [1, 1], outputPadding: [0, 0] });
};

const padThen =
  (pool: boolean): Rule =>
  (s, x) => {
    const value = s.r.chance(0.8) ? 0 : 1;
    const padded = s.node("pad", [x], { pads: [0, 0, 1, s.r.int(0, 1), 0, 0, s.r.int(0, 1), 1], value });
    if (!pool) return conv(s, padded);
    const own = s.r.int(0, 1);
    const attrs = {
      kernelShape: [2, 2],
      strides: [s.r.int(1, 2), 2],
      pads: [own, own, own, own],
      dilations: [1, 1],
      ceilMode: s.r.int(0, 1),
      countIncludePad: s.r.int(0, 1),
    };
    return s.node("average-pool", [padded], attrs);
  };

/** A quantized clip in one of many ways of writing it; some of them are not one. */
const quantized: Rule = (s, x) => {
  const levels = s.r.pick([1, 3, 4, 8]);
  const [lambda, c] = s.r.chance(0.3) ? perChannel(s, x) : [0.5 + 2 * s.r.unit(), null];
  const by = (v: ValueId, factor: number, inverse: boolean): ValueId => {
    const constant =
      c === null
        ? s.scalar(inverse ? factor / lambda : lambda / factor)
        : s.random(
            [c.length, 1, 1],
            (
              (i) => () =>
                scaled(at(c, i++), factor, inverse)
            )(0),
          );
    return s.r.chance(0.5) ? s.node("mul", [v, constant]) : s.node("div", [v, s.node("pow", [constant, s.scalar(-1)])]);
  };
  const clip = (v: ValueId, top: number): ValueId =>
    s.r.chance(0.5) ? s.node("clip", [v], { min: 0, max: top }) : s.node("min", [s.node("relu", [v]), s.scalar(top)]);
  let v = s.r.chance(0.3) ? s.node("relu", [x]) : x;
  v = by(v, levels, true);
  const first = s.r.chance(0.5);
  if (first) v = clip(v, levels);
  const shift = s.r.chance(0.9) ? 0.5 : 0.25;
  const before = s.node("add", [v, s.scalar(shift)]);
  v = s.r.chance(0.3) ? s.node("round", [v]) : s.node("floor", [before]);
  if (s.r.chance(0.3)) v = s.node("add", [before, s.node("sub", [v, before])]);
  if (!first || s.r.chance(0.2)) v = clip(v, levels);
  return by(v, levels, false);
};

function scaled(lambda: number, levels: number, inverse: boolean): number {
  return inverse ? levels / lambda : lambda / levels;
}

function perChannel(s: Scribe, x: ValueId): [number, readonly number[]] {
  return [0, Array.from({ length: at(s.shape(x), 1) }, () => 0.5 + s.r.unit())];
}

const quantizeDequantize: Rule = (s, x) => {
  const scale = s.scalar(0.02 + 0.02 * s.r.unit());
  const signed = s.r.chance(0.5);
  const zero = s.b.constant(
    "z",
    signed ? tensor("i8", s.shape(scale), new Int8Array(1)) : tensor("u8", s.shape(scale), new Uint8Array(1).fill(s.r.pick([0, 3]))),
  );
  const from = s.r.chance(0.5) ? s.node("relu", [x]) : x;
  return s.node("dequantize-linear", [s.node("quantize-linear", [from, scale, zero]), scale, zero]);
};

const residual: Rule = (s, x) => {
  const norms = s.r.chance(0.5) ? norm(s, x) : x;
  return s.node("add", [s.node("relu", [norms]), x]);
};

const constants: Rule = (s, x) => {
  const shape = s.r.pick([[], [at(s.shape(x), 1), 1, 1], [1, at(s.shape(x), 1), 1, 1], s.shape(x), [at(s.shape(x), 3)]]);
  const c = s.node("neg", [s.random(shape)]);
  return s.node(s.r.pick(["add", "sub", "mul"]), s.r.chance(0.5) ? [x, c] : [c, x]);
};

const nothing: Rule = (s, x) => {
  const rank = s.shape(x).length;
  const zeros = new Array<number>(2 * rank).fill(0);
  const pick = s.r.int(0, 8);
  if (pick === 0) return s.node("identity", [x]);
  if (pick === 1) return s.node("dropout", [x]);
  if (pick === 2) return s.node("reshape", [s.node("reshape", [x], { shape: [sizeOf(s.shape(x))] })], { shape: s.shape(x) });
  if (pick === 3) return s.node("pad", [x], { pads: zeros });
  if (pick === 4) return s.node("transpose", [x], { perm: s.shape(x).map((_, a) => a) });
  if (pick === 5) return s.node("mul", [s.random(s.shape(x), () => 1), x]);
  if (pick === 6) return s.node("clip", [s.node("relu", [x])], { min: 0.1, max: 2 });
  if (pick === 7) return s.node("slice", [x], { starts: [0], ends: [2 ** 62], axes: [1], steps: [1] });
  return s.node("relu", [
    s.node("max-pool", [s.node("relu", [x])], { kernelShape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] }),
  ]);
};

const sizes: Rule = (s, x) => {
  const channels = s.node("gather", [s.node("shape", [x]), s.b.constant("i", i32([], [1]))]);
  return s.node("mul", [x, s.node("cast", [channels], { to: "f64" })]);
};

/** A comparison with a threshold, as a number that is worth something. */
const spikes: Rule = (s, x) => {
  const op = s.r.pick(["greater", "greater-or-equal", "less", "less-or-equal"] as const);
  const z = s.node("cast", [s.node(op, [x, s.random(s.r.pick([[], [at(s.shape(x), 1), 1, 1]]))])], { to: "f64" });
  return s.r.chance(0.5) ? s.node("mul", [z, s.random([])]) : s.node("sub", [s.random([]), z]);
};

const rules: readonly Rule[] = [
  spikes,
  norm,
  norm,
  conv,
  conv,
  transposed,
  padThen(false),
  padThen(true),
  quantized,
  quantized,
  quantizeDequantize,
  residual,
  constants,
  nothing,
  sizes,
];

/** What follows the image layers: flattening, perhaps a normalization, and one or two linear layers. */
function head(s: Scribe, image: ValueId): ValueId {
  const normed = s.r.chance(0.5) ? norm(s, image) : image;
  let v = s.node("reshape", [normed], { shape: [1, sizeOf(s.shape(image))] });
  for (let i = s.r.int(1, 2); i > 0; i--) {
    const [rows, columns] = [at(s.shape(v), 1), s.r.int(1, 4)];
    const kind = s.r.pick(["matmul", "matmul", "gemm", "transposed"]);
    if (kind === "matmul") v = s.node("matmul", [v, s.random([rows, columns])]);
    else if (kind === "gemm") v = s.node("gemm", [v, s.random([rows, columns])]);
    else v = s.node("gemm", [v, s.random([columns, rows]), s.random([columns])], { transB: 1, alpha: 0.5, beta: 2 });
    if (s.r.chance(0.5)) v = s.node("add", [s.random(s.r.pick([[columns], [1, columns], []])), v]);
    if (s.r.chance(0.5)) v = norm(s, v);
  }
  return v;
}

function randomGraph(seed: number): Graph {
  const s = new Scribe(seed);
  let v = s.b.input("x", "f64", [1, s.r.int(1, 4), 4, 4]);
  const outputs: ValueId[] = [];
  for (let i = s.r.int(1, 7); i > 0; i--) {
    v = s.r.pick(rules)(s, v);
    if (s.r.chance(0.05)) outputs.push(v);
  }
  return s.b.finish([...outputs, s.r.chance(0.6) ? head(s, v) : v]);
}

function sample(g: Graph, r: Random): Tensor[] {
  return g.inputs.map((v) =>
    f64(
      at(g.values, v).shape,
      Array.from({ length: sizeOf(at(g.values, v).shape) }, () => 2 * r.normal()),
    ),
  );
}

function expectSame(a: readonly Tensor[], b: readonly Tensor[]): void {
  expect(b.map((t) => t.shape)).toEqual(a.map((t) => t.shape));
  const worst = a.map((t, i) => {
    const other = numbersOf(at(b, i));
    const largest = numbersOf(t).reduce((m, v) => Math.max(m, Math.abs(v)), 1);
    return numbersOf(t).reduce((m, v, j) => Math.max(m, Math.abs(v - at(other, j)) / largest), 0);
  });
  expect(Math.max(...worst)).toBeLessThan(1e-6);
}

const steps = [
  // reroll-steps makes a graph with other inputs; convert/as-is compares it step by step.
  ...Object.values(graphPasses)
    .filter((p) => p.name !== "reroll-steps")
    .map((p) => ({
      name: p.name as string,
      run: (g: Graph): Graph => runSteps(g, [step(p as unknown as Pass<"graph">)], context()),
    })),
  { name: "the whole pipeline", run: (g: Graph): Graph => runSteps(g, graphPipeline, context()) },
];

describe("on random graphs", () => {
  it.each(steps)("$name keeps what is computed, and is done after one run", ({ run }) => {
    let changed = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const g = randomGraph(seed);
      const out = run(g);
      if (out !== g) changed++;
      const inputs = sample(g, new Random(seed));
      try {
        expect(verifyGraph(out)).toEqual([]);
        expectSame(runGraph(g, inputs), runGraph(out, inputs));
        expect(run(out)).toBe(out);
      } catch (e) {
        throw new Error(`seed ${seed}\n${printGraph(g, new TensorStore())}\n=>\n${printGraph(out, new TensorStore())}`, { cause: e });
      }
    }
    // Graphs that a pass never touches would test nothing.
    expect(changed).toBeGreaterThan(5);
  });

  it("the text form reads back to the same graph", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const g = randomGraph(seed);
      expect(verifyGraph(g)).toEqual([]);
      const store = new TensorStore();
      expect(parseGraph(printGraph(g, store), store)).toEqual(g);
    }
  });

  it("quantized clips are found in most ways of writing them", () => {
    let found = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const s = new Scribe(seed);
      const x = s.b.input("x", "f64", [1, 2, 1, 2]);
      const g = s.b.finish([quantized(s, x)]);
      const out = runSteps(g, graphPipeline, context());
      if (out.nodes.length === 1 && out.nodes[0]?.op === "quantized-clip") found++;
    }
    // One in ten is shifted by a quarter, unless it rounds.
    expect(found).toBeGreaterThan(85);
    expect(found).toBeLessThan(100);
  });
});
