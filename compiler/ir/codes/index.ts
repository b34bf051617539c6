import { bug } from "../../base/bug.ts";
import { sizeOf } from "../../base/tensor.ts";
import { spikeRange } from "../network/spike.ts";
import type { SpikeType } from "../network/types.ts";
import { type CodeParams, type InputCodeModel, numberOf, type OutputCodeModel } from "./code.ts";
import { directCode } from "./direct.ts";
import { evenCode } from "./even.ts";
import { eventsCode } from "./events.ts";
import { rateCode } from "./rate.ts";

export type InputCodeName = "direct" | "rate" | "even" | "events";
export type OutputCodeName = "potential" | "spikes";

export const inputCodes: Readonly<Record<InputCodeName, InputCodeModel>> = {
  direct: directCode,
  rate: rateCode,
  even: evenCode,
  events: eventsCode,
};

export const outputCodes: Readonly<Record<OutputCodeName, OutputCodeModel>> = {
  potential: { name: "potential", summary: "The membrane potential after the last active step.", reads: "potential" },
  spikes: { name: "spikes", summary: "The sum of the payloads over all steps.", reads: "spikes" },
};

/**
 * Payloads of one local step, within the range of the spike type. The one way in which
 * samples become events, in the network's run and on the host of every device. False: no event.
 */
export function encodeInput(
  code: string,
  params: CodeParams,
  spike: SpikeType,
  sample: ArrayLike<number>,
  step: number,
  out: Float64Array,
): boolean {
  const model = inputCodes[code as InputCodeName] ?? bug(`unknown input code ${code}`);
  const { before, after } = onesOf(params);
  if (before + after > 0) {
    const { before: _before, after: _after, ...own } = params;
    const inner = out.subarray(before, out.length - after);
    if (!encodeInput(code, own, spike, sample, step, inner)) inner.fill(0);
    out.fill(1, 0, before).fill(1, out.length - after);
    return true;
  }
  const planes = planesOf(params);
  if (planes > 0) return encodePlanes(model, params, planes, sample, step, out);
  if (!model.encode(sample, step, params, spike.kind === "analog", out)) return false;
  if (spike.kind === "analog") return true;
  const { low, high } = spikeRange(spike);
  for (let i = 0; i < out.length; i++) out[i] = Math.min(Math.max(out[i]!, low), high);
  return true;
}

/** Channels that spike in every step, before and after those of the sample. */
function onesOf(params: CodeParams): { readonly before: number; readonly after: number } {
  const { before, after } = params;
  return { before: typeof before === "number" ? before : 0, after: typeof after === "number" ? after : 0 };
}

/** Bits of each payload that have a channel of their own; 0: payloads are sent whole. */
function planesOf(params: CodeParams): number {
  const given = params["planes"];
  return typeof given === "number" ? given : 0;
}

/** Payloads by their bits: bit b of channel c is channel c*planes + b. Two's complement, so the last plane counts -2^(planes-1) where payloads can be negative. */
function encodePlanes(
  model: InputCodeModel,
  params: CodeParams,
  planes: number,
  sample: ArrayLike<number>,
  step: number,
  out: Float64Array,
): boolean {
  const whole = new Float64Array(out.length / planes);
  if (!model.encode(sample, step, params, false, whole)) return false;
  const least = numberOf(model, params, "least");
  const area = numberOf(model, params, "area");
  const most = 2 ** (least < 0 ? planes - 1 : planes) - 1;
  for (let i = 0; i < whole.length; i++) {
    const payload = Math.min(Math.max(whole[i]!, least), most);
    const first = Math.floor(i / area) * planes * area + (i % area);
    for (let b = 0; b < planes; b++) out[first + b * area] = (payload >> b) & 1;
  }
  return true;
}

/** Shape of the numbers that one step of a code needs, for an input population of this shape. */
export function sampleShape(shape: readonly number[], params: CodeParams): readonly number[] {
  const planes = Math.max(1, planesOf(params));
  const { before, after } = onesOf(params);
  if (before + after > 0) {
    const count = sizeOf(shape) - before - after;
    const { height, width } = params;
    return typeof height === "number" && typeof width === "number" && height * width > 0
      ? [count / (height * width), height, width]
      : [count];
  }
  return planes === 1 ? shape : shape.map((d, i) => (i === 0 ? d / planes : d));
}

/** Numbers of a sample that the code reads: the channels (or what their planes are of), or at most that many steps of them. */
export function sampleLength(code: string, channels: number, steps: number, params: CodeParams = {}): number {
  const { before, after } = onesOf(params);
  const numbers = (channels - before - after) / Math.max(1, planesOf(params));
  return code === "events" ? numbers * steps : numbers;
}
