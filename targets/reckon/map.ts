import { at, bug } from "../../compiler/base/bug.ts";
import { diagnostic, Failure } from "../../compiler/base/diagnostic.ts";
import { id } from "../../compiler/base/id.ts";
import { origin } from "../../compiler/base/origin.ts";
import { numbersOf, sizeOf, spread } from "../../compiler/base/tensor.ts";
import type { Axon, Core, Cores, InputPort, NeuronGroup, OutputPort, Row, Sends } from "../../compiler/ir/cores/types.ts";
import { neuronParams } from "../../compiler/ir/network/neurons/index.ts";
import type { Network, Population } from "../../compiler/ir/network/types.ts";
import type { Budget, Mapping } from "../../compiler/map/mapping.ts";
import { isInput } from "../../compiler/passes/network/edit.ts";
import type { ChipSpec } from "../chip.ts";
import { sendsOf } from "./decode.ts";
import { compact } from "./fit.ts";

/*
 * One core. Slots: the neurons of all populations in order, then the readouts. Axons: a row
 * for each input line, for each neuron's way back to the neurons, and for each neuron's way to the
 * readouts, in this order.
 */

type Layout = {
  readonly inputs: readonly Population[];
  readonly neurons: readonly Population[];
  readonly readouts: readonly Population[];
  readonly lines: number;
  readonly count: number;
  readonly outs: number;
};

function layoutOf(n: Network): Layout {
  const inputs = n.pops.filter(isInput);
  const neurons = n.pops.filter((p) => p.neuron.model === "reckon");
  const readouts = n.pops.filter((p) => p.neuron.model === "reckon-readout");
  const size = (pops: readonly Population[]): number => pops.reduce((sum, p) => sum + sizeOf(p.shape), 0);
  return { inputs, neurons, readouts, lines: size(inputs), count: size(neurons), outs: size(readouts) };
}

export const reckonMapping: Mapping = { map, budget };

function map(n: Network, chip: ChipSpec): Cores {
  const layout = layoutOf(n);
  const other = n.pops.find((p) => !isInput(p) && !layout.neurons.includes(p) && !layout.readouts.includes(p));
  if (other !== undefined)
    throw new Failure([diagnostic("map-illegal", [`a neuron of the model ${other.neuron.model}`], { at: `pop ${other.name}` })]);
  const { lines, count, outs } = layout;
  const input = rowsOf(n, layout.inputs, layout.neurons, lines, count);
  const recurrent = rowsOf(n, layout.neurons, layout.neurons, count, count);
  const output = rowsOf(n, layout.neurons, layout.readouts, count, outs);
  const rows: Row[] = [
    ...[...input.rows, ...recurrent.rows].map((weights): Row => ({ kind: "dense", bits: 8, base: 0, weights })),
    ...output.rows.map((weights): Row => ({ kind: "dense", bits: 8, base: count, weights })),
  ];
  const shifts = [
    ...input.rows.map(() => input.shift),
    ...recurrent.rows.map(() => recurrent.shift),
    ...output.rows.map(() => output.shift),
  ];
  const groups = groupsOf(layout);
  const core: Core = {
    id: id<"core">(0),
    at: { x: 0, y: 0 },
    groups,
    sends: sendsOf(lines, count, outs),
    axons: shifts.map((shift, row): Axon => ({ row, mode: "each", need: 0, delay: 0, gain: 1, shift, y: 0, x: 0 })),
    shapes: [],
    rows,
    origin: origin([...layout.neurons, ...layout.readouts].map((p) => p.name).join(", ")),
  };
  let line = 0;
  return {
    kind: "cores",
    name: n.name,
    chip: chip.name,
    columns: 1,
    rows: 1,
    steps: n.steps,
    interval: n.steps,
    seed: 0,
    cores: [core],
    inputs: n.inputs.map((code): InputPort => {
      const p = at(n.pops, code.pop);
      const first = line;
      line += sizeOf(p.shape);
      return {
        name: p.name,
        code: code.code,
        params: code.params,
        spike: p.spike,
        shape: p.shape,
        window: { start: p.start, stop: p.stop ?? n.steps },
        sends: lineSends(first, sizeOf(p.shape)),
      };
    }),
    outputs: outputsOf(n, layout),
  };
}

