import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { at } from "../../base/bug.ts";
import { quiet } from "../../base/context.ts";
import { type Diagnostic, Failure } from "../../base/diagnostic.ts";
import { f32, f64, sizeOf, tensor, type Tensor } from "../../base/tensor.ts";
import { denseOf, outShape } from "../../ir/network/kernels/index.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import type { Kernel, Network } from "../../ir/network/types.ts";
import { verifyNetwork } from "../../ir/network/verify.ts";
import { compose, type LinearMap } from "./compose.ts";
import { effectsOf } from "./effects.ts";
import { nirOf } from "./export.ts";
import { importNir, type NirOptions } from "./index.ts";
import { readNir } from "./reader.ts";
import type { NirFile, NirNode, NirValue } from "./types.ts";
import { writeNir } from "./write.ts";

type Nodes = Readonly<Record<string, Readonly<Record<string, NirValue>> & { readonly type: string }>>;

function file(nodes: Nodes, edges: readonly (readonly [string, string])[], metadata: Readonly<Record<string, NirValue>> = {}): NirFile {
  const list = Object.entries(nodes).map(([name, { type, ...params }]): NirNode => ({ name, type, params, metadata: {}, graph: null }));
  return { version: "1.0", graph: { nodes: list, edges, metadata } };
}

const chain = (...names: string[]): [string, string][] => names.slice(1).map((n, i) => [at(names, i), n]);
const shape = (...dims: number[]): Tensor => tensor("i64", [dims.length], BigInt64Array.from(dims, BigInt));
const input = (...dims: number[]) => ({ type: "Input", shape: shape(...dims) });
const output = (...dims: number[]) => ({ type: "Output", shape: shape(...dims) });
const ones = (...dims: number[]): Tensor => f32(dims, new Array<number>(sizeOf(dims)).fill(1));
const neuron = (...dims: number[]) => ({ type: "IF", r: ones(...dims), v_threshold: ones(...dims) });
const lif = (n: number, over: Record<string, NirValue> = {}) => ({
  type: "LIF",
  tau: f64([n], new Array<number>(n).fill(2e-3)),
  r: ones(n),
  v_leak: f64([n], new Array<number>(n).fill(0)),
  v_threshold: ones(n),
  ...over,
});

const options: NirOptions = { profile: { name: "sinabs", given: {} }, dt: 1e-3, steps: 4, input: "count" };

async function read(f: NirFile, over: Partial<NirOptions> = {}): Promise<Network> {
  const network = await importNir(await writeNir(f), "t", { ...options, ...over }, quiet());
  expect(verifyNetwork(network)).toEqual([]);
  return network;
}

async function refused(work: Promise<unknown>): Promise<readonly Diagnostic[]> {
  const failure: unknown = await work.then(
    () => null,
    (e: unknown) => e,
  );
  if (!(failure instanceof Failure)) throw failure ?? new Error("nothing was refused");
  return failure.diagnostics;
}

const codes = async (work: Promise<unknown>): Promise<string[]> => (await refused(work)).map((d) => d.code);

describe("time constants against the step", () => {
  const one = (tau: number): NirFile =>
    file({ input: input(1), n: lif(1, { tau: f64([1], [tau]) }), output: output(1) }, chain("input", "n", "output"));

  it.each([
    [20, "nir-tau-steps", /is 20 s, which is 20000 steps: its neurons hardly take in anything/],
    [4e-4, "nir-tau-steps", /which is 0\.4 steps: its neurons forget nearly all/],
    [1, null, null],
    [6e-4, null, null],
  ])("tau of %d s in steps of 1 ms", async (tau, code, text) => {
    const said: Diagnostic[] = [];
    await importNir(await writeNir(one(tau)), "t", options, { ...quiet(), report: (d) => said.push(d) });
    expect(said.map((d) => d.code)).toEqual(code === null ? [] : [code]);
    if (text !== null) expect(said[0]?.message).toMatch(text);
    expect(said.flatMap((d) => d.help).join()).toMatch(code === null ? /^$/ : /--profile NAME:dt=1/);
  });

  it("in numbers of steps are read with dt=1", async () => {
    const steps = await read(one(20), { profile: { name: "sinabs", given: { dt: "1" } } });
    const seconds = await read(one(0.02));
    expect(steps.pops).toEqual(seconds.pops);
  });

  it("below the step are refused by Euler's rule, and with the step squared are those of norse 1.1", async () => {
    const norse = (given: Record<string, string>): Partial<NirOptions> => ({ profile: { name: "norse", given } });
    const [d] = await refused(read(one(1e-5), norse({})));
    expect([d?.code, d?.message]).toEqual(["nir-step-long", 'tau of node "n" is 0.00001 s, shorter than the step of 0.001 s']);
    expect(d?.help.join()).toContain("--profile norse:dt=1e-6");
    expect((await read(one(1e-5), norse({ dt: "1e-6" }))).pops).toEqual((await read(one(1e-2), norse({}))).pops);
  });
});

