/** What to do about operators that have no importer, by name; a domain that stands for a tool has advice of its own. */

const custom =
  "export again with the custom function registered (torch.onnx.register_custom_op_symbolic), or with the module replaced by plain operators";
const recurrent =
  "export one time step with the state as input and output, or unroll the loop; gated recurrent layers have no spiking form here";
const gate = "train with ReLU, or with a clipped and quantized ReLU, which spiking neurons represent exactly";
const norm = "train with BatchNormalization, which folds into the weights; this normalization depends on each sample";
const qdq = "export in QDQ form (QuantizeLinear and DequantizeLinear around float operators): quant_format=QuantFormat.QDQ";
const branch = "export with torch.jit.trace or fixed shapes, so that the path taken becomes part of the graph";
const resize = "train with ConvTranspose, or without changing the resolution";
const attention = "transformers are not supported; the conversions know convolutional and fully connected networks";
const after = "leave this step out of the exported model and do it on the host, behind the classifier";
const noise =
  "write the noise of a spiking layer with RandomNormalLike or RandomUniformLike (torch.randn_like), or export in evaluation mode without it";
const axes = "write it with ReduceMean, or with AveragePool and a scale";

const byOp: Readonly<Record<string, string>> = {
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
  Scan: recurrent,
  Loop: recurrent,
  If: branch,
  Gelu: gate,
  Erf: gate,
  Elu: gate,
  Celu: gate,
  Selu: gate,
  Mish: gate,
  Swish: gate,
  Softplus: gate,
  Softsign: gate,
  HardSwish: gate,
  HardSigmoid: gate,
  ThresholdedRelu: gate,
  LayerNormalization: norm,
  InstanceNormalization: norm,
  GroupNormalization: norm,
  RMSNormalization: norm,
  MeanVarianceNormalization: norm,
  LpNormalization: norm,
  LRN: norm,
  MaxUnpool: resize,
  Attention: attention,
  MultiHeadAttention: attention,
  Einsum: "write it with MatMul, Transpose and Reshape",
  Hardmax: after,
  TopK: after,
  NonMaxSuppression: after,
  NonZero: after,
  OneHot: after,
  RandomNormal: noise,
  RandomUniform: noise,
  Bernoulli: noise,
  Multinomial: noise,
  ReduceMin: axes,
  ReduceL2: axes,
  ReduceProd: axes,
  LpPool: "train with AveragePool",
  GlobalLpPool: "train with GlobalAveragePool",
  QLinearConv: qdq,
  QLinearMatMul: qdq,
  QLinearAdd: qdq,
  QGemm: qdq,
  ConvInteger: qdq,
  MatMulInteger: qdq,
  DynamicQuantizeLinear: "quantize with static ranges (quantize_static), and in QDQ form",
  Trunc: "write it with Quant and Floor",
  FloatQuant: "train with integer quantizers (Quant)",
  PythonOp: custom,
  ATen: "export with operator_export_type=ONNX, so that no ATen operators remain",
};

const byDomain: Readonly<Record<string, string>> = {
  prim: custom,
  aten: "export with operator_export_type=ONNX, so that no ATen operators remain",
  "com.microsoft": "give the model as it was before onnxruntime optimized it (graph_optimization_level=ORT_DISABLE_ALL)",
  "com.microsoft.nchwc": "give the model as it was before onnxruntime optimized it (graph_optimization_level=ORT_DISABLE_ALL)",
  "ai.onnx.ml": "classical machine learning models (trees, support vectors) are not neural networks",
};

/** One sentence of advice for an operator without an importer. */
export function adviceFor(op: string, domain: string): string {
  const own = Object.hasOwn(byOp, op) ? byOp[op] : undefined;
  const theirs = Object.hasOwn(byDomain, domain) ? byDomain[domain] : undefined;
  if (own !== undefined) return own;
  if (theirs !== undefined) return theirs;
  if (domain !== "") return custom;
  return "replace the layer by supported operators before exporting";
}
