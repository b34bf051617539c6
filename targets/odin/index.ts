import { listing } from "../../compiler/ir/image/listing.ts";
import type { ChipSpec } from "../chip.ts";
import type { Target } from "../target.ts";
import { decode } from "./decode.ts";
import { emit } from "./emit.ts";
import { fitEvents } from "./fit.ts";
import { legalize } from "./legal.ts";
import { odinWords } from "./listing.ts";
import { odinMachine } from "./machine.ts";
import { odinMapping } from "./map.ts";
import { variantOf } from "./memory.ts";
import { odinPins } from "./pins.ts";
import { odinEvents } from "./trace.ts";
import { wordsOf } from "./where.ts";

/** ODIN and tinyODIN: one architecture with two memory layouts. */
export function odin(chip: ChipSpec): Target {
  const variant = variantOf(chip.own);
  return {
    chip,
    passes: [fitEvents(variant)],
    legalize: (network) => legalize(network, variant),
    mapping: odinMapping(variant),
    emit: (cores) => emit(cores, variant),
    decode: (image) => decode(image, variant),
    listing: (image) => listing(image, odinWords(variant, image)),
    simulate: () => odinMachine(chip),
    events: odinEvents,
    pins: odinPins(variant),
    wordsOf: (image, _core, slot, axon) => wordsOf(image, slot, axon, variant),
  };
}
