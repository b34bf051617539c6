import { bug } from "../../base/bug.ts";
import { spikeRange } from "../network/spike.ts";
import type { SpikeType } from "../network/types.ts";
import type { CodeParams, InputCodeModel, OutputCodeModel } from "./code.ts";
import { directCode } from "./direct.ts";
import { eventsCode } from "./events.ts";
import { rateCode } from "./rate.ts";

export type InputCodeName = "direct" | "rate" | "events";
export type OutputCodeName = "potential" | "spikes";

export const inputCodes: Readonly<Record<InputCodeName, InputCodeModel>> = { direct: directCode, rate: rateCode, events: eventsCode };

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
  if (!model.encode(sample, step, params, spike.kind === "analog", out)) return false;
  if (spike.kind === "analog") return true;
  const { low, high } = spikeRange(spike);
  for (let i = 0; i < out.length; i++) out[i] = Math.min(Math.max(out[i]!, low), high);
  return true;
}

/** Numbers of a sample that the code reads: the channels, or at most that many steps of them. */
export function sampleLength(code: string, channels: number, steps: number): number {
  return code === "events" ? channels * steps : channels;
}
