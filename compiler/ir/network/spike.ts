import type { SpikeType } from "./types.ts";

/** Smallest and largest payload of a spike type; ±Infinity for analog. */
export function spikeRange(spike: SpikeType): { readonly low: number; readonly high: number } {
  switch (spike.kind) {
    case "binary":
      return { low: 0, high: 1 };
    case "ternary":
      return { low: -1, high: 1 };
    case "graded":
      return spike.signed ? { low: -(2 ** (spike.bits - 1)), high: 2 ** (spike.bits - 1) - 1 } : { low: 0, high: 2 ** spike.bits - 1 };
    case "analog":
      return { low: -Infinity, high: Infinity };
  }
}
