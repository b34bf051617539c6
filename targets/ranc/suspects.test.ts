import { describe, expect, it } from "vitest";
import { diagnose } from "../../compiler/analysis/bringup/diagnose.ts";
import { play, vectorsOf } from "../../compiler/analysis/bringup/vectors.ts";
import { compareLogs } from "../../runtime/tape/compare.ts";
import type { Fault } from "../../runtime/tape/types.ts";
import { parseChip } from "../chip-yaml.ts";
import { targetOf } from "../index.ts";
import { parametersOf } from "./parameters.ts";
import { neuronWord } from "./words.ts";

/* Memories that nobody can read: from what leaves the grid to the word at fault. */

const source = `source: "a small elaboration"`;
const target = targetOf(
  parseChip(
    `name: ranc-small\nextends: ranc-2x1\nfamily: ranc\ncore:\n  neurons: { value: 16, ${source} }\n  axons: { value: 16, ${source} }\noutputs: { value: 16, ${source} }\n`,
    "ranc-small.yaml",
  ),
);
const pins = target.pins;
if (pins === undefined) throw new Error("ranc has pins");
const word = neuronWord(parametersOf(target.chip));
const vectors = pins.bringup().map(vectorsOf);
const sound = vectors.map((v) => play(pins, v.tape));

/** A stuck bit of neuron 5, by the name of its field. */
function inNeuron(name: "positive" | "axon" | "dx" | "delay" | "weight2" | "leak", bit: number, stuck: 0 | 1): Fault {
  const at = word.field(name).low + bit;
  return { section: "core(0,0)/neurons", address: 5 * word.chunks + Math.floor(at / 16), bit: at % 16, stuck };
}

const connection = word.connections.low + 9;
const faults: Record<string, Fault> = {
  "a missing connection": {
    section: "core(0,0)/neurons",
    address: 5 * word.chunks + Math.floor(connection / 16),
    bit: connection % 16,
    stuck: 0,
  },
  "a connection too many": {
    section: "core(0,0)/neurons",
    address: 5 * word.chunks + Math.floor(connection / 16),
    bit: connection % 16,
    stuck: 1,
  },
  "an axon's type": { section: "core(0,0)/types", address: 7, bit: 1, stuck: 1 },
  "a weight": inNeuron("weight2", 4, 1),
  "a leak": inNeuron("leak", 3, 0),
  "a threshold": inNeuron("positive", 2, 1),
  "a line": inNeuron("axon", 1, 1),
  "a way that leaves the grid": inNeuron("dx", 6, 1),
  "a way that leads to the output where none should": inNeuron("dx", 6, 0),
  "a delay": inNeuron("delay", 2, 0),
};

describe("stuck bits of a grid", () => {
  it.each(Object.keys(faults))("%s: the word is among the first three named", (name) => {
    const fault = faults[name] as Fault;
    const answers = vectors.map((v, i) => ({ vectors: v, expected: sound[i] ?? [], got: play(pins, v.tape, [fault]) }));
    expect(answers.some((a) => compareLogs(a.expected, a.got, "ordered") !== null)).toBe(true);
    const named = diagnose(target, pins, answers).suspicions.slice(0, 3);
    expect(named.map((s) => s.word)).toContainEqual({ section: fault.section, address: fault.address });
  });
});
