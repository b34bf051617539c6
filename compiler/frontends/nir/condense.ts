import { at } from "../../base/bug.ts";
import { f64, type Tensor } from "../../base/tensor.ts";

/** The coarsest form of one number per element: one for all, one per channel, or all of them. NIR writes every parameter out in full. */
export function condensed(values: Float64Array, shape: readonly number[]): number | Tensor {
  const first = at(values, 0);
  if (values.every((v) => v === first)) return first;
  const channels = shape[0] ?? 1;
  const plane = values.length / channels;
  if (shape.length > 1 && values.every((v, i) => v === values[Math.floor(i / plane) * plane]))
    return f64(
      [channels],
      Float64Array.from({ length: channels }, (_, c) => at(values, c * plane)),
    );
  return f64(shape, values);
}
