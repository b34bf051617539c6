import { at } from "../../../base/bug.ts";
import { fail } from "../../../base/diagnostic.ts";
import { showShape, sizeOf } from "../../../base/tensor.ts";

/** The shape that all shapes spread to under ONNX's rule: aligned at the last axis, sizes equal or 1. */
export function broadcastShape(name: string, shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((s) => s[axis - rank + s.length] ?? 1).filter((d) => d !== 1);
    const size = sizes[0] ?? 1;
    if (sizes.some((d) => d !== size)) fail("graph-shape", [name, `${shapes.map(showShape).join(" and ")} do not spread to one shape`]);
    return size;
  });
}

/** Row-major strides, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let a = shape.length - 2; a >= 0; a--) strides[a] = at(strides, a + 1) * at(shape, a + 1);
  return strides;
}

/**
 * Where each element of a row-major block of shape `out` lies, when a step along
 * its axis `a` moves by `strides[a]` from `start`.
 */
export function walk(out: readonly number[], strides: readonly number[], start = 0): Int32Array {
  const map = new Int32Array(sizeOf(out));
  if (map.length === 0) return map;
  map[0] = start;
  let done = 1;
  for (let a = out.length - 1; a >= 0; a--) {
    const size = at(out, a);
    const stride = at(strides, a);
    for (let i = 1, to = done; i < size; i++) for (let j = 0; j < done; j++) map[to++] = at(map, j) + i * stride;
    done *= size;
  }
  return map;
}

/** For each element of `out`, the element of a tensor of shape `from` that is spread to it; null when they are the same. */
export function spreadMap(from: readonly number[], out: readonly number[]): Int32Array | null {
  if (from.length === out.length && from.every((d, i) => d === out[i])) return null;
  const strides = stridesOf(from);
  const skipped = out.length - from.length;
  return walk(
    out,
    out.map((_, a) => (a < skipped || from[a - skipped] === 1 ? 0 : at(strides, a - skipped))),
  );
}
