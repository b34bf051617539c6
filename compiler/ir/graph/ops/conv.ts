import { at, must } from "../../../base/bug.ts";
import { fail } from "../../../base/diagnostic.ts";
import { numbersOf, showShape, sizeOf, type Tensor } from "../../../base/tensor.ts";
import { stridesOf, walk } from "./broadcast.ts";
import { data, type Kernel, need, needFloat, op, type Signature } from "./op.ts";
import { blockRows, multiplyBlock, packRows, panelColumns } from "./product.ts";
import { checkWindow, padCopy, type Window, windowAttrs, windowedShape } from "./window.ts";

/** Checks that x [N, C, ...], w [M, C/group, ...] and b [M] go together. */
function checkWeights(x: Signature, w: Signature, b: Signature | null, group: number): void {
  needFloat("conv", x);
  if (w.dtype !== x.dtype || (b !== null && b.dtype !== x.dtype))
    fail("graph-dtype", ["conv", "its input, weight and bias are of different types"]);
  const shapes = `input ${showShape(x.shape)}, weight ${showShape(w.shape)}, group ${group}`;
  if (x.shape.length < 3) fail("graph-shape", ["conv", `its input ${showShape(x.shape)} has no spatial axis`]);
  if (w.shape.length !== x.shape.length) fail("graph-shape", ["conv", `input and weight differ in number of axes: ${shapes}`]);
  const channels = at(x.shape, 1);
  const filters = at(w.shape, 0);
  if (group < 1 || channels !== at(w.shape, 1) * group)
    fail("graph-shape", ["conv", `the weight is made for ${at(w.shape, 1) * group} channels: ${shapes}`]);
  if (filters % group !== 0) fail("graph-shape", ["conv", `its filters do not divide into the groups: ${shapes}`]);
  if (b !== null && (b.shape.length !== 1 || b.shape[0] !== filters))
    fail("graph-shape", ["conv", `its bias is ${showShape(b.shape)} for ${filters} filters`]);
}

type Geometry = {
  readonly batch: number;
  readonly group: number;
  /** Filters and elements of one filter, per group. */
  readonly rows: number;
  readonly depth: number;
  readonly positions: number;
  /** Where, in the padded image of a group, each output's window begins, and where each element of a window lies from there. */
  readonly windows: Int32Array;
  readonly elements: Int32Array;
  /** Elements of the padded image of one group. */
  readonly groupVolume: number;
};

/** Adds up filters over one group of the padded image into `y`, from `to` on. */
type GroupKernel = (padded: Float64Array, from: number, group: number, bias: Float64Array | null, y: Float64Array, to: number) => void;

/** Four filters at a time over panels of four windows, the windows gathered once per panel. */
function blocked(g: Geometry, packed: readonly Float64Array[]): GroupKernel {
  const panel = new Float64Array(g.depth * panelColumns);
  const sums = new Float64Array(blockRows * panelColumns);
  const { depth, positions, rows, windows, elements } = g;
  return (padded, from, group, bias, y, to) => {
    const a = at(packed, group);
    for (let p = 0; p < positions; p += panelColumns) {
      gather(padded, from, windows, p, positions, elements, panel);
      const columns = Math.min(panelColumns, positions - p);
      for (let row = 0; row < rows; row += blockRows) {
        multiplyBlock(a, row * depth, panel, depth, sums);
        const last = Math.min(blockRows, rows - row);
        for (let r = 0; r < last; r++) {
          const offset = bias === null ? 0 : (bias[group * rows + row + r] as number);
          const start = to + (row + r) * positions + p;
          for (let c = 0; c < columns; c++) y[start + c] = (sums[r * panelColumns + c] as number) + offset;
        }
      }
    }
  };
}

