import { create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  type NodeProto,
  TensorProto_DataLocation as Location,
  type TensorProto,
  TensorProtoSchema,
  TensorProto_DataType as Kind,
} from "onnx-buf";
import { describe, expect, it } from "vitest";
import * as make from "../../../test/harness/onnx-model.ts";
import { float, floats, int, ints, type ModelOptions, model, node, real, single, value, whole } from "../../../test/harness/onnx-model.ts";
import { quiet } from "../../base/context.ts";
import { type Diagnostic, Failure } from "../../base/diagnostic.ts";
import { Random } from "../../base/random.ts";
import { numbersOf } from "../../base/tensor.ts";
import { runGraph } from "../../ir/graph/run.ts";
import type { Graph } from "../../ir/graph/types.ts";
import { verifyGraph } from "../../ir/graph/verify.ts";
import { importOnnx, newestOpset } from "./index.ts";
import type { ReadExternal } from "./tensors.ts";

type Imported = { readonly graph: Graph; readonly notes: readonly Diagnostic[] };

function read(bytes: Uint8Array, readExternal: ReadExternal = () => null): Imported {
  const notes: Diagnostic[] = [];
  const graph = importOnnx(bytes, "m.onnx", readExternal, quiet({ report: (d) => notes.push(d) }));
  expect(verifyGraph(graph).filter((d) => d.severity === "error")).toEqual([]);
  return { graph, notes };
}

/** The diagnostics of a model that must be refused. */
function refused(bytes: Uint8Array, readExternal: ReadExternal = () => null): readonly Diagnostic[] {
  try {
    importOnnx(bytes, "m.onnx", readExternal, quiet());
  } catch (e) {
    if (e instanceof Failure) return e.diagnostics;
    throw e;
  }
  return expect.unreachable("the model was read");
}

const codes = (list: readonly Diagnostic[]): string[] => list.map((d) => d.code);
const say = (list: readonly Diagnostic[]): string[] => list.map((d) => `${d.at ?? "-"}: ${d.message}`);
const shapes = (g: Graph): string[] => g.outputs.map((v) => `${g.values[v]?.dtype}[${g.values[v]?.shape.join("x")}]`);
/** Operations and attributes, without names. */
const meaning = (g: Graph): unknown[] => g.nodes.map((n) => [n.op, n.attrs]);
const meaningOf = (n: NodeProto, shape: readonly number[], init: TensorProto[] = [], options: ModelOptions = {}): unknown[] =>
  meaning(read(single(n, shape, init, options)).graph);

describe("what attributes became inputs, or changed their default, means the same", () => {
  const old = (opset: number): ModelOptions => ({ opset });
  it.each<[string, unknown[], unknown[]]>([
    [
      "Clip 6 and 11",
      meaningOf(node("Clip", "x", "y", { min: float(0), max: float(6) }), [1, 4], [], old(6)),
      meaningOf(node("Clip", "x a b", "y"), [1, 4], [real("a", [], [0]), real("b", [], [6])], old(11)),
    ],
    [
      "Slice 1 and 10",
      meaningOf(node("Slice", "x", "y", { starts: ints(0, 1), ends: ints(1, -1) }), [2, 4], [], old(9)),
      meaningOf(node("Slice", "x s e", "y"), [2, 4], [whole("s", [2], [0, 1]), whole("e", [2], [1, -1])], old(10)),
    ],
    [
      "Pad 2 and 18",
      meaningOf(node("Pad", "x", "y", { pads: ints(0, 1, 0, 2), value: float(3) }), [2, 4], [], old(10)),
      meaningOf(node("Pad", "x p v a", "y"), [2, 4], [whole("p", [2], [1, 2]), real("v", [], [3]), whole("a", [1], [-1])], old(18)),
    ],
    [
      "Squeeze 1 and 13",
      meaningOf(node("Squeeze", "x", "y", { axes: ints(1) }), [2, 1, 4], [], old(11)),
      meaningOf(node("Squeeze", "x a", "y"), [2, 1, 4], [whole("a", [1], [-2])], old(13)),
    ],
    [
      "Unsqueeze 1 and 13",
      meaningOf(node("Unsqueeze", "x", "y", { axes: ints(0, 2) }), [3], [], old(7)),
      meaningOf(node("Unsqueeze", "x a", "y"), [3], [whole("a", [2], [0, -1])], old(13)),
    ],
    [
      "ReduceMean 1 and 18",
      meaningOf(node("ReduceMean", "x", "y", { axes: ints(2), keepdims: int(0) }), [1, 2, 3], [], old(17)),
      meaningOf(node("ReduceMean", "x a", "y", { keepdims: int(0) }), [1, 2, 3], [whole("a", [1], [2])], old(18)),
    ],
    [
      "Dropout 7 and 12",
      meaningOf(node("Dropout", "x", "y", { ratio: float(0.3) }), [2], [], old(7)),
      meaningOf(node("Dropout", "x r", "y"), [2], [real("r", [], [0.3])], old(12)),
    ],
    [
      "Split 2 and 18",
      meaningOf(node("Split", "x", "y z", { split: ints(2, 2), axis: int(1) }), [1, 4], [], old(11)),
      meaningOf(node("Split", "x", "y z", { num_outputs: int(2), axis: int(1) }), [1, 4], [], old(18)),
    ],
    [
      "BatchNormalization 7 and 14",
      meaningOf(node("BatchNormalization", "x s s s s", "y", { spatial: int(1) }), [1, 2, 3], [real("s", [2], [1, 1])], old(7)),
      meaningOf(node("BatchNormalization", "x s s s s", "y", { training_mode: int(0) }), [1, 2, 3], [real("s", [2], [1, 1])], old(14)),
    ],
    [
      "Softmax 1 and 13, on the last axis",
      meaningOf(node("Softmax", "x", "y"), [1, 10], [], old(11)),
      meaningOf(node("Softmax", "x", "y"), [1, 10], [], old(13)),
    ],
    [
      "LogSoftmax 1 and 13, on the last axis",
      meaningOf(node("LogSoftmax", "x", "y"), [1, 10], [], old(11)),
      meaningOf(node("LogSoftmax", "x", "y"), [1, 10], [], old(13)),
    ],
    [
      "ReduceSum 1 and 13",
      meaningOf(node("ReduceSum", "x", "y", { axes: ints(2), keepdims: int(0) }), [1, 2, 3], [], old(11)),
      meaningOf(node("ReduceSum", "x a", "y", { keepdims: int(0) }), [1, 2, 3], [whole("a", [1], [2])], old(13)),
    ],
    [
      "ReduceMax 1 and 18",
      meaningOf(node("ReduceMax", "x", "y", { axes: ints(1, 3), keepdims: int(0) }), [1, 2, 3, 4], [], old(13)),
      meaningOf(node("ReduceMax", "x a", "y", { keepdims: int(0) }), [1, 2, 3, 4], [whole("a", [2], [-1, 1])], old(18)),
    ],
    [
      "Upsample 7 and 9",
      meaningOf(node("Upsample", "x", "y", { scales: floats(1, 1, 2, 2) }), [1, 1, 2, 3], [], old(7)),
      meaningOf(node("Upsample", "x s", "y"), [1, 1, 2, 3], [real("s", [4], [1, 1, 2, 2])], old(9)),
    ],
    [
      "Resize 10 and 18",
      meaningOf(node("Resize", "x s", "y"), [1, 1, 2, 3], [real("s", [4], [1, 1, 2, 2])], old(10)),
      meaningOf(
        node("Resize", "x - - s", "y", {
          axes: ints(2, 3),
          coordinate_transformation_mode: make.text("asymmetric"),
          nearest_mode: make.text("floor"),
        }),
        [1, 1, 2, 3],
        [whole("s", [2], [4, 6])],
        old(18),
      ),
    ],
  ])("%s", (_, before, since) => {
    expect(before.length).toBeGreaterThan(0);
    expect(before).toEqual(since);
  });

  it("Softmax up to 12 sees a matrix: everything from the axis on adds up to 1", () => {
    const { graph } = read(single(node("Softmax", "x", "y"), [1, 2, 2], [], { opset: 11 }));
    expect(graph.nodes.map((n) => n.op)).toEqual(["reshape", "softmax", "reshape"]);
    const [y] = runGraph(graph, [{ dtype: "f32", shape: [1, 2, 2], data: Float32Array.of(0, 0, 0, 0) }]);
    expect([...numbersOf(y as never)]).toEqual([0.25, 0.25, 0.25, 0.25]);
  });
});

