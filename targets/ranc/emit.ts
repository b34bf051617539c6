import { at, bug } from "../../compiler/base/bug.ts";
import type { Tensor } from "../../compiler/base/tensor.ts";
import type { Core, Cores, InputPort, NeuronGroup } from "../../compiler/ir/cores/types.ts";
import type { Image, Input, Section } from "../../compiler/ir/image/types.ts";
import type { Param } from "../../compiler/ir/network/types.ts";
import { cellName, parameterWords } from "./load.ts";
import type { Parameters } from "./parameters.ts";
import {
  axonType,
  chunkBits,
  encodePacket,
  formatVersion,
  type NeuronField,
  neuronWord,
  type NeuronWord,
  type Packet,
  writeBit,
  writeField,
} from "./words.ts";
import { mapOf, placeOf } from "../image-parts.ts";

/**
 * Writes placed cores as the memories of every cell: what is fixed at elaboration first, then
 * each cell's neurons and axon types. Cells and neurons that are not used get neurons that
 * never fire, for a word of zeros would fire in every tick.
 */
export function emit(cores: Cores, p: Parameters): Image {
  const word = neuronWord(p);
  const byCell = new Map(cores.cores.map((c) => [cellOf(c, p), c]));
  const output = p.outputX + p.outputY * p.columns;
  const sections: Section[] = [
    section("chip/parameters", 32, Uint32Array.from(parameterWords({ p, steps: cores.steps, interval: cores.interval, seed: cores.seed }))),
  ];
  for (let cell = 0; cell < p.columns * p.rows; cell++) {
    if (cell === output) continue;
    const core = byCell.get(cell);
    const types = core === undefined ? new Uint32Array(p.axons) : typesOf(core, p);
    sections.push(section(`${cellName(p, cell)}/neurons`, chunkBits, neuronsOf(core, types, cores, p, word)));
    sections.push(section(`${cellName(p, cell)}/types`, axonType.bits, types));
  }
  return {
    kind: "image",
    name: cores.name,
    target: cores.chip,
    format: formatVersion,
    steps: cores.steps,
    interval: cores.interval,
    sections,
    inputs: cores.inputs.map((port) => inputOf(port, cores, p)),
    outputs: cores.outputs,
    map: mapOf(cores),
  };
}

function section(name: string, wordBits: number, words: Uint32Array): Section {
  return { name, wordBits, base: 0, words };
}

function cellOf(core: Core, p: Parameters): number {
  const { x, y } = placeOf(core);
  return x + y * p.columns;
}

/** Value of a parameter at one slot of its group. */
function valueAt(value: Param | undefined, i: number): number {
  if (typeof value === "number") return value;
  return typeof value === "object" ? Number(at(value.data as ArrayLike<number>, i)) : bug("a group lacks a number");
}

/** Weight k of each slot. */
function weightOf(core: Core, k: number): Int32Array {
  const out: number[] = [];
  for (const g of core.groups) for (let i = 0; i < g.count; i++) out.push(valueAt(g.params[`weight${k}`], i));
  return Int32Array.from(out);
}

/** The type of each axon: the first whose weights are what the axon's row adds. */
function typesOf(core: Core, p: Parameters): Uint32Array {
  const tables = Array.from({ length: p.weights }, (_, k) => weightOf(core, k));
  const ofRow = core.rows.map((row) => {
    if (row.kind !== "dense") return bug(`a ${row.kind} row in a crossbar`);
    const type = tables.findIndex((t) => row.weights.every((w, n) => w === 0 || w === t[row.base + n]));
    return type < 0 ? bug(`core ${core.id} has a row that is none of its neurons' weights`) : type;
  });
  const out = new Uint32Array(p.axons);
  core.axons.forEach((a, i) => {
    out[i] = at(ofRow, a.row);
  });
  return out;
}

function neuronsOf(core: Core | undefined, types: Uint32Array, cores: Cores, p: Parameters, word: NeuronWord): Uint32Array {
  const memory = new Uint32Array(p.neurons * word.chunks);
  let used = 0;
  if (core !== undefined) {
    for (const g of core.groups) for (let i = 0; i < g.count; i++) writeNeuron(memory, word, g, i, packetOf(core, g.first + i, cores, p));
    used = core.groups.reduce((n, g) => n + g.count, 0);
    const tables = Array.from({ length: p.weights }, (_, k) => weightOf(core, k));
    core.axons.forEach((a, i) => {
      const row = at(core.rows, a.row);
      if (row.kind !== "dense") bug(`a ${row.kind} row in a crossbar`);
      row.weights.forEach((w, n) => {
        if (w === 0) return;
        if (w !== at(at(tables, at(types, i)), n)) bug("an axon's type gives its weights");
        writeBit(memory, n * word.chunks, word.connections.low + i);
      });
    });
  }
  // Threshold 1 at potential 0 without leak never fires.
  for (let n = used; n < p.neurons; n++) writeField(memory, n * word.chunks, word.field("positive"), 1);
  return memory;
}

function writeNeuron(memory: Uint32Array, word: NeuronWord, g: NeuronGroup, i: number, packet: Packet): void {
  const base = (g.first + i) * word.chunks;
  const put = (name: NeuronField, value: number): void => writeField(memory, base, word.field(name), value);
  put("current", valueAt(g.initial["v"] as number | Tensor, i));
  put("reset", valueAt(g.params["resetValue"], i));
  for (let k = 0; k < 4; k++) put(`weight${k}`, valueAt(g.params[`weight${k}`], i));
  put("leak", valueAt(g.params["leak"], i));
  put("positive", valueAt(g.params["threshold"], i));
  put("negative", valueAt(g.params["negativeThreshold"], i));
  put("mode", g.params["reset"] === "subtract" ? 1 : 0);
  put("dx", packet.dx);
  put("dy", packet.dy);
  put("axon", packet.axon);
  put("delay", packet.delay);
}

/** Where a slot's spikes go, relative to its core. */
function packetOf(core: Core, slot: number, cores: Cores, p: Parameters): Packet {
  const { x, y } = placeOf(core);
  const k = at(core.sends.start, slot);
  if (k === at(core.sends.start, slot + 1)) return sink(core, cores, p);
  const to = at(core.sends.core, k);
  const axon = at(core.sends.axon, k);
  if (to < 0) return { dx: p.outputX - x, dy: p.outputY - y, axon, delay: 0 };
  const target = at(cores.cores, to);
  const there = placeOf(target);
  return { dx: there.x - x, dy: there.y - y, axon, delay: at(target.axons, axon).delay };
}

/** Every neuron sends somewhere: one that nobody hears to an axon that feeds nothing, or to an output line that nobody reads. */
function sink(core: Core, cores: Cores, p: Parameters): Packet {
  const { x, y } = placeOf(core);
  if (core.axons.length < p.axons) return { dx: 0, dy: 0, axon: p.axons - 1, delay: 0 };
  const lines = cores.outputs.reduce((n, o) => n + o.count, 0);
  if (lines < p.axons) return { dx: p.outputX - x, dy: p.outputY - y, axon: p.axons - 1, delay: 0 };
  return bug(`core ${core.id} has no axon left for neurons that nobody hears`);
}

function inputOf(port: InputPort, cores: Cores, p: Parameters): Input {
  const { sends, ...rest } = port;
  const targets = Uint32Array.from(sends.core, (to, k) => {
    const target = at(cores.cores, to);
    const { x, y } = placeOf(target);
    const axon = at(sends.axon, k);
    return encodePacket(p, { dx: x, dy: y, axon, delay: at(target.axons, axon).delay });
  });
  return { ...rest, start: Uint32Array.from(sends.start), targets };
}
