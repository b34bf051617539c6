import type { Axon, Cores, Row, Sends } from "../../compiler/ir/cores/types.ts";

/*
 * How Cores stand for the chip. One core. A slot is a neuron's address; an axon is a row's address,
 * with the row of the same number, a weight for each slot. With the loop closed every neuron's spikes
 * go to the axon of its own number, and inputs have the axons after them; with the loop open
 * inputs have the axons from 0 on.
 */

export const neuronModel = "event-lif";

export type HostLine = { readonly neuron: number; readonly potential: boolean };

/** Where the spikes of the slots go. */
export function slotSends(slots: number, closed: boolean, lines: readonly HostLine[]): Sends {
  const start = new Int32Array(slots + 1);
  const core: number[] = [];
  const axon: number[] = [];
  const byNeuron = new Map<number, number[]>();
  lines.forEach(({ neuron }, line) => byNeuron.set(neuron, [...(byNeuron.get(neuron) ?? []), line]));
  for (let s = 0; s < slots; s++) {
    if (closed) {
      core.push(0);
      axon.push(s);
    }
    for (const line of byNeuron.get(s) ?? []) {
      core.push(-1);
      axon.push(line);
    }
    start[s + 1] = core.length;
  }
  return { start, core: Int32Array.from(core), axon: Int32Array.from(axon), member: new Int32Array(core.length) };
}

export function denseRow(weights: Int32Array): Row {
  return { kind: "dense", bits: 4, base: 0, weights };
}

export function rowAxon(row: number): Axon {
  return { row, mode: "each", need: 0, delay: 0, gain: 1, shift: 0, y: 0, x: 0 };
}

/** Whether neurons feed neurons: slots then have sends to axons. */
export function isClosed(cores: Cores): boolean {
  const [core] = cores.cores;
  return core !== undefined && core.sends.core.includes(0);
}
