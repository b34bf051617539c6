import { describe, expect, it } from "vitest";
import { at } from "../../base/bug.ts";
import { Failure } from "../../base/diagnostic.ts";
import { f32, tensor } from "../../base/tensor.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import { context } from "../../passes/pass.ts";
import { type Branch, type Leaf, writeHdf5 } from "./hdf5.ts";
import { effectsOf } from "./effects.ts";
import { importNir, type NirOptions } from "./index.ts";

/* Networks of lava-dl, written here. */

type Fields = { readonly [name: string]: Leaf["value"] | Fields };

function branch(fields: Fields): Branch {
  const isFields = (v: Fields[string]): v is Fields => typeof v === "object" && !Array.isArray(v) && !("dtype" in v);
  return {
    kind: "branch",
    children: new Map(Object.entries(fields).map(([k, v]) => [k, isFields(v) ? branch(v) : { kind: "leaf" as const, value: v }])),
  };
}

const ints = (...d: number[]) => tensor("i64", [d.length], BigInt64Array.from(d, BigInt));
const neuron: Fields = { type: "CUBA", iDecay: 4096, vDecay: 2048, vThMant: 3, refDelay: 1 };
const dense = (over: Fields = {}, cells: Fields = {}): Fields => ({
  type: "dense",
  shape: ints(1),
  inFeatures: 2,
  outFeatures: 1,
  weight: f32([1, 2], [2, -1]),
  neuron: { ...neuron, ...cells },
  ...over,
});

async function load(layers: readonly Fields[], options: Partial<NirOptions> = {}) {
  const layer = Object.fromEntries(layers.map((l, i) => [String(i), l]));
  const bytes = await writeHdf5(branch({ layer }));
  return importNir(bytes, "t.net", { profile: null, dt: null, steps: 4, input: "count", ...options }, context());
}

async function codes(layers: readonly Fields[], options: Partial<NirOptions> = {}): Promise<string[]> {
  const failure = await load(layers, options).catch((e: unknown) => e);
  return failure instanceof Failure ? failure.diagnostics.map((d) => d.code) : [];
}

it("say what the comparison decides", async () => {
  const bytes = await writeHdf5(branch({ layer: { 0: dense() } }));
  const options = { profile: null, dt: null, steps: 4, input: "count" } as const;
  const network = await importNir(bytes, "t.net", options, context());
  const effects = await effectsOf(bytes, "t.net", options, network, [[1, 0, 1, 0, 0, 0, 1, 0]]);
  expect(effects).toEqual([{ rule: "compare", instead: "gt", samples: 1, difference: 1, refused: null }]);
});

describe("lava-dl networks", () => {
  it("leak by half toward zero, fire at the threshold, and are set to 0", async () => {
    const n = await load([dense()]);
    // v: 2, 1 + 2 = 3 fires, 0, 2
    const run = (network: typeof n): number => at(at(prepareNetwork(network).run([[1, 0, 1, 0, 0, 0, 1, 0]]).raw, 0), 0);
    expect(run(n)).toBe(1);
    expect(run(await load([dense()], { profile: { name: "lava", given: { compare: "gt" } } }))).toBe(0);
  });

  it("keep synaptic currents, biases and delays", async () => {
    const n = await load([
      dense({ bias: f32([1], [1]), delay: ints(2) }, { iDecay: 1024 }),
      dense({ weight: f32([1, 1], [5]), inFeatures: 1 }),
    ]);
    expect(at(n.pops, 1).neuron).toEqual({
      model: "cuba",
      params: {
        threshold: 192,
        compare: "ge",
        reset: "set",
        decay: 0.5,
        leak: "multiply",
        decayCurrent: 0.75,
        rounding: "multiply",
        bias: 64,
      },
    });
    expect(n.links.map((l) => l.delay)).toEqual([0, 2]);
  });

  it("read a last layer that must not spike by its potential", async () => {
    const n = await load([dense({}, { vThMant: 2 ** 18 - 1 })]);
    const [output] = prepareNetwork(n).run([[1, 0, 1, 0, 0, 0, 1, 0]]).outputs;
    expect(output?.[0]).toBe(2.75);
  });

  it("take images by an input layer, and correlate with kernels as they stand", async () => {
    const n = await load([
      { type: "input", shape: ints(1, 1, 3), weight: f32([1], [2]), bias: f32([1], [1]), neuron },
      { type: "conv", shape: ints(1, 1, 2), weight: f32([1, 1, 1, 2, 1], [3, 4]), stride: ints(1, 1), padding: ints(0, 0), neuron },
      { type: "flatten" },
      dense(),
    ]);
    expect(n.inputs[0]).toMatchObject({ code: "direct" });
    expect(n.links.map((l) => [...((l.kernel.weight as { data?: Float64Array }).data ?? [l.kernel.weight])])).toEqual([
      [256],
      [192, 256],
      [128, -64],
    ]);
  });

  it("are refused with what cannot be read", async () => {
    expect(await codes([dense({ type: "pool" })])).toEqual(["netx-unsupported"]);
    expect(await codes([dense({}, { type: "SDNN" })])).toEqual(["netx-unsupported"]);
    expect(await codes([dense({}, { refDelay: 3 })])).toEqual(["netx-unsupported"]);
    expect(await codes([dense()], { profile: { name: "norse", given: {} } })).toEqual(["netx-unsupported"]);
    expect(await codes([dense({}, { vDecay: 5000 })])).toEqual(["nir-range"]);
    expect(await codes([dense(), dense()])).toEqual(["nir-shape"]);
  });
});