describe("the file", () => {
  const good = file(
    { input: input(2), fc: { type: "Linear", weight: f32([1, 2], [1, 2]) }, n: neuron(1), output: output(1) },
    chain("input", "fc", "n", "output"),
  );

  it("comes back as it was written", async () => {
    const value = fc.oneof(
      fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      fc.string({ minLength: 1, unit: "grapheme-ascii" }).filter((s) => s.trim() === s),
      fc.array(fc.float({ noNaN: true }), { minLength: 2, maxLength: 9 }).map((v): NirValue => f32([v.length], v)),
      fc.array(fc.double({ noNaN: true }), { minLength: 6, maxLength: 6 }).map((v): NirValue => f64([2, 3], v)),
    );
    const name = fc
      .stringMatching(/^[a-z_][a-z0-9_.]{0,7}$/)
      .filter((n) => !["type", "metadata", "nodes", "edges", "."].includes(n) && !/^\.+$/.test(n));
    const dict = fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true });
    const plain = fc.record({ type: fc.constantFrom("LIF", "Affine", "Conv2d"), params: dict, metadata: dict });
    const graph = (depth: number): fc.Arbitrary<NirFile["graph"]> =>
      fc.uniqueArray(name, { minLength: 2, maxLength: 5 }).chain((names) =>
        fc.record({
          nodes: fc.tuple(
            ...names.map((n) =>
              depth > 0 && n.length % 3 === 0
                ? graph(depth - 1).map((g): NirNode => ({ name: n, type: "NIRGraph", params: {}, metadata: g.metadata, graph: g }))
                : plain.map((p): NirNode => ({ name: n, ...p, graph: null })),
            ),
          ),
          edges: fc.uniqueArray(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)), {
            selector: (e) => e.join(" "),
            minLength: 1,
            maxLength: 6,
          }),
          metadata: dict,
        }),
      );
    const sorted = (g: NirFile["graph"]): unknown => ({
      edges: g.edges,
      metadata: g.metadata,
      nodes: [...g.nodes]
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((n) => ({ ...n, graph: n.graph === null ? null : sorted(n.graph) })),
    });
    await fc.assert(
      fc.asyncProperty(graph(1), async (g) => {
        const back = await readNir(await writeNir({ version: "1.0", graph: g }), "t");
        expect(sorted(back.graph)).toEqual(sorted(g));
      }),
      { numRuns: 25 },
    );
  });

  it("is refused when it is cut short or something else", async () => {
    const bytes = await writeNir(good);
    expect(await codes(readNir(bytes.subarray(0, bytes.length - 100), "t"))).toEqual(["nir-truncated"]);
    expect(await codes(readNir(bytes.subarray(0, 12), "t"))).toEqual(["nir-truncated"]);
    expect(await codes(readNir(new TextEncoder().encode("version https://git-lfs"), "t"))).toEqual(["nir-not-hdf5"]);
  });

  it("is refused when its inside is damaged", async () => {
    const bytes = await writeNir(good);
    // The root group's object header, behind the superblock.
    bytes.fill(0xff, 96, 200);
    expect(await codes(readNir(bytes, "t"))).toEqual(["nir-hdf5"]);
  });

  it("is refused, and not read for ever, when its heap of texts is damaged", async () => {
    const bytes = await writeNir(good);
    const heap = Buffer.from(bytes).indexOf("GCOL");
    expect(heap).toBeGreaterThan(0);
    // The size of its first object, and the size of the heap itself.
    for (const [at, value] of [
      [24, 0xff],
      [8, 0xff],
    ] as const) {
      const damaged = bytes.slice().fill(value, heap + at, heap + at + 8);
      expect(await codes(readNir(damaged, "t"))).toEqual(["nir-hdf5"]);
    }
  });

  it("names every missing dataset and every wrong type", async () => {
    const without = (name: string, param: string): NirFile => ({
      ...good,
      graph: {
        ...good.graph,
        nodes: good.graph.nodes.map((n) => (n.name === name ? { ...n, params: { ...n.params, [param]: "text" } } : n)),
      },
    });
    expect(await codes(read(without("fc", "weight")))).toEqual(["nir-dtype"]);
    expect(await codes(read(file({ input: input(2), fc: { type: "Linear" }, output: output(1) }, chain("input", "fc", "output"))))).toEqual(
      ["nir-missing"],
    );
    const whole = { type: "Linear", weight: tensor("i32", [1, 2], new Int32Array(2)) };
    expect(await codes(read(file({ input: input(2), fc: whole, output: output(1) }, chain("input", "fc", "output"))))).toEqual([
      "nir-dtype",
    ]);
  });
});

