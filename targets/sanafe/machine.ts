import { at } from "../../compiler/base/bug.ts";
import type { Cost } from "../../compiler/frontends/sanafe/types.ts";
import { kernelBytes } from "../kernels.ts";
import type { SanafeImage } from "./image.ts";
import { type Compiled, placeNumbers } from "./kernels.ts";
import { type Fired, type NeuronState, type Update, updateOf } from "./neurons.ts";

/*
 * The functional machine: what fires, who gets what, and how much work each core has. How long that takes is told by a
 * timing model (timing.ts) from the messages of the step.
 */

/** The messages of a step, by sending core and, within one, in the order of sending. Times in seconds. */
export type Messages = {
  count: number;
  /** Messages of sending core c: first[c] … first[c + 1] - 1. */
  readonly first: Int32Array;
  readonly to: Uint16Array;
  /** Seconds that the core works from its message before (or the beginning) until this one can leave. */
  readonly generation: Float64Array;
  /** Seconds that the receiving core works on it. */
  readonly processing: Float64Array;
  /** By sending core: work behind its last message. */
  readonly tail: Float64Array;
};

/** What happened in a step. */
export type StepCounts = {
  fired: number;
  updated: number;
  messages: number;
  hops: number;
  synapticEvents: number;
  synapseEnergy: number;
  dendriteEnergy: number;
  somaEnergy: number;
  networkEnergy: number;
};

type Run = {
  readonly first: number;
  readonly end: number;
  readonly update: Update;
  readonly access: Cost;
  readonly work: Cost;
  readonly spike: Cost;
};

export class SanafeMachine {
  readonly image: SanafeImage;
  readonly messages: Messages;
  readonly counts: StepCounts;
  /** Neurons that fired in the last step: the first `count`, by number in the machine. */
  readonly fired: Fired;
  /** Seconds without contention from core to core, at from * cores + to. */
  readonly hopSeconds: Float64Array;
  readonly #runs: readonly (readonly Run[])[];
  readonly #state: NeuronState;
  readonly #hops: Uint16Array;
  /** By way: energy of hops, of the sender's axon and of the receiver's. */
  readonly #wayEnergy: Float64Array;
  readonly #loadCount: Float64Array;
  readonly #loadSeconds: Float64Array;
  readonly #loadSynapse: Float64Array;
  readonly #loadDendrite: Float64Array;
  readonly #axonCore: Uint16Array;
  readonly #axonLoad: Uint16Array;
  /** By core: its first neuron, with one entry more, and what it needs to take a message in. */
  readonly #coreFirst: Int32Array;
  readonly #receive: Float64Array;
  /** The compiled kernels that it works with. */
  readonly compiled: Compiled | null;
  readonly #deliver: (from: number, to: number, base: number) => void;
  #step = 0;

