import { fromBinary } from "@bufbuild/protobuf";
import { type GraphProto, type ModelProto, ModelProtoSchema } from "onnx-buf";
import { fail } from "../../base/diagnostic.ts";

/** A model that has a graph. */
export type Model = ModelProto & { readonly graph: GraphProto };

/** What other formats begin with, and what to do with them. */
const lookalikes: readonly { readonly begins: readonly number[]; readonly what: string; readonly help: string }[] = [
  {
    begins: [0x89, 0x48, 0x44, 0x46],
    what: "it is an HDF5 file",
    help: "Keras files (.h5): convert with tf2onnx; NIR files: give them the suffix .nir",
  },
  {
    begins: [0x50, 0x4b, 0x03, 0x04],
    what: "it is a zip archive, such as a PyTorch checkpoint",
    help: "load it in PyTorch and call torch.onnx.export",
  },
  {
    begins: [0x80, 0x02],
    what: "it is a Python pickle, such as an old PyTorch checkpoint",
    help: "load it in PyTorch and call torch.onnx.export",
  },
  { begins: [0x1f, 0x8b], what: "it is compressed with gzip", help: "unpack it first" },
  {
    begins: [0x76, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e],
    what: "it is a Git LFS pointer",
    help: "fetch the file itself with `git lfs pull`",
  },
  { begins: [0x7b], what: "it is a JSON text", help: "give the binary .onnx file" },
];

/**
 * Reads the protobuf message. Errors: onnx-not-a-model, for bytes that are no
 * such message, end too early, or hold no graph.
 */
export function readModel(bytes: Uint8Array, file: string): Model {
  const other = lookalikes.find((l) => l.begins.every((b, i) => bytes[i] === b));
  const wrong = (what: string): never =>
    fail("onnx-not-a-model", [file, other?.what ?? what], { at: file, ...(other === undefined ? {} : { help: [other.help] }) });
  if (bytes.length === 0) wrong("it is empty");
  const model = decode(bytes);
  if (model === null) return wrong("its bytes do not form a protobuf message; it was cut short, or is another format");
  const { graph } = model;
  if (graph === undefined) return wrong("the message holds no graph");
  if (model.irVersion === 0n) return wrong("the message names no IR version");
  return { ...model, graph };
}

/** The decoder throws errors of several kinds on damaged bytes; all of them mean the same to the user. */
function decode(bytes: Uint8Array): ModelProto | null {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch {
    return null;
  }
}
