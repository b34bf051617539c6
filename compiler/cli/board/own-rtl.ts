import type { Pins } from "../../../targets/target.ts";
import { Failure } from "../../base/diagnostic.ts";
import type { Run } from "../command.ts";

/* Verilog of ours beside a bench: its files, and the commands that build and run both. */

/** The files in the folder `rtl`; none where the chip has no such Verilog, which is told where its numbers are the reason. */
export function rtlFiles(run: Run, pins: Pins): ReadonlyMap<string, string> {
  try {
    return new Map([...(pins.rtl?.() ?? [])].map(([name, text]) => [`rtl/${name}`, text]));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    for (const d of error.diagnostics) run.report({ ...d, severity: "warning" });
    return new Map();
  }
}

const log = "log.txt";

/** Shell commands, by simulator, that build the bench for a tape and leave the log beside it. */
export function rtlCommands(tape: string, backDoor: boolean): Readonly<Record<string, string>> {
  const { icarus, verilator } = buildCommands(tape.split("\n").length - 1, backDoor);
  return { "Icarus Verilog 11": `${icarus} && vvp -n chip.vvp > ${log}`, "Verilator 5": `${verilator} && ./obj_dir/chip > ${log}` };
}

/** Shell commands that build the bench and play every tape of a kit. `longest`: lines of its longest tape. */
export function kitCommands(longest: number): Readonly<Record<string, string>> {
  const { icarus, verilator } = buildCommands(longest, false);
  const each = (program: string): string => `for t in */tape.hex; do (cd "$(dirname "$t")" && ${program} > ${log}); done`;
  return { "Icarus Verilog 11": `${icarus} && ${each("vvp -n ../chip.vvp")}`, "Verilator 5": `${verilator} && ${each("../obj_dir/chip")}` };
}

/** Commands that make `chip.vvp` or `obj_dir/chip`. */
function buildCommands(tapeWords: number, backDoor: boolean): { readonly icarus: string; readonly verilator: string } {
  const defines = [`-DTAPE_WORDS=${tapeWords}`, ...(backDoor ? ["-DBACK_DOOR"] : [])].join(" ");
  return {
    icarus: `iverilog -g2005 -s bench -I rtl ${defines} -o chip.vvp bench.v rtl/*.v`,
    verilator: `verilator --binary --timing -O3 -j 0 --top-module bench -Irtl ${defines} -o chip bench.v rtl/*.v`,
  };
}
