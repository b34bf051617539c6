import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { at } from "../../base/bug.ts";
import { type Diagnostic, Failure } from "../../base/diagnostic.ts";
import { Random } from "../../base/random.ts";
import { f32, sizeOf } from "../../base/tensor.ts";
import { importOnnx } from "../../frontends/onnx/index.ts";
import { GraphBuilder } from "../../ir/graph/build.ts";
import type { OpName } from "../../ir/graph/ops/index.ts";
import type { Attr, Graph, ValueId } from "../../ir/graph/types.ts";
import { verifyGraph } from "../../ir/graph/verify.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import type { Network } from "../../ir/network/types.ts";
import { verifyNetwork } from "../../ir/network/verify.ts";
import { graphPipeline } from "../../passes/graph/index.ts";
import { context } from "../../passes/pass.ts";
import { runSteps } from "../../passes/run.ts";
import { convert } from "../../pipeline.ts";
import { prepareSteps } from "./run.ts";

/*
 * A spiking file, run step by step with its states fed back, against the network made of it: every
 * spike is equal, and answers differ by the rounding of single precision only.
 */

function simplified(g: Graph): Graph {
  expect(verifyGraph(g)).toEqual([]);
  const out = runSteps(g, graphPipeline, context());
  expect(verifyGraph(out)).toEqual([]);
  return out;
}

function toNetwork(g: Graph, steps = 6, cx = context()): Network {
  const n = convert(g, { method: "as-is", options: { steps: String(steps), inputRange: "0:2" }, calibration: [] }, cx);
  expect(verifyNetwork(n)).toEqual([]);
  return n;
}

function expectSame(raw: Graph, samples = 12, steps = 6): Network {
  const g = simplified(raw);
  const n = toNetwork(g, steps);
  const neurons = g.nodes.filter((x) => x.op === "neuron-step");
  const pops = neurons.map((x) =>
    at(
      n.pops.filter((p) => p.origin === x.origin),
      0,
    ),
  );
  const file = prepareSteps(
    g,
    neurons.map((x) => at(x.outputs, 0)),
  );
  const network = prepareNetwork(n, { record: pops.map((p) => p.id) });
  const r = new Random(7);
  const size = sizeOf(at(g.values, at(g.inputs, 0)).shape);
  const fired = neurons.map(() => 0);
  for (let s = 0; s < samples; s++) {
    const x = Float32Array.from({ length: size }, () => r.unit() * 2);
    const [wanted, got] = [file.run(x, steps), network.run([x])];
    neurons.forEach((_, k) => {
      const train = [...(got.trains.get(at(pops, k).id) ?? [])];
      expect(train).toEqual(wanted.kept.flatMap((step) => [...at(step, k)]));
      fired[k] = at(fired, k) + train.reduce((a, b) => a + b, 0);
    });
    wanted.outputs.forEach((y, o) => {
      y.forEach((v, i) => {
        expect(Math.abs(v - at(at(got.outputs, o), i))).toBeLessThan(1e-5 * Math.max(1, Math.abs(v)));
      });
    });
  }
  // A silent network would agree with anything.
  for (const count of fired) expect(count).toBeGreaterThan(0);
  return n;
}

/** Writes nodes with short names. */
class Writer {
  readonly b = new GraphBuilder("t");
  readonly r = new Random(3);
  #count = 0;
  readonly outputs: ValueId[] = [];
  readonly data: ValueId;

