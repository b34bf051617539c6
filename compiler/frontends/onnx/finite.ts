import { fail, type Place } from "../../base/diagnostic.ts";
import type { Tensor } from "../../base/tensor.ts";

/** Fails with onnx-not-finite at the first number that is not finite; `infinite: true` lets a single ±Inf pass, which may be a bound (Clip, Pad) and no weight. */
export function checkFinite(name: string, t: Tensor, infinite: boolean, place: Place): void {
  if (t.dtype !== "f32" && t.dtype !== "f64") return;
  for (let i = 0; i < t.data.length; i++) {
    const value = t.data[i] as number;
    if (Number.isFinite(value) || (infinite && t.data.length === 1 && !Number.isNaN(value))) continue;
    fail("onnx-not-finite", [name, coordinates(i, t.shape), value], place);
  }
}

/** The position of element i in a row-major tensor. */
function coordinates(i: number, shape: readonly number[]): number[] {
  const out: number[] = [];
  let rest = i;
  for (const size of [...shape].reverse()) {
    out.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return out;
}
