import { at } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import { id } from "../../compiler/base/id.ts";
import { origin, readOrigin } from "../../compiler/base/origin.ts";
import type { Axon, Cores, NeuronGroup, Row, Sends } from "../../compiler/ir/cores/types.ts";
import type { Image, ImageMap } from "../../compiler/ir/image/types.ts";
import type { WordProblem } from "../../compiler/ir/image/word.ts";
import { compact } from "./fit.ts";
import { type MemoryName, memorySizes } from "./core.ts";
import { loadRegisters } from "./settings.ts";
import * as words from "./words.ts";

/**
 * Reads the words of an image back as cores. Names, sizes and origins of populations come from the image's map; without
 * one, all neurons are one group and all readouts another.
 */
export function decode(image: Image): Cores {
  const memory = (name: string, size: number): Uint32Array => {
    const whole = new Uint32Array(size);
    for (const s of image.sections) {
      if (s.name !== name) continue;
      if (s.base + s.words.length > size) fail("image-section-outside", [s.name, s.base + s.words.length, size], { at: s.name });
      whole.set(s.words, s.base);
    }
    return whole;
  };
  const settings = loadRegisters(memory("chip/registers", 128));
  const core = (name: MemoryName): Uint32Array => memory(`core(0,0)/${name}`, memorySizes[name]);
  const names = image.map?.cores[0]?.groups ?? groupsWithoutMap(settings.neurons, settings.outputs);
  const outs = settings.outputs;
  const count = names.reduce((n, g) => n + g.count, 0) - outs;
  const lines = image.inputs.length === 0 ? settings.inputs : image.inputs.reduce((n, i) => n + i.start.length - 1, 0);
  const neurons = readNeurons(core("neurons"), count, settings.growth);
  const rows: Row[] = [
    ...readRows(core("inputWeights"), lines, count, 0, words.weightPlace),
    ...readRows(core("recurrentWeights"), count, count, 0, words.weightPlace),
    ...readRows(core("outputWeights"), count, outs, count, words.outputWeightPlace),
  ];
  const shifts = (axon: number): number =>
    axon < lines ? settings.inputShift : axon < lines + count ? settings.recurrentShift : settings.outputShift;
  return {
    kind: "cores",
    name: image.name,
    chip: image.target,
    columns: 1,
    rows: 1,
    steps: image.steps,
    interval: image.interval,
    seed: 0,
    cores: [
      {
        id: id<"core">(0),
        at: { x: 0, y: 0 },
        groups: names.map((g) => groupOf(g, count, neurons, settings.resetZero, settings.kappa)),
        sends: sendsOf(lines, count, outs),
        axons: rows.map((_, row): Axon => ({ row, mode: "each", need: 0, delay: 0, gain: 1, shift: shifts(row), y: 0, x: 0 })),
        shapes: [],
        rows,
        origin: readOrigin(image.map?.cores[0]?.origin ?? "") ?? origin("core(0,0)"),
      },
    ],
    inputs: image.inputs.map(({ start, targets, ...rest }) => ({
      ...rest,
      sends: {
        start: Int32Array.from(start),
        core: new Int32Array(targets.length),
        axon: Int32Array.from(targets, (w) => read(words.inputEvent.decode(w), `input ${rest.name}`).channel),
        member: new Int32Array(targets.length),
      },
    })),
    outputs: image.outputs,
  };
}

function read<T>(r: { readonly value: T } | WordProblem, place: string): T {
  return "value" in r ? r.value : fail("image-word", [`${r.field}: ${r.problem}`], { at: place });
}

type Group = ImageMap["cores"][number]["groups"][number];

function groupsWithoutMap(count: number, outs: number): Group[] {
  const all = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
  return [
    { first: 0, count, pop: "neurons", indices: all(count), origin: "" },
    { first: count, count: outs, pop: "readouts", indices: all(outs), origin: "" },
  ];
}

type Neurons = { readonly threshold: number[]; readonly alpha: number[] };

function readNeurons(memory: Uint32Array, count: number, growth: Uint8Array): Neurons {
  const threshold: number[] = [];
  const alpha: number[] = [];
  for (let n = 0; n < count; n++) {
    const pair = n >> 1;
    const w = read(words.neuron3.decode(at(memory, pair * words.chunks + 3)), `core(0,0)/neurons[${pair * words.chunks + 3}]`);
    threshold.push(w.threshold);
    alpha.push((growth[pair] === 1 ? 0x8000 : 0x7000) | w.alpha);
  }
  return { threshold, alpha };
}

function groupOf(g: Group, count: number, { threshold, alpha }: Neurons, zero: boolean, kappa: number): NeuronGroup {
  const end = g.first + g.count;
  const hidden = g.first < count;
  return {
    first: g.first,
    count: g.count,
    model: hidden ? "reckon" : "reckon-readout",
    params: hidden
      ? {
          threshold: compact([g.count], threshold.slice(g.first, end)),
          alpha: compact([g.count], alpha.slice(g.first, end)),
          reset: zero ? "zero" : "subtract",
        }
      : { kappa },
    initial: {},
    spike: { kind: "binary" },
    start: 1,
    silent: 0,
    stop: null,
    pop: g.pop,
    indices: Int32Array.from(g.indices),
    origin: readOrigin(g.origin) ?? origin("core(0,0)"),
  };
}

type Place = (source: number, target: number) => { readonly address: number; readonly byte: number };

function readRows(memory: Uint32Array, sources: number, targets: number, base: number, place: Place): Row[] {
  return Array.from({ length: sources }, (_, s): Row => {
    const weights = new Int32Array(targets);
    for (let t = 0; t < targets; t += words.bytes) {
      const { w0, w1, w2, w3 } = read(words.weights.decode(at(memory, place(s, t).address)), "weights");
      [w0, w1, w2, w3].forEach((w, k) => {
        if (t + k < targets) weights[t + k] = w;
      });
    }
    return { kind: "dense", bits: 8, base, weights };
  });
}

/** As mapping makes them: the chip has no choice. */
export function sendsOf(lines: number, count: number, outs: number): Sends {
  const sends = 2 * count + outs;
  const start = Int32Array.from({ length: count + outs + 1 }, (_, i) => (i <= count ? 2 * i : count + i));
  const core = new Int32Array(sends).fill(0, 0, 2 * count).fill(-1, 2 * count);
  const axon = Int32Array.from({ length: sends }, (_, k) => (k < 2 * count ? lines + (k >> 1) + (k & 1) * count : k - 2 * count));
  return { start, core, axon, member: new Int32Array(sends) };
}
