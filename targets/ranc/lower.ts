import { at, must } from "../../compiler/base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../compiler/base/diagnostic.ts";
import { id } from "../../compiler/base/id.ts";
import { f64, i32, sizeOf, spread, type Tensor } from "../../compiler/base/tensor.ts";
import { outputCodes } from "../../compiler/ir/codes/index.ts";
import { pooledShape, synapsesOf } from "../../compiler/ir/network/kernels/index.ts";
import { neuronParams, neuronWords } from "../../compiler/ir/network/neurons/index.ts";
import type { Link, Network, OutputCode, Population } from "../../compiler/ir/network/types.ts";
import { type Context, pass } from "../../compiler/passes/pass.ts";
import { driveOf } from "../../compiler/passes/network/bounds.ts";
import { potentialBounds } from "../../compiler/passes/network/check-range/potential.ts";
import { freshName, incoming, isInput, placeOf } from "../../compiler/passes/network/edit.ts";

/*
 * Units as the chip's own neuron, which runs in every tick:
 *
 *   reset=subtract     by the threshold                    mode subtract
 *   reset=set          to a value                          mode set; the negative threshold out of reach
 *   leak=multiply by 0 what does not fire is forgotten     mode set to 0, negative threshold = threshold
 *   bias               the leak, which is added
 *   output=yes         a potential that is read at the end becomes a count of spikes (not exact)
 *   window             the first potential makes up for the steps before it, or a clock brings the bias
 *
 * Everything but counts is exact as long as no potential passes the end of its range, where
 * the chip's wraps; that is warned of.
 */
export const rancNeurons = pass({
  name: "ranc-neurons",
  on: "network",
  summary: "Writes every neuron as the neuron of the RANC design, active in every step.",
  keeps: "answers",
  options: {},
  run(network, _options, cx) {
    const work = new Work(network, cx);
    for (const p of network.pops) work.lower(p);
    return work.finish();
  },
});

class Work {
  readonly #net: Network;
  readonly #cx: Context;
  readonly #bits: number;
  readonly #into: readonly (readonly Link[])[];
  readonly #pops: Population[];
  readonly #links: Link[];
  readonly #outputs: OutputCode[];
  readonly #problems: Diagnostic[] = [];
  readonly #taken: Set<string>;

  constructor(net: Network, cx: Context) {
    this.#net = net;
    this.#cx = cx;
    this.#bits = cx.chip?.potential.bits ?? 9;
    this.#into = incoming(net);
    this.#pops = net.pops.slice();
    this.#links = net.links.slice();
    this.#outputs = net.outputs.slice();
    this.#taken = new Set(net.pops.map((p) => p.name));
  }

  lower(p: Population): void {
    if (isInput(p)) return;
    const made = p.neuron.model === "ranc" ? this.#own(p) : this.#unit(p);
    if (made !== null) this.#pops[p.id] = this.#always(made);
  }