describe("operators that are several operations of the graph", () => {
  /** The numbers that a single node makes of 0, 1, 2, … */
  const made = (n: NodeProto, shape: readonly number[], init: TensorProto[] = [], options: ModelOptions = {}): number[] => {
    const { graph } = read(single(n, shape, init, options));
    const count = shape.reduce((a, b) => a * b, 1);
    const [y] = runGraph(graph, [{ dtype: "f32", shape: [...shape], data: Float32Array.from({ length: count }, (_, i) => i) }]);
    return [...numbersOf(y as never)];
  };
  const resized = (attributes: make.Attributes, scales: readonly number[], shape: readonly number[]): number[] =>
    made(node("Resize", "x - s", "y", attributes), shape, [real("s", [shape.length], scales)], { opset: 13 });
  const by = (mode: string, coordinates: string, nearest = "round_prefer_floor"): make.Attributes => ({
    mode: make.text(mode),
    coordinate_transformation_mode: make.text(coordinates),
    nearest_mode: make.text(nearest),
  });

  it("LogSoftmax does not lose what is far below the largest", () => {
    const { graph } = read(single(node("LogSoftmax", "x", "y"), [1, 2], [], { opset: 13 }));
    const [y] = runGraph(graph, [{ dtype: "f32", shape: [1, 2], data: Float32Array.of(0, 200) }]);
    expect([...numbersOf(y as never)]).toEqual([-200, 0]);
  });

  // Expected numbers as onnxruntime gives them.
  it.each<[string, number[], number[]]>([
    ["nearest, half_pixel", resized(by("nearest", "half_pixel"), [1, 2], [1, 3]), [0, 0, 1, 1, 2, 2]],
    ["nearest, half_pixel, floor, smaller", resized(by("nearest", "half_pixel", "floor"), [1, 0.6], [1, 5]), [0, 2, 3]],
    ["nearest, asymmetric, ceil", resized(by("nearest", "asymmetric", "ceil"), [1, 2], [1, 3]), [0, 1, 1, 2, 2, 2]],
    ["nearest, align_corners", resized(by("nearest", "align_corners"), [1, 2], [1, 3]), [0, 0, 1, 1, 2, 2]],
    ["linear, half_pixel", resized(by("linear", "half_pixel"), [1, 2], [1, 3]), [0, 0.25, 0.75, 1.25, 1.75, 2]],
    ["linear, align_corners", resized(by("linear", "align_corners"), [1, 1.5], [1, 4]), [0, 0.6, 1.2, 1.8, 2.4, 3]],
  ])("Resize %s", (_, got, expected) => {
    expect(got.length).toBe(expected.length);
    got.forEach((x, i) => expect(x).toBeCloseTo(expected[i] ?? 0, 6));
  });

  it("ReduceSum, ReduceMax over any axes; DepthToSpace and back", () => {
    expect(made(node("ReduceSum", "x", "y", { axes: ints(0, 2), keepdims: int(0) }), [2, 2, 2], [], { opset: 11 })).toEqual([10, 18]);
    expect(made(node("ReduceMax", "x", "y", { axes: ints(0, 2), keepdims: int(0) }), [2, 2, 2], [], { opset: 11 })).toEqual([5, 7]);
    const block = { blocksize: int(2) };
    expect(made(node("DepthToSpace", "x", "y", block), [1, 4, 1, 2])).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
    expect(made(node("DepthToSpace", "x", "y", { ...block, mode: make.text("CRD") }), [1, 8, 1, 1])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(made(node("SpaceToDepth", "x", "y", block), [1, 1, 2, 4])).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  });

  it("scikit-learn's label and map of probabilities are an element of a list, and the probabilities", () => {
    const ml = { domain: "ai.onnx.ml" };
    const { graph } = read(
      model({
        node: [
          node("ArgMax", "x", "best", { axis: int(1), keepdims: int(0) }),
          node("ArrayFeatureExtractor", "classes best", "label", {}, ml),
          node("ZipMap", "x", "map", {}, ml),
        ],
        input: [value("x", [1, 3])],
        output: [value("label", [1, 1]), value("map", [1, 3])],
        initializer: [whole("classes", [3], [10, 20, 30])],
      }),
    );
    const outputs = runGraph(graph, [{ dtype: "f32", shape: [1, 3], data: Float32Array.of(1, 5, 2) }]);
    expect(outputs.map((t) => [...numbersOf(t)])).toEqual([[20], [1, 5, 2]]);
  });

  it.each<[string, TensorProto[], NodeProto, string]>([
    ["cubic interpolation", [real("s", [2], [1, 2])], node("Resize", "x - s", "y", by("cubic", "half_pixel")), "onnx-unsupported-form"],
    ["cropping", [real("s", [2], [1, 2])], node("Resize", "x - s", "y", by("linear", "tf_crop_and_resize")), "onnx-unsupported-form"],
    ["neither scales nor sizes", [], node("Resize", "x", "y"), "onnx-input-missing"],
    ["too few scales", [real("s", [1], [2])], node("Resize", "x - s", "y"), "onnx-attribute-value"],
    ["blocks of odd size", [], node("SpaceToDepth", "x", "y", { blocksize: int(2) }), "onnx-unsupported-form"],
  ])("refuses %s", (_, init, n, code) => {
    expect(codes(refused(single(n, [1, 3], init, { opset: 13 })))).toEqual([code]);
  });
});

describe("padding", () => {
  const pads = (attributes: make.Attributes, size: number, op = "Conv"): unknown => {
    const conv = op.startsWith("Conv");
    const n = node(op, conv ? "x w" : "x", "y", conv ? attributes : { kernel_shape: ints(3, 3), ...attributes });
    const { graph } = read(
      single(
        n,
        [1, 1, size, size],
        conv
          ? [
              real(
                "w",
                [1, 1, 3, 3],
                Array.from({ length: 9 }, () => 1),
              ),
            ]
          : [],
      ),
    );
    return [graph.nodes[0]?.attrs["pads"], ...shapes(graph)];
  };
  it.each<[string, make.Attributes, number, string, unknown]>([
    ["none", {}, 5, "Conv", [[0, 0, 0, 0], "f32[1x1x3x3]"]],
    ["explicit, asymmetric", { pads: ints(1, 0, 0, 2) }, 5, "Conv", [[1, 0, 0, 2], "f32[1x1x4x5]"]],
    ["VALID", { auto_pad: make.text("VALID") }, 5, "Conv", [[0, 0, 0, 0], "f32[1x1x3x3]"]],
    [
      "SAME_UPPER, odd pad at the end",
      { auto_pad: make.text("SAME_UPPER"), strides: ints(2, 2) },
      6,
      "Conv",
      [[0, 0, 1, 1], "f32[1x1x3x3]"],
    ],
    [
      "SAME_LOWER, odd pad at the begin",
      { auto_pad: make.text("SAME_LOWER"), strides: ints(2, 2) },
      6,
      "Conv",
      [[1, 1, 0, 0], "f32[1x1x3x3]"],
    ],
    ["SAME with dilation", { auto_pad: make.text("SAME_UPPER"), dilations: ints(2, 2) }, 6, "Conv", [[2, 2, 2, 2], "f32[1x1x6x6]"]],
    [
      "SAME for a pool, where ceil_mode is void",
      { auto_pad: make.text("SAME_UPPER"), strides: ints(2, 2), ceil_mode: int(1) },
      6,
      "AveragePool",
      [[0, 0, 1, 1], "f32[1x1x3x3]"],
    ],
    [
      "ConvTranspose, output_shape",
      { output_shape: ints(10, 10), strides: ints(2, 2) },
      5,
      "ConvTranspose",
      [[1, 1, 0, 0], "f32[1x1x10x10]"],
    ],
    [
      "ConvTranspose, SAME_UPPER",
      { auto_pad: make.text("SAME_UPPER"), strides: ints(2, 2) },
      5,
      "ConvTranspose",
      [[0, 0, 1, 1], "f32[1x1x10x10]"],
    ],
  ])("%s", (_, attributes, size, op, expected) => {
    expect(pads(attributes, size, op)).toEqual(expected);
  });
});

describe("shapes and constants", () => {
  it("takes a symbolic batch as 1, and 0 and -1 as older exporters write it", () => {
    for (const batch of ["N", 0, -1]) expect(shapes(read(single(node("Relu", "x", "y"), [batch, 3])).graph)).toEqual(["f32[1x3]"]);
  });

  it("computes the shape arithmetic that exporters leave behind and keeps one reshape", () => {
    const nodes = [
      node("Shape", "x", "s"),
      node("Constant", "", "zero", { value: make.tensor(whole("", [], [0])) }),
      node("Gather", "s zero", "n", { axis: int(0) }),
      node("Unsqueeze", "n axis", "n1"),
      node("Concat", "n1 rest", "to", { axis: int(0) }),
      node("Reshape", "x to", "y"),
    ];
    const parts = {
      node: nodes,
      input: [value("x", ["N", 2, 3])],
      output: [value("y", [])],
      initializer: [whole("axis", [1], [0]), whole("rest", [1], [-1])],
    };
    const { graph } = read(model(parts));
    expect(meaning(graph)).toEqual([["reshape", { shape: [1, 6] }]]);
    expect(graph.values.map((v) => v.name)).toEqual(["x", "y"]);
  });

  it("reads Reshape's 0, -1 and allowzero", () => {
    const to = (shape: number[], attributes: make.Attributes = {}): unknown =>
      read(single(node("Reshape", "x s", "y", attributes), [2, 3, 4], [whole("s", [shape.length], shape)], { opset: 14 })).graph.nodes[0]
        ?.attrs["shape"];
    expect(to([0, -1])).toEqual([2, 12]);
    expect(to([-1, 0, 2])).toEqual([4, 3, 2]);
    expect(to([24], { allowzero: int(1) })).toEqual([24]);
  });

  it("reads every form of Constant", () => {
    const forms: readonly [make.Attributes, string, number[]][] = [
      [{ value: make.tensor(real("", [2], [1, 2])) }, "f32[2]", [1, 2]],
      [{ value_float: float(1.5) }, "f32[]", [1.5]],
      [{ value_floats: make.floats(1, 2) }, "f32[2]", [1, 2]],
      [{ value_int: int(7) }, "i64[]", [7]],
      [{ value_ints: ints(7, 8) }, "i64[2]", [7, 8]],
      [
        {
          sparse_value: {
            type: AttributeType.SPARSE_TENSOR,
            sparseTensor: sparse(real("", [2], [5, 6]), whole("", [2, 2], [0, 1, 1, 2]), [2, 3]),
          },
        },
        "f32[2x3]",
        [0, 5, 0, 0, 0, 6],
      ],
    ];
    for (const [attributes, type, numbers] of forms) {
      const { graph } = read(model({ node: [node("Constant", "", "y", attributes)], output: [value("y", [])] }));
      expect(shapes(graph)).toEqual([type]);
      expect([...numbersOf(runGraph(graph, [])[0] as never)]).toEqual(numbers);
    }
  });

  it("does not take an initializer that is also listed as input for an input (IR version 3)", () => {
    const parts = {
      node: [node("Add", "x w", "y")],
      input: [value("x", [2]), value("w", [2])],
      output: [value("y", [2])],
      initializer: [real("w", [2], [1, 2])],
    };
    expect(read(model(parts, { irVersion: 3, opset: 8 })).graph.inputs.length).toBe(1);
  });

  it("keeps a weight that two layers share through Identity as one constant", () => {
    const nodes = [node("Identity", "w", "w2"), node("Mul", "x w", "a"), node("Mul", "a w2", "y")];
    const { graph } = read(
      model({ node: nodes, input: [value("x", [2])], output: [value("y", [2])], initializer: [real("w", [2], [1, 2])] }),
    );
    expect(graph.nodes[0]?.inputs[1]).toBe(graph.nodes[1]?.inputs[1]);
  });

  it("orders nodes, and leaves out those that reach no output with a note", () => {
    const nodes = [node("Relu", "a", "y"), node("Neg", "x", "a"), node("LSTM", "x", "z")];
    const { graph, notes } = read(model({ node: nodes, input: [value("x", [2])], output: [value("y", [2])] }));
    expect(graph.nodes.map((n) => n.op)).toEqual(["neg", "relu"]);
    expect(say(notes)).toEqual(["-: 1 node(s) reach no output and are left out: z (LSTM)"]);
    expect(codes(notes)).toEqual(["onnx-dead-nodes"]);
  });

  it("takes the branch of an If whose condition is a shape", () => {
    const taken = make.graph({ node: [node("Squeeze", "x", "t")], output: [value("t", [])] });
    const other = make.graph({ node: [node("Identity", "x", "e")], output: [value("e", [])] });
    const nodes = [
      node("Shape", "x", "s"),
      node("Gather", "s one", "d"),
      node("Equal", "d one", "c"),
      node("If", "c", "y", { then_branch: make.branch(taken), else_branch: make.branch(other) }, { name: "if" }),
    ];
    const { graph } = read(
      model({ node: nodes, input: [value("x", [2, 1])], output: [value("y", [])], initializer: [whole("one", [1], [1])] }),
    );
    expect(graph.nodes.map((n) => [n.name, n.op, n.attrs])).toEqual([["if/Squeeze_0", "reshape", { shape: [2] }]]);
  });
});

describe("functions of the model", () => {
  const leaky = make.localFunction({
    name: "Leak",
    domain: "mine",
    input: ["a"],
    output: ["b"],
    attribute: ["slope"],
    opsetImport: [{ domain: "", version: 16n } as never],
    node: [
      node("LeakyRelu", "a", "t", { alpha: make.parameter("slope", AttributeType.FLOAT) }, { name: "act" }),
      node("Neg", "t", "b", {}, { name: "neg" }),
    ],
  });

  it("are written out at each call, with the call's attributes", () => {
    const nodes = [
      node("Leak", "x", "h", { slope: float(0.5) }, { domain: "mine", name: "one" }),
      node("Leak", "h", "y", {}, { domain: "mine", name: "two" }),
    ];
    const { graph } = read(
      model({ node: nodes, input: [value("x", [2])], output: [value("y", [2])] }, { domains: { mine: 1 }, functions: [leaky] }),
    );
    expect(graph.nodes.map((n) => [n.name, n.op, n.attrs["alpha"]])).toEqual([
      ["one/act", "leaky-relu", 0.5],
      ["one/neg", "neg", undefined],
      ["two/act", "leaky-relu", 0.01],
      ["two/neg", "neg", undefined],
    ]);
    expect(graph.nodes[0]?.origin).toEqual({ what: "onnx node one/act", from: { what: "onnx node one", from: null } });
  });

  it("that call themselves are refused", () => {
    const loop = make.localFunction({ ...leaky, name: "Loop", node: [node("Loop", "a", "b", {}, { domain: "mine" })] });
    const list = refused(single(node("Loop", "x", "y", {}, { domain: "mine" }), [2], [], { domains: { mine: 1 }, functions: [loop] }));
    expect(codes(list)).toEqual(["onnx-function-recursive"]);
  });

  it("are searched for unsupported operators", () => {
    const bad = make.localFunction({ ...leaky, node: [node("Gelu", "a", "b", {}, { name: "g" })] });
    const list = refused(single(node("Leak", "x", "y", {}, { domain: "mine" }), [2], [], { domains: { mine: 1 }, functions: [bad] }));
    expect(say(list)).toEqual(['function Leak, node "g" (Gelu): operator Gelu is not supported']);
  });
});

describe("quantizers", () => {
  const grid = [real("s", [], [0.5]), real("z", [], [0]), real("b", [], [2])];
  it.each(["onnx.brevitas", "finn.custom_op.general", "qonnx.custom_op.general"])("reads Quant and BipolarQuant of %s", (domain) => {
    const options = { domains: { [domain]: 1 } };
    const attributes = { signed: int(1), narrow: int(1), rounding_mode: make.text("FLOOR") };
    expect(meaningOf(node("Quant", "x s z b", "y", attributes, { domain }), [1, 4], grid, options)).toEqual([
      ["quant", { signed: 1, narrow: 1, roundingMode: "FLOOR" }],
    ]);
    expect(meaningOf(node("BipolarQuant", "x s", "y", {}, { domain }), [1, 4], grid, options)).toEqual([["bipolar-quant", {}]]);
  });

  it("keeps the quantizer of a weight, so that its grid stays known", () => {
    const n = node("Quant", "w s z b", "q", {}, { domain: "qonnx.custom_op.general" });
    const parts = {
      node: [n, node("Mul", "x q", "y")],
      input: [value("x", [2])],
      output: [value("y", [2])],
      initializer: [...grid, real("w", [2], [0.2, 0.9])],
    };
    expect(read(model(parts, { domains: { "qonnx.custom_op.general": 1 } })).graph.nodes.map((m) => m.op)).toEqual(["quant", "mul"]);
  });

  it("saturates at the range of a zero point narrower than our types", () => {
    const zero = make.raw("z", [], Kind.INT4, Uint8Array.of(0x0f));
    const { graph } = read(single(node("QuantizeLinear", "x s z", "y"), [4], [real("s", [], [1]), zero], { opset: 21 }));
    const [y] = runGraph(graph, [{ dtype: "f32", shape: [4], data: Float32Array.of(-20, 2.5, 3.5, 20) }]);
    expect([...numbersOf(y as never)]).toEqual([-8, 1, 3, 7]);
  });

  it("takes a list of one scale as one scale, and no zero point as zero of uint8", () => {
    const { graph } = read(single(node("QuantizeLinear", "x s", "y"), [1, 3], [real("s", [1], [0.5])]));
    expect(shapes(graph)).toEqual(["u8[1x3]"]);
    expect([...numbersOf(runGraph(graph, [{ dtype: "f32", shape: [1, 3], data: Float32Array.of(-1, 1, 200) }])[0] as never)]).toEqual([
      0, 2, 255,
    ]);
  });
});

describe("element types", () => {
  const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);
  const f64 = new Uint8Array(Float64Array.of(1.5, -2).buffer);
  it.each<[string, number, Uint8Array, string, number[]]>([
    ["float64", Kind.DOUBLE, f64, "f64", [1.5, -2]],
    ["int8", Kind.INT8, bytes(0xff, 1), "i8", [-1, 1]],
    ["uint8", Kind.UINT8, bytes(0xff, 1), "u8", [255, 1]],
    ["int16", Kind.INT16, bytes(0xff, 0xff, 1, 0), "i16", [-1, 1]],
    ["uint16", Kind.UINT16, bytes(0xff, 0xff, 1, 0), "i32", [65535, 1]],
    ["int32", Kind.INT32, bytes(0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0), "i32", [-1, 1]],
    ["uint32", Kind.UINT32, bytes(0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0), "i64", [4294967295, 1]],
    ["bool", Kind.BOOL, bytes(0, 1), "bool", [0, 1]],
    ["int4", Kind.INT4, bytes(0x7f), "i8", [-1, 7]],
    ["uint4", Kind.UINT4, bytes(0x7f), "u8", [15, 7]],
    ["int2", Kind.INT2, bytes(0x07), "i8", [-1, 1]],
    ["float16", Kind.FLOAT16, bytes(0x00, 0x3e, 0x01, 0x00), "f32", [1.5, 2 ** -24]],
    ["bfloat16", Kind.BFLOAT16, bytes(0xc0, 0x3f, 0x80, 0xbf), "f32", [1.5, -1]],
    ["float8e4m3fn", Kind.FLOAT8E4M3FN, bytes(0x7e, 0xb8), "f32", [448, -1]],
    ["float8e5m2", Kind.FLOAT8E5M2, bytes(0x7b, 0xbc), "f32", [57344, -1]],
    ["float4e2m1", Kind.FLOAT4E2M1, bytes(0xf1), "f32", [0.5, -6]],
  ])("%s in raw data", (_, kind, data, dtype, expected) => {
    const { graph } = read(
      model({ node: [node("Identity", "w", "y")], output: [value("y", [])], initializer: [make.raw("w", [2], kind, data)] }),
    );
    expect(shapes(graph)).toEqual([`${dtype}[2]`]);
    expect([...numbersOf(runGraph(graph, [])[0] as never)]).toEqual(expected);
  });

  it.each<[string, make.Parts<TensorProto>, string, number[]]>([
    ["float32", { dataType: Kind.FLOAT, floatData: [1, 2.5] }, "f32", [1, 2.5]],
    ["float64", { dataType: Kind.DOUBLE, doubleData: [1, 2.5] }, "f64", [1, 2.5]],
    ["int64", { dataType: Kind.INT64, int64Data: [-1n, 2n] }, "i64", [-1, 2]],
    ["uint32", { dataType: Kind.UINT32, uint64Data: [1n, 2n] }, "i64", [1, 2]],
    ["int8", { dataType: Kind.INT8, int32Data: [-1, 2] }, "i8", [-1, 2]],
    ["bool", { dataType: Kind.BOOL, int32Data: [0, 1] }, "bool", [0, 1]],
    ["float16, as bits", { dataType: Kind.FLOAT16, int32Data: [0x3e00, 0xbc00] }, "f32", [1.5, -1]],
    ["int4, packed", { dataType: Kind.INT4, int32Data: [0x7f] }, "i8", [-1, 7]],
  ])("%s in typed fields", (_, fields, dtype, expected) => {
    const w = create(TensorProtoSchema, { ...fields, name: "w", dims: [2n] });
    const { graph } = read(model({ node: [node("Identity", "w", "y")], output: [value("y", [])], initializer: [w] }));
    expect(shapes(graph)).toEqual([`${dtype}[2]`]);
    expect([...numbersOf(runGraph(graph, [])[0] as never)]).toEqual(expected);
  });

  it("says that half floats are computed as float32", () => {
    const half = make.raw("w", [1], Kind.FLOAT16, bytes(0, 0x3e));
    const parts = {
      node: [node("Mul", "x w", "y")],
      input: [value("x", [2], Kind.FLOAT16)],
      output: [value("y", [2])],
      initializer: [half],
    };
    expect(codes(read(model(parts)).notes)).toEqual(["onnx-widened"]);
  });
});

