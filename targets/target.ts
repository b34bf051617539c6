import type { Cores } from "../compiler/ir/cores/types.ts";
import type { Image } from "../compiler/ir/image/types.ts";
import type { Network } from "../compiler/ir/network/types.ts";
import type { Mapping } from "../compiler/map/mapping.ts";
import type { Pass, Step } from "../compiler/passes/pass.ts";
import type { Device, InputEvents } from "../runtime/device.ts";
import type { RtlDesign } from "../runtime/rtl/design.ts";
import type { Board, Fault, Tape } from "../runtime/tape/types.ts";
import type { EventKinds } from "../runtime/trace/record.ts";
import type { ChipSpec } from "./chip.ts";

/**
 * How time is modelled. exact: cycle by cycle. fast: the same spikes, potentials, outputs and counters, and an estimate
 * of the cycles of each step.
 */
export const timeModels = ["exact", "fast"] as const;
export type TimeModel = (typeof timeModels)[number];

export type SimulateOptions = {
  /** exact, if nothing is said. */
  readonly time?: TimeModel;
  /** Of the fast model; results do not depend on it. */
  readonly threads?: number;
};

/** Everything a chip must provide. A family of chips is a function from ChipSpec to Target. */
export type Target = {
  readonly chip: ChipSpec;
  /** The passes that make a network fit this chip, in order, with their options. */
  readonly legalize: (network: Network) => readonly Step<"network">[];
  /**
   * Names of populations whose spikes differ from what they were if potentials did not wrap, with the number of samples on
   * which they do; of each sample only the first population. Absent where potentials saturate.
   */
  readonly wrapped?: (legal: Network, samples: readonly Float32Array[]) => ReadonlyMap<string, number>;
  /** Passes of its own among them, for people who want to run one by itself. */
  // biome-ignore lint/suspicious/noExplicitAny: passes over different artifacts with different options.
  readonly passes?: readonly Pass<any, any>[];
  /** Rules a legal network obeys beyond `verify`; returns what is wrong. */
  readonly mapping: Mapping;
  readonly emit: (cores: Cores) => Image;
  /** Law: decode(emit(c)) equals c in all that hardware can see. Names and origins come from the image's map. */
  readonly decode: (image: Image) => Cores;
  /** The words of an image with their meaning: a disassembly. */
  readonly listing: (image: Image) => string;
  /** The simulator, waiting for an image. */
  readonly simulate: (options?: SimulateOptions) => Device;
  /** Time models that the simulator has; absent: exact only. */
  readonly times?: readonly TimeModel[];
  /** What a trace of its devices can hold. */
  readonly events: EventKinds;
  /** The chip at its pins; absent where nobody publishes them. */
  readonly pins?: Pins;
  /** The words that say what neuron `slot` of core `core` (of the decoded cores) does, or, with an axon, what an event there adds to it. */
  readonly wordsOf?: (image: Image, core: number, slot: number, axon: number | null) => readonly WordPlace[];
  /** The chip as Verilog of ours, with its benches; absent where there is none. Throws Failure for a chip that the Verilog cannot be. */
  readonly rtl?: () => RtlDesign;
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
  /** Bits of each word, where some have fewer than `wordBits`. */
  readonly widths?: readonly number[];
  /** False where the pins can write and not read. */
  readonly readable: boolean;
  /** The file of `Pins.backDoor` that loads it; absent where it is loaded through the pins only. */
  readonly backDoor?: string;
};

/** What a word that left the chip stands for, as far as the image says. */
export type WordMeaning = {
  /** For people: `output y[3], potential 17`. */
  readonly text: string;
  /** Index of the image's core (as the target's decoder numbers them) and slot of the neuron that sent it; null where unknown. */
  readonly from: { readonly core: number; readonly slot: number } | null;
};

/** A word of an image's memories, and why it was named. */
export type WordPlace = { readonly section: string; readonly address: number; readonly why: string };

/** A word of a memory in which bits (a mask) may be at fault, and what a tape wrote there. */
export type Suspect = { readonly section: string; readonly address: number; readonly bits: number; readonly written: number };

/** One group of a bring-up kit's vectors; the expected answers come from running the tape on a board of the simulator. */
export type BringupTest = {
  /** kebab-case, e.g. "threshold-edges". */
  readonly name: string;
  /** What it shows, one sentence. */
  readonly summary: string;
  readonly tape: Tape;
  /** What it loads into the chip, for a test that loads one image: from it a fault's place is told. */
  readonly image?: Image;
  /** Ways that packets take between places of the chip, each named once: `core(0,0) core(1,0)`. */
  readonly routes?: readonly string[];
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
  /** The memory files that hold what a tape's writes say, for a chip whose memories are loaded when it is elaborated; a bench needs them beside the tape. */
  readonly elaboration?: (tape: Tape) => ReadonlyMap<string, string>;
  /** Verilog of ours behind these pins, by file name; absent where the chip's RTL is somebody else's. Throws Failure for a chip that the Verilog cannot be. */
  readonly rtl?: () => ReadonlyMap<string, string>;
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
  /** How many ways there are between places of the chip. */
  readonly routes?: number;
  /** Reads the words of spikes; absent where a word is nothing but the neuron's address. */
  readonly meaning?: (image: Image) => (word: number | bigint) => WordMeaning;
  /** Of memories that nobody can read: the words that may have a part in an event that came out, or did not, after so many marks of a tape; the likeliest first. */
  readonly suspects?: (tape: Tape, word: number | bigint, marks: number) => readonly Suspect[];
};

/** A chip's own configuration files. */
export type Native = {
  /** One sentence: which files, for which tool. */
  readonly summary: string;
  readonly files: (image: Image) => ReadonlyMap<string, Uint8Array>;
  /** Reads such files, also foreign ones; a Failure where they are not of this chip. Inputs and outputs that the files do not have stay empty. */
  readonly read: (files: ReadonlyMap<string, Uint8Array>) => Image;
};
