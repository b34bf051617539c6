import { listing } from "../../compiler/ir/image/listing.ts";
import type { ChipSpec } from "../chip.ts";
import type { Target } from "../target.ts";
import { decode } from "./decode.ts";
import { emit } from "./emit.ts";
import { clockBiases } from "./clocks.ts";
import { inputLines } from "./planes.ts";
import { fitReckon, settleReckon } from "./fit.ts";
import { legalize } from "./legal.ts";
import { reckonWords } from "./listing.ts";
import { reckonMachine } from "./machine.ts";
import { reckonMapping } from "./map.ts";
import { reckonPins } from "./pins.ts";
import { reckonEvents } from "./trace.ts";
import { wordsOf } from "./where.ts";

/** ReckOn: one chip, for inference. */
export function reckon(chip: ChipSpec): Target {
  return {
    chip,
    passes: [inputLines, clockBiases, fitReckon, settleReckon],
    legalize,
    mapping: reckonMapping,
    emit,
    decode,
    listing: (image) => listing(image, reckonWords),
    simulate: () => reckonMachine(chip),
    events: reckonEvents,
    pins: reckonPins,
    wordsOf: (image, _core, slot, axon) => wordsOf(image, slot, axon),
  };
}