describe("bad graphs", () => {
  const fully = (weight: Tensor) => ({ type: "Linear", weight });

  it.each<[string, string, NirFile]>([
    ["an edge to nowhere", "nir-edge-nowhere", file({ input: input(1), output: output(1) }, chain("input", "gone", "output").slice(0, 1))],
    [
      "an unknown node",
      "nir-type-unknown",
      file({ input: input(1), m: { type: "MaxPool2d" }, output: output(1) }, chain("input", "m", "output")),
    ],
    ["no output", "nir-ends", file({ input: input(1), n: neuron(1) }, chain("input", "n"))],
    [
      "a shape that does not fit",
      "nir-shape",
      file({ input: input(3), fc: fully(f32([1, 2], [1, 2])), n: neuron(1), output: output(1) }, chain("input", "fc", "n", "output")),
    ],
    [
      "a NaN",
      "nir-number",
      file({ input: input(1), fc: fully(f32([1, 1], [Number.NaN])), n: neuron(1), output: output(1) }, chain("input", "fc", "n", "output")),
    ],
    [
      "a negative time constant",
      "nir-range",
      file({ input: input(1), n: lif(1, { tau: f64([1], [-1]) }), output: output(1) }, chain("input", "n", "output")),
    ],
    [
      "a loop without a neuron",
      "nir-loop",
      file({ input: input(1), a: fully(ones(1, 1)), b: fully(ones(1, 1)), n: neuron(1), output: output(1) }, [
        ...chain("input", "a", "b", "n", "output"),
        ["b", "a"],
      ]),
    ],
    [
      "a node that nothing leads into",
      "nir-unconnected",
      file({ input: input(1), n: neuron(1), lost: neuron(1), output: output(1) }, chain("input", "n", "output")),
    ],
    [
      "a potential sent on",
      "nir-analog",
      file(
        { input: input(1), li: { type: "LI", tau: ones(1), r: ones(1), v_leak: f32([1], [0]) }, n: neuron(1), output: output(1) },
        chain("input", "li", "n", "output"),
      ),
    ],
  ])("%s", async (_, code, f) => {
    expect(new Set(await codes(read(f)))).toEqual(new Set([code]));
  });

  it("asks for what the file cannot say, and takes what its metadata say", async () => {
    const f = file({ input: input(1), n: lif(1), output: output(1) }, chain("input", "n", "output"));
    expect(await codes(read(f, { profile: null }))).toEqual(["nir-profile-needed"]);
    expect(await codes(read(f, { dt: null }))).toEqual(["nir-step-needed"]);
    const named = { ...f, graph: { ...f.graph, metadata: { framework: "snnTorch 0.9" } } };
    const rows: Readonly<Record<string, string | number>>[] = [];
    await importNir(await writeNir(named), "t", { ...options, profile: null }, quiet({ table: (_, r) => rows.push(...r) }));
    expect(rows[0]).toMatchObject({ value: "snntorch", from: "metadata framework of the file" });
  });
});

