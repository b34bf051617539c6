import { at } from "../../compiler/base/bug.ts";
import type { Row, Shape } from "../../compiler/ir/cores/types.ts";
import type { Image, Section } from "../../compiler/ir/image/types.ts";
import type { Device, InputEvents, OutputEvent, TraceEvent } from "../../runtime/device.ts";
import type { ChipSpec } from "../../targets/chip.ts";
import { knownChips } from "../../targets/chip-yaml.ts";
import { meshMachine, type MachineOptions } from "../../targets/mesh/machine.ts";
import { rowToWords } from "../../targets/mesh/profiles.ts";
import * as words from "../../targets/mesh/words.ts";

/*
 * Images of the mesh chip written by hand, for tests of the machine: a core is a list of
 * neurons, axons and rows, everything that is not given has a harmless value.
 */

type RecordOf<W extends { encode: (v: never) => number }> = Parameters<W["encode"]>[0];
export type HandProfile = Partial<
  RecordOf<typeof words.profile0> & RecordOf<typeof words.profile1> & RecordOf<typeof words.profile2> & RecordOf<typeof words.profile3>
>;
/** A destination: an axon of a core, or a line of the host. */
export type HandRoute =
  | { readonly x: number; readonly y: number; readonly axon: number; readonly member?: number }
  | { readonly line: number };
export type HandNeuron = {
  readonly profile?: number;
  readonly threshold?: number;
  readonly reset?: number;
  readonly bias?: number;
  readonly initial?: number;
  readonly noiseKey?: number;
  readonly used?: boolean;
  readonly routes?: readonly HandRoute[];
};
export type HandAxon = {
  readonly row: number;
  readonly mode?: "each" | "at-least" | "gate";
  readonly need?: number;
  readonly delay?: number;
  readonly gain?: number;
  readonly shift?: number;
  readonly y?: number;
  readonly x?: number;
  readonly used?: boolean;
};
export type HandCore = {
  readonly x?: number;
  readonly y?: number;
  readonly enabled?: boolean;
  readonly profiles?: readonly HandProfile[];
  readonly neurons?: readonly HandNeuron[];
  readonly axons?: readonly HandAxon[];
  readonly shapes?: readonly Shape[];
  readonly rows?: readonly Row[];
};
export type HandChip = {
  readonly columns?: number;
  readonly rows?: number;
  readonly steps?: number;
  readonly interval?: number;
  readonly seed?: number;
  readonly fifo?: number;
  readonly events?: number;
  readonly cycles?: Readonly<Record<string, number>>;
  readonly cores: readonly HandCore[];
  /** Targets of each channel of each input. */
  readonly inputs?: readonly (readonly (readonly HandRoute[])[])[];
  /** Lines of the only output, read as spikes or as potentials. */
  readonly lines?: number;
  readonly code?: "spikes" | "potential";
};

/** Simple numbers for cycles that are worked out by hand. */
const handCycles = { event: 1, row: 1, word: 1, gate: 1, update: 1, skip: 1, send: 1, hop: 1, barrier: 4 };

const known = at(Object.values(knownChips()), 0);

export function handChip(h: HandChip): ChipSpec {
  return {
    ...known,
    name: "hand",
    columns: h.columns ?? 1,
    rows: h.rows ?? 1,
    fifo: h.fifo ?? 4,
    core: { ...known.core, events: h.events ?? known.core.events },
    cycles: { ...known.cycles, ...handCycles, ...h.cycles },
  };
}

export function handImage(h: HandChip): Image {
  const steps = h.steps ?? 1;
  const interval = h.interval ?? steps;
  return {
    kind: "image",
    name: "hand",
    target: "hand",
    format: words.formatVersion,
    steps,
    interval,
    sections: [
      section("chip/registers", [
        words.registerSize.encode({ format: words.formatVersion, columns: h.columns ?? 1, rows: h.rows ?? 1 }),
        words.registerSteps.encode({ steps, interval }),
        words.registerSeed.encode({ seed: h.seed ?? 1 }),
      ]),
      ...h.cores.flatMap(coreSections),
    ],
    inputs: (h.inputs ?? []).map((channels, i) => ({
      name: `in${i}`,
      code: "events",
      params: {},
      spike: { kind: "graded", bits: 16, signed: true },
      shape: [channels.length],
      window: { start: 0, stop: steps },
      start: Uint32Array.from([0, ...channels.map((_, c) => channels.slice(0, c + 1).flat().length)]),
      targets: Uint32Array.from(channels.flat(), routeWord),
    })),
    outputs: [{ name: "out", code: h.code ?? "spikes", first: 0, count: h.lines ?? 1, shape: [h.lines ?? 1], scale: 1, offset: 0 }],
    map: null,
  };
}

