import type { Image } from "../../compiler/ir/image/types.ts";
import type { WordPlace } from "../target.ts";
import { decode } from "./decode.ts";
import { partsOf } from "./emit.ts";
import * as words from "./words.ts";

/* Which words of an image say what a neuron does, and what an axon adds to it. */

const registerPlace = (name: keyof typeof words.registers, why: string): WordPlace => ({
  section: "chip/registers",
  address: words.registers[name].address,
  why,
});

export function wordsOf(image: Image, slot: number, axon: number | null): readonly WordPlace[] {
  const [core] = decode(image).cores;
  if (core === undefined) return [];
  const { lines, count } = partsOf(core);
  const group = core.groups.find((g) => slot >= g.first && slot < g.first + g.count);
  const name = group === undefined ? `slot ${slot}` : `${group.pop}[${group.indices[slot - group.first]}]`;
  if (axon === null) return slot < count ? neuronPlaces(slot, name) : readoutPlaces(name);
  const sourceName = (n: number): string => {
    const g = core.groups.find((x) => n >= x.first && n < x.first + x.count);
    return g === undefined ? `neuron ${n}` : `${g.pop}[${g.indices[n - g.first]}]`;
  };
  const why = (from: string): string => `weight of ${from} -> ${name}`;
  const chunk = (memory: string, address: number, from: string): WordPlace => ({ section: `core(0,0)/${memory}`, address, why: why(from) });
  if (axon < lines)
    return [
      chunk("inputWeights", words.weightPlace(axon, slot).address, lineName(image, axon)),
      registerPlace("inputShift", "shift of all input weights"),
      registerPlace("inputs", "the last input line"),
    ];
  const source = (axon - lines) % count;
  if (axon < lines + count)
    return [
      chunk("recurrentWeights", words.weightPlace(source, slot).address, sourceName(source)),
      registerPlace("recurrentShift", "shift of all recurrent weights"),
    ];
  return [
    chunk("outputWeights", words.outputWeightPlace(source, slot - count).address, sourceName(source)),
    registerPlace("outputShift", "shift of all output weights"),
  ];
}

/** The pair's word, which holds what both share; and the registers that all neurons share. */
function neuronPlaces(slot: number, name: string): WordPlace[] {
  const pair = slot >> 1;
  return [
    { section: "core(0,0)/neurons", address: pair * words.chunks + words.chunks - 1, why: `threshold alpha of ${name} and its pair` },
    registerPlace(growthOf(pair), `alpha of ${name} and its pair, 1 or more: bit ${pair % 32}`),
    registerPlace("reset", "reset of all neurons"),
    registerPlace("neurons", "the last neuron that is updated"),
  ];
}

function growthOf(pair: number): "growth0" | "growth1" | "growth2" | "growth3" {
  return (["growth0", "growth1", "growth2", "growth3"] as const)[pair >> 5] ?? "growth3";
}

function readoutPlaces(name: string): WordPlace[] {
  return [registerPlace("kappa", `kappa of ${name} and all readouts`), registerPlace("outputs", "the last readout that is sent")];
}

/** The input channel whose events have this number. */
function lineName(image: Image, line: number): string {
  for (const input of image.inputs)
    for (let c = 0; c + 1 < input.start.length; c++)
      for (let k = input.start[c] ?? 0; k < (input.start[c + 1] ?? 0); k++) {
        const event = words.inputEvent.decode(input.targets[k] ?? 0);
        if ("value" in event && event.value.channel === line) return `${input.name}[${c}]`;
      }
  return `line ${line}`;
}