it("refuses rules that no neuron has", async () => {
  const f = file({ input: input(1), n: lif(1), output: output(1) }, chain("input", "n", "output"));
  expect(await codes(read(f, { profile: { name: "snntorch", given: { reset: "hard" } } }))).toEqual(["nir-rule"]);
});

it("says when delays are rounded", async () => {
  const d = { type: "Delay", delay: f64([1], [1.4e-3]) };
  const f = file({ input: input(1), d, n: neuron(1), output: output(1) }, chain("input", "d", "n", "output"));
  const said: Diagnostic[] = [];
  const network = await importNir(await writeNir(f), "t", options, quiet({ report: (x) => said.push(x) }));
  expect(said.map((x) => x.code)).toEqual(["nir-delay-rounded"]);
  expect(network.links.map((l) => l.delay)).toEqual([1]);
});

describe("what a graph means", () => {
  const out = async (f: NirFile, sample: readonly number[], over: Partial<NirOptions> = {}): Promise<number[]> => {
    const network = await read(f, over);
    return [...at(prepareNetwork(network).run([sample]).outputs, 0)];
  };

  it("adds several edges, and sums what an Output gets without a neuron", async () => {
    const f = file(
      {
        input: input(2),
        a: { type: "Affine", weight: f32([1, 2], [1, 2]), bias: f32([1], [0.5]) },
        b: { type: "Scale", scale: f32([2], [3, 4]) },
        c: { type: "Linear", weight: f32([1, 2], [1, 1]) },
        output: output(1),
      },
      [...chain("input", "a", "output"), ...chain("input", "b", "c", "output")],
    );
    expect(await out(f, [1, 0, 0, 1], { steps: 2 })).toEqual([1 + 3 + (2 + 4) + 2 * 0.5]);
  });

  it("writes nested graphs out and delays feedback by a step", async () => {
    const inner = file({ input: input(1), n: neuron(1), w: { type: "Linear", weight: f32([1, 1], [0.5]) }, output: output(1) }, [
      ...chain("input", "n", "w", "n"),
      ["n", "output"],
    ]);
    const f: NirFile = {
      version: "1.0",
      graph: {
        ...file({ input: input(1), output: output(1) }, chain("input", "cell", "output")).graph,
        nodes: [
          ...file({ input: input(1), output: output(1) }, []).graph.nodes,
          { name: "cell", type: "NIRGraph", params: {}, metadata: {}, graph: inner.graph },
        ],
      },
    };
    const network = await read(f);
    expect(network.pops.map((p) => p.name)).toEqual(["input", "cell.n"]);
    expect(network.links.map((l) => l.delay).sort()).toEqual([0, 1]);
    // 1 spikes, half of it comes back, and a second input of one half makes the next spike.
    expect([...at(prepareNetwork(network).run([[1, 0, 0, 0]]).outputs, 0)]).toEqual([1]);
    expect([...at(prepareNetwork(network).run([[1, 1, 0, 0]]).outputs, 0)]).toEqual([3]);
  });

  it("delays each element by its own delay", async () => {
    const f = file(
      {
        input: input(2),
        d: { type: "Delay", delay: f64([2], [1e-3, 3e-3]) },
        fc: { type: "Linear", weight: f32([1, 2], [1, 1]) },
        n: neuron(1),
        output: output(1),
      },
      chain("input", "d", "fc", "n", "output"),
    );
    const network = await read(f);
    expect(network.links.map((l) => l.delay)).toEqual([1, 3]);
    expect([...at(prepareNetwork(network).run([[1, 1, 0, 0, 0, 0, 0, 0]]).outputs, 0)]).toEqual([2]);
  });

  it("brings a bias through the synaptic current, and reads leaky integrators at the end", async () => {
    const cuba = { type: "CubaLI", tau_syn: f64([1], [2e-3]), tau_mem: f64([1], [4e-3]), r: ones(1), v_leak: f64([1], [0]), w_in: ones(1) };
    const f = file(
      { input: input(1), fc: { type: "Affine", weight: f32([1, 1], [1]), bias: f32([1], [1]) }, li: cuba, output: output(1) },
      chain("input", "fc", "li", "output"),
    );
    let [i, v] = [0, 0];
    for (const x of [1, 0, 0, 0]) {
      i = 0.5 * i + 0.5 * (x + 1);
      v = 0.75 * v + 0.25 * i;
    }
    const [got = 0] = await out(f, [1, 0, 0, 0], { profile: { name: "snntorch", given: { dt: "1e-3" } } });
    expect(got).toBeCloseTo(v, 12);
    // Norse's current acts one step later.
    [i, v] = [0, 0];
    for (const x of [1, 0, 0, 0]) {
      v = 0.75 * v + 0.25 * i;
      i = 0.5 * i + 0.5 * (x + 1);
    }
    const [late = 0] = await out(f, [1, 0, 0, 0], { profile: { name: "norse", given: {} } });
    expect(late).toBeCloseTo(v, 12);
  });

  it("computes the shape of a convolution from groups and both sides of its kernel", async () => {
    const conv = {
      type: "Conv2d",
      weight: ones(6, 2, 3, 5),
      stride: 1,
      padding: 0,
      dilation: 1,
      groups: 2,
      bias: f32([6], [0, 0, 0, 0, 0, 0]),
      input_shape: shape(8, 10),
    };
    const f = file(
      { input: input(4, 8, 10), c: conv, n: { type: "IF", r: 1, v_threshold: 1 }, output: output(6, 6, 6) },
      chain("input", "c", "n", "output"),
    );
    expect((await read(f)).pops.map((p) => p.shape)).toEqual([
      [4, 8, 10],
      [6, 6, 6],
    ]);
  });

  it("makes a Scale an amplitude of the coarsest grain", async () => {
    const scale = { type: "Scale", scale: f32([2, 1, 2], [3, 3, 4, 4]) };
    const f = file({ input: input(2, 1, 2), s: scale, n: neuron(2, 1, 2), output: output(4) }, chain("input", "s", "n", "output"));
    const network = await read(f);
    expect(at(network.pops, 0).amplitude).toEqual(f64([2], [3, 4]));
    expect(at(network.links, 0).kernel).toEqual({ kind: "one", weight: 1 });
  });
});

