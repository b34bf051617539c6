import type { ChipSpec } from "../../../targets/chip.ts";
import { id } from "../../base/id.ts";
import { origin } from "../../base/origin.ts";
import type { Population } from "../../ir/network/types.ts";

export type Clock = { readonly id: number; readonly name: string; readonly start: number; readonly stop: number; readonly why: string };

/** One neuron that fires in steps start … stop-1 of every sample, whatever happens; by a bias, or by an initial potential that no spike takes away. */
export function clockOf(clock: Clock, chip: ChipSpec | null): Population {
  const has = (word: string, choice: string): boolean => chip === null || chip.unit[word]?.includes(choice) === true;
  const biased = has("biasAt", "every") && has("reset", "subtract");
  return {
    id: id<"population">(clock.id),
    name: clock.name,
    shape: [1],
    neuron: { model: "unit", params: biased ? { threshold: 1, bias: 1 } : { threshold: 1, reset: "none" } },
    spike: { kind: "binary" },
    initial: biased ? {} : { v: 1 },
    amplitude: 1,
    start: clock.start,
    silent: 0,
    stop: clock.stop,
    origin: origin(clock.why),
  };
}
