import { at } from "../../compiler/base/bug.ts";
import { NeuronMemory, neuronCount } from "./neurons.ts";
import { loadRegisters, type Settings } from "./settings.ts";
import * as words from "./words.ts";

/*
 * ReckOn's core, clock by clock: registers, memories, and the two state machines
 * that a tick sets going. The simulator runs it to the end of each tick; a board at the
 * pins also stops in the middle of one.
 *
 *     idle ─tick─▶ scan ⇄ row ─▶ wait ─tick─▶ step ─▶ done ─┬▶ scan …
 *      ▲                                                     ├▶ config ─▶ scan …   (registers say so)
 *      └──────────────── output sent ◀── send ◀──────────────┘                     (pin SAMPLE is low)
 */

export const outputCount = 16;
const half = 2 ** 15;

export type Phase = "idle" | "scan" | "row" | "wait" | "step" | "done" | "config" | "send";

/** What was done since power-up, in the units of the chip file's `cycles` and `energy`. */
export type Work = {
  /** Sources looked at. */
  scan: number;
  /** Sources with an event or a spike: rows added. */
  row: number;
  /** Pairs of neurons that a row was added to. */
  pair: number;
  /** Clocks of the neurons' update. */
  step: number;
  /** Updates ended. */
  done: number;
  /** Weights added to neurons and readouts. */
  synapse: number;
  /** Spikes of neurons that were sent. */
  spike: number;
};

export type MemoryName = "neurons" | "inputWeights" | "recurrentWeights" | "outputWeights";

/** Words of each memory, in chunks of 32 bits. The output memory's upper half is never used by the chip. */
export const memorySizes: Readonly<Record<MemoryName, number>> = {
  neurons: 512,
  inputWeights: 16384,
  recurrentWeights: 16384,
  outputWeights: 2048,
};

/** Bits of memory words that are stuck: stored word = (written and `and`) or `or`. */
export type StuckBits = Readonly<Record<MemoryName | "registers", ReadonlyMap<number, { readonly and: number; readonly or: number }>>>;

/** Called for each neuron whose spike is sent: its index. */
export type SpikeSink = (neuron: number) => void;

export class ReckonCore {
  readonly neurons = new NeuronMemory();
  readonly out = new Int32Array(outputCount);
  readonly live = new Uint8Array(neuronCount);
  readonly z = new Uint8Array(neuronCount);
  readonly events = new Uint8Array(neuronCount);
  readonly nextEvents = new Uint8Array(neuronCount);
  /** Ticks in which each readout was the largest. */
  readonly wins = new Uint16Array(outputCount);
  readonly work: Work = { scan: 0, row: 0, pair: 0, step: 0, done: 0, synapse: 0, spike: 0 };

  // Pins, as the core sees them behind its synchronisers.
  sample = false;
  inferAcc = false;

  phase: Phase = "idle";
  /** A tick came while the core was busy (kept until reset). */
  timingError = false;
  spikes: SpikeSink | null = null;

  readonly #registers = new Uint32Array(128);
  #settings: Settings = loadRegisters(this.#registers);
  /** Weights by source and target. */
  readonly #input = new Int8Array(neuronCount * neuronCount);
  readonly #recurrent = new Int8Array(neuronCount * neuronCount);
  readonly #output = new Int8Array(2 * neuronCount * outputCount);
  readonly #stuck: StuckBits | null;
  /** Sample's first tick has been seen, so every live flag that a row touches is set. */
  #rowsLive = false;
  /** Neuron of the step, source of the scan; and the clock within a row. */
  #index = 0;
  #clock = 0;

