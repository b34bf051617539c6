import { at, bug } from "../../compiler/base/bug.ts";
import { spread, type Tensor } from "../../compiler/base/tensor.ts";
import type { Core, Cores, NeuronGroup } from "../../compiler/ir/cores/types.ts";
import type { Image, Section } from "../../compiler/ir/image/types.ts";
import { mapOf } from "../image-parts.ts";
import * as words from "./words.ts";

/** Words of the register space that an image sets: all up to the last one of inference. */
const registerWords = words.registers.outputs.address + 1;
/** What words beyond the last neuron are given, so that they never fire. */
const ghost = { outputTrace1High: 0, threshold: 2 ** 15 - 1, alpha: 0 };

/** Slots and rows of the one core, by what they are. */
export type Parts = {
  readonly neurons: readonly NeuronGroup[];
  readonly readouts: readonly NeuronGroup[];
  readonly lines: number;
  readonly count: number;
  readonly outs: number;
};

export function partsOf(core: Core): Parts {
  const neurons = core.groups.filter((g) => g.model === "reckon");
  const readouts = core.groups.filter((g) => g.model === "reckon-readout");
  const size = (groups: readonly NeuronGroup[]): number => groups.reduce((sum, g) => sum + g.count, 0);
  const [count, outs] = [size(neurons), size(readouts)];
  return { neurons, readouts, count, outs, lines: core.axons.length - 2 * count };
}

/**
 * Writes the core as the words that the bus carries. Counts are rounded up to even ones, for
 * the chip would not update the last neuron of an odd count; words of pairs up to the largest count are written
 * too, since the chip updates them.
 */
export function emit(cores: Cores): Image {
  const core = at(cores.cores, 0);
  const { lines, count, outs } = partsOf(core);
  const neurons = neuronWords(core, Math.ceil(evenCounts(lines, count, outs).updates / 2));
  const sections: Section[] = [
    { name: "chip/registers", wordBits: 32, base: 0, words: registerMemory(core) },
    { name: "core(0,0)/neurons", wordBits: 32, base: 0, words: neurons },
    ...weightSections("core(0,0)/inputWeights", core, 0, lines, words.weightPlace),
    ...weightSections("core(0,0)/recurrentWeights", core, lines, count, words.weightPlace),
    ...weightSections("core(0,0)/outputWeights", core, lines + count, count, words.outputWeightPlace),
  ];
  return {
    kind: "image",
    name: cores.name,
    target: cores.chip,
    format: words.formatVersion,
    steps: cores.steps,
    interval: cores.interval,
    sections,
    inputs: cores.inputs.map(({ sends, ...rest }) => ({
      ...rest,
      start: Uint32Array.from(sends.start),
      targets: Uint32Array.from(sends.axon, (channel) => words.inputEvent.encode({ channel })),
    })),
    outputs: cores.outputs,
    map: mapOf(cores, () => ({ x: 0, y: 0 })),
  };
}

/** Counts as the registers get them. */
function evenCounts(lines: number, count: number, outs: number): { readonly neurons: number; readonly updates: number } {
  const neurons = count + (count % 2);
  return { neurons, updates: Math.max(lines, neurons, outs) };
}

function registerMemory(core: Core): Uint32Array {
  const { neurons, readouts, lines, count, outs } = partsOf(core);
  const memory = new Uint32Array(registerWords);
  const set = words.registers;
  const shiftOf = (axon: number): number => core.axons[axon]?.shift ?? 0;
  memory[set.reset.address] = set.reset.word.encode({ mode: neurons[0]?.params["reset"] === "zero" ? "zero" : "subtract" });
  memory[set.errorHalt.address] = set.errorHalt.word.encode({ enable: true });
  memory[set.inputShift.address] = set.inputShift.word.encode({ shift: lines > 0 ? shiftOf(0) : 0 });
  memory[set.recurrentShift.address] = set.recurrentShift.word.encode({ shift: shiftOf(lines) });
  memory[set.outputShift.address] = set.outputShift.word.encode({ shift: shiftOf(lines + count) });
  memory[set.kappa.address] = set.kappa.word.encode({ factor: Number(readouts[0]?.params["kappa"] ?? bug("there is a readout")) });
  memory[set.inputs.address] = set.inputs.word.encode({ last: Math.max(1, lines) - 1 });
  memory[set.neurons.address] = set.neurons.word.encode({ last: evenCounts(lines, count, outs).neurons - 1 });
  memory[set.outputs.address] = set.outputs.word.encode({ last: outs - 1 });
  const growth = [set.growth0, set.growth1, set.growth2, set.growth3];
  const alpha = numbers(neurons, "alpha");
  growth.forEach(({ address, word }, k) => {
    let pairs = 0;
    for (let b = 0; b < 32; b++) if ((alpha[2 * (32 * k + b)] ?? 0) >= 0x8000) pairs |= 1 << b;
    memory[address] = word.encode({ pairs: pairs >>> 0 });
  });
  return memory;
}

/** A parameter of all neurons, one after another. */
function numbers(groups: readonly NeuronGroup[], name: string): Float64Array {
  return Float64Array.from(groups.flatMap((g) => Array.from(spread(g.params[name] as number | Tensor, [g.count]))));
}

function neuronWords(core: Core, pairs: number): Uint32Array {
  const { neurons, count } = partsOf(core);
  const threshold = numbers(neurons, "threshold");
  const alpha = numbers(neurons, "alpha");
  const memory = new Uint32Array(pairs * words.chunks);
  for (let p = 0; p < pairs; p++) {
    const word = 2 * p < count ? { ...ghost, threshold: at(threshold, 2 * p), alpha: at(alpha, 2 * p) & 0xfff } : ghost;
    memory[p * words.chunks + 3] = words.neuron3.encode(word);
  }
  return memory;
}

type Place = (source: number, target: number) => { readonly address: number; readonly byte: number };

/** Rows one after another; each is a section of its own unless it ends where the next begins. */
function weightSections(name: string, core: Core, firstAxon: number, sources: number, place: Place): Section[] {
  const out: { name: string; wordBits: number; base: number; words: number[] }[] = [];
  for (let s = 0; s < sources; s++) {
    const row = at(core.rows, at(core.axons, firstAxon + s).row);
    const list: number[] = [];
    for (let t = 0; t < row.weights.length; t += words.bytes) {
      const w = (k: number): number => row.weights[t + k] ?? 0;
      list.push(words.weights.encode({ w0: w(0), w1: w(1), w2: w(2), w3: w(3) }));
    }
    const base = place(s, 0).address;
    const last = out[out.length - 1];
    if (last !== undefined && last.base + last.words.length === base) last.words.push(...list);
    else out.push({ name, wordBits: 32, base, words: list });
  }
  return out.map((s) => ({ ...s, words: Uint32Array.from(s.words) }));
}
