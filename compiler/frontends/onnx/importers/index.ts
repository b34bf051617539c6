import type { Importer } from "../importer.ts";
import { leakyRelu, pRelu } from "./activations.ts";
import { batchNormalization } from "./batch-normalization.ts";
import { cast, castLike } from "./cast.ts";
import { clip } from "./clip.ts";
import { concat } from "./concat.ts";
import { constant } from "./constant.ts";
import { constantOfShape } from "./constant-of-shape.ts";
import { conv } from "./conv.ts";
import { convTranspose } from "./conv-transpose.ts";
import { depthToSpace, spaceToDepth } from "./depth-to-space.ts";
import { dropout } from "./dropout.ts";
import { mean, pow, reciprocal, same, variadic } from "./elementwise.ts";
import { expand } from "./expand.ts";
import { gather } from "./gather.ts";
import { gemm } from "./gemm.ts";
import { identity } from "./identity.ts";
import { branch } from "./if.ts";
import { pad } from "./pad.ts";
import { arrayFeatureExtractor } from "./array-feature-extractor.ts";
import { averagePool, maxPool } from "./pool.ts";
import { bipolarQuant, quant } from "./quant.ts";
import { dequantizeLinear, quantizeLinear } from "./quantize.ts";
import { randomNormalLike, randomUniformLike } from "./random.ts";
import { range } from "./range.ts";
import { argMax, reduceMax, reduceMean, reduceSum } from "./reduce.ts";
import { resize, upsample } from "./resize.ts";
import { flatten, reshape, squeeze, unsqueeze } from "./reshape.ts";
import { shape, size } from "./shape.ts";
import { slice } from "./slice.ts";
import { logSoftmax, softmax } from "./softmax.ts";
import { split } from "./split.ts";
import { tile } from "./tile.ts";
import { transpose } from "./transpose.ts";

/** Every operator of the standard domain that is read, by its ONNX name. */
export const importers = {
  Abs: same("abs", 1, 6),
  Add: same("add", 2),
  ArgMax: argMax,
  AveragePool: averagePool,
  BatchNormalization: batchNormalization,
  Cast: cast,
  CastLike: castLike,
  Ceil: same("ceil", 1, 6),
  Clip: clip,
  Concat: concat,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Conv: conv,
  ConvTranspose: convTranspose,
  DepthToSpace: depthToSpace,
  DequantizeLinear: dequantizeLinear,
  Div: same("div", 2),
  Dropout: dropout,
  Equal: same("equal", 2),
  Exp: same("exp", 1, 6),
  Expand: expand,
  Flatten: flatten,
  Floor: same("floor", 1, 6),
  Gather: gather,
  Gemm: gemm,
  GlobalAveragePool: same("global-average-pool", 1, 1),
  GlobalMaxPool: same("global-max-pool", 1, 1),
  Greater: same("greater", 2),
  GreaterOrEqual: same("greater-or-equal", 2, 12),
  Identity: identity,
  If: branch,
  LeakyRelu: leakyRelu,
  Less: same("less", 2),
  LessOrEqual: same("less-or-equal", 2, 12),
  Log: same("log", 1, 6),
  LogSoftmax: logSoftmax,
  MatMul: same("matmul", 2, 1),
  Max: variadic("max", 6),
  MaxPool: maxPool,
  Mean: mean,
  Min: variadic("min", 6),
  Mul: same("mul", 2),
  Neg: same("neg", 1, 6),
  Not: same("not", 1, 1),
  PRelu: pRelu,
  Pad: pad,
  Pow: pow,
  QuantizeLinear: quantizeLinear,
  RandomNormalLike: randomNormalLike,
  RandomUniformLike: randomUniformLike,
  Range: range,
  Reciprocal: reciprocal,
  ReduceMax: reduceMax,
  ReduceMean: reduceMean,
  ReduceSum: reduceSum,
  Relu: same("relu", 1, 6),
  Reshape: reshape,
  Resize: resize,
  Round: same("round", 1, 11),
  Shape: shape,
  Sigmoid: same("sigmoid", 1, 6),
  Sign: same("sign", 1, 9),
  Size: size,
  Slice: slice,
  Softmax: softmax,
  SpaceToDepth: spaceToDepth,
  Split: split,
  Sqrt: same("sqrt", 1, 6),
  Squeeze: squeeze,
  Sub: same("sub", 2),
  Sum: variadic("sum", 6),
  Tanh: same("tanh", 1, 6),
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
  Upsample: upsample,
  Where: same("where", 3, 9),
} satisfies Readonly<Record<string, Importer>>;

/** What scikit-learn's exporter puts behind a network: which class it is, and the probabilities by class. */
export const classical = { ArrayFeatureExtractor: arrayFeatureExtractor, ZipMap: identity } satisfies Readonly<Record<string, Importer>>;

/** QONNX's quantizers, in the domains of Brevitas, FINN and QONNX. */
export const quantizers = { BipolarQuant: bipolarQuant, IntQuant: quant, Quant: quant } satisfies Readonly<Record<string, Importer>>;
