import type { Image } from "../../compiler/ir/image/types.ts";
import type { InputEvents } from "../device.ts";

/*
 * A chip as Verilog, with the two benches that drive it: a C++ harness for Verilator and a
 * test bench for Icarus. Both read commands from standard input and answer in lines on
 * standard output. Which commands, and what the lines mean, is the chip's own:
 *
 *   commands that answer end their answer with a line `z` (reset), `q CYCLE LATE` (a step) or `x` (state);
 *   `r CYCLE LINE PAYLOAD` is a packet for the host, `! CYCLES` a step that did not end;
 *   every other line is an event for the trace.
 */

export type RtlTool = "verilator" | "icarus";

/** What happened, as a line of the trace says; the step is the one that runs. */
export type RtlEvent = { readonly cycle: number; readonly core: number; readonly event: string; readonly a: number; readonly b: number };

export type RtlDesign = {
  /** Name of the chip. */
  readonly name: string;
  /** Every file by name: Verilog, headers, the harness. */
  readonly files: ReadonlyMap<string, string>;
  /** Top modules: of the chip, for Verilator, and of the bench. */
  readonly top: string;
  readonly bench: string;
  /** Macros to define. */
  readonly defines: readonly string[];
  /** From a step's quiet cycle to the next step's first. */
  readonly barrier: number;
  /** Commands that clear the chip, load the image and reset; how many of them answer. Throws Failure for an image that the chip refuses. */
  readonly load: (image: Image) => Promise<{ readonly commands: readonly string[]; readonly answers: number; readonly words: number }>;
  readonly reset: readonly string[];
  /** Commands for a step's packets, in the order in which the host sends them. */
  readonly packets: (image: Image, events: readonly InputEvents[]) => readonly string[];
  readonly step: (traced: boolean, limit: number) => string;
  /** A line of the trace. Null: it is none. */
  readonly event: (line: string) => RtlEvent | null;
  /** The event of the whole chip in a step's first and in its quiet cycle. */
  readonly begin: string;
  readonly quiet: string;
  /** Command that shows the state behind a section, and which number of each answer it is. Null: not state. */
  readonly peek: (section: string, image: Image) => { readonly command: string; readonly column: number } | null;
};
