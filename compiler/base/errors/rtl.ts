import { table } from "./entry.ts";

/** Running a chip's Verilog with a simulator for Verilog. */
export const rtlErrors = table({
  "rtl-absent": {
    severity: "error",
    message: (chip: string) => `chip ${chip} has no Verilog of ours to run`,
    explain:
      "The project ships Verilog for its reference chip only. Other chips have their authors' RTL; a test bench and a tape for it come from `ganglion cosim`.",
    help: "`ganglion cosim BUILD -o DIR`, run what it writes with your simulator, then `ganglion verify BUILD --against LOG`",
  },
  "rtl-unsupported": {
    severity: "error",
    message: (what: string) => `the Verilog cannot do this: ${what}`,
    explain:
      "The Verilog of a chip covers a range of parameters: pipelines need a least number of cycles for some operations, and its buses have widths. The simulator has no such bounds.",
    help: "use the simulator, or a chip file within the range that the README beside the Verilog states",
  },
  "rtl-tool-missing": {
    severity: "error",
    message: (tool: string, program: string) => `${tool} is not installed: there is no program "${program}"`,
    explain:
      "Verilog is compiled and run by a simulator that is not part of this package: Verilator (with a C++ compiler) or Icarus Verilog.",
    help: "Debian and Ubuntu: `apt-get install verilator g++ make` or `apt-get install iverilog`",
  },
  "rtl-tool-old": {
    severity: "error",
    message: (tool: string, found: string, needed: number) => `${tool} is version ${found}; at least version ${needed} is needed`,
    explain: "Older versions refuse constructs that the Verilog and its harness use, or run them differently.",
    help: "install a newer version, or use the other simulator",
  },
  "rtl-build": {
    severity: "error",
    message: (tool: string, log: string) => `${tool} could not compile the Verilog; its messages are in ${log}`,
    explain: "The Verilog is compiled once for each set of parameters and kept in a cache folder. Compiling it failed.",
    help: "read the log; delete the folder it is in to try again",
  },
  "rtl-stopped": {
    severity: "error",
    message: (tool: string, how: string) => `the simulation in ${tool} stopped: ${how}`,
    explain: "The process that runs the Verilog ended, or said something that is no answer, before the run was done.",
    help: "run it again; if it stops at the same place, try the other simulator",
  },
  "rtl-timeout": {
    severity: "error",
    message: (tool: string, seconds: number) => `the simulation in ${tool} gave no answer for ${seconds} s`,
    explain: "Simulated Verilog is slow, but it answers at least once a step. No answer for so long means that the chip is stuck.",
    help: "run fewer or smaller samples, or use Verilator, which is about a hundred times faster than Icarus",
  },
  "rtl-differs": {
    severity: "error",
    message: (where: string, tool: string, text: string) => `simulator and ${tool} differ in ${where}:\n${text}`,
    explain:
      "The simulator and the Verilog of the chip must agree in every traced event and its cycle. The lines before the difference are those of the same core. A difference is a fault of ganglion.",
    help: "report it with the build folder: https://github.com/ganglion/ganglion/issues",
  },
});
