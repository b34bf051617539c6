import { listing } from "../../compiler/ir/image/listing.ts";
import { legalSteps } from "../../compiler/passes/network/legalize.ts";
import type { ChipSpec } from "../chip.ts";
import type { Target } from "../target.ts";
import { decode } from "./decode.ts";
import { emit } from "./emit.ts";
import { paicoreWords } from "./listing.ts";
import { paicoreMachine } from "./machine.ts";
import { paicoreMapping } from "./map.ts";
import { paicoreNative } from "./native.ts";
import { paicoreEvents } from "./trace.ts";

/** PAICORE in spiking mode. The generic legalization does all: what the chip lacks is in its file. */
export function paicore(chip: ChipSpec): Target {
  return {
    chip,
    legalize: (network) => legalSteps(network, chip),
    mapping: paicoreMapping,
    emit: (cores) => emit(cores, chip),
    decode: (image) => decode(image, chip),
    listing: (image) => listing(image, paicoreWords),
    simulate: () => paicoreMachine(chip),
    events: paicoreEvents,
    native: paicoreNative(chip),
  };
}
