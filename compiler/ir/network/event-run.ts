import { at, bug } from "../../base/bug.ts";
import { sizeOf, spread } from "../../base/tensor.ts";
import { encodeInput } from "../codes/index.ts";
import { forEachSynapse } from "./kernels/index.ts";
import { neuronParams } from "./neurons/index.ts";
import type { NetworkRun, PreparedNetwork, RunOptions } from "./run.ts";
import type { Network, Population } from "./types.ts";

/*
 * Networks of event-lif neurons. Nothing is added up over a step: within a step the
 * inputs' events are taken one by one, in order of population and channel, and each is followed
 * by everything it causes before the next one is taken:
 *
 *   queue = [the event's source]
 *   while the queue is not empty: for each synapse of its first entry, targets in order of
 *   population and index: add the weight, clamp, compare; a neuron that spikes goes back to 0 and
 *   joins the queue's end, unless the queue is full. Then the first entry leaves.
 *
 * With signs=apart an input's event is two: its exciting synapses and all they cause, then the
 * inhibiting ones. At the end of a step all neurons leak. Payloads of a step are numbers of spikes.
 */

/** Whether a network is one of those. */
export function isEventDriven(n: Network): boolean {
  return n.pops.some((p) => p.neuron.model === "event-lif");
}

type Source = { readonly targets: Int32Array; readonly weights: Float64Array };

/** Lays out a verified network of inputs and event-lif neurons. */
export function prepareEventRun(n: Network, options: RunOptions): PreparedNetwork {
  for (const p of n.pops)
    if (p.neuron.model !== "input" && p.neuron.model !== "event-lif") bug(`${p.name} is a ${p.neuron.model} among event-lif neurons`);
  const first = firstNeurons(n);
  const total = n.pops.reduce((sum, p) => sum + sizeOf(p.shape), 0);
  const sources = sourcesOf(n, first, total);
  const numbers = numbersOf(n, first, total);
  const apart = n.pops.some((p) => p.neuron.params["signs"] === "apart");
  const popOf = Int32Array.from(n.pops.flatMap((p) => new Array<number>(sizeOf(p.shape)).fill(p.id)));
  const { threshold, leak, low, high, silent, initial, queueMax } = numbers;
  const recorded = options.record ?? [];
  const v = new Float64Array(total);
  const spikes = new Float64Array(total);
  const sums = new Float64Array(total);
  const queue = new Int32Array(Math.max(queueMax === 0 ? 65536 : queueMax, 1));

  return {
    run(sample) {
      if (sample.length !== n.inputs.length) bug(`the network has ${n.inputs.length} inputs, ${sample.length} were given`);
      const events = new Float64Array(n.pops.length);
      const trains = new Map(recorded.map((p) => [p, new Float64Array(n.steps * sizeOf(at(n.pops, p).shape))]));
      let synapticEvents = 0;
      v.set(initial);
      sums.fill(0);

      const spreadFrom = (start: number, first: Source): void => {
        let head = 0;
        let count = 1;
        queue[0] = start;
        for (let source = first; count > 0; source = sources[queue[head]!]!) {
          const { targets, weights } = source;
          for (let k = 0; k < targets.length; k++) {
            const j = targets[k]!;
            const u = Math.min(high[j]!, Math.max(low[j]!, v[j]! + weights[k]!));
            if (u < threshold[j]!) {
              v[j] = u;
              continue;
            }
            v[j] = 0;
            if (silent[j] === 1) continue;
            spikes[j] = spikes[j]! + 1;
            if (count < queue.length) queue[(head + count++) % queue.length] = j;
            else if (queueMax === 0) bug("a cascade of spikes does not end");
          }
          synapticEvents += targets.length;
          head = (head + 1) % queue.length;
          count--;
        }
      };

      for (let t = 0; t < n.steps; t++) {
        spikes.fill(0);
        for (const [i, code] of n.inputs.entries()) {
          const p = at(n.pops, code.pop);
          const local = t - p.start;
          if (local < 0 || t >= (p.stop ?? n.steps)) continue;
          const payloads = new Float64Array(sizeOf(p.shape));
          if (!encodeInput(code.code, code.params, p.spike, at(sample, i), local, payloads)) continue;
          for (let c = 0; c < payloads.length; c++) {
            if (payloads[c] === 0) continue;
            spikes[first[p.id]! + c] = 1;
            const source = first[p.id]! + c;
            if (!apart) spreadFrom(source, sources[source]!);
            else for (const part of bySign(sources[source]!)) spreadFrom(source, part);
          }
        }
        for (let j = 0; j < total; j++) {
          if (leak[j] === 0) continue;
          v[j] = v[j]! >= 0 ? Math.max(0, v[j]! - leak[j]!) : Math.min(0, v[j]! + leak[j]!);
        }
        for (let j = 0; j < total; j++) {
          if (spikes[j] === 0) continue;
          events[popOf[j]!] = events[popOf[j]!]! + spikes[j]!;
          sums[j] = sums[j]! + spikes[j]!;
        }
        for (const [pop, train] of trains) train.set(slice(spikes, n, first, pop), t * sizeOf(at(n.pops, pop).shape));
        if (options.observe)
          for (const p of n.pops)
            options.observe(p.id, t, slice(spikes, n, first, p.id), p.neuron.model === "input" ? null : slice(v, n, first, p.id));
      }
      const raw = n.outputs.map((o) => slice(o.code === "potential" ? v : sums, n, first, o.pop).slice());
      const outputs = n.outputs.map((o, i) => {
        const { shape } = at(n.pops, o.pop);
        const [scales, offsets] = [spread(o.scale, shape), spread(o.offset, shape)];
        return at(raw, i).map((x, k) => x * scales[k]! + offsets[k]!);
      });
      return { outputs, raw, events, synapticEvents, trains } satisfies NetworkRun;
    },
  };
}

