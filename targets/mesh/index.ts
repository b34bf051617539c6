import { listing } from "../../compiler/ir/image/listing.ts";
import { genericMapping } from "../../compiler/map/index.ts";
import type { ChipSpec } from "../chip.ts";
import { type Target, timeModels } from "../target.ts";
import { decode } from "./decode.ts";
import { emit } from "./emit.ts";
import { meshWords } from "./listing.ts";
import { meshFast } from "./fast.ts";
import { legalize } from "./legal.ts";
import { meshMachine } from "./machine.ts";
import { meshPins } from "./pins.ts";
import { meshRtl } from "./rtl/design.ts";
import { meshEvents } from "./trace.ts";
import { wordsOf } from "./where.ts";

/** The mesh family: any chip whose ChipSpec stays within the fields of words.ts. */
export function mesh(chip: ChipSpec): Target {
  return {
    chip,
    legalize: (network) => legalize(network, chip),
    mapping: genericMapping,
    emit,
    decode,
    listing: (image) => listing(image, meshWords),
    simulate: ({ time = "exact", threads = 1 } = {}) => (time === "fast" ? meshFast(chip, { threads }) : meshMachine(chip)),
    times: timeModels,
    events: meshEvents,
    rtl: () => meshRtl(chip),
    pins: meshPins(chip),
    wordsOf,
  };
}