  constructor(shape: readonly number[]) {
    this.data = this.b.input("x", "f32", shape);
  }
  node(op: OpName, inputs: readonly ValueId[], attrs: Record<string, Attr> = {}): ValueId {
    return at(this.b.node(op, inputs, attrs, { name: `${op}${this.#count++}` }), 0);
  }
  number(...values: number[]): ValueId {
    return this.constant(values.length === 1 ? [] : [values.length], values);
  }
  constant(shape: readonly number[], values: readonly number[]): ValueId {
    return this.b.constant(`k${this.#count++}`, f32(shape, values));
  }
  random(shape: readonly number[], low = -0.5, high = 0.9): ValueId {
    return this.constant(
      shape,
      Array.from({ length: sizeOf(shape) }, () => low + (high - low) * this.r.unit()),
    );
  }
  state(shape: readonly number[]): ValueId {
    return this.b.input(`v${this.#count++}`, "f32", shape);
  }
  conv(x: ValueId, outputs: number, size = 3): ValueId {
    const channels = at(this.b.shapeOf(x), 1);
    const pad = (size - 1) / 2;
    const attrs = { strides: [1, 1], pads: [pad, pad, pad, pad], dilations: [1, 1], group: 1 };
    return this.node("conv", [x, this.random([outputs, channels, size, size], -0.3, 0.5), this.random([outputs], -0.1, 0.2)], attrs);
  }
  /** A plain neuron: IF, threshold 1, hard reset. */
  fire(x: ValueId, theta = 1): ValueId {
    const u = this.node("add", [this.state(this.b.shapeOf(x)), x]);
    const z = this.cast(this.node("greater-or-equal", [u, this.number(theta)]));
    this.outputs.push(this.node("mul", [u, this.node("sub", [this.number(1), z])]));
    return z;
  }
  cast(b: ValueId): ValueId {
    return this.node("cast", [b], { to: "f32" });
  }
  finish(...answers: ValueId[]): Graph {
    return this.b.finish([...answers, ...this.outputs]);
  }
}

/** Ways to write a neuron: current x and state v give the spike z and the next state. */
type Cell = (w: Writer, x: ValueId, v: ValueId) => { z: ValueId; next: ValueId };
const cells: Readonly<Record<string, Cell>> = {
  "hard reset by (1-z)*u": (w, x, v) => {
    const u = w.node("add", [v, x]);
    const z = w.cast(w.node("greater-or-equal", [u, w.number(1)]));
    return { z, next: w.node("mul", [w.node("sub", [w.number(1), z]), u]) };
  },
  "hard reset to a value, with strict comparison": (w, x, v) => {
    const u = w.node("add", [x, v]);
    const z = w.cast(w.node("greater", [u, w.number(0.75)]));
    const kept = w.node("mul", [w.node("sub", [w.number(1), z]), u]);
    return { z, next: w.node("add", [kept, w.node("mul", [z, w.number(0.125)])]) };
  },
  "hard reset by where": (w, x, v) => {
    const u = w.node("add", [x, v]);
    const fired = w.node("greater-or-equal", [u, w.number(1)]);
    return { z: w.node("where", [fired, w.number(1), w.number(0)]), next: w.node("where", [fired, w.number(-0.25), u]) };
  },
  "soft reset by u - theta*z": (w, x, v) => {
    const u = w.node("add", [v, x]);
    const z = w.cast(w.node("greater-or-equal", [w.node("sub", [u, w.number(0.875)]), w.number(0)]));
    return { z, next: w.node("sub", [u, w.node("mul", [z, w.number(0.875)])]) };
  },
  "soft reset by (1-z)*u + z*(u-theta)": (w, x, v) => {
    const u = w.node("add", [v, x]);
    const q = w.node("sub", [u, w.number(0.875)]);
    const z = w.cast(w.node("greater-or-equal", [q, w.number(0)]));
    const kept = w.node("mul", [w.node("sub", [w.number(1), z]), u]);
    return { z, next: w.node("add", [kept, w.node("mul", [z, q])]) };
  },
  "leak by a factor": (w, x, v) => {
    const u = w.node("add", [w.node("mul", [v, w.number(0.25)]), x]);
    const z = w.cast(w.node("greater", [u, w.number(0.5)]));
    return { z, next: w.node("mul", [u, w.node("sub", [w.number(1), z])]) };
  },
  "leak by v + (x - v)/tau": (w, x, v) => {
    const u = w.node("add", [v, w.node("div", [w.node("sub", [x, v]), w.number(2)])]);
    const z = w.cast(w.node("greater-or-equal", [u, w.number(0.5)]));
    return { z, next: w.node("sub", [u, w.node("mul", [z, w.number(0.5)])]) };
  },
  "leak toward a resting potential, one decay a channel": (w, x, v) => {
    const rest = w.number(0.125);
    const rate = w.constant([1, 3, 1, 1], [0.5, 0.25, 0.75]);
    const u = w.node("add", [v, w.node("mul", [w.node("sub", [x, w.node("sub", [v, rest])]), rate])]);
    const z = w.cast(w.node("greater-or-equal", [u, w.number(0.5)]));
    const kept = w.node("mul", [w.node("sub", [w.number(1), z]), u]);
    return { z, next: w.node("add", [kept, w.node("mul", [rest, z])]) };
  },
  "comparison the other way round": (w, x, v) => {
    const u = w.node("add", [v, x]);
    const silent = w.node("less", [u, w.number(1)]);
    const z = w.cast(w.node("not", [silent]));
    return { z, next: w.node("mul", [w.cast(silent), u]) };
  },
  "theta <= u, state kept in units of the threshold": (w, x, v) => {
    const u = w.node("add", [w.node("mul", [v, w.number(2)]), x]);
    const z = w.cast(w.node("less-or-equal", [w.number(2), u]));
    return { z, next: w.node("div", [w.node("sub", [u, w.node("mul", [w.number(2), z])]), w.number(2)]) };
  },
  "reset a step late (snnTorch)": (w, x, v) => {
    const reset = w.cast(w.node("greater", [w.node("sub", [v, w.number(1)]), w.number(0)]));
    const u = w.node("sub", [w.node("add", [w.node("mul", [w.number(0.75), v]), x]), w.node("mul", [reset, w.number(1)])]);
    return { z: w.cast(w.node("greater", [w.node("sub", [u, w.number(1)]), w.number(0)])), next: u };
  },
};