  constructor(stuck: StuckBits | null = null) {
    this.#stuck = stuck;
    this.#reset();
    if (stuck === null) return;
    for (const memory of Object.keys(memorySizes) as MemoryName[]) for (const [address] of stuck[memory]) this.#store(memory, address, 0);
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** The pin RST: registers take their reset values, memories stay. */
  reset(): void {
    this.#reset();
  }

  #reset(): void {
    this.#registers.fill(0);
    for (const [address, value] of words.registerResets) this.#registers[address] = value;
    for (const [address, bits] of this.#stuck?.registers ?? [])
      if (address < this.#registers.length) this.#registers[address] = (this.#registers[address]! & bits.and) | bits.or;
    this.#settings = loadRegisters(this.#registers);
    this.timingError = false;
    this.#forget();
    this.nextEvents.fill(0);
    this.phase = "idle";
  }

  /** What the end of a sample clears. */
  #forget(): void {
    this.live.fill(0);
    this.z.fill(0);
    this.events.fill(0);
    this.nextEvents.fill(0);
    this.out.fill(0);
    this.wins.fill(0);
    this.#rowsLive = false;
  }

  // ---- registers and memories ----

  writeRegister(address: number, data: number): void {
    if (address >= this.#registers.length) return;
    const stuck = this.#stuck?.registers.get(address);
    this.#registers[address] = stuck === undefined ? data : (data & stuck.and) | stuck.or;
    this.#settings = loadRegisters(this.#registers);
    this.#rowsLive = false;
    if (this.phase === "config" && !this.#settings.config) this.#beginScan();
  }

  /** A chunk of a memory over SPI. A write to the neurons marks both of the pair live. */
  write(memory: MemoryName, address: number, data: number): void {
    this.#store(memory, address, data);
    if (memory !== "neurons") return;
    const even = (address >> 2) * 2;
    this.live[even] = 1;
    this.live[even + 1] = 1;
  }

  /** A chunk written to the neuron space with address bit 9 set also sets the spike (bit 0) and live (bit 1) flag of the neuron in address bits 7..0. */
  writeFlags(neuron: number, data: number): void {
    this.z[neuron] = data & 1;
    this.live[neuron] = (data >> 1) & 1;
    this.#rowsLive = false;
  }

  writeOutput(output: number, data: number): void {
    this.out[output] = (data << 16) >> 16;
  }

  #store(memory: MemoryName, address: number, data: number): void {
    const stuck = this.#stuck?.[memory].get(address);
    const kept = stuck === undefined ? data : (data & stuck.and) | stuck.or;
    if (memory === "neurons") this.neurons.write(address, kept);
    else {
      const to = this.#weights(memory);
      for (let b = 0; b < 4; b++) to[address * 4 + b] = kept >> (8 * b);
    }
  }

  #weights(memory: Exclude<MemoryName, "neurons">): Int8Array {
    return { inputWeights: this.#input, recurrentWeights: this.#recurrent, outputWeights: this.#output }[memory];
  }

  read(memory: MemoryName, address: number): number {
    if (memory === "neurons") return this.neurons.read(address);
    const from = this.#weights(memory);
    let w = 0;
    for (let b = 3; b >= 0; b--) w = (w << 8) | (at(from, address * 4 + b) & 0xff);
    return w >>> 0;
  }

  /** Potential of a neuron as the chip sees it: 0 when it is not live. */
  potential(neuron: number): number {
    return this.live[neuron] === 1 ? at(this.neurons.potential, neuron) : 0;
  }

  // ---- a time step ----

  /** An input event, once accepted. */
  event(channel: number): void {
    this.nextEvents[channel] = 1;
  }

  /** TIME_TICK, in the clock in which the state machine sees it. */
  tick(): void {
    this.events.set(this.nextEvents);
    this.nextEvents.fill(0);
    if (this.phase !== "idle" && this.phase !== "wait") this.#mistimed();
    if (this.timingError && this.#settings.errorHalt) return;
    if (this.phase === "idle" && this.sample) this.#beginScan();
    else if (this.phase === "wait") {
      this.phase = "step";
      this.#index = 0;
    }
  }

  /** A tick in the middle of another. The scan of rows cannot be stopped; all else halts, if the registers say so. */
  #mistimed(): void {
    this.timingError = true;
    if (!this.#settings.errorHalt || this.phase === "scan" || this.phase === "row") return;
    // The state machine follows by a clock.
    this.advance(1);
    this.phase = "idle";
  }

  get ready(): boolean {
    return this.phase === "idle" || this.phase === "wait" || (this.timingError && this.#settings.errorHalt);
  }

  /** The label that the output bus carries: the readout that was largest most often, the lowest of equals. */
  get label(): number {
    return largest(this.wins, this.#settings.outputs);
  }

  /** The last byte or label has been taken: the sample is over. */
  sent(): void {
    this.#forget();
    this.phase = "idle";
  }

  /** Runs until the core waits for somebody, or so many clocks; returns the clocks it took. */
  advance(clocks: number): number {
    let used = 0;
    while (used < clocks) {
      const left = clocks - used;
      if (this.phase === "scan") used += this.#scan(left);
      else if (this.phase === "row") used += this.#row(left);
      else if (this.phase === "step") used += this.#step(left);
      else if (this.phase === "done") used += this.#done();
      else break;
    }
    return used;
  }

  #beginScan(): void {
    this.phase = "scan";
    this.#index = 0;
  }

  /** Looks at sources until one has an event or a spike; a clock each. */
  #scan(left: number): number {
    const { sources } = this.#settings;
    const { events, z } = this;
    const from = this.#index;
    const end = Math.min(sources, from + left);
    let i = from;
    while (i < end && events[i] === 0 && z[i] === 0) i++;
    if (i < end) {
      this.work.scan += i + 1 - from;
      this.#index = i;
      this.#clock = 0;
      this.phase = "row";
      return i + 1 - from;
    }
    this.work.scan += end - from;
    this.#index = end;
    if (end === sources) this.#endScan();
    return end - from;
  }

  #endScan(): void {
    this.phase = this.timingError && this.#settings.errorHalt ? "idle" : "wait";
  }

  /** Adds the rows of one source to the neurons, a pair every two clocks, and to the readouts in the first clock. */
  #row(left: number): number {
    const { neurons, sources } = this.#settings;
    const i = this.#index;
    const pairs = (neurons + 1) >> 1;
    const from = this.#clock;
    const to = Math.min(2 * pairs, from + left);
    if (from === 0) this.#beginRow(i);
    this.#addPairs(i, from >> 1, to >> 1);
    this.#clock = to;
    if (to === 2 * pairs) {
      this.work.row++;
      this.work.synapse += (this.events[i] as number) * neurons + (this.z[i] as number) * (neurons + this.#settings.outputs);
      this.events[i] = 0;
      this.z[i] = 0;
      this.#index = i + 1;
      this.phase = "scan";
      if (i + 1 === sources) this.#endScan();
    }
    return to - from;
  }

  #beginRow(source: number): void {
    if (this.z[source] === 0) return;
    this.work.spike++;
    if (this.spikes !== null) this.spikes(source);
    this.#addOutputs(source);
  }

  #addPairs(source: number, firstPair: number, endPair: number): void {
    const u = this.neurons.potential;
    const first = 2 * firstPair;
    const end = 2 * endPair;
    if (!this.#rowsLive) this.#enliven(first, end);
    this.work.pair += endPair - firstPair;
    const base = source * neuronCount;
    const input = this.#input;
    const recurrent = this.#recurrent;
    const { inputShift, recurrentShift } = this.#settings;
    const hasEvent = this.events[source] === 1;
    const hasSpike = this.z[source] === 1;
    if (hasEvent && hasSpike)
      for (let n = first; n < end; n++) u[n] = clamp(u[n]! + (input[base + n]! << inputShift) + (recurrent[base + n]! << recurrentShift));
    else if (hasEvent) for (let n = first; n < end; n++) u[n] = clamp(u[n]! + (input[base + n]! << inputShift));
    else for (let n = first; n < end; n++) u[n] = clamp(u[n]! + (recurrent[base + n]! << recurrentShift));
    if (this.#stuck !== null) this.#stick(first, end);
  }

  #addOutputs(source: number): void {
    const { outputs, outputShift } = this.#settings;
    const base = source * outputCount;
    for (let k = 0; k < outputs; k++) this.out[k] = clamp(this.out[k]! + (this.#output[base + k]! << outputShift));
  }

  /** Neurons that were not live read as 0, and are live from their first write on. */
  #enliven(first: number, end: number): void {
    for (let n = first; n < end; n++) {
      if (this.live[n] === 1) continue;
      this.neurons.potential[n] = 0;
      this.neurons.clearTraces(n);
      this.live[n] = 1;
    }
    if (first === 0 && end >= this.#settings.neurons) this.#rowsLive = true;
  }

  /** Leak, fire and reset: neurons in pairs, at the odd clocks; and one readout in each of the first sixteen. */
  #step(left: number): number {
    const { updates } = this.#settings;
    const from = this.#index;
    const to = Math.min(updates, from + left);
    this.work.step += to - from;
    for (let k = from; k < to; k++) {
      if ((k & 1) === 1) this.#updatePair(k >> 1);
      else this.z[k] = this.z[k + 1] = 0;
      if (k < this.#settings.outputs) this.out[k] = leakOutput(this.out[k]!, this.#settings.kappa);
    }
    this.#index = to;
    if (to === updates) this.phase = "done";
    return to - from;
  }

  #updatePair(pair: number): void {
    const even = 2 * pair;
    this.#enliven(even, even + 2);
    const { potential, threshold: thresholds, alpha: low } = this.neurons;
    const { growth, resetZero, kappa } = this.#settings;
    const threshold = thresholds[pair]!;
    const alpha = (growth[pair] === 1 ? 0x8000 : 0x7000) | low[pair]!;
    for (let n = even; n < even + 2; n++) {
      const u = potential[n]!;
      const leaked = leak(u, alpha);
      const fires = u >= threshold;
      this.z[n] = fires ? 1 : 0;
      potential[n] = fires ? (resetZero ? 0 : ((leaked - threshold) << 16) >> 16) : leaked;
      if (this.neurons.traced) this.neurons.leakTraces(n, alpha, kappa);
    }
    if (this.#stuck !== null) this.#stick(even, even + 2);
  }

  /** The clock after the update: counts the winner, and decides how to go on. */
  #done(): number {
    this.work.done++;
    if (this.inferAcc && !this.#settings.regression) {
      const winner = largest(this.out, this.#settings.outputs);
      this.wins[winner] = this.wins[winner]! + 1;
    }
    if (!this.sample) this.phase = "send";
    else if (this.#settings.config) this.phase = "config";
    else if (this.#settings.sendEachStep) this.phase = "send";
    else this.#beginScan();
    return 1;
  }

  /** Stuck bits of the words that were just written. */
  #stick(first: number, end: number): void {
    const stuck = this.#stuck?.neurons;
    if (stuck === undefined || stuck.size === 0) return;
    for (let address = 2 * first; address < 2 * end; address++)
      if (stuck.has(address)) this.#store("neurons", address, this.read("neurons", address));
  }
}

const clamp = (x: number): number => (x > half - 1 ? half - 1 : x < -half ? -half : x);

/** floor(u * alpha / 2^15), wrapped to 16 bits. */
const leak = (u: number, alpha: number): number => (Math.imul(u, alpha) << 1) >> 16;

/** floor(o * kappa / 2^7), wrapped to 16 bits. */
const leakOutput = (o: number, kappa: number): number => ((o * kappa) << 9) >> 16;

/** Index of the largest of the first `count`, the lowest of equals. */
function largest(values: ArrayLike<number>, count: number): number {
  let best = 0;
  for (let k = 1; k < count; k++) if (values[k]! > values[best]!) best = k;
  return best;
}
