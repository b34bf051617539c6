import { argmax } from "./argmax.ts";
import { batchNormalization } from "./batch-normalization.ts";
import { add, div, equal, greater, greaterOrEqual, less, lessOrEqual, max, min, mul, sub, sum } from "./binary.ts";
import { cast } from "./cast.ts";
import { concat } from "./concat.ts";
import { constantOfShape } from "./constant-of-shape.ts";
import { conv } from "./conv.ts";
import { convTranspose } from "./conv-transpose.ts";
import { expand } from "./expand.ts";
import { gather } from "./gather.ts";
import { gemm } from "./gemm.ts";
import { globalAveragePool, globalMaxPool } from "./global-pool.ts";
import { dropout, identity } from "./identity.ts";
import { matmul } from "./matmul.ts";
import { neuronStep } from "./neuron-step.ts";
import type { Op } from "./op.ts";
import { pad } from "./pad.ts";
import { averagePool, maxPool } from "./pool.ts";
import { pow } from "./pow.ts";
import { bipolarQuant, quant } from "./quant.ts";
import { dequantizeLinear, quantizeLinear } from "./quantize-linear.ts";
import { quantizedClip } from "./quantized-clip.ts";
import { randomNormalLike, randomUniformLike } from "./random.ts";
import { reduceMean } from "./reduce-mean.ts";
import { reshape } from "./reshape.ts";
import { shape } from "./shape.ts";
import { slice } from "./slice.ts";
import { logSoftmax, softmax } from "./softmax.ts";
import { transpose } from "./transpose.ts";
import { abs, ceil, clip, exp, floor, leakyRelu, log, neg, not, relu, round, sigmoid, sign, sqrt, tanh } from "./unary.ts";
import { where } from "./where.ts";

const table = {
  abs,
  add,
  argmax,
  "average-pool": averagePool,
  "batch-normalization": batchNormalization,
  "bipolar-quant": bipolarQuant,
  cast,
  ceil,
  clip,
  concat,
  "constant-of-shape": constantOfShape,
  conv,
  "conv-transpose": convTranspose,
  "dequantize-linear": dequantizeLinear,
  div,
  dropout,
  equal,
  exp,
  expand,
  floor,
  gather,
  gemm,
  "global-average-pool": globalAveragePool,
  "global-max-pool": globalMaxPool,
  greater,
  "greater-or-equal": greaterOrEqual,
  identity,
  "leaky-relu": leakyRelu,
  less,
  "less-or-equal": lessOrEqual,
  log,
  "log-softmax": logSoftmax,
  matmul,
  max,
  "max-pool": maxPool,
  min,
  mul,
  neg,
  "neuron-step": neuronStep,
  not,
  pad,
  pow,
  quant,
  "quantize-linear": quantizeLinear,
  "quantized-clip": quantizedClip,
  "random-normal-like": randomNormalLike,
  "random-uniform-like": randomUniformLike,
  "reduce-mean": reduceMean,
  relu,
  reshape,
  round,
  shape,
  sigmoid,
  sign,
  slice,
  softmax,
  sqrt,
  sub,
  sum,
  tanh,
  transpose,
  where,
} satisfies Record<string, Op>;

export type { Op } from "./op.ts";
export type OpName = keyof typeof table;

/** Every operation of a graph. They mean what the newest ONNX opset means, with everything static as an attribute. */
export const ops: Readonly<Record<OpName, Op>> = table;

/** The operation of that name; null when there is none. */
export function opNamed(name: string): Op | null {
  return Object.hasOwn(table, name) ? table[name as OpName] : null;
}
