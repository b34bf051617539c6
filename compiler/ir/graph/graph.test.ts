import { describe, expect, it } from "vitest";
import type { Failure } from "../../base/diagnostic.ts";
import { id } from "../../base/id.ts";
import { origin } from "../../base/origin.ts";
import { TensorStore } from "../../base/store.ts";
import { f32, i32 } from "../../base/tensor.ts";
import { GraphBuilder } from "./build.ts";
import { parseGraph } from "./parse.ts";
import { printGraph } from "./print.ts";
import { prepareGraph, runGraph } from "./run.ts";
import type { Graph, ValueId } from "./types.ts";
import { verifyGraph } from "./verify.ts";

function example(): Graph {
  const b = new GraphBuilder("odd names");
  const x = b.input("input:0", "f32", [1, 2]);
  const w = b.constant(
    "inf",
    f32(
      [2, 20],
      Array.from({ length: 40 }, (_, i) => i / 3),
    ),
  );
  const [p] = b.node("matmul", [x, w], {}, { name: "/fc/MatMul", origin: origin("Gemm 0", origin("model.onnx")) }) as [ValueId];
  const [q] = b.node("clip", [p], { max: 6.1 }, { name: "nan" }) as [ValueId];
  const [r] = b.node("constant-of-shape", [], { shape: [20], value: i32([1], [3]) }, { name: 'say "hi"' }) as [ValueId];
  const [s] = b.node("cast", [r], { to: "f32" }, { name: "cast" }) as [ValueId];
  const [t] = b.node("add", [q, s], {}, { name: "cast" }) as [ValueId];
  const [u] = b.node("reduce-mean", [t], { axes: [0, 1], keepdims: 0 }, { name: "mean" }) as [ValueId];
  return b.finish([t, u, t]);
}

const codes = (g: Graph): string[] => verifyGraph(g).map((d) => d.code);

describe("text form", () => {
  it("reads back to the very same graph, with and without a side file", () => {
    const g = example();
    const store = new TensorStore();
    expect(parseGraph(printGraph(g, store), store)).toEqual(g);
    expect(store.size).toBe(1);
    expect(parseGraph(printGraph(g, null), null)).toEqual(g);
    expect(codes(g)).toEqual([]);
  });

  it("says when the side file is missing", () => {
    const text = printGraph(example(), new TensorStore());
    expect(() => parseGraph(text, null)).toThrow(/tensor-missing/);
  });
});

describe("running", () => {
  it("keeps what it returned before, and gives values that are asked for", () => {
    const b = new GraphBuilder("g");
    const x = b.input("x", "f32", [2]);
    const [h] = b.node("neg", [x], {}, { name: "h" }) as [ValueId];
    const [y] = b.node("relu", [h], {}, { name: "y" }) as [ValueId];
    const prepared = prepareGraph(b.finish([y, x]), [h]);
    const first = prepared.run([f32([2], [1, -2])]);
    prepared.run([f32([2], [5, 6])]);
    expect(first.outputs).toEqual([f32([2], [0, 2]), f32([2], [1, -2])]);
    expect(first.kept).toEqual([f32([2], [-1, 2])]);
  });

  it("refuses inputs of another number, type or shape", () => {
    const g = example();
    for (const inputs of [[], [f32([2], [1, 2])], [i32([1, 2], [1, 2])]]) {
      expect(() => runGraph(g, inputs)).toThrow(/graph-run-inputs/);
    }
  });
});

describe("builder", () => {
  it("names the node that does not fit", () => {
    const b = new GraphBuilder("g");
    const x = b.input("x", "f32", [2]);
    const w = b.constant("w", f32([3], [1, 2, 3]));
    try {
      b.node("add", [x, w], {}, { name: "sum", origin: origin("Add_3") });
    } catch (e) {
      expect((e as Failure).diagnostics[0]).toMatchObject({ code: "graph-shape", at: 'node "sum"', origin: { what: "Add_3" } });
      return;
    }
    expect.unreachable("it was accepted");
  });

  it("makes names different", () => {
    const b = new GraphBuilder("g");
    const ids = [b.input("x", "f32", []), b.input("x", "f32", []), b.input("x", "f32", [])];
    expect(ids.map((v) => b.value(v).name)).toEqual(["x", "x_1", "x_2"]);
  });
});

describe("verifier, on what no text can say", () => {
  const g = example();
  it("finds wrong ids, references, constants and sources", () => {
    expect(codes({ ...g, values: g.values.map((v, i) => (i === 1 ? { ...v, id: id<"value">(5) } : v)) })).toEqual(["graph-id"]);
    expect(codes({ ...g, outputs: [id<"value">(99)] })).toEqual(["graph-reference"]);
    expect(codes({ ...g, values: g.values.map((v, i) => (i === 1 ? { ...v, shape: [20, 2] } : v)) })).toContain("graph-value");
    expect(codes({ ...g, inputs: [...g.inputs, id<"value">(2)] })).toEqual(["graph-assigned-twice"]);
    expect(codes({ ...g, values: g.values.map((v, i) => (i === 1 ? { ...v, name: "cast" } : v)) })).toEqual(["graph-name-twice"]);
    expect(codes({ ...g, nodes: [...g.nodes.slice(1, 2), ...g.nodes.slice(0, 1), ...g.nodes.slice(2)] })).toContain("graph-order");
    expect(codes({ ...g, nodes: g.nodes.map((n) => ({ ...n, attrs: {} })) })).toContain("graph-attribute-missing");
  });
});
