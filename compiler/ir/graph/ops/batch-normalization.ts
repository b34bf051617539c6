import { at } from "../../../base/bug.ts";
import { fail } from "../../../base/diagnostic.ts";
import { showShape, sizeOf } from "../../../base/tensor.ts";
import { data, need, needFloat, op } from "./op.ts";

/** y = scale (x - mean) / sqrt(var + epsilon) + bias, per channel (axis 1). */
export const batchNormalization = op({
  name: "batch-normalization",
  summary: "scale (x - mean) / sqrt(var + epsilon) + bias per channel; inputs x, scale, bias, mean, var",
  arity: [5, 5],
  attrs: { epsilon: { help: "added to the variance", kind: "float", default: 1e-5 } },
  infer: (inputs) => {
    const x = need(inputs, 0);
    needFloat("batch-normalization", x);
    const channels = x.shape.length > 1 ? at(x.shape, 1) : 1;
    for (const i of [1, 2, 3, 4]) {
      const p = need(inputs, i);
      if (p.shape.length !== 1 || p.shape[0] !== channels) {
        fail("graph-shape", ["batch-normalization", `a parameter of shape ${showShape(p.shape)} for ${channels} channels`]);
      }
    }
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  plan: (inputs, { epsilon }) => {
    const { shape } = need(inputs, 0);
    const channels = shape.length > 1 ? at(shape, 1) : 1;
    const inner = sizeOf(shape.slice(2));
    return (ins, outs) => {
      const [x, scale, bias, mean, variance] = [0, 1, 2, 3, 4].map((i) => data(need(ins, i))) as [
        Float64Array,
        Float64Array,
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      const y = data(need(outs, 0));
      for (let i = 0, c = 0; i < y.length; c = (c + 1) % channels) {
        const factor = (scale[c] as number) / Math.sqrt((variance[c] as number) + epsilon);
        const offset = (bias[c] as number) - (mean[c] as number) * factor;
        for (const end = i + inner; i < end; i++) y[i] = (x[i] as number) * factor + offset;
      }
    };
  },
});
