import type { Cores } from "../compiler/ir/cores/types.ts";
import type { Image } from "../compiler/ir/image/types.ts";
import type { Network } from "../compiler/ir/network/types.ts";
import type { Mapping } from "../compiler/map/mapping.ts";
import type { Step } from "../compiler/passes/pass.ts";
import type { Device } from "../runtime/device.ts";
import type { EventKinds } from "../runtime/trace/record.ts";
import type { ChipSpec } from "./chip.ts";

/** Everything a chip must provide. A family of chips is a function from ChipSpec to Target. */
export type Target = {
  readonly chip: ChipSpec;
  /** The passes that make a network fit this chip, in order, with their options. */
  readonly legalize: (network: Network) => readonly Step<"network">[];
  /** Rules a legal network obeys beyond `verify`; returns what is wrong. */
  readonly mapping: Mapping;
  readonly emit: (cores: Cores) => Image;
  /** Law: decode(emit(c)) equals c in all that hardware can see. Names and origins come from the image's map. */
  readonly decode: (image: Image) => Cores;
  /** The words of an image with their meaning: a disassembly. */
  readonly listing: (image: Image) => string;
  /** The simulator, waiting for an image. */
  readonly simulate: () => Device;
  /** What a trace of its devices can hold. */
  readonly events: EventKinds;
};