it("joins linear maps exactly", () => {
  const integer = fc.integer({ min: -3, max: 3 });
  const map = (inShape: readonly number[]): fc.Arbitrary<LinearMap> => {
    const [c = 1, h = 1, w = 1] = inShape;
    const numbers = (n: number): fc.Arbitrary<number[]> => fc.array(integer, { minLength: n, maxLength: n });
    const finish = (kernel: Kernel): LinearMap => ({ kernel, inShape, outShape: outShape(kernel, inShape) });
    const spatial = inShape.length === 3 && h >= 3 && w >= 3;
    const pads = [1, 0, 1, 0];
    return fc.oneof(
      numbers(c).map((v) => finish({ kind: "one", weight: f64([c], v) })),
      numbers(sizeOf(inShape)).map((v) => finish({ kind: "one", weight: f64(inShape, v) })),
      numbers(2 * sizeOf(inShape)).map((v) => finish({ kind: "dense", weight: f64([2, sizeOf(inShape)], v) })),
      ...(spatial
        ? [
            numbers(c * c * 6).map((v) =>
              finish({ kind: "conv", weight: f64([c, c, 2, 3], v), stride: [1, 2], pads, dilation: [1, 1], groups: 1, shared: true }),
            ),
            numbers(c * 4).map((v) =>
              finish({
                kind: "conv",
                weight: f64([c, 1, 2, 2], v),
                stride: [1, 1],
                pads: [0, 0, 0, 0],
                dilation: [1, 1],
                groups: c,
                shared: true,
              }),
            ),
            fc.constantFrom(2, 3).map((s) => finish({ kind: "pool", weight: 0.5, size: [s, s], stride: [s, s], pads: [0, 0, 0, 0] })),
            fc.constant(finish({ kind: "pool", weight: 1, size: [3, 3], stride: [2, 2], pads: [1, 1, 0, 0] })),
          ]
        : []),
    );
  };
  const maps = fc
    .constantFrom([2, 6, 6], [3, 4, 7], [1, 9, 6], [5])
    .chain((start) => map(start).chain((a) => map(a.outShape).chain((b) => map(b.outShape).map((c) => [a, b, c]))));
  fc.assert(
    fc.property(maps, (list) => {
      const [first, last] = [at(list, 0), at(list, 2)];
      const n = sizeOf(first.inShape);
      let expected: number[][] = Array.from({ length: n }, (_, s) => Array.from({ length: n }, (_, i) => (i === s ? 1 : 0)));
      for (const m of list) {
        const dense = denseOf(m.kernel, m.inShape, m.outShape);
        const size = sizeOf(m.inShape);
        expected = expected.map((x) =>
          Array.from({ length: sizeOf(m.outShape) }, (_, o) => x.reduce((sum, v, i) => sum + v * at(dense, o * size + i), 0)),
        );
      }
      const joined = denseOf(compose(list), first.inShape, last.outShape);
      const outputs = sizeOf(last.outShape);
      for (let s = 0; s < n; s++) for (let o = 0; o < outputs; o++) expect(at(joined, o * n + s) + 0).toBe(at(at(expected, s), o) + 0);
    }),
    { numRuns: 60 },
  );
});

