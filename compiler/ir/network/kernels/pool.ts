import type { Kernel } from "../types.ts";
import { type Axis, axesOf, planeOf, tapsOf, tapsPerOutput, windowProblem } from "./axis.ts";
import type { KernelModel } from "./kernel.ts";

type PoolKernel = Extract<Kernel, { kind: "pool" }>;

export const poolKernel: KernelModel<PoolKernel> = {
  summary: "sum over windows of each channel, times one weight",

  problem: (k, inShape) => windowProblem(inShape, k.size, k.stride, k.pads, null),

  outShape: (k, inShape) => [inShape[0]!, ...axesOf(inShape.slice(1), k.size, k.stride, k.pads, null).map((a) => a.output)],

  visitor(k, inShape) {
    const [y, x] = plane(k, inShape);
    const [tapsY, tapsX] = [tapsOf(y), tapsOf(x)];
    const size = y.input * x.input;
    return (source, visit) => {
      const c = Math.floor(source / size);
      const [py, px] = [Math.floor((source % size) / x.input), source % x.input];
      for (let ey = tapsY.start[py]!; ey < tapsY.start[py + 1]!; ey++) {
        for (let ex = tapsX.start[px]!; ex < tapsX.start[px + 1]!; ex++)
          visit((c * y.output + tapsY.output[ey]!) * x.output + tapsX.output[ex]!, k.weight, 0);
      }
    };
  },

  fanIn(k, inShape) {
    const [y, x] = plane(k, inShape);
    const [perY, perX] = [tapsPerOutput(y), tapsPerOutput(x)];
    const size = y.output * x.output;
    return Int32Array.from({ length: inShape[0]! * size }, (_, i) => perY[Math.floor((i % size) / x.output)]! * perX[i % x.output]!);
  },

  fanOut(k, inShape) {
    const [y, x] = plane(k, inShape);
    const [startY, startX] = [tapsOf(y).start, tapsOf(x).start];
    const size = y.input * x.input;
    return Int32Array.from({ length: inShape[0]! * size }, (_, i) => {
      const [py, px] = [Math.floor((i % size) / x.input), i % x.input];
      return (startY[py + 1]! - startY[py]!) * (startX[px + 1]! - startX[px]!);
    });
  },

  scatter(k, inShape) {
    const [y, x] = plane(k, inShape);
    const [{ start: startY, output: outputY }, { start: startX, output: outputX }] = [tapsOf(y), tapsOf(x)];
    const size = y.input * x.input;
    return (count, index, value, drive) => {
      for (let e = 0; e < count; e++) {
        const added = value[e]! * k.weight;
        const c = (index[e]! / size) | 0;
        const rest = index[e]! - c * size;
        const py = (rest / x.input) | 0;
        const px = rest - py * x.input;
        for (let ey = startY[py]!; ey < startY[py + 1]!; ey++) {
          const row = (c * y.output + outputY[ey]!) * x.output;
          for (let ex = startX[px]!; ex < startX[px + 1]!; ex++) {
            const target = row + outputX[ex]!;
            drive[target] = drive[target]! + added;
          }
        }
      }
    };
  },

  withWeight: (k, weight) => ({ ...k, weight: weight as number }),
};

function plane(k: PoolKernel, inShape: readonly number[]): readonly [Axis, Axis] {
  return planeOf(axesOf(inShape.slice(1), k.size, k.stride, k.pads, null));
}