/** Weights from each source to all of the targets, and the shift that all links have in common. */
function rowsOf(
  n: Network,
  from: readonly Population[],
  to: readonly Population[],
  sources: number,
  targets: number,
): { readonly rows: Int32Array[]; readonly shift: number } {
  const rows = Array.from({ length: sources }, () => new Int32Array(targets));
  let shift: number | null = null;
  let row = 0;
  for (const source of from) {
    let column = 0;
    for (const target of to) {
      for (const l of n.links) {
        if (l.from !== source.id || l.to !== target.id) continue;
        if (l.kernel.kind !== "dense") illegal(n, `a ${l.kernel.kind} kernel`, source, target);
        const gain = l.gain === null ? 1 : typeof l.gain === "number" ? l.gain : illegal(n, "a gain for each source", source, target);
        const mine = Math.log2(gain);
        if (!Number.isInteger(mine) || mine < 0 || mine > 7 || (shift !== null && shift !== mine))
          illegal(n, `a gain of ${gain} (each of the three memories has one power of two)`, source, target);
        shift = mine;
        const weights = numbersOf(l.kernel.weight);
        const columns = sizeOf(source.shape);
        for (let s = 0; s < columns; s++)
          for (let t = 0; t < sizeOf(target.shape); t++) {
            const w = at(weights, t * columns + s) + at(at(rows, row + s), column + t);
            if (!Number.isInteger(w) || w < -128 || w > 127) illegal(n, `a weight of ${w}`, source, target);
            at(rows, row + s)[column + t] = w;
          }
      }
      column += sizeOf(target.shape);
    }
    row += sizeOf(source.shape);
  }
  return { rows, shift: shift ?? 0 };
}

function illegal(n: Network, what: string, from: Population, to: Population): never {
  throw new Failure([diagnostic("map-illegal", [what], { at: `network ${n.name}, link ${from.name} -> ${to.name}` })]);
}

function groupsOf({ neurons, readouts }: Layout): NeuronGroup[] {
  const groups: NeuronGroup[] = [];
  let first = 0;
  const add = (p: Population, params: NeuronGroup["params"]): void => {
    const count = sizeOf(p.shape);
    groups.push({
      first,
      count,
      model: p.neuron.model,
      params,
      initial: {},
      spike: { kind: "binary" },
      // The chip has no windows: all neurons run in every tick, the first of which is that of step 1.
      start: 1,
      silent: 0,
      stop: null,
      pop: p.name,
      indices: Int32Array.from({ length: count }, (_, i) => i),
      origin: p.origin,
    });
    first += count;
  };
  for (const p of neurons) {
    const params = neuronParams(p);
    const count = sizeOf(p.shape);
    add(p, {
      threshold: compact([count], params["threshold"] ?? bug("a neuron has a threshold")),
      alpha: compact([count], params["alpha"] ?? bug("a neuron has a leak")),
      reset: p.neuron.params["reset"] === "zero" ? "zero" : "subtract",
    });
  }
  for (const p of readouts) add(p, { kappa: at(spread(p.neuron.params["kappa"] as number, p.shape), 0) });
  return groups;
}

function lineSends(first: number, channels: number): Sends {
  return {
    start: Int32Array.from({ length: channels + 1 }, (_, i) => i),
    core: new Int32Array(channels),
    axon: Int32Array.from({ length: channels }, (_, i) => first + i),
    member: new Int32Array(channels),
  };
}

/** Lines are readouts, so every readout population has its own and is read once. */
function outputsOf(n: Network, { readouts }: Layout): OutputPort[] {
  let first = 0;
  return readouts.flatMap((p) => {
    const list = n.outputs.filter((o) => o.pop === p.id);
    if (list.length > 1)
      throw new Failure([diagnostic("reckon-output", [`${p.name} is read ${list.length} times`], { at: `pop ${p.name}` })]);
    const count = sizeOf(p.shape);
    const ports = list.map(
      (o): OutputPort => ({ name: o.name, code: o.code, first, count, shape: p.shape, scale: o.scale, offset: o.offset }),
    );
    first += count;
    return ports;
  });
}

function budget(cores: Cores, chip: ChipSpec): Budget[] {
  const [core] = cores.cores;
  if (core === undefined) return [];
  const size = (model: string): number => core.groups.reduce((sum, g) => sum + (g.model === model ? g.count : 0), 0);
  const lines = cores.inputs.reduce((sum, p) => sum + sizeOf(p.shape), 0);
  const own = (name: string): number => Number(chip.own[name] ?? 0);
  return [
    { core: null, resource: "cores", used: 1, available: 1 },
    { core: 0, resource: "input lines", used: lines, available: own("inputs") },
    { core: 0, resource: "neurons", used: size("reckon"), available: own("neurons") },
    { core: 0, resource: "readouts", used: size("reckon-readout"), available: own("readouts") },
  ];
}