describe("external data", () => {
  const stored = new Uint8Array(Float32Array.of(9, 1, 2).buffer);
  const external = (entries: Record<string, string>): Uint8Array => {
    const w = create(TensorProtoSchema, {
      name: "w",
      dims: [2n],
      dataType: Kind.FLOAT,
      dataLocation: Location.EXTERNAL,
      externalData: Object.entries(entries).map(([key, v]) => ({ key, value: v })),
    });
    return single(node("Add", "x w", "y"), [2], [w]);
  };
  const file: ReadExternal = (location, offset, length) =>
    location === "w.data" ? stored.subarray(offset, length === null ? undefined : offset + length) : null;

  it("is read by location, offset and length", () => {
    const { graph } = read(external({ location: "w.data", offset: "4", length: "8" }), file);
    expect(graph.values.find((v) => v.name === "w")?.constant?.data).toEqual(Float32Array.of(1, 2));
  });

  it("reports a missing file once, however many weights lie in it", () => {
    const weight = (name: string): TensorProto =>
      create(TensorProtoSchema, {
        name,
        dims: [2n],
        dataType: Kind.FLOAT,
        dataLocation: Location.EXTERNAL,
        externalData: [{ key: "location", value: "w.data" }],
      });
    const parts = {
      node: [node("Sum", "x v w", "y")],
      input: [value("x", [2])],
      output: [value("y", [2])],
      initializer: [weight("v"), weight("w")],
    };
    expect(say(refused(model(parts)))).toEqual(['initializer "v": the external data file "w.data" is not there']);
  });

  it.each<[Record<string, string>, string, string]>([
    [{ location: "/etc/passwd" }, "onnx-external-path", 'the external data path "/etc/passwd" is absolute'],
    [{ location: "C:\\weights" }, "onnx-external-path", 'the external data path "C:\\weights" is absolute'],
    [{ location: "a/../../w.data" }, "onnx-external-path", 'the external data path "a/../../w.data" leaves the folder of the model'],
    [{}, "onnx-external-path", 'the external data path "" is empty'],
    [{ location: "w.data", offset: "-4" }, "onnx-external-path", 'the external data path "w.data" has the offset "-4"'],
    [{ location: "other" }, "onnx-external-missing", 'the external data file "other" is not there'],
    [
      { location: "w.data", offset: "8" },
      "onnx-external-short",
      'the external data file "w.data" holds 4 bytes from offset 8, 8 are needed',
    ],
    [{ location: "w.data", length: "12" }, "onnx-tensor-size", "the tensor's shape asks for 8 bytes, the file holds 12"],
  ])("%j is refused", (entries, code, message) => {
    const list = refused(external(entries), file);
    expect(codes(list)).toEqual([code]);
    expect(say(list)).toEqual([`initializer "w": ${message}`]);
  });
});