function section(name: string, list: readonly number[]): Section {
  return { name, wordBits: 32, base: 0, words: Uint32Array.from(list) };
}

export function routeWord(r: HandRoute): number {
  if ("line" in r) return words.route.encode({ axon: r.line % 4096, x: 0, y: 0, member: Math.floor(r.line / 4096), host: true });
  return words.route.encode({ axon: r.axon, x: r.x, y: r.y, member: r.member ?? 0, host: false });
}

function coreSections(c: HandCore): Section[] {
  const neurons = c.neurons ?? [];
  const routes = neurons.map((n) => (n.routes ?? []).map(routeWord));
  const rows = (c.rows ?? []).map((r) => {
    const shape = r.kind === "conv" ? at(c.shapes ?? [], r.shape) : null;
    return rowToWords(r, shape === null ? 0 : shape.kernelY * shape.kernelX);
  });
  const address = (row: number): number => rows.slice(0, row).flat().length;
  const memories: Readonly<Record<string, readonly number[]>> = {
    profiles: (c.profiles ?? [{}]).flatMap(profileWords),
    neurons: neurons.flatMap((n, i) => [
      words.neuron0.encode({
        profile: n.profile ?? 0,
        routeStart: routes.slice(0, i).flat().length,
        routeCount: at(routes, i).length,
        used: n.used ?? true,
      }),
      words.neuron1.encode({ threshold: n.threshold ?? 1 }),
      words.neuron2.encode({ reset: n.reset ?? n.threshold ?? 1 }),
      words.neuron3.encode({ bias: n.bias ?? 0 }),
      words.neuron4.encode({ initial: n.initial ?? 0 }),
      words.neuron5.encode({ noiseKey: n.noiseKey ?? i }),
    ]),
    routes: routes.flat(),
    axons: (c.axons ?? []).flatMap((a) => [
      words.axon0.encode({ row: address(a.row), mode: a.mode ?? "each", need: a.need ?? 0, delay: a.delay ?? 0, used: a.used ?? true }),
      words.axon1.encode({ y: a.y ?? 0, x: a.x ?? 0, gain: a.gain ?? 1, shift: a.shift ?? 0 }),
    ]),
    shapes: (c.shapes ?? []).flatMap((s) => [words.shape0.encode(s), words.shape1.encode(s)]),
    synapses: rows.flat(),
    control: [words.control.encode({ slots: neurons.length, enabled: c.enabled ?? true })],
  };
  return Object.entries(memories)
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => section(`core(${c.x ?? 0},${c.y ?? 0})/${name}`, list));
}

function profileWords(p: HandProfile): number[] {
  return [
    words.profile0.encode({
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
      ...only(words.profile0.fields, p),
    }),
    words.profile1.encode({ currentDecay: 0, noiseBits: 0, payloadBits: 15, payloadSigned: true, ...only(words.profile1.fields, p) }),
    words.profile2.encode({ start: 0, silent: 0, ...only(words.profile2.fields, p) }),
    words.profile3.encode({ length: 0, ...only(words.profile3.fields, p) }),
  ];
}

function only(fields: object, p: HandProfile): object {
  return Object.fromEntries(Object.entries(p).filter(([key]) => key in fields));
}

export function dense(weights: readonly number[], bits = 8, base = 0): Row {
  return { kind: "dense", bits, base, weights: Int32Array.from(weights) };
}

/** Payloads that the host sends in one step: channel to payload. */
export function hostEvents(step: number, payloads: Readonly<Record<number, number>>, input = 0): InputEvents {
  const channels = Object.keys(payloads).map(Number);
  return { input, step, channel: Int32Array.from(channels), payload: Int32Array.from(channels, (c) => payloads[c] as number) };
}

export type HandRun = { readonly device: Device; readonly outputs: readonly OutputEvent[]; readonly trace: readonly TraceEvent[] };

/** Loads and runs so many steps, traced. */
export async function handRun(
  h: HandChip,
  events: readonly InputEvents[] = [],
  steps = h.steps ?? 1,
  options: Partial<MachineOptions> = {},
): Promise<HandRun> {
  const device = meshMachine(handChip(h), options);
  await device.load(handImage(h));
  const trace: TraceEvent[] = [];
  device.trace((e) => trace.push(e));
  await device.send(events);
  await device.run(steps);
  return { device, outputs: await device.receive(), trace };
}

/** Payloads of one neuron by step, 0 where it sent nothing. */
export function trainOf(run: HandRun, neuron: number, steps: number, core = 0): number[] {
  const out = new Array<number>(steps).fill(0);
  for (const e of run.trace)
    if (e.core === core && (e.event === "spike-out" || e.event === "potential-out") && e.a === neuron) out[e.step] = e.b;
  return out;
}
