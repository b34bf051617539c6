import { at, bug } from "../../compiler/base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../compiler/base/diagnostic.ts";
import { id } from "../../compiler/base/id.ts";
import { origin } from "../../compiler/base/origin.ts";
import { numbersOf, sizeOf, spread } from "../../compiler/base/tensor.ts";
import type { Core, Cores, InputPort, NeuronGroup, OutputPort, Sends } from "../../compiler/ir/cores/types.ts";
import { neuronParams } from "../../compiler/ir/network/neurons/index.ts";
import type { Network, Population } from "../../compiler/ir/network/types.ts";
import type { Budget, Mapping } from "../../compiler/map/mapping.ts";
import { isInput, linkPlace, placeOf } from "../../compiler/passes/network/edit.ts";
import type { ChipSpec } from "../chip.ts";
import { compact } from "./fit.ts";
import { denseRow, type HostLine, isClosed, neuronModel, rowAxon, slotSends } from "./layout.ts";
import type { Variant } from "./variant.ts";

/*
 * Neurons at addresses from 0 on, in order of population; inputs at the rows after them, or from 0 on
 * where no neuron feeds another. An input with weights of both signs has two rows on ODIN, the
 * exciting one first; one without weights has none.
 */

export function odinMapping(variant: Variant): Mapping {
  return { map: (network, chip) => map(network, chip, variant), budget };
}

const addresses = 256;

function map(n: Network, chip: ChipSpec, variant: Variant): Cores {
  const pops = n.pops.filter((p) => !isInput(p));
  check(n, pops, variant);
  const first = new Map<number, number>();
  let slots = 0;
  for (const p of pops) {
    first.set(p.id, slots);
    slots += sizeOf(p.shape);
  }
  const closed = n.links.some((l) => !isInput(at(n.pops, l.from)));
  const rows: Int32Array[] = [];
  if (closed) for (const p of pops) rows.push(...rowsOf(n, p, first, slots));
  const ports = n.inputs.map((code): InputPort => {
    const p = at(n.pops, code.pop);
    const sends = inputSends(rowsOf(n, p, first, slots), rows, variant);
    return {
      name: p.name,
      code: code.code,
      params: code.params,
      spike: p.spike,
      shape: p.shape,
      window: { start: p.start, stop: p.stop ?? n.steps },
      sends,
    };
  });
  const full: Diagnostic[] = [];
  if (slots > addresses) full.push(diagnostic("odin-full", ["neurons", slots, addresses], { at: n.name }));
  if (rows.length > addresses)
    full.push(
      diagnostic("odin-full", [closed ? "rows for neurons and inputs" : "rows for inputs", rows.length, addresses], { at: n.name }),
    );
  if (full.length > 0) throw new Failure(full);
  if (variant.signBySource)
    for (const [r, row] of rows.entries())
      if (row.some((w) => w > 0) && row.some((w) => w < 0)) illegal(`the source of row ${r} has weights of both signs`, n.name);

  const lines: HostLine[] = [];
  const outputs = n.outputs.map((o): OutputPort => {
    const p = at(n.pops, o.pop);
    const begin = lines.length;
    for (let i = 0; i < sizeOf(p.shape); i++) lines.push({ neuron: first.get(p.id)! + i, potential: o.code === "potential" });
    return { name: o.name, code: o.code, first: begin, count: lines.length - begin, shape: p.shape, scale: o.scale, offset: o.offset };
  });
  const core: Core = {
    id: id<"core">(0),
    at: { x: 0, y: 0 },
    groups: pops.map((p) => groupOf(p, first.get(p.id)!)),
    sends: slotSends(slots, closed, lines),
    axons: rows.map((_, r) => rowAxon(r)),
    shapes: [],
    rows: rows.map(denseRow),
    origin: origin(pops.map((p) => p.name).join(", ")),
  };
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
    inputs: ports,
    outputs,
  };
}

