import { at, must } from "../../compiler/base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../compiler/base/diagnostic.ts";
import { real } from "../../compiler/base/options.ts";
import { i32, sizeOf, spread, type Tensor, tensor } from "../../compiler/base/tensor.ts";
import { forEachSynapse } from "../../compiler/ir/network/kernels/index.ts";
import { neuronParams } from "../../compiler/ir/network/neurons/index.ts";
import type { Link, Network, OutputCode, Population } from "../../compiler/ir/network/types.ts";
import { isInput } from "../../compiler/passes/network/edit.ts";
import { type Context, pass } from "../../compiler/passes/pass.ts";
import { decayOf, isReadout, misfits } from "./misfits.ts";
import { chooseNeurons, chooseReadouts, type Matrix } from "./scales.ts";

/*
 * Writes a network of leaky neurons as ReckOn's: whole thresholds, leaks of 16 bits, weights of
 * 8 bits with one power of two for each of the three weight memories.
 *
 *   pop a 2 binary lif(threshold=1 decay=0.9 resetValue=1.111)        pop a 2 binary reckon(threshold=254 alpha=29491)
 *   pop o 1 binary integrator(decay=0.98)                       ==>   pop o 1 binary reckon-readout(kappa=125)
 *
 * Neurons are numbered through all populations; 2p and 2p+1 share a word, so their leaks
 * must agree. Thresholds need not: a neuron's weights are scaled until they do.
 */
export const fitReckon = pass({
  name: "fit-reckon",
  on: "network",
  summary: "Writes leaky neurons, readouts and their weights in ReckOn's numbers.",
  keeps: "answers",
  options: {
    activity: real(0, 1, 0.25, "share of the neurons that fires in a step, by which the readouts' range is chosen"),
  },
  run(network, { activity }, cx) {
    if (network.pops.every((p) => isInput(p) || p.neuron.model.startsWith("reckon"))) return network;
    const problems = misfits(network, cx.chip);
    if (problems.some((d) => d.severity === "error")) throw new Failure(problems);
    for (const d of problems) cx.report(d);
    return new Fitting(network, activity, cx).network();
  },
});

/** Populations of one kind, with the number of each one's first neuron. */
type Members = { readonly pops: readonly Population[]; readonly first: ReadonlyMap<number, number>; readonly count: number };

function membersOf(pops: readonly Population[]): Members {
  const first = new Map<number, number>();
  let count = 0;
  for (const p of pops) {
    first.set(p.id, count);
    count += sizeOf(p.shape);
  }
  return { pops, first, count };
}

class Fitting {
  readonly #n: Network;
  readonly #activity: number;
  readonly #cx: Context;
  readonly #inputs: Members;
  readonly #neurons: Members;
  readonly #readouts: Members;

  constructor(n: Network, activity: number, cx: Context) {
    this.#n = n;
    this.#activity = activity;
    this.#cx = cx;
    this.#inputs = membersOf(n.pops.filter(isInput));
    this.#readouts = membersOf(n.pops.filter((p) => isReadout(n, p)));
    this.#neurons = membersOf(n.pops.filter((p) => !isInput(p) && !isReadout(n, p)));
  }