  /** `kernels`: null does without compiled ones, more slowly. */
  constructor(image: SanafeImage, kernels: Uint8Array | null = kernelBytes()) {
    this.image = image;
    const { cores, runs, somas, somaUnits, loads, synapseCosts, dendriteCosts } = image.tables;
    const { bias, axonCore, axonLoad } = image.arrays;
    const neurons = bias.length;
    const ways = cores.length * cores.length;
    this.hopSeconds = new Float64Array(ways);
    this.#hops = new Uint16Array(ways);
    this.#wayEnergy = new Float64Array(ways);
    cores.forEach((a, i) => {
      cores.forEach((b, j) => {
        const way = i * cores.length + j;
        const [x, y] = [b.x - a.x, b.y - a.y];
        const [alongX, alongY] = [x > 0 ? "east" : "west", y > 0 ? "north" : "south"] as const;
        // A hop takes as long as the sender's tile says, and costs what the receiver's says.
        this.hopSeconds[way] = Math.abs(x) * a.hops[alongX].latency + Math.abs(y) * a.hops[alongY].latency;
        this.#hops[way] = Math.abs(x) + Math.abs(y);
        const hops = Math.abs(x) * b.hops[alongX].energy + Math.abs(y) * b.hops[alongY].energy;
        this.#wayEnergy[way] = hops + a.axonOut.energy + b.axonIn.energy;
      });
    });
    const sum = (part: (synapse: Cost, dendrite: Cost) => number): Float64Array =>
      Float64Array.from(loads, (l) => l.parts.reduce((n, [s, d, k]) => n + k * part(at(synapseCosts, s), at(dendriteCosts, d)), 0));
    this.#loadCount = Float64Array.from(loads, (l) => l.synapses);
    this.#loadSeconds = sum((s, d) => s.latency + d.latency);
    this.#loadSynapse = sum((s) => s.energy);
    this.#loadDendrite = sum((_, d) => d.energy);
    this.#coreFirst = Int32Array.from([...cores.map((c) => c.first), neurons]);
    this.#receive = Float64Array.from(cores, (c) => c.axonIn.latency);
    const numbers = placeNumbers(
      image,
      {
        coreFirst: this.#coreFirst,
        receive: this.#receive,
        hops: this.#hops,
        wayEnergy: this.#wayEnergy,
        hopSeconds: this.hopSeconds,
        loadCount: this.#loadCount,
        loadSeconds: this.#loadSeconds,
        loadSynapse: this.#loadSynapse,
        loadDendrite: this.#loadDendrite,
      },
      kernels,
    );
    this.compiled = numbers.compiled;
    this.#state = numbers.state;
    this.fired = { count: 0, neuron: numbers.neuron, updated: numbers.updated };
    this.#runs = cores.map((_, c) =>
      runs
        .filter((r) => r.core === c)
        .map((r) => {
          const { access, update, spike } = at(somaUnits, r.unit);
          const soma = at(somas, r.soma);
          const compiled = numbers.compiled?.update(soma) ?? updateOf(soma);
          return { first: r.first, end: r.first + r.count, update: compiled, access, work: update, spike };
        }),
    );
    this.messages = numbers.messages;
    this.counts = zeros();
    this.#deliver = image.tables.unit === 0 ? deliverDoubles(image, this.#state.sums) : deliverIntegers(image, this.#state.sums);
    this.#axonCore = axonCore;
    this.#axonLoad = axonLoad;
    this.reset();
  }

  reset(): void {
    const { potential, sums, current, rest } = this.#state;
    for (const runs of this.image.tables.runs) {
      const soma = at(this.image.tables.somas, runs.soma);
      potential.fill(soma.model === "leaky_integrate_fire" ? soma.potential : 0, runs.first, runs.first + runs.count);
    }
    sums.fill(-0);
    current.fill(0);
    rest.fill(0);
    this.#step = 0;
    this.fired.count = 0;
  }

  /** Potential of each neuron, by number in the machine. */
  get potentials(): Float64Array {
    return this.#state.potential;
  }

  /** Runs one step: all neurons, then all messages. */
  step(): void {
    const { counts, messages, fired } = this;
    Object.assign(counts, zeros());
    messages.count = 0;
    fired.count = 0;
    const cores = this.#runs.length;
    for (let c = 0; c < cores; c++) {
      messages.first[c] = messages.count;
      messages.tail[c] = this.#updateCore(c);
    }
    messages.first[cores] = messages.count;
    this.#deliverAll();
    this.#step++;
  }

  /** Updates a core's neurons and lists what they send; returns the seconds of work behind the last message. */
  #updateCore(c: number): number {
    const { counts, messages, fired } = this;
    const axons = this.image.arrays.axons;
    const out = at(this.image.tables.cores, c).axonOut.latency;
    const { to, generation } = messages;
    const axonCore = this.#axonCore;
    let m = messages.count;
    // Seconds since the last message.
    let pending = 0;
    for (const run of this.#runs[c]!) {
      const from = fired.count;
      const updated = run.update(this.#state, run.first, run.end, this.#step, fired);
      const spikes = fired.count - from;
      counts.updated += updated;
      counts.fired += spikes;
      counts.somaEnergy += (run.end - run.first) * run.access.energy + updated * run.work.energy + spikes * run.spike.energy;
      let [seen, worked] = [run.first, 0];
      for (let f = from; f < fired.count; f++) {
        const n = fired.neuron[f]!;
        const u = fired.updated[f]!;
        pending += (n + 1 - seen) * run.access.latency + (u - worked) * run.work.latency + run.spike.latency;
        seen = n + 1;
        worked = u;
        const end = axons[n + 1]!;
        for (let a = axons[n]!; a < end; a++) {
          to[m] = axonCore[a]!;
          generation[m++] = pending + out;
          pending = 0;
        }
      }
      pending += (run.end - seen) * run.access.latency + (updated - worked) * run.work.latency;
    }
    messages.count = m;
    return pending;
  }

  /** Adds up what the messages bring: in the order of senders, as the chip does. */
  #deliverAll(): void {
    const { counts, fired } = this;
    if (this.compiled !== null) {
      Object.assign(counts, this.compiled.deliver(fired.count));
      return;
    }
    const { processing, to } = this.messages;
    const { axons, axonSynapses } = this.image.arrays;
    const neurons = fired.neuron;
    const deliver = this.#deliver;
    const [firstOf, receive, hopsOf, wayEnergy, axonLoad] = [this.#coreFirst, this.#receive, this.#hops, this.#wayEnergy, this.#axonLoad];
    const [loadCount, loadSeconds, loadSynapse, loadDendrite] = [this.#loadCount, this.#loadSeconds, this.#loadSynapse, this.#loadDendrite];
    const cores = receive.length;
    let [hops, events, synapse, dendrite, network] = [0, 0, 0, 0, 0];
    let m = 0;
    let c = 0;
    for (let f = 0; f < fired.count; f++) {
      const n = neurons[f]!;
      while (n >= firstOf[c + 1]!) c++;
      const end = axons[n + 1]!;
      for (let a = axons[n]!; a < end; a++, m++) {
        const core = to[m]!;
        const load = axonLoad[a]!;
        const way = c * cores + core;
        deliver(axonSynapses[a]!, axonSynapses[a + 1]!, firstOf[core]!);
        processing[m] = receive[core]! + loadSeconds[load]!;
        hops += hopsOf[way]!;
        events += loadCount[load]!;
        synapse += loadSynapse[load]!;
        dendrite += loadDendrite[load]!;
        network += wayEnergy[way]!;
      }
    }
    counts.messages = m;
    counts.hops = hops;
    counts.synapticEvents = events;
    counts.synapseEnergy = synapse;
    counts.dendriteEnergy = dendrite;
    counts.networkEnergy = network;
  }
}

export function zeros(): StepCounts {
  return {
    fired: 0,
    updated: 0,
    messages: 0,
    hops: 0,
    synapticEvents: 0,
    synapseEnergy: 0,
    dendriteEnergy: 0,
    somaEnergy: 0,
    networkEnergy: 0,
  };
}

function deliverIntegers(image: SanafeImage, sums: Float64Array): (from: number, to: number, base: number) => void {
  const { synapses } = image.arrays;
  const { unit } = image.tables;
  if (unit === 1)
    return (from, to, base) => {
      for (let s = from; s < to; s++) {
        const word = synapses[s]! | 0;
        sums[base + (word & 0xffff)]! += word >> 16;
      }
    };
  return (from, to, base) => {
    for (let s = from; s < to; s++) {
      const word = synapses[s]! | 0;
      sums[base + (word & 0xffff)]! += (word >> 16) * unit;
    }
  };
}

function deliverDoubles(image: SanafeImage, sums: Float64Array): (from: number, to: number, base: number) => void {
  const { slots, weights } = image.arrays;
  return (from, to, base) => {
    for (let s = from; s < to; s++) sums[base + slots[s]!]! += weights[s]!;
  };
}
