import { at } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import { id } from "../../compiler/base/id.ts";
import { origin, readOrigin } from "../../compiler/base/origin.ts";
import type { Cores, NeuronGroup, Sends } from "../../compiler/ir/cores/types.ts";
import type { Image, Input } from "../../compiler/ir/image/types.ts";
import { compact } from "./fit.ts";
import { denseRow, neuronModel, rowAxon, slotSends } from "./layout.ts";
import { type Memories, memoriesOf } from "./memory.ts";
import type { NeuronFields, Variant } from "./variant.ts";
import * as words from "./words.ts";

/** Image → Cores. Names, and where populations begin, come from the image's map; without one there is one group. */
export function decode(image: Image, variant: Variant): Cores {
  const m = memoriesOf(image, variant);
  const slots = m.protocol.neurons;
  const closed = m.registers[words.odinRegisters.openLoop] === 0;
  const inputs = image.inputs.map((input) => ({ ...withoutWords(input), sends: sendsOf(input, variant) }));
  const rows = Math.max(closed ? slots : 0, ...inputs.flatMap((i) => Array.from(i.sends.axon, (row) => row + 1)));
  const map = image.map?.cores[0];
  const groups = map?.groups ?? [
    { first: 0, count: slots, pop: "neurons", indices: Array.from({ length: slots }, (_, i) => i), origin: "" },
  ];
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
        groups: groups.map((g) => groupOf(g, m, variant)),
        sends: slotSends(slots, closed, m.lines),
        axons: Array.from({ length: rows }, (_, r) => rowAxon(r)),
        shapes: [],
        rows: Array.from({ length: rows }, (_, r) => denseRow(rowOf(m, r, slots, variant))),
        origin: readOrigin(map?.origin ?? "") ?? origin(""),
      },
    ],
    inputs,
    outputs: image.outputs,
  };
}

function withoutWords({ start: _start, targets: _targets, ...rest }: Input): Omit<Input, "start" | "targets"> {
  return rest;
}

type MapGroup = {
  readonly first: number;
  readonly count: number;
  readonly pop: string;
  readonly indices: readonly number[];
  readonly origin: string;
};

function groupOf(g: MapGroup, m: Memories, variant: Variant): NeuronGroup {
  const fields = Array.from({ length: g.count }, (_, i): NeuronFields => variant.neuron(m.neurons, (g.first + i) * variant.neuronParts));
  fields.forEach((f, i) => {
    if (!f.known) fail("odin-neuron-model", [g.first + i], { at: `neuron ${g.first + i}` });
  });
  const first = fields[0];
  return {
    first: g.first,
    count: g.count,
    model: neuronModel,
    params: {
      threshold: compact(fields.map((f) => f.threshold)),
      // Without time references a leak only serves to clear potentials between samples.
      leak: m.protocol.reference ? compact(fields.map((f) => f.leak)) : 0,
      low: variant.low,
      high: variant.high,
      queue: variant.queue,
      output: first?.disabled === true ? "yes" : "no",
    },
    initial: { v: compact(fields.map((f) => f.potential)) },
    spike: { kind: "binary" },
    start: 0,
    silent: 0,
    stop: null,
    pop: g.pop,
    indices: Int32Array.from(g.indices),
    origin: readOrigin(g.origin) ?? origin(g.pop),
  };
}

/** The weights of a row to the neurons, as a sweep adds them. */
export function rowOf(m: Memories, row: number, slots: number, variant: Variant): Int32Array {
  return Int32Array.from({ length: slots }, (_, n) => {
    const nibble = (at(m.synapses, row * words.wordsPerRow + (n >> 3)) >>> (words.nibbleBits * (n & 7))) & 15;
    return weightOf(nibble, row, m.registers, variant);
  });
}

/** What a synapse of a row adds, from its four bits. */
export function weightOf(nibble: number, row: number, registers: ArrayLike<number>, variant: Variant): number {
  if (variant.name === "tinyodin") return words.signedBitsOf(words.tinyNibble.fields.weight, nibble);
  const r = words.odinRegisters;
  const { weight, map } = words.odinNibble.fields;
  if (words.bitsOf(map, nibble) === 0 && registers[r.propagateUnmapped] !== 1) return 0;
  const signs = registers[r.signs + Math.floor(row / words.signsPerRegister)] ?? 0;
  const size = words.bitsOf(weight, nibble);
  return ((signs >>> (row % words.signsPerRegister)) & 1) === 1 && size > 0 ? -size : size;
}

function sendsOf(input: Input, variant: Variant): Sends {
  const axon = Int32Array.from(input.targets, (w) => rowOfEvent(w, variant, input.name));
  return { start: Int32Array.from(input.start), core: new Int32Array(axon.length), axon, member: new Int32Array(axon.length) };
}

export function rowOfEvent(word: number, variant: Variant, name: string): number {
  const read = variant.name === "odin" ? words.odinEvent.decode(word) : words.tinyEvent.decode(word);
  if (!("value" in read)) return fail("image-word", [read.problem], { at: `input ${name}` });
  const v = read.value;
  if ("row" in v)
    return !v.synapse && v.low === words.odinLow.spike
      ? v.row
      : fail("image-word", ["an input's event is no spike of a row"], { at: `input ${name}` });
  return !v.reference && !v.virtual ? v.address : fail("image-word", ["an input's event is no spike of a row"], { at: `input ${name}` });
}
