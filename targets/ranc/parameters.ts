import { bug } from "../../compiler/base/bug.ts";
import type { ChipSpec } from "../chip.ts";

/** What is fixed when the design is elaborated; README.md gives the names that its Verilog parameters have. */
export type Parameters = {
  /** Grid, output cell included. */
  readonly columns: number;
  readonly rows: number;
  readonly outputX: number;
  readonly outputY: number;
  readonly axons: number;
  readonly neurons: number;
  /** Axon types, and so weights of a neuron. */
  readonly weights: number;
  readonly potentialBits: number;
  readonly weightBits: number;
  readonly leakBits: number;
  readonly thresholdBits: number;
  readonly dxBits: number;
  readonly dyBits: number;
  /** Depth of each router FIFO. */
  readonly fifo: number;
};

/** Slots of the scheduler: the design has 4 bits for them, whatever its parameter says. */
export const slots = 16;

/** Bits that number `count` things. */
export function bitsFor(count: number): number {
  return Math.ceil(Math.log2(Math.max(2, count)));
}

/** The parameters of a chip of the family. An output cell of -1 is the last column or row. */
export function parametersOf(chip: ChipSpec): Parameters {
  const own = (key: string): number => {
    const value = chip.own[key];
    return typeof value === "number" ? value : bug(`chip ${chip.name} has no number ${key}`);
  };
  const last = (value: number, count: number): number => (value < 0 ? count - 1 : value);
  return {
    columns: chip.columns,
    rows: chip.rows,
    outputX: last(own("outputX"), chip.columns),
    outputY: last(own("outputY"), chip.rows),
    axons: chip.core.axons,
    neurons: chip.core.neurons,
    weights: own("weights"),
    potentialBits: chip.potential.bits,
    weightBits: chip.weight.bitsMax,
    leakBits: own("leakBits"),
    thresholdBits: own("thresholdBits"),
    dxBits: own("dxBits"),
    dyBits: own("dyBits"),
    fifo: chip.fifo,
  };
}

/** Clocks of a tick in which nobody waits: set the scheduler, every axon of every neuron, clear the scheduler. */
export function tickClocks(p: Pick<Parameters, "axons" | "neurons">): number {
  return 3 + p.neurons * (p.axons + 2);
}
