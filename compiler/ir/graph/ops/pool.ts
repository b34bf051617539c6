import { at } from "../../../base/bug.ts";
import { fail } from "../../../base/diagnostic.ts";
import { sizeOf } from "../../../base/tensor.ts";
import { data, isFloat, type Kernel, need, op, type Signature } from "./op.ts";
import { narrowing } from "./unary.ts";
import { checkWindow, extent, type Window, windowAttrs } from "./window.ts";

type PoolAttrs = {
  readonly kernelShape: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly ceilMode: number;
};

const poolAttrs = {
  kernelShape: { help: "size of the window, per spatial axis", kind: "ints", default: null },
  ...windowAttrs,
  ceilMode: { help: "1 to keep a last window that reaches beyond the padded image", kind: "int", default: 0 },
} as const;

/** Sizes behind pooling. With ceilMode a last window may reach beyond the end, but must begin in the image or its front padding. */
function pooledShape(name: string, x: Signature, attrs: PoolAttrs): number[] {
  const spatial = x.shape.slice(2);
  const rank = spatial.length;
  if (rank < 1) fail("graph-shape", [name, "its input has no spatial axis"]);
  const w: Window = { ...attrs, kernel: attrs.kernelShape };
  checkWindow(name, w, rank);
  const sizes = spatial.map((size, a) => {
    const front = at(w.pads, a);
    const room = size + front + at(w.pads, a + rank) - extent(w, a);
    if (room < 0 && !attrs.ceilMode)
      fail("graph-shape", [name, `the window of ${extent(w, a)} is larger than the padded axis of ${room + extent(w, a)}`]);
    const stride = at(w.strides, a);
    const count = (attrs.ceilMode ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
    return (count - 1) * stride >= size + front && count > 1 ? count - 1 : count;
  });
  return [...x.shape.slice(0, 2), ...sizes];
}

/** Elements of a window along one axis: offsets into the image, and how many lie in the padded image. */
type Span = { readonly inside: readonly number[]; readonly padded: number };

function spansOf(size: number, out: number, w: Window, axis: number, rank: number): Span[] {
  return Array.from({ length: out }, (_, o) => {
    const first = o * at(w.strides, axis) - at(w.pads, axis);
    const places = Array.from({ length: at(w.kernel, axis) }, (_, k) => first + k * at(w.dilations, axis));
    const end = size + at(w.pads, axis + rank);
    return { inside: places.filter((p) => p >= 0 && p < size), padded: places.filter((p) => p < end).length };
  });
}

/**
 * Per output position: the image elements under its window, in order, how many of
 * them lie in one line along the last axis, and how many it has counting padding.
 */
type Windows = {
  readonly elements: Int32Array;
  readonly starts: Int32Array;
  readonly lines: Int32Array;
  readonly padded: Int32Array;
};

function windowsOf(spatial: readonly number[], out: readonly number[], w: Window): Windows {
  const rank = spatial.length;
  let windows = [{ elements: [0], line: 1, padded: 1 }];
  spatial.forEach((size, a) => {
    const spans = spansOf(size, at(out, a), w, a, rank);
    windows = windows.flatMap((outer) =>
      spans.map((span) => ({
        elements: outer.elements.flatMap((e) => span.inside.map((p) => e * size + p)),
        line: span.inside.length,
        padded: outer.padded * span.padded,
      })),
    );
  });
  const starts = new Int32Array(windows.length + 1);
  windows.forEach((v, i) => {
    starts[i + 1] = at(starts, i) + v.elements.length;
  });
  return {
    elements: Int32Array.from(windows.flatMap((v) => v.elements)),
    starts,
    lines: Int32Array.from(windows, (v) => v.line),
    padded: Int32Array.from(windows, (v) => v.padded),
  };
}

/** Reduces every window of every channel by `reduce(x, from, elements, start, end, window)`. */
type Reduce = (x: Float64Array, from: number, elements: Int32Array, start: number, end: number, window: number) => number;

function pooled(x: Signature, out: readonly number[], windows: Windows, reduce: Reduce): Kernel {
  const volume = sizeOf(x.shape.slice(2));
  const positions = sizeOf(out.slice(2));
  const images = sizeOf(x.shape.slice(0, 2));
  return (ins, outs) => {
    const from = data(need(ins, 0));
    const y = data(need(outs, 0));
    for (let c = 0; c < images; c++) {
      for (let p = 0; p < positions; p++) {
        y[c * positions + p] = reduce(from, c * volume, windows.elements, windows.starts[p] as number, windows.starts[p + 1] as number, p);
      }
    }
  };
}

const largest: Reduce = (x, from, elements, start, end) => {
  let best = -Infinity;
  for (let i = start; i < end; i++) best = Math.max(best, x[from + (elements[i] as number)] as number);
  return best;
};

/** Adds up the elements of a window. */
type Total = (x: Float64Array, from: number, elements: Int32Array, start: number, end: number, line: number) => number;

/**
 * The mean of quantized numbers often lies halfway between two levels (every
 * eighth mean of four does), where the last bit of the sum decides which level
 * follows. So the sum is kept in the type of the image and added up in the order
 * of onnxruntime's kernels: down each column, then along the columns, unless the
 * last axis is passed over in steps beyond 2.
 */
function totalOf(w: Window, narrowed: (x: number) => number): Total {
  const byColumn = (w.strides.at(-1) ?? 1) <= 2 && w.dilations.every((d) => d === 1);
  if (!byColumn)
    return (x, from, elements, start, end) => {
      let sum = 0;
      for (let i = start; i < end; i++) sum = narrowed(sum + (x[from + (elements[i] as number)] as number));
      return sum;
    };
  return (x, from, elements, start, end, line) => {
    let sum = 0;
    for (let c = 0; c < line; c++) {
      let column = 0;
      for (let i = start + c; i < end; i += line) column = narrowed(column + (x[from + (elements[i] as number)] as number));
      sum = narrowed(sum + column);
    }
    return sum;
  };
}

export const maxPool = op({
  name: "max-pool",
  summary: "the largest number under each window; padding never counts",
  arity: [1, 1],
  attrs: poolAttrs,
  infer: (inputs, attrs) => {
    const x = need(inputs, 0);
    if (x.dtype === "i64" || x.dtype === "bool") fail("graph-dtype", ["max-pool", `it does not take ${x.dtype}`]);
    return [{ dtype: x.dtype, shape: pooledShape("max-pool", x, attrs) }];
  },
  plan: (inputs, attrs, outputs) => {
    const x = need(inputs, 0);
    const out = need(outputs, 0).shape;
    return pooled(x, out, windowsOf(x.shape.slice(2), out.slice(2), { ...attrs, kernel: attrs.kernelShape }), largest);
  },
});

export const averagePool = op({
  name: "average-pool",
  summary: "the mean under each window",
  arity: [1, 1],
  attrs: {
    ...poolAttrs,
    countIncludePad: { help: "1 when padding counts as zeros, 0 when it is left out of the mean", kind: "int", default: 0 },
  },
  infer: (inputs, attrs) => {
    const x = need(inputs, 0);
    if (!isFloat(x.dtype)) fail("graph-dtype", ["average-pool", `it does not take ${x.dtype}`]);
    return [{ dtype: x.dtype, shape: pooledShape("average-pool", x, attrs) }];
  },
  plan: (inputs, attrs, outputs) => {
    const x = need(inputs, 0);
    const out = need(outputs, 0).shape;
    const window: Window = { ...attrs, kernel: attrs.kernelShape };
    const windows = windowsOf(x.shape.slice(2), out.slice(2), window);
    const total = totalOf(window, narrowing(x.dtype));
    const sum: Reduce = (v, from, elements, start, end, w) => total(v, from, elements, start, end, windows.lines[w] as number);
    const mean: Reduce = attrs.countIncludePad
      ? (v, from, elements, start, end, w) => sum(v, from, elements, start, end, w) / (windows.padded[w] as number)
      : (v, from, elements, start, end, w) => sum(v, from, elements, start, end, w) / (end - start);
    return pooled(x, out, windows, mean);
  },
});
