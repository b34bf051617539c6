import { diagnostic, fail } from "../../base/diagnostic.ts";
import type { Graph } from "../../ir/graph/types.ts";
import type { Context } from "../../base/context.ts";
import { importModel, opsetsOf } from "./import.ts";
import { readModel } from "./reader.ts";
import type { ReadExternal } from "./tensors.ts";

/** The newest opset whose definitions of the supported operators were compared with this reader. */
export const newestOpset = 28;

/**
 * Reads an ONNX model into a graph: protobuf, initializers (also from files
 * beside the model, through `readExternal`), functions written out, shape
 * arithmetic computed, every operator in its newest meaning with everything
 * static as an attribute. A symbolic batch is taken as 1.
 *
 * `name` is what the graph is called: the file's name, of which messages say that it ends in .onnx.
 * Throws a Failure with all problems found; codes onnx-* and, where shapes do
 * not go together, graph-*.
 */
export function importOnnx(bytes: Uint8Array, name: string, readExternal: ReadExternal, cx: Context): Graph {
  const model = readModel(bytes, name.endsWith(".onnx") ? name : `${name}.onnx`);
  const opsets = opsetsOf(model.opsetImport);
  const version = opsets.get("");
  // A model that consists of functions or quantizers only may do without the standard operators.
  if (opsets.size === 0) fail("onnx-opset-missing", []);
  if (version !== undefined && version > newestOpset) cx.report(diagnostic("onnx-opset-new", [version, newestOpset]));
  return importModel(model, opsets, name, readExternal, cx);
}

export type { ReadExternal } from "./tensors.ts";
