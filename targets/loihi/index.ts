import { listing } from "../../compiler/ir/image/listing.ts";
import type { ChipSpec } from "../chip.ts";
import type { Target } from "../target.ts";
import { decode } from "./decode.ts";
import { emit } from "./emit.ts";
import { loihiRegisters, loihiNeurons } from "./lower.ts";
import { legalize } from "./legal.ts";
import { loihiWords } from "./listing.ts";
import { loihiMachine } from "./machine.ts";
import { loihiMapping } from "./map.ts";
import { loihiEvents } from "./trace.ts";

/** Loihi, of either generation: what is public of it, in an image format of our own. */
export function loihi(chip: ChipSpec): Target {
  return {
    chip,
    passes: [loihiRegisters, loihiNeurons],
    legalize: (network) => legalize(network, chip),
    mapping: loihiMapping,
    emit,
    decode: (image) => decode(image, chip),
    listing: (image) => listing(image, loihiWords),
    simulate: () => loihiMachine(chip),
    events: loihiEvents,
  };
}
