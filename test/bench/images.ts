import type { Image, Section } from "../../compiler/ir/image/types.ts";
import type { ChipSpec } from "../../targets/chip.ts";
import * as words from "../../targets/mesh/words.ts";

/*
 * Images for benchmarks, made without a network: a compiler's work on hundreds of millions of
 * synapses is not what they measure. Every core has one profile; all words are those of words.ts.
 */

export type BenchNeuron = { readonly threshold: number; readonly reset: number; readonly bias: number; readonly routes: readonly number[] };

export type BenchCore = {
  readonly x: number;
  readonly y: number;
  readonly profile: Partial<Parameters<typeof words.profile0.encode>[0]>;
  readonly neurons: readonly BenchNeuron[];
  /** Address of each axon's row. */
  readonly axons: Int32Array;
  readonly synapses: Uint32Array;
};

const plain = {
  leak: "none",
  leakArgument: 0,
  current: false,
  compare: "ge",
  reset: "subtract",
  negative: "none",
  negativeAtZero: false,
  biasFirst: false,
  touched: false,
  emit: "unit",
  boundary: "preload",
  output: false,
  noise: "none",
} as const;

/** An image without inputs and outputs, whose sample takes `steps` steps. */
export function benchImage(chip: ChipSpec, name: string, steps: number, cores: Iterable<BenchCore>): Image {
  const sections: Section[] = [
    section("chip/registers", [
      words.registerSize.encode({ format: words.formatVersion, columns: chip.columns, rows: chip.rows }),
      words.registerSteps.encode({ steps, interval: steps }),
      words.registerSeed.encode({ seed: 1 }),
    ]),
  ];
  for (const c of cores) sections.push(...coreSections(c));
  return {
    kind: "image",
    name,
    target: chip.name,
    format: words.formatVersion,
    steps,
    interval: steps,
    sections,
    inputs: [],
    outputs: [],
    map: null,
  };
}

function section(name: string, list: ArrayLike<number>): Section {
  return { name, wordBits: 32, base: 0, words: Uint32Array.from(list) };
}

/** Words of axons differ in their row only, and few rows differ from core to core. */
const axonWord = new Map<number, number>();
const axonWord1 = words.axon1.encode({ y: 0, x: 0, gain: 1, shift: 0 });

function axon0(row: number): number {
  let w = axonWord.get(row);
  if (w === undefined) {
    w = words.axon0.encode({ row, mode: "each", need: 0, delay: 0, used: true });
    axonWord.set(row, w);
  }
  return w;
}

function coreSections(c: BenchCore): Section[] {
  const place = `core(${c.x},${c.y})`;
  const neurons = new Uint32Array(6 * c.neurons.length);
  const routes = new Uint32Array(c.neurons.reduce((n, k) => n + k.routes.length, 0));
  let route = 0;
  c.neurons.forEach((n, k) => {
    neurons[6 * k] = words.neuron0.encode({ profile: 0, routeStart: route, routeCount: n.routes.length, used: true });
    neurons[6 * k + 1] = words.neuron1.encode({ threshold: n.threshold });
    neurons[6 * k + 2] = words.neuron2.encode({ reset: n.reset });
    neurons[6 * k + 3] = words.neuron3.encode({ bias: n.bias });
    neurons[6 * k + 4] = words.neuron4.encode({ initial: 0 });
    neurons[6 * k + 5] = words.neuron5.encode({ noiseKey: 0 });
    routes.set(n.routes, route);
    route += n.routes.length;
  });
  const axons = new Uint32Array(2 * c.axons.length);
  c.axons.forEach((row, a) => {
    axons[2 * a] = axon0(row);
    axons[2 * a + 1] = axonWord1;
  });
  const profile = [
    words.profile0.encode({ ...plain, ...c.profile }),
    words.profile1.encode({ currentDecay: 0, noiseBits: 0, payloadBits: 15, payloadSigned: true }),
    words.profile2.encode({ start: 0, silent: 0 }),
    words.profile3.encode({ length: 0 }),
  ];
  const control = [words.control.encode({ slots: c.neurons.length, enabled: true })];
  const memories = { profiles: profile, neurons, routes, axons, synapses: c.synapses, control };
  return Object.entries(memories)
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) =>
      list instanceof Uint32Array ? { name: `${place}/${name}`, wordBits: 32, base: 0, words: list } : section(`${place}/${name}`, list),
    );
}

/** Words of a dense row of random weights. */
export function denseRow(weights: Int32Array, bits: number): Uint32Array {
  const perWord = Math.floor(32 / bits);
  const out = new Uint32Array(1 + Math.ceil(weights.length / perWord));
  out[0] = words.row.encode({ kind: "dense", bits: bits - 1, count: weights.length, base: 0 });
  const mask = bits === 32 ? -1 : (1 << bits) - 1;
  for (let i = 0; i < weights.length; i++) {
    const w = 1 + Math.floor(i / perWord);
    out[w] = (out[w]! | ((weights[i]! & mask) << (bits * (i % perWord)))) >>> 0;
  }
  return out;
}

/** Words of a route to an axon of a core. */
export function routeTo(x: number, y: number, axon: number): number {
  return words.route.encode({ axon, x, y, member: 0, host: false });
}
