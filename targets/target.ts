import type { Cores } from "../compiler/ir/cores/types.ts";
import type { Image } from "../compiler/ir/image/types.ts";
import type { Network } from "../compiler/ir/network/types.ts";
import type { Mapping } from "../compiler/map/mapping.ts";
import type { Step } from "../compiler/passes/pass.ts";
import type { Device, InputEvents } from "../runtime/device.ts";
import type { Board, Fault, Tape } from "../runtime/tape/types.ts";
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
  /** The chip at its pins; absent where nobody publishes them. */
  readonly pins?: Pins;
  /** The files in which the chip's own tools keep a configuration; absent where there are none. */
  readonly native?: Native;
};

/** A memory that the pins can write: what march tests go through and faults sit in. */
export type PinMemory = {
  /** As sections of an image name it. */
  readonly section: string;
  /** Space of tape operations, and the address of its first word there; words follow at `stride`. */
  readonly space: number;
  readonly base: number;
  readonly stride: number;
  readonly words: number;
  readonly wordBits: number;
  /** False where the pins can write and not read. */
  readonly readable: boolean;
};

/** One group of a bring-up kit's vectors; the expected answers come from running the tape on a board of the simulator. */
export type BringupTest = {
  /** kebab-case, e.g. "threshold-edges". */
  readonly name: string;
  /** What it shows, one sentence. */
  readonly summary: string;
  readonly tape: Tape;
  /** What it exercises: names of branches of the semantics, from the target's list. */
  readonly covers: readonly string[];
};

/** What a host does at the chip's pins. */
export type Pins = {
  /** A simulated chip that was just powered up, with faulty memory bits if any are given. */
  readonly board: (faults?: readonly Fault[]) => Board;
  readonly memories: readonly PinMemory[];
  /** Loads an image as a board would. */
  readonly program: (image: Image) => Tape;
  /** Reads back all that the image wrote, with what is expected. */
  readonly readBack: (image: Image) => Tape;
  /** Presents one sample (the events of its steps, in order of step) to a programmed chip, ending with a mark. */
  readonly present: (image: Image, events: readonly InputEvents[], mark: number) => Tape;
  /** Memory images for `$readmemh`, by file name: the way round the pins. */
  readonly backDoor: (image: Image) => ReadonlyMap<string, string>;
  /** Test bench in Verilog-2001 that plays a tape (`tape.hex`) and prints the log; it knows only the chip's port names. */
  readonly bench: () => string;
  /** The tape as lines of hexadecimal for the bench. */
  readonly tapeHex: (tape: Tape) => string;
  /** Facts that somebody who builds the bench with the chip's RTL must know, for the manifest. */
  readonly notes: readonly string[];
  /** The revision of the chip's description (RTL commit) that all this was read from. */
  readonly revision: string;
  /** What vectors exercise, by name: the semantics' branches. */
  readonly branches: Readonly<Record<string, string>>;
  readonly bringup: () => readonly BringupTest[];
};

/** A chip's own configuration files. */
export type Native = {
  /** One sentence: which files, for which tool. */
  readonly summary: string;
  readonly files: (image: Image) => ReadonlyMap<string, Uint8Array>;
  /** Reads such files, also foreign ones; a Failure where they are not of this chip. Inputs and outputs that the files do not have stay empty. */
  readonly read: (files: ReadonlyMap<string, Uint8Array>) => Image;
};