function slice(all: Float64Array, n: Network, first: Int32Array, pop: number): Float64Array {
  return all.subarray(first[pop]!, first[pop]! + sizeOf(at(n.pops, pop).shape));
}

function firstNeurons(n: Network): Int32Array {
  const first = new Int32Array(n.pops.length);
  n.pops.forEach((p, i) => {
    if (i > 0) first[i] = first[i - 1]! + sizeOf(at(n.pops, i - 1).shape);
  });
  return first;
}

/** Synapses of every source in order of target; those of several links between the same two neurons add up. */
function sourcesOf(n: Network, first: Int32Array, total: number): Source[] {
  const lists = Array.from({ length: total }, () => new Map<number, number>());
  for (const l of n.links) {
    const [from, to] = [at(n.pops, l.from), at(n.pops, l.to)];
    for (let s = 0; s < sizeOf(from.shape); s++) {
      const list = at(lists, first[l.from]! + s);
      forEachSynapse(l.kernel, from.shape, to.shape, s, (target, weight) => {
        const j = first[l.to]! + target;
        list.set(j, (list.get(j) ?? 0) + weight);
      });
    }
  }
  return lists.map((list) => {
    const sorted = [...list].filter(([, w]) => w !== 0).sort(([a], [b]) => a - b);
    return { targets: Int32Array.from(sorted, ([j]) => j), weights: Float64Array.from(sorted, ([, w]) => w) };
  });
}

/** The exciting synapses of a source, then the inhibiting ones; those of a source with one sign as they are. */
function bySign({ targets, weights }: Source): readonly Source[] {
  if (!weights.some((w) => w > 0) || !weights.some((w) => w < 0)) return [{ targets, weights }];
  const part = (sign: number): Source => {
    const keep = (_: number, k: number): boolean => Math.sign(weights[k]!) === sign;
    return { targets: targets.filter(keep), weights: weights.filter(keep) };
  };
  return [part(1), part(-1)];
}

function numbersOf(n: Network, first: Int32Array, total: number) {
  const column = (): Float64Array => new Float64Array(total);
  const out = { threshold: column(), leak: column(), low: column(), high: column(), silent: new Uint8Array(total), initial: column() };
  let queueMax = 0;
  const copy = (p: Population): void => {
    const params = neuronParams(p);
    for (const name of ["threshold", "leak", "low", "high"] as const) out[name].set(params[name]!, first[p.id]);
    out.initial.set(spread(p.initial["v"] ?? 0, p.shape), first[p.id]);
    if (p.neuron.params["output"] === "yes") out.silent.fill(1, first[p.id], first[p.id]! + sizeOf(p.shape));
    queueMax = Math.max(queueMax, params["queue"]![0]!);
  };
  for (const p of n.pops) if (p.neuron.model === "event-lif") copy(p);
  return { ...out, queueMax };
}