  finish(): Network {
    if (this.#problems.length > 0) throw new Failure(this.#problems);
    return { ...this.#net, pops: this.#pops, links: this.#links, outputs: this.#outputs };
  }

  #refuse(p: Population, why: string): null {
    this.#problems.push(diagnostic("ranc-neuron", [p.name, why], { at: placeOf(p), origin: p.origin }));
    return null;
  }

  /** A population of the chip's neurons, with its numbers written out. */
  #own(p: Population): Population {
    const least = -(2 ** (this.#bits - 1));
    const params = neuronParams(p);
    const negative = (params["negativeThreshold"] ?? new Float64Array()).map((v) => Math.max(v, least));
    const bits = p.neuron.params["bits"] ?? this.#bits;
    return { ...p, neuron: { model: "ranc", params: { ...p.neuron.params, negativeThreshold: numbers(negative, p), bits } } };
  }

  #unit(p: Population): Population | null {
    const words = neuronWords(p);
    const params = neuronParams(p);
    const column = (name: string): Float64Array => params[name] ?? new Float64Array(sizeOf(p.shape));
    const threshold = column("threshold");
    const factor = words["leak"] === "multiply" ? column("leakArgument") : null;
    const forgets = factor?.every((m) => m === 0) === true;
    if (factor !== null && !forgets && factor.some((m) => m !== 4096)) return this.#refuse(p, "it leaks by a factor");
    if (p.silent > 0) return this.#refuse(p, `it is silent for ${p.silent} steps`);
    if (words["output"] === "yes") return forgets ? this.#refuse(p, "its potential is read, and it forgets") : this.#counts(p);
    if (!forgets && words["reset"] === "none") return this.#refuse(p, "a spike does not reset it");
    if (!forgets && words["reset"] === "subtract" && column("resetValue").some((r, i) => r !== threshold[i]))
      return this.#refuse(p, "a spike subtracts something else than the threshold");
    const wraps = this.#checkRange(p);
    const set = forgets || words["reset"] === "set";
    const least = -(2 ** (this.#bits - 1));
    const floored = wraps && !forgets && (!set || column("resetValue").every((r) => r === 0));
    return {
      ...p,
      neuron: {
        model: "ranc",
        params: {
          reset: set ? "set" : "subtract",
          threshold: numbers(threshold, p),
          negativeThreshold: forgets ? numbers(threshold, p) : floored ? this.#floor(p, column("bias"), set) : least,
          resetValue: forgets || !set ? 0 : numbers(column("resetValue"), p),
          leak: numbers(column("bias"), p),
          bits: this.#bits,
        },
      },
      initial: forgets ? {} : p.initial,
    };
  }

  /**
   * Negative thresholds that keep potentials from wrapping below. A neuron that gets D at the least in a step and takes N off
   * itself below N stays above the end of its range if end + D <= N <= -D (where it goes to 0 instead: end + D <= N).
   * What a neuron was inhibited beyond N is forgotten, as in a potential that ends there. Where D is too large for a
   * proof, half of the range is kept for one step.
   */
  #floor(p: Population, bias: Float64Array, set: boolean): number | Tensor {
    const half = 2 ** (this.#bits - 1);
    const { low } = driveOf(this.#net, p, at(this.#into, p.id));
    return numbers(
      low.map((l, i) => Math.min(set ? 0 : -half / 2, -half - Math.min(0, l + Math.min(0, at(bias, i))))),
      p,
    );
  }

  /** Warns where the worst of all inputs takes a potential beyond its range; whether it does. */
  #checkRange(p: Population): boolean {
    const half = 2 ** (this.#bits - 1);
    const drive = driveOf(this.#net, p, at(this.#into, p.id));
    const steps = (p.stop ?? this.#net.steps) - p.start;
    const { saturation, low, high } = potentialBounds(p, [drive], steps, -half, half - 1);
    if (saturation === null) return false;
    const value = saturation.value < 0 ? Math.min(low, saturation.value) : Math.max(high, saturation.value);
    this.#cx.report(
      diagnostic("ranc-wraps", [`${p.name}[${saturation.neuron}]`, value, this.#bits, saturation.count - 1], {
        at: placeOf(p),
        origin: p.origin,
      }),
    );
    return true;
  }

  /**
   * A potential that is read becomes a count. The threshold is about what the weights of one neuron
   * add up to in a step of random input (the root of the sum of their squares); half of it is added
   * in every step, so that a neuron with the potential 0 fires in every second step.
   */
  #counts(p: Population): Population {
    let square = 0;
    const sums = new Float64Array(sizeOf(p.shape));
    for (const l of at(this.#into, p.id)) {
      const shape = pooledShape(l.pool, at(this.#net.pops, l.from).shape);
      const visit = synapsesOf(l.kernel, shape, p.shape);
      for (let s = 0; s < sizeOf(shape); s++)
        visit(s, (t, w) => {
          sums[t] = at(sums, t) + w * w;
        });
    }
    for (const s of sums) square = Math.max(square, s);
    const bias = Math.max(1, Math.round(Math.sqrt(square) / 2));
    const threshold = 2 * bias;
    const steps = (p.stop ?? this.#net.steps) - p.start;
    const own = neuronParams(p)["bias"] ?? new Float64Array(sizeOf(p.shape));
    for (const [i, o] of this.#outputs.entries()) {
      if (o.pop !== p.id || outputCodes[o.code as keyof typeof outputCodes].reads !== "potential") continue;
      const scale = spread(o.scale, p.shape);
      const offset = spread(o.offset, p.shape);
      this.#outputs[i] = {
        ...o,
        code: "spikes",
        scale: f64(
          [...p.shape],
          scale.map((s) => s * threshold),
        ),
        offset: f64(
          [...p.shape],
          offset.map((v, k) => v + at(scale, k) * (bias - bias * steps)),
        ),
      };
      this.#cx.report(diagnostic("ranc-counts", [o.name, threshold, bias], { at: placeOf(p), origin: p.origin }));
    }
    return {
      ...p,
      neuron: {
        model: "ranc",
        params: {
          reset: "subtract",
          threshold,
          negativeThreshold: -(2 ** (this.#bits - 1)),
          resetValue: 0,
          leak: numbers(
            own.map((b) => b + bias),
            p,
          ),
          bits: this.#bits,
        },
      },
    };
  }

  /** The same population without a window, or a problem where that is not the same. */
  #always(p: Population): Population {
    const original = at(this.#net.pops, p.id);
    const late = this.#lateProblem(original);
    if (late !== null) this.#problems.push(diagnostic("ranc-window", [p.name, late], { at: placeOf(p), origin: p.origin }));
    const open = { ...p, start: 0, silent: 0, stop: null };
    return p.start === 0 ? open : this.#earlier(open, p.start);
  }

  /** Why what the population does after its window would reach somebody, or what reaches it before; null where nothing does. */
  #lateProblem(p: Population): string | null {
    const { steps } = this.#net;
    const stop = p.stop ?? steps;
    const wait = steps - stop;
    if (wait > 0 && this.#outputs.some((o) => o.pop === p.id)) {
      if (wait > (this.#cx.chip?.core.delayMax ?? 14) + 1) return `it is an output and stops at step ${stop} of ${steps}`;
      this.#relayed(p, wait);
    }
    for (const l of this.#net.links) {
      const to = at(this.#net.pops, l.to);
      if (l.from === p.id && stop + l.delay < (to.stop ?? steps))
        return `it stops at step ${stop}, and ${to.name} would hear what it sends later`;
      const from = at(this.#net.pops, l.from);
      if (l.to === p.id && from.start + l.delay < p.start) return `${from.name} sends to it before it starts`;
    }
    return null;
  }

  /** What an output sends within its window comes `wait` steps later, at the sample's end; what it sends then comes too late to be counted. */
  #relayed(p: Population, wait: number): void {
    const relay: Population = {
      ...p,
      id: id<"population">(this.#pops.length),
      name: freshName(this.#taken, `${p.name}.late`),
      neuron: { model: "ranc", params: { reset: "set", threshold: 1, negativeThreshold: 1, resetValue: 0, leak: 0, bits: this.#bits } },
      spike: { kind: "binary" },
      initial: {},
      start: 0,
      silent: 0,
      stop: null,
    };
    this.#pops.push(relay);
    this.#links.push({
      from: p.id,
      to: relay.id,
      kernel: { kind: "one", weight: 1 },
      pool: null,
      delay: wait,
      gain: null,
      origin: p.origin,
    });
    this.#outputs.forEach((o, i) => {
      if (o.pop === p.id) this.#outputs[i] = { ...o, pop: relay.id };
    });
  }

  /** Steps before the window must leave every neuron as it is at the window's start, without a spike. */
  #earlier(p: Population, start: number): Population {
    const params = neuronParams(p);
    const column = (name: string): Float64Array => params[name] ?? new Float64Array(sizeOf(p.shape));
    const [leak, threshold, negative] = [column("leak"), column("threshold"), column("negativeThreshold")];
    const initial = spread(p.initial["v"] ?? 0, p.shape);
    const half = 2 ** (this.#bits - 1);
    const first = initial.map((v, i) => v - at(leak, i) * start);
    const stays = first.every((v, i) => {
      const ends = [v + at(leak, i), at(initial, i)];
      return v >= -half && v < half && ends.every((u) => u < at(threshold, i) && u >= at(negative, i));
    });
    if (stays) return { ...p, initial: first.every((v) => v === 0) ? {} : { v: numbers(first, p) } };
    // Neurons that forget come back to 0 by themselves, unless their leak alone makes them fire.
    const forgets =
      initial.every((v) => v === 0) &&
      at([neuronWords(p)["reset"]], 0) === "set" &&
      column("resetValue").every((r) => r === 0) &&
      threshold.every((t, i) => t === negative[i]);
    if (forgets && leak.every((b, i) => b < at(threshold, i))) return p;
    return this.#clocked(p, start, leak, threshold, forgets);
  }

  /** The leak comes as a weight of a clock, one neuron that fires from the step before the window on. */
  #clocked(p: Population, start: number, leak: Float64Array, threshold: Float64Array, forgets: boolean): Population {
    const half = 2 ** (this.#bits - 1);
    const quiet = forgets ? threshold.map((t) => Math.max(t, 1)) : threshold;
    const weights = leak.map((b, i) => b + at(quiet, i) - at(threshold, i));
    const widest = 2 ** ((this.#cx.chip?.weight.bitsMax ?? 9) - 1);
    if (start - 1 > half || quiet.some((t) => t < 1) || weights.some((w) => w < -widest || w >= widest)) {
      this.#problems.push(
        diagnostic("ranc-window", [p.name, `it starts at step ${start}, and its threshold or bias makes it fire before`], {
          at: placeOf(p),
          origin: p.origin,
        }),
      );
      return p;
    }
    const clock: Population = {
      id: id<"population">(this.#pops.length),
      name: freshName(this.#taken, `${p.name}.clock`),
      shape: [1],
      neuron: { model: "ranc", params: { reset: "set", threshold: 1, negativeThreshold: -half, resetValue: 0, leak: 1, bits: this.#bits } },
      spike: { kind: "binary" },
      initial: start === 1 ? {} : { v: 1 - start },
      amplitude: 1,
      start: 0,
      silent: 0,
      stop: null,
      origin: p.origin,
    };
    must(clock.id === this.#pops.length, "the clock's id is its place");
    this.#pops.push(clock);
    const weight = i32([weights.length, 1], weights);
    this.#links.push({ from: clock.id, to: p.id, kernel: { kind: "dense", weight }, pool: null, delay: 1, gain: null, origin: p.origin });
    const params = {
      ...p.neuron.params,
      leak: 0,
      threshold: numbers(quiet, p),
      ...(forgets ? { negativeThreshold: numbers(quiet, p) } : {}),
    };
    return { ...p, neuron: { model: "ranc", params } };
  }
}

/** One number when all are equal, else a tensor of the population's shape. */
function numbers(values: Float64Array, p: Population): number | Tensor {
  const first = values[0] ?? 0;
  return values.every((v) => v === first) ? first : i32([...p.shape], Int32Array.from(values));
}