describe("bad input", () => {
  const relu = single(node("Relu", "x", "y"), [2]);

  it.each<[string, Uint8Array, string]>([
    ["an empty file", new Uint8Array(), "it is empty"],
    [
      "a file that was cut short",
      relu.subarray(0, relu.length - 9),
      "its bytes do not form a protobuf message; it was cut short, or is another format",
    ],
    [
      "a text",
      new TextEncoder().encode("hello, this is no model at all"),
      "its bytes do not form a protobuf message; it was cut short, or is another format",
    ],
    ["a PyTorch checkpoint", Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0), "it is a zip archive, such as a PyTorch checkpoint"],
    ["a Git LFS pointer", new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\n"), "it is a Git LFS pointer"],
    ["a message without a graph", relu.subarray(0, 2), "the message holds no graph"],
  ])("%s", (_, bytes, why) => {
    const list = refused(bytes);
    expect(codes(list)).toEqual(["onnx-not-a-model"]);
    expect(list[0]?.message).toBe(`m.onnx is not an ONNX model: ${why}`);
  });

  const x = [value("x", [2])];
  const y = [value("y", [2])];
  const w = (numbers: number[]): TensorProto => real("w", [numbers.length], numbers);
  it.each<[string, Uint8Array, string, string]>([
    [
      "a cycle",
      model({
        node: [node("Add", "x b", "a", {}, { name: "p" }), node("Relu", "a", "b", {}, { name: "q" }), node("Neg", "b", "y")],
        input: x,
        output: y,
      }),
      "onnx-cycle",
      "-: these nodes feed each other in a circle: q -> p -> q",
    ],
    [
      "a value that nothing makes",
      single(node("Add", "x gone", "y", {}, { name: "p" }), [2]),
      "onnx-value-missing",
      'node "p" (Add): value "gone" is used but nothing makes it',
    ],
    [
      "an output that nothing makes",
      model({ node: [], input: x, output: y }),
      "onnx-value-missing",
      'output "y": value "y" is used but nothing makes it',
    ],
    [
      "a name made twice",
      model({ node: [node("Relu", "x", "y", {}, { name: "p" }), node("Neg", "x", "y", {}, { name: "q" })], input: x, output: y }),
      "onnx-name-twice",
      'node "q" (Neg): "y" is made twice: as output of node "p" (Relu) and as output of node "q" (Neg)',
    ],
    [
      "an input listed twice",
      model({ node: [node("Relu", "x", "y")], input: [...x, ...x], output: y }),
      "onnx-name-twice",
      '-: "x" is made twice: as input and as input',
    ],
    [
      "a NaN weight",
      single(node("Add", "x w", "y"), [2], [w([1, Number.NaN])]),
      "onnx-not-finite",
      'initializer "w": "w" holds NaN at [1]',
    ],
    [
      "an infinite weight",
      single(node("Add", "x w", "y"), [1, 2], [real("w", [1, 2], [0, -Infinity])]),
      "onnx-not-finite",
      'initializer "w": "w" holds -Infinity at [0,1]',
    ],
    [
      "an infinite scale",
      single(node("Mul", "x w", "y", {}, { name: "p" }), [2], [w([Infinity])]),
      "onnx-not-finite",
      'node "p" (Mul): "w" holds Infinity at [0]',
    ],
    [
      "a symbolic dimension",
      single(node("Relu", "x", "y"), ["N", 3, "height"]),
      "onnx-symbolic-dimension",
      'input "x": input "x" has the symbolic dimension "height" at axis 2',
    ],
    [
      "an input without a type",
      model({ node: [node("Relu", "x", "y")], input: [{ ...value("x", [2]), type: undefined } as never], output: y }),
      "onnx-input-type",
      'input "x": input "x" has no type',
    ],
    ["no outputs", model({ node: [node("Relu", "x", "y")], input: x }), "onnx-no-outputs", "-: the graph has no outputs"],
    [
      "a loop",
      single(node("Loop", "x", "y", { body: make.branch(make.graph({})) }, { name: "p" }), [2]),
      "onnx-unsupported-op",
      'node "p" (Loop): operator Loop is not supported',
    ],
    [
      "a branch on data",
      single(node("If", "x", "y", {}, { name: "p" }), [1]),
      "onnx-unsupported-op",
      'node "p" (If): operator If is not supported',
    ],
    ["an opset that is too old", single(node("Add", "x x", "y"), [2], [], { opset: 6 }), "onnx-opset-old", "-: opset 6 is too old for Add"],
    [
      "strings",
      single(node("Add", "x w", "y"), [2], [create(TensorProtoSchema, { name: "w", dims: [0n], dataType: Kind.STRING })]),
      "onnx-dtype",
      'initializer "w": elements of type string are not supported',
    ],
    [
      "uint64 beyond 2^63",
      single(node("Add", "x w", "y"), [2], [make.raw("w", [1], Kind.UINT64, new Uint8Array(8).fill(255))]),
      "onnx-dtype",
      'initializer "w": elements of type uint64 beyond 2^63 are not supported',
    ],
    [
      "raw data of the wrong size",
      single(node("Add", "x w", "y"), [2], [make.raw("w", [3], Kind.FLOAT, new Uint8Array(8))]),
      "onnx-tensor-size",
      'initializer "w": the tensor\'s shape asks for 12 bytes, the file holds 8',
    ],
    [
      "typed data of the wrong size",
      single(node("Add", "x w", "y"), [2], [whole("w", [3], [1])]),
      "onnx-tensor-size",
      'initializer "w": the tensor\'s shape asks for 3 numbers, the file holds 1',
    ],
    [
      "a missing attribute",
      single(node("MaxPool", "x", "y", {}, { name: "p" }), [1, 1, 4, 4]),
      "onnx-attribute-missing",
      'node "p" (MaxPool): MaxPool lacks its attribute kernel_shape',
    ],
    [
      "an attribute of another type",
      single(node("Concat", "x", "y", { axis: float(1) }, { name: "p" }), [2]),
      "onnx-attribute-value",
      'node "p" (Concat): Concat: axis is "of type float", expected the type int',
    ],
    [
      "an axis outside the shape",
      single(node("Softmax", "x", "y", { axis: int(5) }, { name: "p" }), [2]),
      "onnx-attribute-value",
      'node "p" (Softmax): Softmax: axis is 5, expected -1..0',
    ],
    [
      "a missing input",
      single(node("Conv", "x", "y", {}, { name: "p" }), [1, 1, 4, 4]),
      "onnx-input-missing",
      'node "p" (Conv): Conv lacks its input 1',
    ],
    [
      "a shape that depends on the data",
      single(node("Reshape", "x x", "y", {}, { name: "p" }), [2]),
      "onnx-input-dynamic",
      'node "p" (Reshape): Reshape takes its shape from "x", which is computed from the data',
    ],
    [
      "training",
      single(node("BatchNormalization", "x s s s s", "y m v", { training_mode: int(1) }, { name: "p" }), [1, 2], [real("s", [2], [1, 1])], {
        opset: 15,
      }),
      "onnx-training",
      'node "p" (BatchNormalization): BatchNormalization is in training mode',
    ],
    [
      "an output that is not read",
      model({
        node: [node("MaxPool", "x", "a i", { kernel_shape: ints(2) }, { name: "p" })],
        input: [value("x", [1, 1, 4])],
        output: [value("a", []), value("i", [])],
      }),
      "onnx-unsupported-form",
      'node "p" (MaxPool): MaxPool is not supported with its output 1 ("i")',
    ],
    [
      "a constant of absurd size",
      single(node("ConstantOfShape", "s", "y", {}, { name: "p" }), [1], [whole("s", [2], [2 ** 31, 2 ** 31])]),
      "onnx-too-large",
      `node "p" (ConstantOfShape): a constant of ${2 ** 62} elements is larger than ${2 ** 28}`,
    ],
    [
      "shapes that do not go together",
      single(node("Add", "x w", "y", {}, { name: "p" }), [2], [w([1, 2, 3])]),
      "graph-shape",
      'node "p" (Add): add: 2 and 3 do not spread to one shape',
    ],
  ])("%s", (_, bytes, code, message) => {
    const list = refused(bytes);
    expect(codes(list)).toEqual([code]);
    expect(say(list)).toEqual([message]);
  });

  it("a model that names no opset", () => {
    const parts = { node: [node("Relu", "x", "y")], input: x, output: y };
    const list = refused(model(parts, { opset: 0 }));
    expect(codes(list)).toEqual(["onnx-opset-old"]);
    expect(codes(refused(withoutOpset(parts)))).toEqual(["onnx-opset-missing"]);
  });

  it("a newer opset is read with a warning", () => {
    const { notes } = read(single(node("Relu", "x", "y"), [2], [], { opset: newestOpset + 1 }));
    expect(codes(notes)).toEqual(["onnx-opset-new"]);
    expect(notes[0]?.severity).toBe("warning");
  });

  it("reports all unsupported operators together, with advice for each", () => {
    const nodes = [
      node("LSTM", "x", "a", {}, { name: "l" }),
      node("Gelu", "a", "b", {}, { name: "g" }),
      node("PythonOp", "b", "c", {}, { name: "f", domain: "prim" }),
      node("Secret", "c", "y", {}, { name: "s", domain: "acme" }),
    ];
    const list = refused(model({ node: nodes, input: x, output: y }, { domains: { prim: 1, acme: 1 } }));
    expect(codes(list)).toEqual(Array.from({ length: 4 }, () => "onnx-unsupported-op"));
    expect(list.map((d) => d.help[0]?.slice(0, 24))).toEqual([
      "export one time step wit",
      "train with ReLU, or with",
      "export again with the cu",
      "export again with the cu",
    ]);
  });

  it("reports mistakes of several nodes together, each once", () => {
    const nodes = [
      node("Add", "x w", "a", {}, { name: "p" }),
      node("Softmax", "x", "b", { axis: int(9) }, { name: "q" }),
      node("Add", "a b", "y"),
    ];
    const list = refused(model({ node: nodes, input: x, output: y, initializer: [w([1, 2, 3])] }));
    expect(codes(list)).toEqual(["graph-shape", "onnx-attribute-value"]);
  });

  it("no damage to a file ends in anything but a diagnostic (seed 1)", () => {
    const nodes = [
      node("Conv", "x w", "a", { pads: ints(1, 1, 1, 1), auto_pad: make.text("NOTSET") }, { name: "c" }),
      node("Shape", "a", "s"),
      node("ConstantOfShape", "s", "k", { value: make.tensor(real("", [1], [2])) }),
      node("Add", "a k", "b"),
      node("Reshape", "b to", "d"),
      node("Tile", "d rep", "e"),
      node("Split", "e", "f g", { axis: int(1) }),
      node("Concat", "f g", "y", { axis: int(1) }),
    ];
    const initializer = [
      real(
        "w",
        [2, 1, 3, 3],
        Array.from({ length: 18 }, () => 0.5),
      ),
      whole("to", [2], [1, -1]),
      whole("rep", [2], [1, 2]),
    ];
    const bytes = model({ node: nodes, input: [value("x", ["N", 1, 4, 4])], output: [value("y", [])], initializer });
    expect(shapes(read(bytes).graph)).toEqual(["f32[1x64]"]);
    const attempt = (damaged: Uint8Array): void => {
      try {
        importOnnx(damaged, "m.onnx", () => null, quiet());
      } catch (e) {
        if (!(e instanceof Failure)) throw e;
      }
    };
    for (let length = 0; length < bytes.length; length++) attempt(bytes.subarray(0, length));
    const random = new Random(1);
    for (let i = 0; i < 3000; i++) {
      const damaged = bytes.slice();
      for (let k = random.int(1, 3); k > 0; k--) damaged[random.int(0, bytes.length - 1)] = random.int(0, 255);
      attempt(damaged);
    }
  });
});

function sparse(values: TensorProto, indices: TensorProto, dims: number[]): never {
  return { $typeName: "onnx.SparseTensorProto", values, indices, dims: dims.map(BigInt) } as never;
}

/** The model without the last field, which is its opset_import. */
function withoutOpset(parts: Parameters<typeof model>[0]): Uint8Array {
  const full = model(parts);
  // Field 8, length 4: domain "" is left out in binary form, version is one byte.
  const at = full.lastIndexOf(0x42);
  return full.slice(0, at);
}