describe("neurons, however they are written", () => {
  it.each(Object.entries(cells))("%s", (_, cell) => {
    const w = new Writer([1, 2, 5, 5]);
    const x = w.conv(w.data, 3);
    const first = cell(w, x, w.state(w.b.shapeOf(x)));
    const y = w.conv(first.z, 3);
    const second = cell(w, y, w.state(w.b.shapeOf(y)));
    w.outputs.push(first.next, second.next);
    const answer = w.node("gemm", [w.node("reshape", [second.z], { shape: [1, 75] }), w.random([4, 75]), w.random([4])], { transB: 1 });
    const n = expectSame(w.finish(answer));
    expect(n.pops.map((p) => p.neuron.model)).toContain("readout");
  });

  it("a neuron without memory, and one that sees the data itself", () => {
    const w = new Writer([1, 2, 5, 5]);
    const seen = w.cast(w.node("greater", [w.data, w.number(0.9)]));
    const z = w.cast(w.node("greater-or-equal", [w.conv(seen, 3), w.number(0.25)]));
    const n = expectSame(w.finish(w.node("global-average-pool", [w.fire(w.conv(z, 2))])));
    expect(n.pops.map((p) => p.neuron.params["decay"])).toEqual([undefined, 0, 0, undefined, undefined]);
  });
});

