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

/** Shell commands, by simulator, that leave the log in the bench's folder. */
export function rtlCommands(tape: string, backDoor: boolean): Readonly<Record<string, string>> {
  const { icarus, verilator } = buildCommands([tape], backDoor);
  return { "Icarus Verilog 11": `${icarus} && vvp -n chip.vvp > ${log}`, "Verilator 5": `${verilator} && ./obj_dir/chip > ${log}` };
}

/** Shell commands that build a bench for any of some tapes: `chip.vvp` or `obj_dir/chip`. */
export function buildCommands(tapes: readonly string[], backDoor: boolean): { readonly icarus: string; readonly verilator: string } {
  const room = Math.max(1, ...tapes.map((t) => t.split("\n").length - 1));
  const defines = [`-DTAPE_WORDS=${room}`, ...(backDoor ? ["-DBACK_DOOR"] : [])].join(" ");
  return {
    icarus: `iverilog -g2005 -s bench -I rtl ${defines} -o chip.vvp bench.v rtl/*.v`,
    verilator: `verilator --binary --timing -O3 -j 0 --top-module bench -Irtl ${defines} -o chip bench.v rtl/*.v`,
  };
}
