import { table } from "./entry.ts";

const reexport = "export the model again from the framework that trained it";

/** Reading ONNX files. */
export const onnxErrors = table({
  "onnx-not-a-model": {
    severity: "error",
    message: (file: string, what: string) => `${file} is not an ONNX model: ${what}`,
    explain:
      "An ONNX file is one protobuf message of type ModelProto that holds a graph. These bytes are not, or they end too early: a download that was cut short, a Git LFS pointer, a checkpoint of a framework, or another format altogether.",
    help: "check the size of the file against its source, or export the model to ONNX again",
  },
  "onnx-opset-missing": {
    severity: "error",
    message: () => "the model does not say which operator set it uses",
    explain:
      "What an operator means depends on the version of the operator set (opset), which every ONNX model names in opset_import. A file without it is damaged or was written by hand.",
    help: `${reexport}, or set opset_import`,
  },
  "onnx-opset-old": {
    severity: "error",
    message: (version: number, ops: readonly string[]) => `opset ${version} is too old for ${ops.join(", ")}`,
    explain: "Operators changed their meaning before opset 7 (broadcasting, for one). Models of opset 7 and newer are read.",
    help: "convert the model with onnx.version_converter.convert_version(model, 13), or export it again with opset_version=13",
  },
  "onnx-opset-new": {
    severity: "warning",
    message: (version: number, newest: number) => `opset ${version} is newer than ${newest}, the newest this reader was written for`,
    explain: "The operators are read as the newest known version describes them. If one of them has changed since, answers may differ.",
    help: "compare `run(graph)` with the framework on a few samples, or export with an older opset",
  },
  "onnx-unsupported-op": {
    severity: "error",
    message: (op: string, domain: string) => `operator ${op}${domain === "" ? "" : ` of domain "${domain}"`} is not supported`,
    explain:
      "Every operator of the model must have a meaning in the graph before it can be converted to spikes. All operators that have none are reported together, each with what usually helps.",
    help: "replace the layer by supported operators before exporting",
  },
  "onnx-unsupported-form": {
    severity: "error",
    message: (op: string, what: string) => `${op} is not supported ${what}`,
    explain: "The operator itself is supported, but not with this attribute, rank or output.",
    help: "change the layer and export again",
  },
  "onnx-training": {
    severity: "error",
    message: (op: string) => `${op} is in training mode`,
    explain:
      "In training mode BatchNormalization uses the statistics of the batch and Dropout drops at random; a deployed network does neither. The model was exported while it was being trained.",
    help: "call model.eval() before exporting (torch.onnx.export(..., training=TrainingMode.EVAL))",
  },
  "onnx-cycle": {
    severity: "error",
    message: (nodes: readonly string[]) => `these nodes feed each other in a circle: ${nodes.join(" -> ")}`,
    explain: "An ONNX graph must not contain cycles; recurrence is written with state inputs and outputs, or unrolled over time.",
    help: "export one time step with the state as an input and an output",
  },
  "onnx-value-missing": {
    severity: "error",
    message: (value: string) => `value "${value}" is used but nothing makes it`,
    explain:
      "Each input of a node must be an input of the graph, an initializer, or the output of another node. A tool that edited the model may have removed its source.",
    help: "check the model with onnx.checker.check_model, and export it again",
  },
  "onnx-name-twice": {
    severity: "error",
    message: (name: string, first: string, second: string) => `"${name}" is made twice: as ${first} and as ${second}`,
    explain: "Each value has one source (single assignment). Two models that were merged without renaming often break this.",
    help: "rename one of them, for instance with onnx.compose.add_prefix",
  },
  "onnx-not-finite": {
    severity: "error",
    message: (name: string, index: readonly number[], value: number) =>
      `"${name}" holds ${Number.isNaN(value) ? "NaN" : value} at [${index.join(",")}]`,
    explain:
      "A weight that is not a finite number makes every answer that it reaches meaningless, and no chip can store it. The training diverged, or the export failed.",
    help: "train again from a checkpoint whose weights are finite",
  },
  "onnx-symbolic-dimension": {
    severity: "error",
    message: (input: string, axis: number, symbol: string) => `input "${input}" has the symbolic dimension ${symbol} at axis ${axis}`,
    explain:
      "A chip is laid out for one fixed shape. A symbolic first dimension is the batch and is taken as 1; any other must be a number.",
    help: "export without dynamic_axes for this axis, or fix it with onnxruntime.tools.make_dynamic_shape_fixed",
  },
  "onnx-input-type": {
    severity: "error",
    message: (input: string, what: string) => `input "${input}" ${what}`,
    explain: "Each input of the graph must be a tensor with a known element type and a known number of dimensions.",
    help: "give the input a tensor type with a shape when exporting",
  },
  "onnx-no-outputs": {
    severity: "error",
    message: () => "the graph has no outputs",
    explain: "Without an output nothing can be computed from the model.",
    help: reexport,
  },
  "onnx-external-path": {
    severity: "error",
    message: (location: string, why: string) => `the external data path "${location}" ${why}`,
    explain:
      "Weights may lie in a file beside the model, named by a path relative to it. Absolute paths and paths that leave the folder of the model are refused: a model file must not be able to read any file of the machine.",
    help: "save the model again with the data file in the same folder (onnx.save(..., save_as_external_data=True, location=...))",
  },
  "onnx-external-missing": {
    severity: "error",
    message: (location: string) => `the external data file "${location}" is not there`,
    explain:
      "The weights of this model lie in a file of their own, which must be kept beside the model under the name it had when it was saved.",
    help: "put the data file into the folder of the model",
  },
  "onnx-external-short": {
    severity: "error",
    message: (location: string, offset: number, needed: number, got: number) =>
      `the external data file "${location}" holds ${got} bytes from offset ${offset}, ${needed} are needed`,
    explain: "The data file is shorter than the model says: it was cut short, or belongs to another version of the model.",
    help: "copy the data file again together with the model",
  },
  "onnx-tensor-size": {
    severity: "error",
    message: (expected: number, got: number, unit: string) => `the tensor's shape asks for ${expected} ${unit}, the file holds ${got}`,
    explain: "The number of elements stored does not fit the shape stored beside it: the file is damaged or was written wrongly.",
    help: reexport,
  },
  "onnx-too-large": {
    severity: "error",
    message: (count: number, most: number) => `a constant of ${count} elements is larger than ${most}`,
    explain:
      "A few bytes of the file (a shape to fill, a number of repetitions) ask for a tensor that no network for a chip needs. The file is damaged.",
    help: reexport,
  },
  "onnx-dtype": {
    severity: "error",
    message: (dtype: string) => `elements of type ${dtype} are not supported`,
    explain:
      "Tensors of floating-point numbers, of integers and of truth values are read; strings, complex numbers and unsigned integers of 2^63 and more are not.",
    help: "cast the tensor to float32 or int64 before exporting",
  },
  "onnx-widened": {
    severity: "note",
    message: (dtype: string, wide: string) => `${dtype} is computed as ${wide}`,
    explain:
      "Elements of the narrow type are read exactly, but sums and products are not rounded to it, so answers are slightly more precise than the framework's.",
    help: "nothing to do",
  },
  "onnx-attribute-missing": {
    severity: "error",
    message: (op: string, attribute: string) => `${op} lacks its attribute ${attribute}`,
    explain: "The operator's definition requires this attribute.",
    help: reexport,
  },
  "onnx-attribute-value": {
    severity: "error",
    message: (op: string, attribute: string, value: string, expected: string) => `${op}: ${attribute} is ${value}, expected ${expected}`,
    explain:
      "The attribute (or the constant input that replaced it in newer opsets) has a value that the operator's definition does not allow.",
    help: reexport,
  },
  "onnx-input-missing": {
    severity: "error",
    message: (op: string, index: number) => `${op} lacks its input ${index}`,
    explain: "The operator's definition requires this input.",
    help: reexport,
  },
  "onnx-input-dynamic": {
    severity: "error",
    message: (op: string, what: string, value: string) => `${op} takes its ${what} from "${value}", which is computed from the data`,
    explain: "Shapes, axes, bounds and pads must be known when the network is laid out on a chip; here one depends on the sample.",
    help: "export with fixed shapes, so that the value becomes a constant",
  },
  "onnx-function-recursive": {
    severity: "error",
    message: (name: string) => `the model's function ${name} calls itself`,
    explain: "Functions stored in the model are written out where they are called, which never ends for a function that reaches itself.",
    help: reexport,
  },
  "onnx-dead-nodes": {
    severity: "note",
    message: (count: number, some: readonly string[]) => `${count} node(s) reach no output and are left out: ${some.join(", ")}`,
    explain: "Nothing that the graph gives depends on these nodes.",
    help: "nothing to do",
  },
});
