import { spikeRange } from "../../../ir/network/spike.ts";
import { neuronWords } from "../../../ir/network/neurons/index.ts";
import type { Population } from "../../../ir/network/types.ts";

/*
 * A neuron compares, adds and subtracts; it never multiplies two of its numbers. So
 * dividing its weights, threshold, reset, bias, noise and initial state by one number
 * changes no spike. These are the parameters and states that must be divided together.
 */
type InUnits = { readonly params: readonly string[]; readonly states: readonly string[] };

const firing: InUnits = { params: ["threshold", "resetValue", "bias", "negativeThreshold", "negativeReset", "noiseWidth"], states: ["v"] };

export const inUnits: Readonly<Record<string, InUnits>> = {
  input: { params: [], states: [] },
  if: firing,
  lif: firing,
  cuba: { ...firing, states: ["v", "i"] },
  tsa: { params: ["threshold", "resetValue", "bias"], states: ["v"] },
  integrator: { params: ["bias"], states: ["v", "i"] },
  readout: { params: ["bias"], states: ["v"] },
  relay: { params: [], states: [] },
  unit: { params: ["threshold", "resetValue", "bias"], states: ["v", "i"] },
  ranc: { params: ["threshold", "negativeThreshold", "resetValue", "leak"], states: ["v"] },
};

/** Whether the population's payloads are its potential, so that its scale does not cancel but goes on to its listeners. */
export function sendsValues(p: Population): boolean {
  return p.neuron.model === "relay" || (p.neuron.model !== "input" && neuronWords(p)["emit"] === "value");
}

/** Largest whole payload of so many bits, two's complement. */
export function largestPayload(bits: number): number {
  return spikeRange({ kind: "graded", bits, signed: true }).high;
}
