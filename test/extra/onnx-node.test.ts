import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type ModelProto, ModelProtoSchema } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { quiet } from "../../compiler/base/context.ts";
import { Failure } from "../../compiler/base/diagnostic.ts";
import { importOnnx } from "../../compiler/frontends/onnx/index.ts";
import { importerOf } from "../../compiler/frontends/onnx/inventory.ts";
import { runGraph } from "../../compiler/ir/graph/run.ts";
import { verifyGraph } from "../../compiler/ir/graph/verify.ts";
import { difference, protoOf, sharedFile, tensorOf, untar } from "./onnx-files.ts";

/*
 * The backend tests of ONNX itself: one model per case with inputs and expected
 * outputs. Inputs that the graph holds as attributes (shapes, axes, bounds) are
 * given as initializers, as exporters write them.
 */

const archive = sharedFile("data/onnx_node_tests/onnx112_node_subset.tar.gz");

/** Cases that are refused, by the code that must refuse them; every other case must run. */
const refused: Readonly<Record<string, readonly string[]>> = {
  "onnx-unsupported-op": [
    "test_basic_convinteger",
    "test_matmulinteger",
    "test_qlinearconv",
    "test_qlinearmatmul_2D",
    "test_qlinearmatmul_3D",
  ],
  "onnx-training": ["test_batchnorm_epsilon_training_mode", "test_batchnorm_example_training_mode"],
  "onnx-input-type": ["test_identity_opt", "test_identity_sequence"],
  "onnx-unsupported-form": ["test_maxpool_with_argmax_2d_precomputed_pads", "test_maxpool_with_argmax_2d_precomputed_strides"],
  // An input of size 0, which is taken as a batch of unknown size.
  "graph-shape": ["test_reshape_allowzero_reordered"],
};
const cases = 184;

describe.skipIf(archive === null)("ONNX node tests", async () => {
  const files = archive === null ? new Map<string, Uint8Array>() : await untar(archive);
  const names = [...files.keys()].flatMap((f) => (f.endsWith("/model.onnx") ? [f.slice(0, -"/model.onnx".length)] : [])).sort();
  const unsupported = new Map(Object.entries(refused).flatMap(([code, list]) => list.map((name) => [name, code] as const)));

  it(`there are ${cases}, of which ${cases - unsupported.size} must run`, () => {
    expect(names.length).toBe(cases);
    expect([...unsupported.keys()].filter((n) => !names.includes(n))).toEqual([]);
    console.log(
      `ONNX node tests: ${names.length - unsupported.size} run, ${unsupported.size} refused as expected: ${[...unsupported.keys()].join(", ")}`,
    );
  });

  it.each(names.filter((n) => !unsupported.has(n)))("%s", (name) => {
    const { model, inputs } = caseOf(files, name);
    const graph = importOnnx(toBinary(ModelProtoSchema, model), name, () => null, quiet());
    expect(verifyGraph(graph).filter((d) => d.severity === "error")).toEqual([]);
    const [got] = runGraph(graph, inputs.map(tensorOf));
    const expected = tensorOf(fileOf(files, `${name}/test_data_set_0/output_0.pb`));
    if (got === undefined) throw new Error("the graph gave nothing");
    expect({ dtype: got.dtype, shape: got.shape }).toEqual({ dtype: expected.dtype, shape: expected.shape });
    expect(difference(got, expected)).toBeLessThanOrEqual(1e-5);
  });

  it.each([...unsupported])("%s is refused with %s", (name, code) => {
    let codes: readonly string[] = [];
    try {
      importOnnx(toBinary(ModelProtoSchema, caseOf(files, name).model), name, () => null, quiet());
    } catch (e) {
      if (!(e instanceof Failure)) throw e;
      codes = e.diagnostics.map((d) => d.code);
    }
    expect(codes.length).toBeGreaterThan(0);
    expect(new Set(codes)).toEqual(new Set([code]));
  });
});

if (archive === null) it.skip(`skipped: ${cases} ONNX node tests, the reference data is not beside the project`, () => {});

/** The model with its static inputs moved to initializers, and the bytes of the inputs that are left. */
function caseOf(files: ReadonlyMap<string, Uint8Array>, name: string): { model: ModelProto; inputs: Uint8Array[] } {
  const model = fromBinary(ModelProtoSchema, fileOf(files, `${name}/model.onnx`));
  const graph = model.graph;
  if (graph === undefined) throw new Error(`${name} has no graph`);
  const known = new Set(graph.node.flatMap((n) => (importerOf(n)?.static ?? []).map((i) => n.input[i])));
  const inputs: Uint8Array[] = [];
  graph.input.forEach((input, i) => {
    const bytes = fileOf(files, `${name}/test_data_set_0/input_${i}.pb`);
    if (known.has(input.name)) graph.initializer.push({ ...protoOf(bytes), name: input.name });
    else inputs.push(bytes);
  });
  return { model, inputs };
}

function fileOf(files: ReadonlyMap<string, Uint8Array>, path: string): Uint8Array {
  const bytes = files.get(path);
  if (bytes === undefined) throw new Error(`the archive has no ${path}`);
  return bytes;
}
