import { listing } from "../../compiler/ir/image/listing.ts";
import { genericMapping } from "../../compiler/map/index.ts";
import type { ChipSpec } from "../chip.ts";
import type { Target } from "../target.ts";
import { decode } from "./decode.ts";
import { emit } from "./emit.ts";
import { meshWords } from "./listing.ts";
import { legalize } from "./legal.ts";
import { meshMachine } from "./machine.ts";
import { meshEvents } from "./trace.ts";

/** The mesh family: any chip whose ChipSpec stays within the fields of words.ts. */
export function mesh(chip: ChipSpec): Target {
  return {
    chip,
    legalize: (network) => legalize(network, chip),
    mapping: genericMapping,
    emit,
    decode,
    listing: (image) => listing(image, meshWords),
    simulate: () => meshMachine(chip),
    events: meshEvents,
  };
}
