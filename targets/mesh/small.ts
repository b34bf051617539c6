import type { Row, Shape } from "../../compiler/ir/cores/types.ts";
import type { Image, Section } from "../../compiler/ir/image/types.ts";
import type { ChipSpec } from "../chip.ts";
import { blankProfile, rowToWords } from "./profiles.ts";
import * as words from "./words.ts";

/*
 * Small images said field by field, for vectors that exercise one thing at a time: what is not
 * given has a harmless value.
 */

type RecordOf<W extends { encode: (v: never) => number }> = Parameters<W["encode"]>[0];
type ProfileFields = RecordOf<typeof words.profile0> &
  RecordOf<typeof words.profile1> &
  RecordOf<typeof words.profile2> &
  RecordOf<typeof words.profile3>;

export type SmallProfile = Partial<ProfileFields>;
/** A destination: an axon of a core, or a line of the host. */
export type SmallRoute =
  | { readonly x: number; readonly y: number; readonly axon: number; readonly member?: number }
  | { readonly line: number };
export type SmallNeuron = {
  readonly profile?: number;
  readonly threshold?: number;
  readonly reset?: number;
  readonly bias?: number;
  readonly initial?: number;
  readonly noiseKey?: number;
  readonly routes?: readonly SmallRoute[];
};
export type SmallAxon = {
  readonly row: number;
  readonly mode?: "each" | "at-least" | "gate";
  readonly need?: number;
  readonly delay?: number;
  readonly gain?: number;
  readonly shift?: number;
  readonly y?: number;
  readonly x?: number;
};
export type SmallCore = {
  readonly x: number;
  readonly y: number;
  readonly profiles: readonly SmallProfile[];
  readonly neurons: readonly SmallNeuron[];
  readonly axons: readonly SmallAxon[];
  readonly rows: readonly Row[];
  readonly shapes?: readonly Shape[];
};

export function smallImage(
  name: string,
  chip: ChipSpec,
  cores: readonly SmallCore[],
  { steps = 1, interval = steps, seed = 1 }: { readonly steps?: number; readonly interval?: number; readonly seed?: number } = {},
): Image {
  return {
    kind: "image",
    name,
    target: chip.name,
    format: words.formatVersion,
    steps,
    interval,
    sections: [
      section("chip/registers", [
        words.registerSize.encode({ format: words.formatVersion, columns: chip.columns, rows: chip.rows }),
        words.registerSteps.encode({ steps, interval }),
        words.registerSeed.encode({ seed }),
      ]),
      ...cores.flatMap(coreSections),
    ],
    inputs: [],
    outputs: [],
    map: null,
  };
}

export function routeWord(r: SmallRoute): number {
  if ("line" in r) return words.route.encode({ axon: r.line % 4096, x: 0, y: 0, member: Math.floor(r.line / 4096), host: true });
  return words.route.encode({ axon: r.axon, x: r.x, y: r.y, member: r.member ?? 0, host: false });
}

/** A dense row. */
export function dense(weights: readonly number[], bits = 8, base = 0): Row {
  return { kind: "dense", bits, base, weights: Int32Array.from(weights) };
}

function section(name: string, list: readonly number[]): Section {
  return { name, wordBits: 32, base: 0, words: Uint32Array.from(list) };
}

function coreSections(c: SmallCore): Section[] {
  const routes: number[] = [];
  const neurons: number[] = [];
  for (const [i, n] of c.neurons.entries()) {
    const own = (n.routes ?? []).map(routeWord);
    neurons.push(
      words.neuron0.encode({ profile: n.profile ?? 0, routeStart: routes.length, routeCount: own.length, used: true }),
      words.neuron1.encode({ threshold: n.threshold ?? 1 }),
      words.neuron2.encode({ reset: n.reset ?? n.threshold ?? 1 }),
      words.neuron3.encode({ bias: n.bias ?? 0 }),
      words.neuron4.encode({ initial: n.initial ?? 0 }),
      words.neuron5.encode({ noiseKey: n.noiseKey ?? i }),
    );
    routes.push(...own);
  }
  const synapses: number[] = [];
  const address = c.rows.map((r) => {
    const from = synapses.length;
    const shape = r.kind === "conv" ? c.shapes?.[r.shape] : undefined;
    synapses.push(...rowToWords(r, shape === undefined ? 0 : shape.kernelY * shape.kernelX));
    return from;
  });
  const memories: Readonly<Record<string, readonly number[]>> = {
    profiles: c.profiles.flatMap(profileWords),
    neurons,
    routes,
    axons: c.axons.flatMap((a) => [
      words.axon0.encode({ row: address[a.row] ?? 0, mode: a.mode ?? "each", need: a.need ?? 0, delay: a.delay ?? 0, used: true }),
      words.axon1.encode({ y: a.y ?? 0, x: a.x ?? 0, gain: a.gain ?? 1, shift: a.shift ?? 0 }),
    ]),
    shapes: (c.shapes ?? []).flatMap((s) => [words.shape0.encode(s), words.shape1.encode(s)]),
    synapses,
    control: [words.control.encode({ slots: c.neurons.length, enabled: true })],
  };
  return Object.entries(memories)
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => section(`core(${c.x},${c.y})/${name}`, list));
}

function profileWords(given: SmallProfile): number[] {
  const p: ProfileFields = {
    ...blankProfile(),
    currentDecay: 0,
    noiseBits: 0,
    payloadBits: 15,
    payloadSigned: true,
    start: 0,
    silent: 0,
    length: 0,
    ...given,
  };
  return [words.profile0.encode(p), words.profile1.encode(p), words.profile2.encode(p), words.profile3.encode(p)];
}
