import { at } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import { id } from "../../compiler/base/id.ts";
import { origin, readOrigin } from "../../compiler/base/origin.ts";
import type { Core, Cores, NeuronGroup, Sends } from "../../compiler/ir/cores/types.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import { axonsOf, gathered, rowsOf } from "./canonical.ts";
import { cellName, elaborationOf } from "./load.ts";
import type { Parameters } from "./parameters.ts";
import { decodePacket, type NeuronField, neuronWord, type NeuronWord, type Packet, readBit, readField } from "./words.ts";

/**
 * Reads the memories back as cores. Names and neuron indices come from the image's map; without
 * one, neurons with one reset mode in a row are a group. Cells in which no neuron can do anything are no cores.
 */
export function decode(image: Image): Cores {
  const { p, steps, interval, seed } = elaborationOf(image);
  const word = neuronWord(p);
  const memories = new Map(image.sections.map((s) => [s.name, s.words]));
  const cells: Cell[] = [];
  const order = image.map?.cores.map((c) => c.x + c.y * p.columns) ?? Array.from({ length: p.columns * p.rows }, (_, i) => i);
  for (const cell of order) {
    if (cell === p.outputX + p.outputY * p.columns) continue;
    const name = cellName(p, cell);
    const found = readCell(
      cell,
      memories.get(`${name}/neurons`) ?? new Uint32Array(),
      memories.get(`${name}/types`) ?? new Uint32Array(),
      p,
      word,
    );
    const named = image.map?.cores.find((c) => c.x + c.y * p.columns === cell);
    const slots = named === undefined ? found.slots : named.groups.reduce((n, g) => n + g.count, 0);
    if (slots > 0) cells.push({ ...found, slots });
  }
  const lines = image.outputs.length === 0 ? p.axons : image.outputs.reduce((n, o) => n + o.count, 0);
  const senders = sendersOf(cells, image, p);
  const coreAt = new Map(cells.map((c, i) => [c.cell, i]));
  const to = (x: number, y: number, packet: Packet): { core: number; axon: number } | null => {
    if (x === p.outputX && y === p.outputY) return packet.axon < lines ? { core: -1, axon: packet.axon } : null;
    const core = coreAt.get(x + y * p.columns);
    if (core === undefined || x < 0 || y < 0 || x >= p.columns || y >= p.rows) return null;
    return packet.axon < at(cells, core).axons ? { core, axon: packet.axon } : null;
  };
  return {
    kind: "cores",
    name: image.name,
    chip: image.target,
    columns: p.columns,
    rows: p.rows,
    steps,
    interval,
    seed,
    cores: cells.map((c, i) => coreOf(c, i, image, p, senders, to)),
    inputs: image.inputs.map((input) => {
      const { start, targets, ...rest } = input;
      const lists = Array.from({ length: start.length - 1 }, (_, c) =>
        Array.from(targets.subarray(at(start, c), at(start, c + 1)), (w) => {
          const packet = decodePacket(p, w);
          return to(packet.dx, packet.dy, packet);
        }),
      );
      return { ...rest, sends: sendsOf(lists) };
    }),
    outputs: image.outputs,
  };
}

type Neuron = { readonly [K in Exclude<NeuronField, `weight${number}`>]: number } & { readonly weights: readonly number[] };

type Cell = {
  readonly cell: number;
  readonly neurons: readonly Neuron[];
  /** Neurons up to the last that can do anything. */
  readonly slots: number;
  /** Axons up to the last that feeds a neuron. */
  readonly axons: number;
  /** What each axon adds to each neuron. */
  readonly columns: readonly Int32Array[];
};

const numbers = ["current", "reset", "leak", "positive", "negative", "mode", "dx", "dy", "axon", "delay"] as const;

function readCell(cell: number, memory: Uint32Array, types: Uint32Array, p: Parameters, word: NeuronWord): Cell {
  const count = Math.floor(memory.length / word.chunks);
  const neurons = Array.from({ length: count }, (_, n): Neuron => {
    const value = (name: NeuronField): number => readField(memory, n * word.chunks, word.field(name));
    const weights = Array.from({ length: p.weights }, (_, k) => value(`weight${k}`));
    return { ...(Object.fromEntries(numbers.map((f) => [f, value(f)])) as Record<(typeof numbers)[number], number>), weights };
  });
  let axons = 0;
  let slots = 0;
  const columns = Array.from({ length: p.axons }, () => new Int32Array(count));
  for (let n = 0; n < count; n++) {
    let fed = false;
    for (let a = 0; a < p.axons; a++) {
      if (readBit(memory, n * word.chunks, word.connections.low + a) === 0) continue;
      const w = at(at(neurons, n).weights, types[a] ?? 0);
      if (w === 0) continue;
      fed = true;
      axons = Math.max(axons, a + 1);
      at(columns, a)[n] = w;
    }
    if (fed || !isIdle(at(neurons, n))) slots = n + 1;
  }
  return { cell, neurons, slots, axons, columns };
}

