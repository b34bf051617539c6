import { at } from "../../../base/bug.ts";
import { fail } from "../../../base/diagnostic.ts";
import { stridesOf, walk } from "./broadcast.ts";
import { moved } from "./move.ts";
import { axisOf, need, op } from "./op.ts";

type SliceAttrs = {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes: readonly number[];
  readonly steps: readonly number[];
};
type Range = { readonly start: number; readonly step: number; readonly count: number };

/**
 * What is taken of each axis. Starts and ends may be negative (counted from the
 * end) or beyond the axis, and are then limited to it, as in ONNX.
 */
function ranges(shape: readonly number[], { starts, ends, axes, steps }: SliceAttrs): Range[] {
  const out: Range[] = shape.map((count) => ({ start: 0, step: 1, count }));
  axes.forEach((given, i) => {
    const axis = axisOf("slice", given, shape.length);
    const size = at(shape, axis);
    const step = at(steps, i);
    if (step === 0) fail("graph-shape", ["slice", "a step is 0"]);
    const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
    const limit = (n: number): number => Math.min(Math.max(n < 0 ? n + size : n, low), high);
    const start =
      step > 0 ? limit(at(starts, i)) : Math.min(Math.max(at(starts, i) < 0 ? at(starts, i) + size : at(starts, i), 0), size - 1);
    const count = Math.max(0, Math.ceil((limit(at(ends, i)) - start) / step));
    out[axis] = { start, step, count };
  });
  return out;
}

export const slice = op({
  name: "slice",
  summary: "part of each axis, from starts to before ends",
  arity: [1, 1],
  attrs: {
    starts: { help: "first index, per axis of `axes`", kind: "ints", default: null },
    ends: { help: "index behind the last", kind: "ints", default: null },
    axes: { help: "the axes that are cut", kind: "ints", default: null },
    steps: { help: "distance of what is taken; negative goes backward", kind: "ints", default: null },
  },
  infer: (inputs, attrs) => {
    const { dtype, shape } = need(inputs, 0);
    const { starts, ends, axes, steps } = attrs;
    if ([starts, ends, steps].some((l) => l.length !== axes.length))
      fail("graph-shape", ["slice", "starts, ends, axes and steps differ in length"]);
    return [{ dtype, shape: ranges(shape, attrs).map((r) => r.count) }];
  },
  plan: (inputs, attrs, outputs) => {
    const { shape } = need(inputs, 0);
    const strides = stridesOf(shape);
    const taken = ranges(shape, attrs);
    const start = taken.reduce((sum, r, a) => sum + r.start * at(strides, a), 0);
    return moved(
      walk(
        need(outputs, 0).shape,
        taken.map((r, a) => r.step * at(strides, a)),
        start,
      ),
    );
  },
});