describe("what a spike is worth", () => {
  /** A spike map of 3x5x5, and what is left of the network behind `body`. */
  function gained(body: (w: Writer, z: ValueId) => ValueId): Network {
    const w = new Writer([1, 2, 5, 5]);
    const out = body(w, w.fire(w.conv(w.data, 3)));
    return expectSame(w.finish(w.node("global-average-pool", [w.fire(w.conv(out, 2))])));
  }
  const element = (w: Writer): ValueId => w.random([1, 3, 5, 5], 0.5, 1.5);

  it("is the amplitude of its population: layer, channel, element, told by the values", () => {
    expect(at(gained((w, z) => w.node("mul", [w.number(0.75), z])).pops, 1).amplitude).toBe(0.75);
    expect(at(gained((w, z) => w.node("mul", [z, w.constant([1, 3, 5, 5], new Array<number>(75).fill(1.25))])).pops, 1).amplitude).toBe(
      1.25,
    );
    expect(at(gained((w, z) => w.node("mul", [z, w.constant([1, 3, 1, 1], [1.5, -0.5, 2])])).pops, 1).amplitude).toMatchObject({
      shape: [3],
    });
    const n = gained((w, z) => w.node("mul", [z, element(w)]));
    expect(at(n.pops, 1).amplitude).toMatchObject({ shape: [3, 5, 5] });
    expect(at(n.links, 1).kernel).toMatchObject({ kind: "conv", shared: true });
  });

  it("passes average pooling, and a normalization before the convolution (whose offset becomes a bias per position)", () => {
    expect(
      at(
        gained((w, z) =>
          w.node("average-pool", [w.node("mul", [z, w.number(-1.5)])], {
            kernelShape: [2, 2],
            strides: [1, 1],
            pads: [0, 0, 1, 1],
            dilations: [1, 1],
            ceilMode: 0,
            countIncludePad: 1,
          }),
        ).pops,
        1,
      ).amplitude,
    ).toBe(-1.5);
    const n = gained((w, z) =>
      w.node("batch-normalization", [z, w.random([3], 0.5, 1.5), w.random([3]), w.random([3]), w.random([3], 0.5, 1)]),
    );
    expect(at(n.pops, 1).amplitude).toMatchObject({ shape: [3] });
    // A uniform bias would be one number a channel.
    expect(at(n.pops, 2).neuron.params["bias"]).toMatchObject({ shape: [2, 5, 5] });
  });

  it("stays with the way where ways differ", () => {
    const w = new Writer([1, 2, 5, 5]);
    const z = w.fire(w.conv(w.data, 3));
    const a = w.node("mul", [z, element(w)]);
    const y = w.node("add", [w.conv(a, 2), w.conv(w.node("mul", [z, w.number(0.5)]), 2)]);
    const n = expectSame(w.finish(w.node("global-average-pool", [w.fire(y)])));
    expect(at(n.pops, 1).amplitude).toBe(1);
    expect(n.links.filter((l) => l.gain !== null)).toHaveLength(1);
  });

  it("sums of spike maps are links of their own (SEW ADD)", () => {
    const w = new Writer([1, 2, 5, 5]);
    const a = w.fire(w.conv(w.data, 3));
    const b = w.fire(w.conv(a, 3));
    const sum = w.node("add", [w.node("mul", [b, w.number(0.5)]), w.node("mul", [a, w.constant([1, 3, 1, 1], [1, 2, 3])])]);
    const n = expectSame(w.finish(w.node("global-average-pool", [w.fire(w.conv(sum, 2))])));
    expect(n.links.filter((l) => l.to === 3)).toHaveLength(2);
  });

  it.each([
    ["AND", (w: Writer, a: ValueId, b: ValueId) => w.node("mul", [a, b])],
    ["IAND", (w: Writer, a: ValueId, b: ValueId) => w.node("mul", [a, w.node("sub", [w.number(1), b])])],
    [
      "gated by where",
      (w: Writer, a: ValueId, b: ValueId) =>
        w.node("mul", [w.node("mul", [a, w.number(0.5)]), w.node("sub", [w.number(1), w.node("mul", [b, w.number(2)])])]),
    ],
  ])("%s is a population that spikes where both do", (_, join) => {
    const w = new Writer([1, 2, 5, 5]);
    const a = w.fire(w.conv(w.data, 3));
    const b = w.fire(w.conv(a, 3));
    const n = expectSame(w.finish(w.node("global-average-pool", [w.fire(w.conv(join(w, a, b), 2))])));
    expect(n.pops.filter((p) => p.neuron.params["threshold"] === 2)).toHaveLength(1);
  });

  it.each([
    ["worth more than 0: OR", [1, 2, 0.5], [0, 0, 0, 0], ["or"]],
    ["worth less than 0: AND", [-1, -2, -0.5], [0, 0, 0, 0], ["and"]],
    ["both: each channel its own", [1, -2, 0.5], [0, 0, 0, 0], ["or", "and"]],
    ["worth less than 0, with padding: neurons that count", [1, -2, 0.5], [0, 0, 1, 1], ["or"]],
  ])("max pooling of spikes %s", (_, gains, pads, modes) => {
    const n = gained((w, z) => {
      const worth = w.node("mul", [z, w.constant([1, 3, 1, 1], gains)]);
      const pooled = w.node("max-pool", [worth], { kernelShape: [2, 2], strides: [2, 2], pads, dilations: [1, 1], ceilMode: 0 });
      // What follows is worth more than 0, so that the neurons behind it fire.
      return w.node("mul", [pooled, w.constant([1, 3, 1, 1], gains.map(Math.sign))]);
    });
    expect(n.links.flatMap((l) => (l.pool === null ? [] : [l.pool.mode]))).toEqual(modes);
  });
});