/** What the chip's words cannot hold. */
function check(n: Network, pops: readonly Population[], variant: Variant): void {
  for (const p of pops) {
    if (p.neuron.model !== neuronModel) illegal(`a neuron of the model ${p.neuron.model}`, placeOf(p));
    const params = neuronParams(p);
    const most = p.neuron.params["output"] === "yes" && !variant.signBySource ? 0xfff : variant.thresholdMax;
    const whole = (name: string, low: number, high: number): void => {
      const wrong = params[name]?.find((x) => !Number.isInteger(x) || x < low || x > high);
      if (wrong !== undefined) illegal(`a ${name} of ${wrong} (the chip has ${low} to ${high})`, placeOf(p));
    };
    whole("threshold", 1, most);
    whole("leak", 0, variant.leakMax);
    whole("low", variant.low, variant.low);
    whole("high", variant.high, variant.high);
    whole("queue", variant.queue, variant.queue);
    const signs = p.neuron.params["signs"] ?? "together";
    if ((signs === "apart") !== variant.signBySource) illegal(`signs=${String(signs)}`, placeOf(p));
    const threshold = params["threshold"] ?? bug("a neuron has a threshold");
    spread(p.initial["v"] ?? 0, p.shape).forEach((v, i) => {
      if (!Number.isInteger(v) || v < variant.low || v > variant.high || v >= threshold[i]!)
        illegal(`an initial potential of ${v}`, placeOf(p));
    });
  }
  for (const l of n.links) {
    if (l.kernel.kind !== "dense") illegal(`a ${l.kernel.kind} kernel`, linkPlace(n, l));
    for (const w of numbersOf(l.kernel.weight))
      if (!Number.isInteger(w) || w < variant.weightMin || w > variant.weightMax) illegal(`a weight of ${w}`, linkPlace(n, l));
  }
}

function illegal(what: string, where: string): never {
  throw new Failure([diagnostic("map-illegal", [what], { at: where })]);
}

/** Weights of each neuron of a population to all slots. */
function rowsOf(n: Network, from: Population, first: ReadonlyMap<number, number>, slots: number): Int32Array[] {
  const columns = sizeOf(from.shape);
  const rows = Array.from({ length: columns }, () => new Int32Array(slots));
  for (const l of n.links) {
    if (l.from !== from.id || l.kernel.kind !== "dense") continue;
    const weights = numbersOf(l.kernel.weight);
    const base = first.get(l.to)!;
    weights.forEach((w, k) => {
      const row = at(rows, k % columns);
      const slot = base + Math.floor(k / columns);
      row[slot] = row[slot]! + w;
    });
  }
  return rows;
}

/** Adds the rows of an input's channels, and says which channel has which. */
function inputSends(channels: readonly Int32Array[], rows: Int32Array[], variant: Variant): Sends {
  const start = new Int32Array(channels.length + 1);
  const axon: number[] = [];
  channels.forEach((row, c) => {
    const both = variant.signBySource && row.some((w) => w > 0) && row.some((w) => w < 0);
    const parts = both ? [row.map((w) => Math.max(0, w)), row.map((w) => Math.min(0, w))] : row.some((w) => w !== 0) ? [row] : [];
    for (const part of parts) {
      axon.push(rows.length);
      rows.push(part);
    }
    start[c + 1] = axon.length;
  });
  return { start, core: new Int32Array(axon.length), axon: Int32Array.from(axon), member: new Int32Array(axon.length) };
}

function groupOf(p: Population, first: number): NeuronGroup {
  const params = neuronParams(p);
  const count = sizeOf(p.shape);
  const numbers = Object.fromEntries((["threshold", "leak", "low", "high", "queue"] as const).map((k) => [k, compact(params[k] ?? [])]));
  return {
    first,
    count,
    model: neuronModel,
    params: { ...numbers, output: p.neuron.params["output"] === "yes" ? "yes" : "no" },
    initial: { v: compact(spread(p.initial["v"] ?? 0, p.shape)) },
    spike: { kind: "binary" },
    start: 0,
    silent: 0,
    stop: null,
    pop: p.name,
    indices: Int32Array.from({ length: count }, (_, i) => i),
    origin: p.origin,
  };
}

function budget(cores: Cores): Budget[] {
  const [core] = cores.cores;
  if (core === undefined) return [];
  const slots = core.groups.reduce((sum, g) => sum + g.count, 0);
  const synapses = core.rows.reduce((sum, r) => sum + r.weights.reduce((k, w) => k + (w === 0 ? 0 : 1), 0), 0);
  const inputRows = core.rows.length - (isClosed(cores) ? slots : 0);
  return [
    { core: null, resource: "cores", used: 1, available: 1 },
    { core: 0, resource: "neurons", used: slots, available: addresses },
    { core: 0, resource: "rows", used: core.rows.length, available: addresses },
    { core: 0, resource: "rows of inputs", used: inputRows, available: addresses - (core.rows.length - inputRows) },
    { core: 0, resource: "synapses", used: synapses, available: addresses * addresses },
  ];
}
