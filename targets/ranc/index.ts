import type { ChipSpec } from "../chip.ts";
import type { Target } from "../target.ts";
import { decode } from "./decode.ts";
import { emit } from "./emit.ts";
import { rancNeurons } from "./lower.ts";
import { legalize } from "./legal.ts";
import { rancListing } from "./listing.ts";
import { rancMachine } from "./machine.ts";
import { rancMapping } from "./map.ts";
import { rancNative } from "./native.ts";
import { parametersOf } from "./parameters.ts";
import { rancPins, wordsOf } from "./pins.ts";
import { rancEvents } from "./trace.ts";
import { wrapped } from "./wrapped.ts";

/** The RANC family: grids of the design, elaborated with any parameters that words.ts can hold. */
export function ranc(chip: ChipSpec): Target {
  const p = parametersOf(chip);
  return {
    chip,
    passes: [rancNeurons],
    legalize: (network) => legalize(network, chip),
    wrapped,
    mapping: rancMapping,
    emit: (cores) => emit(cores, p),
    decode,
    listing: rancListing,
    simulate: () => rancMachine(chip),
    events: rancEvents,
    pins: rancPins(chip),
    wordsOf,
    native: rancNative(chip),
  };
}
