import { at } from "../../base/bug.ts";
import { fail } from "../../base/diagnostic.ts";
import { numbersOf, showShape, sizeOf, type Tensor } from "../../base/tensor.ts";
import { type Branch, readHdf5 } from "../nir/hdf5.ts";

/*
 * NIRData: what nodes of a NIR graph were given or sent, in HDF5. The root and each node have a
 * group `nodes`, a node has a group `observables`, and each observable is either a grid
 * [samples x steps x neurons] or a list of events [samples x events] of a neuron, a time in
 * seconds and perhaps a value. The attribute `__type__` says which.
 * Source: the nir package, nir/data_ir/graph.py and nir/serialization.py (read_data, write_data).
 */

/** One observable of one node: calls for each non-zero entry of a sample, with its time in seconds. */
export type Observable = {
  readonly samples: number;
  readonly neurons: number;
  readonly visit: (sample: number, entry: (neuron: number, time: number, value: number) => void) => void;
};

export function isNirData(root: Branch): boolean {
  return root.attributes?.get("__type__") === "NIRGraphData";
}

/** The observable `spikes` (or the only one) of the node of this name (or of the only one). Throws a Failure. */
export async function readNirData(bytes: Uint8Array, file: string, node: string): Promise<Observable> {
  const root = await readHdf5(bytes, file);
  if (!isNirData(root)) malformed(file, "its root is not marked as NIRGraphData");
  const nodes = nodesOf(root, "");
  const chosen = nodes.get(node) ?? only(nodes, file, `none of its nodes is the network's input "${node}"`);
  const observables = branchOf(chosen, "observables", file).children;
  const all = new Map([...observables].flatMap(([name, b]) => (b.kind === "branch" ? [[name, b] as const] : [])));
  const observable = all.get("spikes") ?? only(all, file, "its node has no observable spikes");
  const type = observable.attributes?.get("__type__");
  if (type === "TimeGriddedData") return gridded(observable, file);
  if (type === "EventData" || type === "ValuedEventData") return listed(observable, file);
  malformed(file, `an observable is of type ${type}`);
}

/**
 * A sample as frames [steps x neurons]: step k holds what lies from k·dt to (k+1)·dt after the time
 * 0 of the data; values count as so many events. Throws a Failure for a neuron that is not
 * there and for values that are no counts.
 */
export function observedFrames(
  { neurons, visit }: Observable,
  sample: number,
  name: string,
  shape: readonly number[],
  steps: number,
  dt: number,
): Float32Array {
  if (neurons !== sizeOf(shape)) fail("data-shape", [name, `${neurons} neurons`, `${showShape(shape)} (${sizeOf(shape)} neurons)`]);
  const out = new Float32Array(steps * neurons);
  let index = 0;
  visit(sample, (neuron, time, value) => {
    if (!(Number.isInteger(neuron) && neuron >= 0 && neuron < neurons))
      fail("events-outside", [name, index, neuron, 0, 0, showShape(shape)]);
    if (!(time >= 0 && Number.isFinite(time))) malformed(name, `entry ${index} is at ${time} s`);
    if (!(Number.isInteger(value) && value >= 0)) malformed(name, `entry ${index} has the value ${value}, which is no number of events`);
    index++;
    // Times are products and sums of floats: one that falls just short of a step's beginning belongs to it.
    const k = Math.floor((time / dt) * (1 + 1e-12) + 1e-9);
    if (k < steps) out[k * neurons + neuron] = (out[k * neurons + neuron] ?? 0) + value;
  });
  return out;
}

/** Nodes by name; those of nested graphs with dots. */
function nodesOf(graph: Branch, prefix: string): Map<string, Branch> {
  const nodes = graph.children.get("nodes");
  const out = new Map<string, Branch>();
  for (const [key, child] of nodes?.kind === "branch" ? nodes.children : []) {
    if (child.kind !== "branch") continue;
    if (child.attributes?.get("__type__") === "NIRGraphData") for (const [k, b] of nodesOf(child, `${prefix}${key}.`)) out.set(k, b);
    else out.set(prefix + key, child);
  }
  return out;
}

function only<T>(all: ReadonlyMap<string, T>, file: string, otherwise: string): T {
  const [first] = all.values();
  if (first === undefined) malformed(file, "it holds no data");
  if (all.size > 1) malformed(file, `${otherwise}; there are ${[...all.keys()].join(", ")}`);
  return first;
}

function gridded(from: Branch, file: string): Observable {
  const data = tensorAt(from, "data", file);
  const [samples = 0, steps = 0, neurons = 0] = data.shape;
  const dt = numberAt(from, "dt", file);
  if (data.shape.length !== 3 || !(dt > 0)) malformed(file, `its grid is ${showShape(data.shape)} with a step of ${dt} s`);
  const numbers = numbersOf(data);
  return {
    samples,
    neurons,
    visit: (sample, entry) => {
      for (let k = 0; k < steps; k++)
        for (let n = 0; n < neurons; n++) {
          const value = at(numbers, (sample * steps + k) * neurons + n);
          if (value !== 0) entry(n, k * dt, value);
        }
    },
  };
}

function listed(from: Branch, file: string): Observable {
  const [index, time] = [tensorAt(from, "idx", file), tensorAt(from, "time", file)];
  const values = from.children.has("value") ? tensorAt(from, "value", file) : null;
  const [samples = 0, events = 0] = index.shape;
  for (const t of [time, ...(values === null ? [] : [values])])
    if (index.shape.length !== 2 || showShape(t.shape) !== showShape(index.shape)) malformed(file, "its lists differ in shape");
  const [i, t, v] = [numbersOf(index), numbersOf(time), values === null ? null : numbersOf(values)];
  return {
    samples,
    neurons: numberAt(from, "n_neurons", file),
    visit: (sample, entry) => {
      for (let e = sample * events; e < (sample + 1) * events; e++)
        // Lists of few events are filled up with neuron -1.
        if (at(i, e) !== -1) entry(at(i, e), at(t, e), v === null ? 1 : at(v, e));
    },
  };
}

function branchOf(from: Branch, name: string, file: string): Branch {
  const child = from.children.get(name);
  return child?.kind === "branch" ? child : malformed(file, `a node has no group ${name}`);
}

function tensorAt(from: Branch, name: string, file: string): Tensor {
  const child = from.children.get(name);
  const value = child?.kind === "leaf" ? child.value : null;
  return value !== null && typeof value === "object" && "data" in value ? value : malformed(file, `an observable has no array ${name}`);
}

function numberAt(from: Branch, name: string, file: string): number {
  const value = from.attributes?.get(name);
  return typeof value === "number" ? value : malformed(file, `an observable has no attribute ${name}`);
}

function malformed(file: string, what: string): never {
  fail("events-malformed", [file, "NIRData", what]);
}