  network(): Network {
    const n = this.#n;
    const input = this.#matrix(this.#neurons, this.#inputs);
    const recurrent = this.#matrix(this.#neurons, this.#neurons);
    const output = this.#matrix(this.#readouts, this.#neurons);
    const alpha = this.#each(this.#neurons, (p) => decayOf(p).map((d) => Math.round(d * 2 ** 15)));
    const threshold = this.#each(this.#neurons, (p) => neuronParams(p)["threshold"] ?? new Float64Array());
    const kappa = Math.round((decayOf(at(this.#readouts.pops, 0))[0] ?? 1) * 2 ** 7);
    const neurons = chooseNeurons(input, recurrent, threshold, alpha);
    const readouts = chooseReadouts(output, { kappa, steps: n.steps, activity: this.#activity });
    this.#reportClipped([
      ["input", neurons.input.clipped, input],
      ["recurrent", neurons.recurrent.clipped, recurrent],
    ]);
    const hard = this.#neurons.pops.some((p) => p.neuron.params["reset"] === "set");
    const pops = n.pops.map((p): Population => {
      if (isInput(p)) return p;
      const first = this.#neurons.first.get(p.id);
      if (first === undefined) return { ...p, spike: { kind: "binary" }, neuron: { model: "reckon-readout", params: { kappa } } };
      const end = first + sizeOf(p.shape);
      const gt = hard && p.neuron.params["compare"] === "gt" ? 1 : 0;
      const params = {
        threshold: compact(
          p.shape,
          neurons.threshold.subarray(first, end).map((t) => t + gt),
        ),
        alpha: compact(p.shape, alpha.subarray(first, end)),
        ...(hard ? { reset: "zero" } : {}),
      };
      return { ...p, neuron: { model: "reckon", params } };
    });
    this.#reportTable(neurons, readouts, kappa);
    return {
      ...n,
      pops,
      links: [
        ...this.#links(this.#neurons, this.#inputs, neurons.input.weights, neurons.input.shift),
        ...this.#links(this.#neurons, this.#neurons, neurons.recurrent.weights, neurons.recurrent.shift),
        ...this.#links(this.#readouts, this.#neurons, readouts.weights, readouts.shift),
      ],
      outputs: n.outputs.map((o) => this.#answer(o, readouts.unit / 2 ** readouts.shift, kappa)),
    };
  }

  #each(members: Members, of: (p: Population) => Float64Array): Float64Array {
    const out = new Float64Array(members.count);
    for (const p of members.pops) out.set(of(p), at2(members.first, p.id));
    return out;
  }

  /** Weights of all links between two kinds, [targets][sources]. */
  #matrix(to: Members, from: Members): Matrix {
    const values = new Float64Array(to.count * from.count);
    for (const l of this.#n.links) {
      const [row, column] = [to.first.get(l.to), from.first.get(l.from)];
      if (row === undefined || column === undefined) continue;
      const [source, target] = [at(this.#n.pops, l.from), at(this.#n.pops, l.to)];
      const gain = typeof l.gain === "number" ? l.gain : 1;
      for (let s = 0; s < sizeOf(source.shape); s++)
        forEachSynapse(l.kernel, source.shape, target.shape, s, (t, w) => {
          const k = (row + t) * from.count + column + s;
          values[k] = values[k]! + w * gain;
        });
    }
    return { rows: to.count, columns: from.count, values };
  }

  /** One dense link for each pair of populations that had any. */
  #links(to: Members, from: Members, weights: Int32Array, shift: number): Link[] {
    const out: Link[] = [];
    for (const target of to.pops)
      for (const source of from.pops) {
        const link = this.#n.links.find((l) => l.from === source.id && l.to === target.id);
        if (link === undefined) continue;
        const [rows, columns] = [sizeOf(target.shape), sizeOf(source.shape)];
        const [row, column] = [at2(to.first, target.id), at2(from.first, source.id)];
        const data = new Int8Array(rows * columns);
        for (let r = 0; r < rows; r++)
          for (let c = 0; c < columns; c++) data[r * columns + c] = weights[(row + r) * from.count + column + c]!;
        const kernel = { kind: "dense", weight: tensor("i8", [rows, columns], data) } as const;
        out.push({ ...link, kernel, gain: shift === 0 ? null : 2 ** shift });
      }
    return out;
  }

  /** What is read has leaked once more; a constant input of the readout is known beforehand. */
  #answer(o: OutputCode, unit: number, kappa: number): OutputCode {
    const p = at(this.#n.pops, o.pop);
    const factor = (unit * 2 ** 7) / kappa;
    const scale = typeof o.scale === "number" ? o.scale * factor : scaled(o.scale, factor);
    const bias = neuronParams(p)["bias"];
    if (bias === undefined || bias.every((b) => b === 0)) return { ...o, scale };
    const decay = at(decayOf(p), 0);
    const first = p.neuron.params["biasAt"] === "first";
    let times = 0;
    for (let t = p.start; t < (p.stop ?? this.#n.steps); t++) times = first ? decay ** t : times * decay + 1;
    const scales = spread(o.scale, p.shape);
    const offsets = spread(o.offset, p.shape);
    const offset = offsets.map((v, i) => v + at(scales, i) * at(bias, i) * times);
    return { ...o, scale, offset: tensor("f64", [...p.shape], offset) };
  }

  #reportClipped(list: readonly (readonly [string, number, Matrix])[]): void {
    for (const [memory, clipped, m] of list)
      if (clipped > 0) this.#cx.report(diagnostic("reckon-clipped", [memory, clipped, m.values.length], { at: `network ${this.#n.name}` }));
  }

  #reportTable(neurons: ReturnType<typeof chooseNeurons>, readouts: ReturnType<typeof chooseReadouts>, kappa: number): void {
    const { input, recurrent, threshold } = neurons;
    const extreme = (f: (a: number, b: number) => number): number => threshold.reduce((a, b) => f(a, b), at(threshold, 0));
    this.#cx.table("fit-reckon", [
      { memory: "input weights", shift: input.shift, clipped: input.clipped, "relative rms error": digits(input.error) },
      { memory: "recurrent weights", shift: recurrent.shift, clipped: recurrent.clipped, "relative rms error": digits(recurrent.error) },
      { memory: "output weights", shift: readouts.shift, clipped: 0, "relative rms error": digits(readouts.error) },
      { memory: "thresholds", from: extreme(Math.min), to: extreme(Math.max), kappa: `${kappa}/128` },
    ]);
  }
}

const at2 = (map: ReadonlyMap<number, number>, key: number): number => {
  const found = map.get(key);
  must(found !== undefined, "a population belongs to its kind");
  return found;
};

const digits = (v: number): number => Number(v.toPrecision(3));

/** One number where all are equal. */
export function compact(shape: readonly number[], values: ArrayLike<number>): number | Tensor {
  const first = at(values, 0);
  for (let i = 1; i < values.length; i++) if (values[i] !== first) return i32([...shape], Array.from(values));
  return first;
}

function scaled(t: Tensor, factor: number): Tensor {
  return tensor(
    "f64",
    [...t.shape],
    Float64Array.from(t.data as ArrayLike<number>, (v) => v * factor),
  );
}

/** Populations whose steps end later by the leak that the last tick does before the readouts leave the chip. */
export const settleReckon = pass({
  name: "settle-reckon",
  on: "network",
  summary: "Adds the last tick, in which readouts leak once more and leave the chip.",
  keeps: "answers",
  options: {},
  run(network) {
    const readouts = network.pops.filter((p) => p.neuron.model === "reckon-readout");
    const stop = readouts.reduce((t, p) => Math.max(t, p.stop ?? network.steps), 0);
    const problems: Diagnostic[] = [];
    for (const l of network.links) {
      if (l.delay === 1) continue;
      const name = `${at(network.pops, l.from).name} -> ${at(network.pops, l.to).name}`;
      problems.push(diagnostic("reckon-link", [`${name} takes ${l.delay} steps`], { at: `link ${name}`, origin: l.origin }));
    }
    for (const p of readouts)
      if ((p.stop ?? network.steps) !== stop)
        problems.push(diagnostic("reckon-output", [`${p.name} ends before other readouts`], { at: `pop ${p.name}`, origin: p.origin }));
    if (problems.length > 0) throw new Failure(problems);
    const steps = stop + 1;
    return { ...network, steps, pops: network.pops.map((p) => (readouts.includes(p) ? { ...p, stop: steps } : p)) };
  },
});