it("documents every profile", () => {
  const page = readFileSync(new URL("../../../docs/nir.md", import.meta.url), "utf8");
  for (const name of ["snntorch", "norse", "sinabs", "spikingjelly", "rockpool", "lava", "spyx", "nengo", "spinnaker2"])
    expect(page).toContain(`\`${name}\``);
});

describe("a network written as NIR", () => {
  const dt = 1e-3;
  const firing = fc.record({
    reset: fc.constantFrom("subtract", "set"),
    compare: fc.constantFrom("ge", "gt"),
    emit: fc.constantFrom("unit", "count"),
  });
  const models = fc.array(fc.constantFrom("if", "lif", "cuba", "integrator", "readout"), { minLength: 1, maxLength: 3 });
  const quarter = fc.integer({ min: -8, max: 8 }).map((v) => v / 4);
  const weights = fc.array(quarter, { minLength: 60, maxLength: 60 });
  const sample = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 8 * 6, maxLength: 8 * 6 });

  /** A chain with a link of each kind, feedback, and a delay. */
  function chainOf(
    list: readonly string[],
    f: { reset: string; compare: string; emit: string },
    w: readonly number[],
    delay: number,
  ): Network {
    const last = list.length - 1;
    const whole = list.map((m, i) => (i < last && (m === "integrator" || m === "readout") ? "lif" : m));
    const from = "t";
    const params = (m: string) => ({
      ...(m === "integrator" || m === "readout" ? {} : { ...f, threshold: 1.5, ...(f.reset === "set" ? { resetValue: 0.25 } : {}) }),
      ...(m === "if" || m === "readout" ? { bias: 0.25 } : {}),
      ...(m === "lif" || m === "cuba" || m === "integrator" ? { decay: 0.5, bias: 0.5 } : {}),
      ...(m === "cuba" ? { decayCurrent: 0.75 } : {}),
      ...(m === "integrator" ? { current: "on", decayCurrent: 0.5 } : {}),
    });
    const graded = { kind: "graded", bits: 8, signed: false } as const;
    const pop = (id: number, name: string, dims: number[], model: string, p: object) => ({
      id,
      name,
      shape: dims,
      neuron: { model, params: p },
      spike: f.emit === "count" || id === 0 ? graded : { kind: "binary" },
      initial: {},
      amplitude: id === 0 ? 2 : 1,
      start: 0,
      silent: 0,
      stop: null,
      origin: { what: from, from: null },
    });
    const link = (a: number, b: number, kernel: Kernel, late = 0) => ({
      from: a,
      to: b,
      kernel,
      pool: null,
      delay: late,
      gain: null,
      origin: { what: from, from: null },
    });
    const conv: Kernel = {
      kind: "conv",
      weight: f64([2, 1, 2, 2], w.slice(0, 8)),
      stride: [1, 1],
      pads: [1, 0, 1, 0],
      dilation: [1, 1],
      groups: 1,
      shared: true,
    };
    const pops = [
      pop(0, "in", [1, 2, 3], "input", {}),
      ...whole.map((m, i) => pop(i + 1, `p${i}`, i === 0 ? [2, 3, 2] : [3], m, params(m))),
    ];
    const links = whole.flatMap((m, i) => {
      const forward =
        i === 0
          ? link(0, 1, conv)
          : link(
              i,
              i + 1,
              { kind: "dense", weight: f64([3, i === 1 ? 12 : 3], w.slice(8, i === 1 ? 44 : 17)) },
              m === "readout" || m === "if" ? 0 : delay,
            );
      const spiking = m !== "integrator" && m !== "readout";
      return spiking ? [forward, link(i + 1, i + 1, { kind: "one", weight: -0.5 }, 1)] : [forward];
    });
    const end = at(whole, last);
    const code = end === "integrator" || end === "readout" ? "potential" : "spikes";
    const outputs = [{ name: "out", pop: last + 1, code, scale: code === "potential" ? 0.5 : 1, offset: 0 }];
    return {
      kind: "network",
      name: "t",
      steps: 8,
      pops,
      links,
      inputs: [{ pop: 0, code: "events", params: {} }],
      outputs,
    } as unknown as Network;
  }

  it("reads back as a network that answers the same", async () => {
    await fc.assert(
      fc.asyncProperty(models, firing, weights, fc.integer({ min: 0, max: 2 }), sample, async (list, f, w, delay, x) => {
        const network = chainOf(list, f, w, delay);
        expect(verifyNetwork(network)).toEqual([]);
        const bytes = await writeNir(nirOf(network, { dt, metadata: true }, quiet()));
        const back = await importNir(bytes, "t", { profile: null, dt: null, steps: 8, input: "count" }, quiet());
        expect(verifyNetwork(back)).toEqual([]);
        const [expected, got] = [network, back].map((n) => [...at(prepareNetwork(n).run([x]).outputs, 0)]);
        expected?.forEach((v, i) => expect(got?.[i]).toBeCloseTo(v, 9));
      }),
      { numRuns: 40 },
    );
  });

  it("is refused where NIR cannot say it", () => {
    const soft = chainOf(["if"], { reset: "subtract", compare: "gt", emit: "unit" }, new Array<number>(60).fill(1), 0);
    const refusal = (n: Network, metadata: boolean): string => {
      try {
        nirOf(n, { dt, metadata }, quiet());
      } catch (error) {
        if (error instanceof Failure) return error.diagnostics.map((d) => `${d.code}: ${d.message}`).join("\n");
        throw error;
      }
      return "";
    };
    expect(refusal(soft, false)).toMatch(/^nir-cannot-say: .*reset=soft/);
    expect(refusal(soft, true)).toBe("");
    const said: string[] = [];
    nirOf(soft, { dt, metadata: true }, quiet({ report: (d) => said.push(d.code) }));
    expect(said).toEqual(["nir-in-metadata"]);
    const with1 = (over: object): Network => ({ ...soft, pops: soft.pops.map((p) => (p.id === 1 ? { ...p, ...over } : p)) });
    expect(refusal(with1({ silent: 2 }), true)).toMatch(/silent period/);
    expect(refusal(with1({ initial: { v: 0.5 } }), true)).toMatch(/another state than 0/);
    expect(refusal(with1({ neuron: { model: "tsa", params: {} } }), true)).toMatch(/no NIR neuron for the model tsa/);
  });
});

it("says what each rule of the profile decides", async () => {
  const f = file({ input: input(1), n: neuron(1), output: output(1) }, chain("input", "n", "output"));
  const network = await read(f);
  // 2 arrives at a threshold of 1: two spikes at once or, with at most one a step, in two steps.
  const bytes = await writeNir(f);
  const effects = await effectsOf(bytes, "t", options, network, [[2, 0, 0, 0]]);
  // The same where the file itself says the profile.
  const said = await writeNir({ ...f, graph: { ...f.graph, metadata: { framework: "sinabs" } } });
  expect(await effectsOf(said, "t", { ...options, profile: null }, network, [[2, 0, 0, 0]])).toEqual(effects);
  expect(effects.map((e) => `${e.rule}=${e.instead} ${e.samples} ${e.difference}`)).toEqual([
    "compare=gt 0 0",
    "spikes=one 0 0",
    "emit=next-step 0 0",
    "reset=hard 0 0",
    "ifGain=r*dt 1 2",
  ]);
});