/** The neuron that fills unused places. */
function isIdle(n: Neuron): boolean {
  return numbers.every((f) => n[f] === (f === "positive" ? 1 : 0)) && n.weights.every((w) => w === 0);
}

/** Delays of what is sent to each axon of each cell. */
type Senders = ReadonlyMap<string, readonly number[]>;

function sendersOf(cells: readonly Cell[], image: Image, p: Parameters): Senders {
  const out = new Map<string, number[]>();
  const add = (x: number, y: number, packet: Packet): void => {
    const key = `${x + y * p.columns} ${packet.axon}`;
    const list = out.get(key);
    if (list === undefined) out.set(key, [packet.delay]);
    else list.push(packet.delay);
  };
  for (const c of cells)
    for (const n of c.neurons.slice(0, c.slots)) add((c.cell % p.columns) + n.dx, Math.floor(c.cell / p.columns) + n.dy, n);
  for (const input of image.inputs)
    for (const w of input.targets) {
      const packet = decodePacket(p, w);
      add(packet.dx, packet.dy, packet);
    }
  return out;
}

function coreOf(
  c: Cell,
  index: number,
  image: Image,
  p: Parameters,
  senders: Senders,
  to: (x: number, y: number, packet: Packet) => { core: number; axon: number } | null,
): Core {
  const [x, y] = [c.cell % p.columns, Math.floor(c.cell / p.columns)];
  const names = image.map?.cores.find((m) => m.x === x && m.y === y) ?? null;
  const { rows, rowOf } = rowsOf(
    c.columns.slice(0, c.axons).map((w) => w.slice(0, c.slots)),
    p.weightBits,
  );
  const delays: number[] = [];
  const shared: boolean[] = [];
  for (let a = 0; a < c.axons; a++) {
    const list = senders.get(`${c.cell} ${a}`) ?? [];
    const delay = list[0] ?? 0;
    if (list.some((d) => d !== delay))
      fail("image-word", [`axon ${a} is reached with the delays ${[...new Set(list)].join(", ")}; cores have one for each axon`], {
        at: cellName(p, c.cell),
      });
    delays.push(delay);
    shared.push(list.length > 1);
  }
  return {
    id: id<"core">(index),
    at: { x, y },
    groups: (names?.groups ?? modes(c)).map((g) => groupOf(c, g, p, names !== null)),
    sends: sendsOf(c.neurons.slice(0, c.slots).map((n) => [to(x + n.dx, y + n.dy, n)])),
    axons: axonsOf(rowOf, delays, shared),
    shapes: [],
    rows,
    origin: names === null ? origin(cellName(p, c.cell)) : (readOrigin(names.origin) ?? origin(cellName(p, c.cell))),
  };
}

type Bounds = {
  readonly first: number;
  readonly count: number;
  readonly pop: string;
  readonly indices: readonly number[];
  readonly origin: string;
};

/** Runs of neurons with one reset mode. */
function modes(c: Cell): Bounds[] {
  const out: { first: number; count: number; pop: string; indices: number[]; origin: string }[] = [];
  for (let n = 0; n < c.slots; n++) {
    const last = out.at(-1);
    if (last !== undefined && at(c.neurons, last.first).mode === at(c.neurons, n).mode) {
      last.indices.push(last.count);
      last.count++;
    } else out.push({ first: n, count: 1, pop: `group${out.length}`, indices: [0], origin: "" });
  }
  return out;
}

function groupOf(c: Cell, g: Bounds, p: Parameters, named: boolean): NeuronGroup {
  const mine = c.neurons.slice(g.first, g.first + g.count);
  const column = (f: (n: Neuron) => number) => gathered(mine.map(f));
  return {
    first: g.first,
    count: g.count,
    model: "ranc",
    params: {
      reset: mine[0]?.mode === 1 ? "subtract" : "set",
      threshold: column((n) => n.positive),
      negativeThreshold: column((n) => n.negative),
      resetValue: column((n) => n.reset),
      leak: column((n) => n.leak),
      bits: p.potentialBits,
      ...Object.fromEntries(Array.from({ length: p.weights }, (_, k) => [`weight${k}`, column((n) => at(n.weights, k))])),
    },
    initial: { v: column((n) => n.current) },
    spike: { kind: "binary" },
    start: 0,
    silent: 0,
    stop: null,
    pop: g.pop,
    indices: Int32Array.from(g.indices),
    origin: (named ? readOrigin(g.origin) : null) ?? origin(`${cellName(p, c.cell)} ${g.pop}`),
  };
}

/** Lists of destinations; what leads nowhere is left out. */
function sendsOf(lists: readonly (readonly ({ core: number; axon: number } | null)[])[]): Sends {
  const start = new Int32Array(lists.length + 1);
  const core: number[] = [];
  const axon: number[] = [];
  lists.forEach((list, i) => {
    for (const d of list) {
      if (d === null) continue;
      core.push(d.core);
      axon.push(d.axon);
    }
    start[i + 1] = core.length;
  });
  return { start, core: Int32Array.from(core), axon: Int32Array.from(axon), member: new Int32Array(core.length) };
}
