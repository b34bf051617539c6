import type { ImportNode } from "../node.ts";

/** The numbers of a sliding window, with every default filled in. */
export type Window = {
  readonly kernelShape: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Begins of all axes, then ends. */
  readonly pads: readonly number[];
  /** Whether the pads were chosen for a size of the output (SAME); ceil_mode has no meaning then. */
  readonly auto: boolean;
};

/** Spatial axes of an input laid out batch, channel, space. Errors: onnx-unsupported-form when it has none. */
export function spatialOf(n: ImportNode, shape: readonly number[]): readonly number[] {
  const spatial = shape.slice(2);
  if (spatial.length < 1) n.fail("onnx-unsupported-form", [n.op, `on an input of shape [${shape.join(",")}], which has no spatial axis`]);
  return spatial;
}

/** A list attribute with one number, at least `low`, per spatial axis. */
export function perAxis(n: ImportNode, name: string, count: number, low: number, preset: number): readonly number[] {
  const given = n.attributes.ints(name, null);
  // Some exporters write an empty list for the default.
  if (given === null || given.length === 0) return Array.from({ length: count }, () => preset);
  if (given.length !== count || given.some((v) => v < low)) n.attributes.wrong(name, given, `${count} integers from ${low}`);
  return given;
}

/**
 * Kernel, strides, dilations and pads of Conv and the pools, with auto_pad
 * resolved for the input's size. SAME: ceil(in / stride) outputs, an odd pad
 * goes to the end (SAME_UPPER) or the begin (SAME_LOWER). VALID: no pads.
 */
export function windowOf(n: ImportNode, spatial: readonly number[], kernelShape: readonly number[]): Window {
  const rank = spatial.length;
  if (kernelShape.length !== rank) n.attributes.wrong("kernel_shape", kernelShape, `${rank} integers`);
  const strides = perAxis(n, "strides", rank, 1, 1);
  const dilations = perAxis(n, "dilations", rank, 1, 1);
  const mode = autoPad(n);
  if (mode === "NOTSET") return { kernelShape, strides, dilations, pads: perAxis(n, "pads", 2 * rank, 0, 0), auto: false };
  if (mode === "VALID") return { kernelShape, strides, dilations, pads: Array.from({ length: 2 * rank }, () => 0), auto: false };
  const totals = spatial.map((size, a) => {
    const [kernel = 1, stride = 1, dilation = 1] = [kernelShape[a], strides[a], dilations[a]];
    return Math.max((Math.ceil(size / stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0);
  });
  return { kernelShape, strides, dilations, pads: split(totals, mode === "SAME_UPPER"), auto: true };
}

/** Pads of each axis halved; where one is left over it goes to the end or to the begin. */
export function split(totals: readonly number[], restAtEnd: boolean): number[] {
  const low = totals.map((t) => Math.floor(t / 2));
  const high = totals.map((t) => Math.ceil(t / 2));
  return restAtEnd ? [...low, ...high] : [...high, ...low];
}

const autoPads = ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"] as const;

export function autoPad(n: ImportNode): (typeof autoPads)[number] {
  const text = n.attributes.string("auto_pad", "NOTSET");
  return autoPads.find((a) => a === text) ?? n.attributes.wrong("auto_pad", text, autoPads.join(", "));
}