describe("networks with all their steps written out", () => {
  const steps = 4;

  /** The cell, step after step; potentials start at 0. */
  function unrolled(cell: Cell, once: boolean, gain: (w: Writer, t: number) => ValueId): Graph {
    const w = new Writer([1, 2, 5, 5]);
    const [w1, w2, w3] = [w.random([3, 2, 3, 3], -0.3, 0.5), w.random([3, 3, 3, 3], -0.3, 0.5), w.random([4, 75])];
    const attrs = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 };
    const zero = w.constant([1, 3, 5, 5], new Array<number>(75).fill(0));
    let [v1, v2] = [zero, zero];
    let sum: ValueId | null = null;
    const current = w.node("conv", [w.data, w1], attrs);
    for (let t = 0; t < steps; t++) {
      const a = cell(w, once ? current : w.node("conv", [w.data, w1], attrs), v1);
      const b = cell(w, w.node("conv", [w.node("mul", [a.z, gain(w, t)]), w2], attrs), v2);
      [v1, v2] = [a.next, b.next];
      const y = w.node("gemm", [w.node("reshape", [b.z], { shape: [1, 75] }), w3], { transB: 1 });
      sum = sum === null ? y : w.node("add", [sum, y]);
    }
    return w.b.finish([w.node("div", [sum as ValueId, w.number(steps)])]);
  }
  const rolls = Object.entries(cells).filter(([name]) => !/late|channel/.test(name));

  it.each(
    rolls.flatMap(
      ([name, cell]) =>
        [
          [name, "a current of its own in each step", cell, false],
          [name, "one current for all", cell, true],
        ] as const,
    ),
  )("%s, %s", (_, __, cell, once) => {
    const g = simplified(unrolled(cell, once, (w) => w.number(0.75)));
    expect(g.metadata).toEqual({ "ganglion.steps": String(steps) });
    expect(g.nodes.filter((n) => n.op === "neuron-step")).toHaveLength(2);
    const n = expectSame(g, 8, steps);
    expect(at(n.pops, 1).amplitude).toBe(0.75);
    // The file says how many steps there are.
    expect(convert(g, { method: "as-is", options: { inputRange: "0:2" }, calibration: [] }, context()).steps).toBe(steps);
  });

  it("graph-unrolled-left: a gain that differs from step to step", () => {
    const notes: Diagnostic[] = [];
    const g = unrolled(at(Object.values(cells), 0), false, (w, t) => w.number(1 + t));
    runSteps(g, graphPipeline, context({ report: (d) => notes.push(d) }));
    expect(notes.map((d) => d.code)).toContain("graph-unrolled-left");
  });
});

