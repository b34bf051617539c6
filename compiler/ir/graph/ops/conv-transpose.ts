import { at } from "../../../base/bug.ts";
import { fail } from "../../../base/diagnostic.ts";
import { showShape, sizeOf } from "../../../base/tensor.ts";
import { stridesOf, walk } from "./broadcast.ts";
import { data, type Kernel, need, needFloat, op } from "./op.ts";
import { checkWindow, extent, type Window, windowAttrs } from "./window.ts";

/**
 * Each input spreads a copy of its filter over the output: with w [C, M/group, ...],
 * y[m][s p + d k] += x[c][p] w[c][m][k], and pads are cut off at the end.
 */
export const convTranspose = op({
  name: "conv-transpose",
  summary: "transposed convolution",
  arity: [2, 3],
  attrs: {
    ...windowAttrs,
    group: { help: "into how many independent groups channels and filters are split", kind: "int", default: 1 },
    outputPadding: { help: "elements added behind each spatial axis of the output", kind: "ints", default: null },
  },
  infer: (inputs, attrs) => {
    const x = need(inputs, 0);
    const w = need(inputs, 1);
    const b = inputs[2] ?? null;
    needFloat("conv-transpose", x);
    if (w.dtype !== x.dtype || (b !== null && b.dtype !== x.dtype))
      fail("graph-dtype", ["conv-transpose", "its input, weight and bias are of different types"]);
    const rank = x.shape.length - 2;
    const shapes = `input ${showShape(x.shape)}, weight ${showShape(w.shape)}, group ${attrs.group}`;
    if (rank < 1 || w.shape.length !== x.shape.length || x.shape[1] !== w.shape[0] || at(x.shape, 1) % attrs.group !== 0) {
      fail("graph-shape", ["conv-transpose", `input and weight do not go together: ${shapes}`]);
    }
    const filters = at(w.shape, 1) * attrs.group;
    if (b !== null && (b.shape.length !== 1 || b.shape[0] !== filters))
      fail("graph-shape", ["conv-transpose", `its bias is ${showShape(b.shape)} for ${filters} filters`]);
    const window: Window = { ...attrs, kernel: w.shape.slice(2) };
    checkWindow("conv-transpose", window, rank);
    if (attrs.outputPadding.length !== rank) fail("graph-shape", ["conv-transpose", `outputPadding needs ${rank} numbers`]);
    const spatial = x.shape.slice(2).map((size, a) => {
      const cut = at(attrs.pads, a) + at(attrs.pads, a + rank);
      const out = (size - 1) * at(attrs.strides, a) + extent(window, a) + at(attrs.outputPadding, a) - cut;
      if (out < 0) fail("graph-shape", ["conv-transpose", "its pads are larger than its output"]);
      return out;
    });
    return [{ dtype: x.dtype, shape: [at(x.shape, 0), filters, ...spatial] }];
  },
  plan: (inputs, { strides, pads, dilations, group }, outputs): Kernel => {
    const x = need(inputs, 0);
    const w = need(inputs, 1);
    const out = need(outputs, 0).shape;
    const spatial = x.shape.slice(2);
    const rank = spatial.length;
    const full = out.slice(2).map((d, a) => d + at(pads, a) + at(pads, a + rank));
    const steps = stridesOf(full);
    const places = walk(
      spatial,
      strides.map((s, a) => s * at(steps, a)),
    );
    const elements = walk(
      w.shape.slice(2),
      dilations.map((d, a) => d * at(steps, a)),
    );
    const cut = walk(
      out.slice(2),
      steps,
      pads.slice(0, rank).reduce((sum, p, a) => sum + p * at(steps, a), 0),
    );
    const sums = new Float64Array(sizeOf(full));
    const channels = at(x.shape, 1) / group;
    const filters = at(w.shape, 1);
    const batch = at(x.shape, 0);
    return (ins, outs) => {
      const [from, weight, y] = [data(need(ins, 0)), data(need(ins, 1)), data(need(outs, 0))];
      const bias = ins[2] ? data(ins[2]) : null;
      for (let n = 0; n < batch; n++) {
        for (let m = 0; m < group * filters; m++) {
          sums.fill(bias === null ? 0 : (bias[m] as number));
          const first = Math.floor(m / filters) * channels;
          for (let c = first; c < first + channels; c++) {
            const input = (n * channels * group + c) * places.length;
            for (let k = 0; k < elements.length; k++) {
              const value = weight[(c * filters + (m % filters)) * elements.length + k] as number;
              const shift = elements[k] as number;
              for (let p = 0; p < places.length; p++) {
                const to = (places[p] as number) + shift;
                sums[to] = (sums[to] as number) + value * (from[input + p] as number);
              }
            }
          }
          const start = (n * group * filters + m) * cut.length;
          for (let i = 0; i < cut.length; i++) y[start + i] = sums[cut[i] as number] as number;
        }
      }
    };
  },
});