/** Packs four windows side by side; behind the last window it is repeated. */
function gather(
  x: Float64Array,
  from: number,
  windows: Int32Array,
  p: number,
  positions: number,
  elements: Int32Array,
  panel: Float64Array,
): void {
  const last = positions - 1;
  const w0 = from + (windows[p] as number);
  const w1 = from + (windows[Math.min(p + 1, last)] as number);
  const w2 = from + (windows[Math.min(p + 2, last)] as number);
  const w3 = from + (windows[Math.min(p + 3, last)] as number);
  for (let k = 0, i = 0; k < elements.length; k++, i += panelColumns) {
    const e = elements[k] as number;
    panel[i] = x[w0 + e] as number;
    panel[i + 1] = x[w1 + e] as number;
    panel[i + 2] = x[w2 + e] as number;
    panel[i + 3] = x[w3 + e] as number;
  }
}

/** Filter by filter, window by window: better than `blocked` where a group has few filters, as in depthwise convolution. */
function direct(g: Geometry, weights: Float64Array): GroupKernel {
  const { depth, positions, rows, windows, elements } = g;
  return (padded, from, group, bias, y, to) => {
    for (let row = 0; row < rows; row++) {
      const w = (group * rows + row) * depth;
      const offset = bias === null ? 0 : (bias[group * rows + row] as number);
      for (let p = 0; p < positions; p++) {
        const x = from + (windows[p] as number);
        let sum = 0;
        for (let k = 0; k < depth; k++) sum += (weights[w + k] as number) * (padded[x + (elements[k] as number)] as number);
        y[to + row * positions + p] = sum + offset;
      }
    }
  };
}

function groupKernel(g: Geometry, weight: Tensor): GroupKernel {
  const w = numbersOf(weight);
  if (g.rows < 3) return direct(g, w);
  const packed = Array.from({ length: g.group }, (_, i) => packRows(g.rows, g.depth, (row, k) => at(w, (i * g.rows + row) * g.depth + k)));
  return blocked(g, packed);
}

export const conv = op({
  name: "conv",
  summary: "convolution of an image with filters, per group of channels",
  arity: [2, 3],
  attrs: { ...windowAttrs, group: { help: "into how many independent groups channels and filters are split", kind: "int", default: 1 } },
  infer: (inputs, attrs) => {
    const x = need(inputs, 0);
    const w = need(inputs, 1);
    checkWeights(x, w, inputs[2] ?? null, attrs.group);
    const window: Window = { ...attrs, kernel: w.shape.slice(2) };
    checkWindow("conv", window, x.shape.length - 2);
    return [{ dtype: x.dtype, shape: [at(x.shape, 0), at(w.shape, 0), ...windowedShape("conv", x.shape.slice(2), window)] }];
  },
  plan: (inputs, { strides, pads, dilations, group }, outputs): Kernel => {
    const x = need(inputs, 0);
    const w = need(inputs, 1);
    const spatial = x.shape.slice(2);
    const channels = at(x.shape, 1);
    const { shape: padded, copy } = padCopy(channels, spatial, pads);
    const image = [channels / group, ...padded];
    const steps = stridesOf(image);
    const out = need(outputs, 0).shape;
    const g: Geometry = {
      batch: at(x.shape, 0),
      group,
      rows: at(w.shape, 0) / group,
      depth: sizeOf(w.shape.slice(1)),
      positions: sizeOf(out.slice(2)),
      windows: walk(
        out.slice(2),
        strides.map((s, a) => s * at(steps, a + 1)),
      ),
      elements: walk(w.shape.slice(1), [at(steps, 0), ...dilations.map((d, a) => d * at(steps, a + 1))]),
      groupVolume: sizeOf(image),
    };
    const scratch = new Float64Array(group * g.groupVolume);
    const fixed = w.constant === null ? null : groupKernel(g, w.constant);
    return (ins, outs) => {
      const kernel = fixed ?? groupKernel(g, need(ins, 1));
      const bias = ins[2] ? data(ins[2]) : null;
      const from = data(need(ins, 0));
      const y = data(need(outs, 0));
      must(y.length === g.batch * group * g.rows * g.positions, "the output has the inferred shape");
      for (let n = 0; n < g.batch; n++) {
        copy(from, n * channels * sizeOf(spatial), scratch);
        for (let i = 0; i < group; i++) kernel(scratch, i * g.groupVolume, i, bias, y, (n * group + i) * g.rows * g.positions);
      }
    };
  },
});