describe("what is refused", () => {
  const codes = (run: () => unknown): readonly string[] => {
    try {
      run();
    } catch (e) {
      if (e instanceof Failure) return e.diagnostics.map((d) => d.code);
      throw e;
    }
    return [];
  };
  const build = (body: (w: Writer, z: ValueId) => ValueId): Graph => {
    const w = new Writer([1, 2, 4, 4]);
    return w.finish(body(w, w.fire(w.conv(w.data, 3))));
  };

  it("convert-no-neurons, convert-neurons: the method does not fit the file", () => {
    const w = new Writer([1, 2, 4, 4]);
    const ann = w.finish(w.node("relu", [w.conv(w.data, 3)]));
    expect(codes(() => toNetwork(ann))).toEqual(["convert-no-neurons"]);
    const snn = simplified(build((_, z) => z));
    expect(codes(() => convert(snn, { method: "rate", options: {}, calibration: [] }, context()))).toEqual(["convert-neurons"]);
  });

  it("convert-steps-missing: the file says one step, and nobody how many", () => {
    const g = simplified(build((_, z) => z));
    expect(codes(() => convert(g, { method: "as-is", options: {}, calibration: [] }, context()))).toEqual(["convert-steps-missing"]);
  });

  it("convert-mixed: a ReLU of something that is no spike", () => {
    expect(codes(() => toNetwork(simplified(build((w, z) => w.node("relu", [w.conv(z, 2)])))))).toEqual(["convert-mixed"]);
  });

  it("convert-state-used: the answer reads a potential", () => {
    const g = build((w, z) => w.node("add", [z, at(w.outputs, 0)]));
    expect(codes(() => toNetwork(simplified(g)))).toEqual(["convert-state-used"]);
  });

  it("convert-noise-in-file: noise of training without the method for it", () => {
    const w = new Writer([1, 2, 4, 4]);
    const x = w.conv(w.data, 3);
    const noisy = w.node("add", [x, w.node("mul", [w.node("random-normal-like", [x]), w.number(0.3)])]);
    const g = simplified(w.finish(w.cast(w.node("greater-or-equal", [noisy, w.number(1)]))));
    expect(codes(() => toNetwork(g))).toEqual(["convert-noise-in-file"]);
  });

  it("max pooling of spikes that are worth different amounts within a channel", () => {
    const pool = { kernelShape: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0], dilations: [1, 1], ceilMode: 0 };
    const g = build((w, z) => w.node("max-pool", [w.node("mul", [z, w.random([1, 3, 4, 4])])], pool));
    expect(codes(() => toNetwork(simplified(g)))).toEqual(["convert-max-pool-source"]);
  });

  it("graph-neuron-left: a state that nothing updates, and a reset that is none", () => {
    const notes: Diagnostic[] = [];
    const cx = context({ report: (d) => notes.push(d) });
    const loose = new Writer([1, 2, 4, 4]);
    const y = loose.conv(loose.data, 2);
    const z = loose.cast(loose.node("greater", [loose.node("add", [y, loose.state(loose.b.shapeOf(y))]), loose.number(1)]));
    runSteps(loose.finish(z), graphPipeline, cx);
    const odd = new Writer([1, 2, 4, 4]);
    const x = odd.conv(odd.data, 2);
    const u = odd.node("add", [odd.state(odd.b.shapeOf(x)), x]);
    const s = odd.cast(odd.node("greater", [u, odd.number(1)]));
    const halved = odd.node("sub", [u, odd.node("mul", [odd.node("mul", [u, odd.number(0.5)]), s])]);
    runSteps(odd.finish(s, halved), graphPipeline, cx);
    expect(notes.filter((d) => d.code === "graph-neuron-left").map((d) => d.message.split(": ")[1])).toEqual([
      expect.stringMatching(/^no output of the model is the next value of its state "v\d+"$/),
      "what a spike does to its potential is neither a subtraction nor a new value",
    ]);
  });
});

describe("files", () => {
  const models = join(import.meta.dirname, "../../../test/models");
  const spiking = readdirSync(models).filter((name) => /^(real-|atif)/.test(name));

  it.each(spiking)("%s: our recipe's model", (name) => {
    const g = importOnnx(readFileSync(join(models, name, `${name}.onnx`)), name, () => null, context());
    expectSame(g, 10, 4);
  });
});
