import { fail } from "../../../base/diagnostic.ts";
import { showShape } from "../../../base/tensor.ts";
import { broadcastShape, spreadMap } from "./broadcast.ts";
import { data, need, needFloat, op } from "./op.ts";

/**
 * The activation that QCFS trains with (Bu et al., ICLR 2022, equation 11 with
 * shift 1/2): lambda/L clip(floor(x L / lambda + 1/2), 0, L). Lambda is the
 * attribute, or the second input when it differs per channel.
 */
export const quantizedClip = op({
  name: "quantized-clip",
  summary: "lambda/L clip(floor(x L/lambda + 1/2), 0, L); inputs x and, when it is not one number, lambda",
  arity: [1, 2],
  attrs: {
    lambda: { help: "the largest value; 0 when lambda is the second input", kind: "float", default: 0 },
    levels: { help: "L, the number of steps from 0 to lambda", kind: "int", default: null },
  },
  infer: (inputs, { lambda, levels }) => {
    const x = need(inputs, 0);
    const l = inputs[1] ?? null;
    needFloat("quantized-clip", x);
    if (levels < 1) fail("graph-shape", ["quantized-clip", `${levels} levels; at least one is needed`]);
    if (l === null ? !(lambda > 0) : lambda !== 0) {
      fail("graph-shape", ["quantized-clip", "lambda must be a positive attribute or the second input, and not both"]);
    }
    if (l !== null && broadcastShape("quantized-clip", [x.shape, l.shape]).join() !== x.shape.join()) {
      fail("graph-shape", ["quantized-clip", `lambda ${showShape(l.shape)} does not spread to ${showShape(x.shape)}`]);
    }
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  plan: (inputs, { lambda, levels }) => {
    const l = inputs[1] ?? null;
    const map = l === null ? null : spreadMap(l.shape, need(inputs, 0).shape);
    return (ins, outs) => {
      const [x, y] = [data(need(ins, 0)), data(need(outs, 0))];
      const each = ins[1] ? data(ins[1]) : null;
      for (let i = 0; i < y.length; i++) {
        const top = each === null ? lambda : (each[map?.[i] ?? i] as number);
        const step = Math.floor(((x[i] as number) * levels) / top + 0.5);
        y[i] = ((step < 0 ? 0 : step > levels ? levels : step) * top) / levels;
      }
    };
  },
});
