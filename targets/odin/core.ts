import { bug } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Fault } from "../../runtime/tape/types.ts";
import type { Variant } from "./variant.ts";
import * as words from "./words.ts";

const { bitsOf, signedBitsOf, withBits, odinRegisters, tinyRegisters, nibbleBits, signsPerRegister } = words;
const { weight: weightField, map: mapField } = words.odinNibble.fields;
const eventFields = words.odinEvent.fields;

/*
 * The chip at its pins, clock by clock. `#tick` is one rising edge of CLK written register by
 * register; `advance` runs many edges and does in a loop what cannot look different
 * from outside: sweeps over neurons, rows of weights, and waiting. README.md, section Clocks, is the
 * specification.
 *
 * Inputs change between edges: whoever drives the chip sets `request`, `event`, `hold`
 * and the configuration link, and calls `advance`. Output events are acknowledged at once, in the
 * clock after the request, unless `hold` is set.
 */

/** What the controller is doing. */
const State = {
  wait: 0,
  writeNeuron: 1,
  readNeuron: 2,
  writeSynapse: 3,
  readSynapse: 4,
  reference: 5,
  bistability: 6,
  synapse: 7,
  push: 8,
  sweep: 9,
  virtual: 10,
  leaveSweep: 11,
  waitConfiguration: 12,
  waitRequest: 13,
} as const;
type State = (typeof State)[keyof typeof State];

const neuronCount = 256;
const wordsPerRow = 32;
const sweepClocks = 2 * neuronCount;
/** Clocks for which an output event to a host that answers at once stops the counters. */
const stallClocks = 6;

/** What the chip did, as numbers. */
export type Tally = {
  /** Neuron visits by sweeps, virtual and single-synapse events: synaptic operations. */
  visits: number;
  /** Neuron visits by time references. */
  leaks: number;
  /** Queue entries that were processed. */
  entries: number;
  /** Spikes that were sent out. */
  spikes: number;
  /** Spikes that the full queue lost inside. */
  dropped: number;
  /** Events that the input accepted. */
  accepted: number;
};

export class OdinCore {
  /** Rising edges since power-up. */
  cycle = 0;
  // Input pins.
  reset = 0;
  request = 0;
  event = 0;
  /** 1: the host does not answer output events. */
  hold = 0;
  /** Output events in order: cycle of the edge after which the request is seen, and address. */
  readonly spikes: { cycle: number; address: number }[] = [];
  /** Changes of the pin for a full queue (tinyODIN), by the cycle of the edge. */
  readonly fullChanges: { cycle: number; value: number }[] = [];
  readonly tally: Tally = { visits: 0, leaks: 0, entries: 0, spikes: 0, dropped: 0, accepted: 0 };
  /** Registers that the configuration link writes; never reset. */
  readonly registers: Uint32Array;

  readonly variant: Variant;
  readonly #odin: boolean;

  // Memories. Potentials live in #potential and are put back into words when somebody looks.
  readonly #neurons: Uint32Array;
  readonly #synapses = new Uint32Array(neuronCount * wordsPerRow);
  readonly #potential = new Int32Array(neuronCount);
  readonly #threshold = new Float64Array(neuronCount);
  readonly #leak = new Int32Array(neuronCount);
  readonly #disabled = new Uint8Array(neuronCount);
  readonly #known = new Uint8Array(neuronCount);
  /** Signed weights as a sweep adds them; a row is unpacked when it is first used after a change. */
  readonly #weights = new Int8Array(neuronCount * neuronCount);
  readonly #stale = new Uint8Array(neuronCount).fill(1);
  #stuck: StuckBits | null = null;

  // Controller.
  #state: State = State.wait;
  #count = 0;
  #neuron = 0;
  #resetFirst = 0;
  #resetSynced = 0;
  #requestFirst = 0;
  #requestSynced = 0;
  #gateFirst = 0;
  #gateSynced = 0;
  #readFirst = 0;
  #readSynced = 0;
  #writeFirst = 0;
  #writeSynced = 0;
  #openFirst = 0;
  #openSynced = 0;

  // Output link.
  #outRequest = 0;
  #busy = 0;
  #ack = 0;
  #ackFirst = 0;
  #ackSynced = 0;
  #ackBefore = 0;
  /** Of a state that is shown at the pins: its transfers that are still to come. */
  readonly #shown = { first: false, second: false, low: 0, synapseLater: false, synapse: 0 };

  // Queue of {virtual field, address}.
  readonly #queue: Uint16Array;
  #head = 0;
  #queued = 0;

  // Configuration link.
  readonly #link = { clock: 0, count: 0, shiftIn: 0, address: 0, shiftOut: 0, read: 0, write: 0, spiAddress: 0, space: 0, data: 0 };
  /** The neuron word and the synapse word at the memories' outputs. */
  readonly #neuronOut: Uint32Array;
  #synapseOut = 0;

  constructor(variant: Variant) {
    this.variant = variant;
    this.#odin = variant.name === "odin";
    this.registers = new Uint32Array(variant.registers);
    this.#neurons = new Uint32Array(neuronCount * variant.neuronParts);
    this.#neuronOut = new Uint32Array(variant.neuronParts);
    this.#queue = new Uint16Array(variant.queue);
    for (let n = 0; n < neuronCount; n++) this.#unpackNeuron(n);
  }

  // What the pins show.

  /** The chip accepts the event. */
  get acknowledge(): number {
    return this.#state === State.waitRequest ? 1 : 0;
  }

  /** The queue has no room: a pin of tinyODIN. */
  get full(): number {
    return this.#queued === this.variant.queue ? 1 : 0;
  }

  /** The configuration link's answer. */
  get miso(): number {
    return (this.#link.shiftOut >>> 19) & 1;
  }

  /** Nothing is under way and nothing is queued; seen by no pin. */
  get idle(): boolean {
    return this.#state === State.wait && this.#queued === 0 && this.#busy === 0 && this.request === 0 && this.#requestSynced === 0;
  }

  /** Nothing comes out or is under way, whatever the input asks. */
  get quiet(): boolean {
    return this.#state === State.wait && this.#queued === 0 && this.#busy === 0;
  }

  // The way round the pins: for tests, debuggers and the loader of simulations.

  loadNeurons(image: ArrayLike<number>, base = 0): void {
    for (let i = 0; i < image.length; i++) this.#neurons[base + i] = this.#stuckNeuron(base + i, image[i]!);
    for (let n = 0; n < neuronCount; n++) this.#unpackNeuron(n);
  }

  loadSynapses(image: ArrayLike<number>, base = 0): void {
    for (let i = 0; i < image.length; i++) this.#synapses[base + i] = this.#stuckSynapse(base + i, image[i]!);
    this.#stale.fill(1);
  }

  /** Writes a register; what it changes is unpacked again. */
  setRegister(address: number, value: number): void {
    if (address >= this.registers.length) return;
    const kept = force(value & (2 ** words.registerBits(this.variant.name, address) - 1), this.#stuck?.registers.get(address));
    if (this.registers[address] === kept) return;
    this.registers[address] = kept;
    if (this.#odin) this.#stale.fill(1);
  }

  /** Neuron memory with the potentials of now: parts of 32 bits. */
  neuronWords(): Uint32Array {
    for (let n = 0; n < neuronCount; n++) this.#packNeuron(n);
    return this.#neurons.slice();
  }

  synapseWords(): Uint32Array {
    return this.#synapses.slice();
  }

  potentials(): Int32Array {
    return this.#potential.slice();
  }

  setPotentials(potentials: ArrayLike<number>): void {
    for (let n = 0; n < potentials.length; n++) this.#potential[n] = potentials[n]!;
    if (this.#stuck !== null) this.loadNeurons(this.neuronWords());
  }

  /** Bits that always read the same. */
  setFaults(faults: readonly Fault[]): void {
    this.#stuck = faults.length === 0 ? null : stuckBits(faults, this.variant.neuronParts);
    for (let r = 0; r < this.registers.length; r++) this.setRegister(r, this.registers[r]!);
    this.loadNeurons(this.neuronWords());
    this.loadSynapses(this.#synapses);
  }

  // The configuration link.

  /** One level of its clock; `mosi` is what the host shows at a rising edge. */
  linkClock(level: number, mosi: number): void {
    const link = this.#link;
    if (level === link.clock) return;
    link.clock = level;
    if (level === 1) this.#linkRise(mosi);
    else this.#linkFall();
  }

  #linkRise(mosi: number): void {
    const link = this.#link;
    const shifted = ((link.shiftIn << 1) | mosi) & 0xfffff;
    if (link.count === 39 && bitsOf(words.spiAddress.fields.space, link.address) === 0)
      this.setRegister(bitsOf(words.spiAddress.fields.address, link.address), shifted);
    link.shiftIn = shifted;
  }

  #linkFall(): void {
    const link = this.#link;
    const f = words.spiAddress.fields;
    const { count, shiftIn, address } = link;
    const shiftOut = (link.shiftOut << 1) & 0xfffff;
    const take = (read: number): void => {
      link.read = read;
      link.write = 0;
      link.spiAddress = bitsOf(f.address, shiftIn);
      link.space = bitsOf(f.space, shiftIn);
      link.data = 0;
    };
    if (count === 19 && bitsOf(f.read, shiftIn) === 1) {
      link.shiftOut = shiftOut;
      take(bitsOf(f.space, shiftIn) === 0 ? 0 : 1);
    } else if (count === 19 && bitsOf(f.write, shiftIn) === 1) {
      link.shiftOut = 0;
      take(0);
    } else if (count === 31 && bitsOf(f.read, address) === 1) {
      const found = this.#readByte();
      link.shiftOut = found === null ? shiftOut : found << 12;
      link.read = 0;
      link.write = 0;
      link.data = 0;
    } else if (count === 39 && bitsOf(f.write, address) === 1) {
      link.shiftOut = shiftOut;
      link.read = 0;
      link.write = link.space === 0 ? 0 : 1;
      link.data = shiftIn & 0xffff;
    } else {
      link.shiftOut = shiftOut;
      link.write = 0;
    }
    if (count === 19) link.address = shiftIn;
    link.count = count === 39 ? 0 : count + 1;
  }

  /** The byte that the link reads, from what stands at the memories' outputs; null: no memory. */
  #readByte(): number | null {
    const { spiAddress, space } = this.#link;
    if (space === 2) return (this.#synapseOut >>> (8 * bitsOf(words.spiSynapse.fields.byte, spiAddress))) & 0xff;
    if (space !== 1) return null;
    // Only the low bits of the byte number reach the multiplexer's width; what lies beyond the word reads 0.
    const byte = bitsOf(words.spiNeuron.fields.byte, spiAddress);
    return ((this.#neuronOut[byte >> 2] ?? 0) >>> (8 * (byte & 3))) & 0xff;
  }

  // Time.

  /**
   * Runs at most `limit` edges with the pins as they are; stops after an edge at which the chip
   * accepts an event or is ready for the next. Returns the edges run.
   */
  advance(limit: number): number {
    const { acknowledge } = this;
    const from = this.cycle;
    const to = from + limit;
    while (this.cycle < to) {
      if (!this.#skip(to - this.cycle)) this.#tick();
      if (this.acknowledge !== acknowledge) break;
    }
    return this.cycle - from;
  }

  /**
   * The next bits of a transfer at once, four edges each, where nothing else can happen meanwhile: the chip stands
   * still and none of the bits is one at which the link does more than shift. Returns what came back, or null.
   */
  linkBits(bits: number, value: number): number | null {
    const link = this.#link;
    if (link.clock !== 0 || this.#linkPlain() < bits || link.write !== 0 || !this.#skip(4 * bits)) return null;
    const back = link.shiftOut >>> (20 - bits);
    link.shiftIn = ((link.shiftIn << bits) | value) & 0xfffff;
    link.shiftOut = (link.shiftOut << bits) & 0xfffff;
    link.count += bits;
    return back;
  }

  /** Bits before the next one that ends an address, loads an answer or ends a transfer. */
  #linkPlain(): number {
    const { count } = this.#link;
    return (count <= 19 ? 19 : count <= 31 ? 31 : 39) - count;
  }

  /** The same number, for who sends the bits. */
  get linkPlain(): number {
    return this.#linkPlain();
  }

  /** Two edges: half a clock of the configuration link. */
  advance2(): void {
    if (this.#skip(2)) return;
    this.#tick();
    this.#tick();
  }

  /** Runs until nothing is under way, at most `limit` edges. */
  runQuiet(limit: number): number {
    const from = this.cycle;
    const to = from + limit;
    while (this.cycle < to && !this.quiet) if (!this.#skip(to - this.cycle)) this.#tick();
    return this.cycle - from;
  }

  /** Edges that change nothing but what a loop can do; false when the next edge needs care. */
  #skip(most: number): boolean {
    if (this.#resetFirst !== 0 || this.#resetSynced !== 0 || this.reset !== 0) return false;
    if (most < 2 || this.#openFirst !== this.registers[1] || this.#openSynced !== this.#openFirst) return false;
    const steady = this.#linkSteady();
    const open = steady && this.#gateSynced === 0 && this.#gateFirst === 0 && this.registers[0] === 0;
    switch (this.#state) {
      case State.sweep:
        if (!open || !this.#outputSteady()) return false;
        return this.#busy !== 0 ? this.#pause(most) : this.#skipSweep(most);
      case State.reference:
        if (!open || !this.#outputSteady()) return false;
        return this.#busy !== 0 ? this.#pause(most) : this.#skipReference(most);
      case State.bistability:
        return open && this.#outputSteady() && this.#skipBistability(most);
      case State.wait:
        if (!steady || !this.#requestSteady() || !this.#gateSteady() || !this.#outputSteady()) return false;
        if (this.#busy !== 0) break;
        if (this.#gateSynced !== 0) {
          if ((this.#writeSynced !== 0 || this.#readSynced !== 0) && (this.#link.space === 1 || this.#link.space === 2)) return false;
        } else if (this.#queued > 0 || this.#requestSynced !== 0) return false;
        break;
      case State.waitRequest:
        if (!steady || !this.#requestSteady() || this.#requestSynced === 0 || !this.#gateSteady() || !this.#outputSteady()) return false;
        break;
      case State.waitConfiguration:
        if (!steady || !this.#requestSteady() || !this.#gateSteady() || !this.#outputSteady()) return false;
        if (this.#writeSynced === 0 && this.#readSynced === 0) return false;
        break;
      default:
        return false;
    }
    this.cycle += most;
    return true;
  }

  #linkSteady(): boolean {
    const { read, write } = this.#link;
    return this.#readFirst === read && this.#readSynced === read && this.#writeFirst === write && this.#writeSynced === write;
  }

  #requestSteady(): boolean {
    return this.#requestFirst === this.request && this.#requestSynced === this.request;
  }

  /** The gate has reached the controller, or cannot while it is not in `wait`. */
  #gateSteady(): boolean {
    const gate = this.registers[0]!;
    return this.#gateFirst === gate && (this.#gateSynced === gate || (this.#odin && gate === 1 && this.#state !== State.wait));
  }

  #outputSteady(): boolean {
    if (this.#gateSynced !== 0) return this.#outRequest === 0 && this.#ack === 0;
    if (this.#ack !== this.#outRequest && this.hold === 0) return false;
    if (this.#outRequest === 0 && (this.#shown.second || this.#shown.synapseLater)) return false;
    return (
      this.#ackFirst === this.#ack &&
      this.#ackSynced === this.#ack &&
      this.#ackBefore === this.#ack &&
      (this.#ack === 0 || this.#outRequest === 0)
    );
  }

  /** Counters stand still while the host does not answer. */
  #pause(most: number): boolean {
    this.cycle += most;
    this.#shiftRequest(most);
    return true;
  }

  /** Shifts the input synchroniser by some edges at which the pin does not change. */
  #shiftRequest(edges: number): void {
    if (edges >= 2) this.#requestSynced = this.request;
    else if (edges === 1) this.#requestSynced = this.#requestFirst;
    if (edges >= 1) this.#requestFirst = this.request;
  }

  /** Visits of a sweep, up to its last, which an edge by itself does. */
  #skipSweep(most: number): boolean {
    if ((this.#count & 1) !== 0 || this.hold !== 0 || this.registers[this.#outputSource] !== 0 || this.#monitors) return false;
    if (this.#stuck !== null && this.#stuck.neurons.size > 0) return false;
    const last = this.#odin ? neuronCount - 1 : this.registers[3]!;
    const row = this.#queue[this.#head]! & 0xff;
    if (this.#stale[row] !== 0) this.#unpackRow(row);
    const potential = this.#potential;
    const threshold = this.#threshold;
    const weights = this.#weights;
    const { low, high } = this.variant;
    const base = row * neuronCount;
    const from = this.#neuron;
    let n = from;
    let stall = 0;
    // Each visit takes two edges; a spike whose six further edges do not fit is left to single edges.
    let stop = Math.min(last, n + (most >> 1));
    while (n < stop) {
      let v = potential[n]! + weights[base + n]!;
      if (v > high) v = high;
      else if (v < low) v = low;
      if (v >= threshold[n]!) {
        if (this.#known[n] === 0 && this.#stuck === null) this.#unknown(n);
        if (this.#disabled[n] === 0) {
          if (2 * (n - from) + stall + 2 + stallClocks > most) break;
          potential[n] = 0;
          this.#spike(n, this.cycle + 2 * (n - from) + stall + 2);
          stall += stallClocks;
          n++;
          stop = Math.min(last, n + ((most - stall - 2 * (n - from)) >> 1));
          continue;
        }
        v = 0;
      }
      potential[n++] = v;
    }
    const edges = 2 * (n - from) + stall;
    if (edges === 0) return false;
    this.tally.visits += n - from;
    this.#neuron = n;
    this.#count = this.#count + 2 * (n - from);
    this.cycle += edges;
    this.#shiftRequest(edges);
    return true;
  }

  #skipReference(most: number): boolean {
    if (!this.#referenceAll() || (this.#count & 1) !== 0 || this.#monitors) return false;
    if (this.#stuck !== null && this.#stuck.neurons.size > 0) return false;
    const last = this.#odin ? neuronCount - 1 : this.registers[3]!;
    const from = this.#neuron;
    const stop = Math.min(last, from + (most >> 1));
    let n = from;
    for (; n < stop; n++) {
      const v = this.#leaked(n);
      if (v >= this.#threshold[n]!) break;
      this.#potential[n] = v;
    }
    if (n === from) return false;
    this.tally.leaks += n - from;
    this.#neuron = n;
    this.#count += 2 * (n - from);
    this.cycle += 2 * (n - from);
    this.#shiftRequest(2 * (n - from));
    return true;
  }

  #skipBistability(most: number): boolean {
    if ((this.#count & 1) !== 0 || this.#monitors) return false;
    const one = this.#bistabilityRow();
    let pairs = Math.min(most >> 1, wordsPerRow - 1 - ((this.#count >> 1) & (wordsPerRow - 1)));
    const edges = 2 * pairs;
    if (pairs <= 0) return false;
    for (; pairs > 0; pairs--) {
      this.#relax((one ? this.#eventRow() : this.#neuron) * wordsPerRow + ((this.#count >> 1) & (wordsPerRow - 1)));
      this.#count += 2;
    }
    this.cycle += edges;
    this.#shiftRequest(edges);
    return true;
  }

  /** One rising edge: what every register becomes from what all of them were. */
  #tick(): void {
    const { read, write } = this.#link;
    const next = this.#nextState();
    const busy = this.#busy;
    let fired = -1;
    let popped = false;
    let popEvent = -1;
    let more = false;
    let visited = -1;
    let written = -1;

    switch (this.#state) {
      case State.writeNeuron:
        fired = this.#writeNeuron();
        break;
      case State.readNeuron:
        this.#latchNeuron(this.#link.spiAddress & 0xff);
        break;
      case State.writeSynapse:
        this.#writeSynapse();
        break;
      case State.readSynapse:
        this.#synapseOut = this.#synapses[this.#link.spiAddress & 0x1fff]!;
        break;
      case State.reference:
        if ((this.#count & 1) !== 0) {
          const all = this.#referenceAll();
          const n = all ? this.#neuron : this.#odin ? this.#eventRow() : this.event & 0xff;
          fired = this.#visit(n, this.#leaked(n));
          visited = n;
          this.tally.leaks++;
          more = all;
        }
        break;
      case State.bistability:
        if ((this.#count & 1) !== 0) {
          const one = this.#bistabilityRow();
          written = (one ? this.#eventRow() : this.#neuron) * wordsPerRow + ((this.#count >> 1) & (wordsPerRow - 1));
          this.#relax(written);
          more = !one && ((this.#count >> 1) & (wordsPerRow - 1)) === wordsPerRow - 1;
        }
        break;
      case State.synapse:
        if (this.#count === 1) {
          const row = this.#eventRow();
          const n = bitsOf(eventFields.low, this.event);
          if (this.#stale[row] !== 0) this.#unpackRow(row);
          fired = this.#visit(n, this.#added(n, this.#weights[row * neuronCount + n]!));
          visited = n;
          written = row * wordsPerRow + (n >> 3);
          this.tally.visits++;
        }
        break;
      case State.push:
        this.#push(this.#pushedEntry(), this.cycle + 1);
        break;
      case State.sweep:
        if ((this.#count & 1) !== 0) {
          const row = this.#queue[this.#head]! & 0xff;
          if (this.#stale[row] !== 0) this.#unpackRow(row);
          fired = this.#visit(this.#neuron, this.#added(this.#neuron, this.#weights[row * neuronCount + this.#neuron]!));
          visited = this.#neuron;
          if ((visited & 7) === 0) written = row * wordsPerRow + (visited >> 3);
          this.tally.visits++;
          more = true;
          if (this.#odin && this.#neuron === this.registers[odinRegisters.monitorNeuron]) popEvent = row;
          popped = this.#odin && this.#count === sweepClocks - 1;
        }
        if (!this.#odin && next === State.leaveSweep) popEvent = this.#queue[this.#head]! & 0xff;
        break;
      case State.virtual:
        if (this.#count !== 0) {
          const entry = this.#queue[this.#head]!;
          fired = this.#visit(entry & 0xff, this.#virtualPotential(entry));
          visited = entry & 0xff;
          this.tally.visits++;
          popped = true;
        }
        break;
      case State.leaveSweep:
        popped = busy === 0;
        break;
      default:
        break;
    }

    // The queue: a spike sees the fill level before the pop of the same edge.
    if (fired >= 0 && this.#openSynced === 0) {
      if (this.full !== 0) this.tally.dropped++;
      else this.#push(fired, this.cycle + 1);
    }
    if (popped && this.#queued > 0) {
      this.#head = this.#head + 1 === this.variant.queue ? 0 : this.#head + 1;
      if (this.#queued-- === this.variant.queue) this.fullChanges.push({ cycle: this.cycle + 1, value: 0 });
      this.tally.entries++;
    }

    // Counters stand still while the output is busy, but for `wait`, which clears them.
    if (this.#state === State.wait) {
      this.#count = 0;
      this.#neuron = 0;
    } else if (busy === 0) {
      this.#count++;
      if (more) this.#neuron = (this.#neuron + 1) & 0xff;
    }

    this.cycle++;
    if (next === State.push || next === State.reference || next === State.synapse || next === State.bistability)
      if (this.#state === State.wait) this.tally.accepted++;

    // Synchronisers, and what the gate and reset clear at once.
    const gated = this.#gateSynced;
    const held = this.#resetSynced;
    this.#resetSynced = this.#resetFirst;
    this.#resetFirst = this.reset;
    this.#gateSynced = this.#gateFirst & (!this.#odin || next === State.wait || gated !== 0 ? 1 : 0);
    this.#gateFirst = this.registers[0]!;
    this.#requestSynced = this.#requestFirst;
    this.#requestFirst = this.request;
    this.#readSynced = this.#readFirst;
    this.#readFirst = read;
    this.#writeSynced = this.#writeFirst;
    this.#writeFirst = write;
    this.#openSynced = this.#openFirst;
    this.#openFirst = this.registers[1]!;
    this.#state = next;
    if (held !== 0 || this.#resetSynced !== 0) this.#clear();
    else if (gated !== 0 || this.#gateSynced !== 0) this.#clearOutput();
    else if (this.#monitors) this.#show(visited, fired >= 0, popEvent, written);
    else this.#output(this.registers[this.#outputSource] !== 0 ? popEvent : fired);
    if (this.hold === 0) this.#ack = this.#outRequest;
  }

  /** Pulls RST, which also clears the configuration link at once. */
  setReset(level: number): void {
    this.reset = level;
    if (level === 1) {
      const clock = this.#link.clock;
      Object.assign(this.#link, { clock, count: 0, address: 0, shiftOut: 0, read: 0, write: 0, spiAddress: 0, space: 0, data: 0 });
    }
  }

  /** What reset clears, two edges after the pin. */
  #clear(): void {
    this.#state = State.wait;
    this.#count = 0;
    this.#neuron = 0;
    this.#requestFirst = this.#requestSynced = 0;
    this.#gateFirst = this.#gateSynced = 0;
    this.#readFirst = this.#readSynced = 0;
    this.#writeFirst = this.#writeSynced = 0;
    this.#openFirst = this.#openSynced = 0;
    this.#head = 0;
    if (this.full !== 0) this.fullChanges.push({ cycle: this.cycle, value: 0 });
    this.#queued = 0;
    this.#clearOutput();
  }

  #clearOutput(): void {
    this.#outRequest = 0;
    this.#busy = 0;
    this.#ackFirst = this.#ackSynced = this.#ackBefore = 0;
    this.#showNothing();
  }

  #showNothing(): void {
    Object.assign(this.#shown, { first: false, second: false, synapseLater: false });
  }

  #nextState(): State {
    const count = this.#count;
    switch (this.#state) {
      case State.wait:
        return this.#leaveWait();
      case State.writeNeuron:
      case State.writeSynapse:
        return count === 1 ? State.waitConfiguration : this.#state;
      case State.readNeuron:
      case State.readSynapse:
        return State.waitConfiguration;
      case State.reference: {
        const last = this.#odin ? neuronCount - 1 : this.registers[3]!;
        const done = this.#referenceAll() ? this.#neuron === last && (count & 1) !== 0 : count === 1;
        return done ? State.waitRequest : State.reference;
      }
      case State.bistability: {
        const end = (count & 63) === 63;
        return (this.#bistabilityRow() ? count === 63 : end && this.#neuron === neuronCount - 1) ? State.waitRequest : State.bistability;
      }
      case State.synapse:
        return count === 1 ? State.waitRequest : State.synapse;
      case State.push:
        return State.waitRequest;
      case State.sweep:
        if (this.#odin) return (count & (sweepClocks - 1)) === sweepClocks - 1 ? State.wait : State.sweep;
        return (count & (sweepClocks - 1)) === 2 * this.registers[3]! + 1 ? State.leaveSweep : State.sweep;
      case State.virtual:
        return count !== 0 ? State.wait : State.virtual;
      case State.leaveSweep:
        return this.#busy === 0 ? State.wait : State.leaveSweep;
      case State.waitConfiguration:
        return this.#writeSynced === 0 && this.#readSynced === 0 ? State.wait : State.waitConfiguration;
      case State.waitRequest:
        return this.#requestSynced === 0 ? State.wait : State.waitRequest;
    }
  }

  /** The order of precedence in `wait`. */
  #leaveWait(): State {
    if (this.#busy !== 0) return State.wait;
    if (this.#gateSynced !== 0) {
      const { space } = this.#link;
      if (this.#writeSynced !== 0 && space === 1) return State.writeNeuron;
      if (this.#readSynced !== 0 && space === 1) return State.readNeuron;
      if (this.#writeSynced !== 0 && space === 2) return State.writeSynapse;
      if (this.#readSynced !== 0 && space === 2) return State.readSynapse;
      return State.wait;
    }
    if (this.full !== 0) return this.#processHead();
    if (this.#requestSynced !== 0 && !this.#isBistability()) return this.#accept();
    if (this.#queued > 0) return this.#processHead();
    return this.#requestSynced !== 0 ? State.bistability : State.wait;
  }

  #processHead(): State {
    return this.#queue[this.#head]! >> 8 !== 0 ? State.virtual : State.sweep;
  }

  #accept(): State {
    if (!this.#odin) return bitsOf(words.tinyEvent.fields.reference, this.event) === 1 ? State.reference : State.push;
    if (bitsOf(eventFields.synapse, this.event) === 1) return State.synapse;
    return (this.event & 0x7f) === 0x7f ? State.reference : State.push;
  }

  #isBistability(): boolean {
    return this.#odin && bitsOf(eventFields.synapse, this.event) === 0 && (this.event & 0x7f) === 0;
  }

  #bistabilityRow(): boolean {
    return (this.event & 0x80) !== 0;
  }

  #referenceAll(): boolean {
    return this.#odin ? (this.event & 0x80) === 0 : (this.event & 0xff) === 0xff;
  }

  #eventRow(): number {
    return bitsOf(eventFields.row, this.event);
  }

  get #outputSource(): number {
    return this.#odin ? odinRegisters.outputSource : tinyRegisters.outputSource;
  }

  /** The queue entry that an accepted event becomes. */
  #pushedEntry(): number {
    if (this.#odin) {
      const low = bitsOf(eventFields.low, this.event);
      return ((low >> 3) << 8) | this.#eventRow();
    }
    const low = bitsOf(words.tinyEvent.fields.address, this.event);
    return bitsOf(words.tinyEvent.fields.virtual, this.event) === 1 ? ((low >> 4) << 8) | (low & 15) : low;
  }

  #push(entry: number, cycle: number): void {
    if (this.full !== 0) return;
    const tail = this.#head + this.#queued;
    this.#queue[tail >= this.variant.queue ? tail - this.variant.queue : tail] = entry;
    this.#queued++;
    if (this.#queued === this.variant.queue) this.fullChanges.push({ cycle, value: 1 });
  }

  /** The synchroniser of the acknowledge, and whether it fell with the edge before. */
  #acknowledged(): { readonly synced: number; readonly fell: boolean } {
    const synced = this.#ackSynced;
    const fell = synced === 0 && this.#ackBefore !== 0;
    this.#ackBefore = synced;
    this.#ackSynced = this.#ackFirst;
    this.#ackFirst = this.#ack;
    return { synced, fell };
  }

  #send(address: number): void {
    if (this.#outRequest === 0) {
      this.spikes.push({ cycle: this.cycle, address });
      this.tally.spikes++;
    }
    this.#outRequest = 1;
    this.#busy = 1;
  }

  /** ODIN shows states at its output pins instead of spikes. */
  get #monitors(): boolean {
    return this.#odin && this.registers[odinRegisters.monitor] === 1;
  }

  /**
   * The output link after an edge at which the state of a neuron or synapse was written. The watched neuron is two
   * transfers: whether it spiked (or is the queue's head, where such events are sent) with its calcium, and its potential;
   * the watched synapse is one, after the neuron's where both come at once.
   */
  #show(visited: number, fired: boolean, popped: number, written: number): void {
    const { synced, fell } = this.#acknowledged();
    const shown = this.#shown;
    const r = odinRegisters;
    const watched = this.registers[r.monitorNeuron]!;
    const neuron = visited === watched;
    const synapse = written === this.registers[r.monitorSynapse]! * wordsPerRow + (watched >> 3);
    const m = words.odinMonitor;
    if (neuron) shown.low = m.potential.encode({ potential: this.#potential[watched]! });
    if (synapse) {
      const nibble = (this.#synapses[written]! >>> (nibbleBits * (watched & 7))) & 15;
      shown.synapse = m.synapse.encode({ synapse: nibble, mark: words.odinMonitorSynapse });
    }
    if (fell) {
      this.#outRequest = 0;
      this.#busy = shown.first || shown.synapseLater ? 1 : 0;
      shown.second = shown.first;
      shown.first = false;
    } else if (synced !== 0) {
      this.#outRequest = 0;
      this.#busy = 1;
    } else if ((neuron || synapse) && this.#outRequest === 0) {
      const event = this.registers[this.#outputSource] !== 0 ? popped === watched : fired;
      const calcium = bitsOf(words.odinNeuron2.fields.calcium, this.#neurons[watched * this.variant.neuronParts + 2]!);
      this.#send(neuron ? m.neuron.encode({ calcium, event }) : shown.synapse);
      Object.assign(shown, { first: neuron, second: false, synapseLater: neuron && synapse });
    } else if (shown.second && this.#outRequest === 0) this.#send(shown.low);
    else if (shown.synapseLater && this.#outRequest === 0) {
      this.#send(shown.synapse);
      shown.synapseLater = false;
    }
  }

  /** The output link after an edge; `address` -1: nothing to send. */
  #output(address: number): void {
    const { synced, fell } = this.#acknowledged();
    this.#showNothing();
    if (address >= 0 && synced === 0) this.#send(address);
    else if (synced !== 0) {
      this.#outRequest = 0;
      this.#busy = 1;
    } else if (fell) {
      this.#outRequest = 0;
      this.#busy = 0;
    }
  }

  /** A spike in a sweep whose host answers at once: what the single edges would have done. */
  #spike(n: number, cycle: number): void {
    this.spikes.push({ cycle, address: n });
    this.tally.spikes++;
    if (this.#openSynced !== 0) return;
    if (this.full !== 0) this.tally.dropped++;
    else this.#push(n, cycle);
  }

  // Neurons.

  #added(n: number, weight: number): number {
    const v = this.#potential[n]! + weight;
    const { low, high } = this.variant;
    return v > high ? high : v < low ? low : v;
  }

  #leaked(n: number): number {
    const v = this.#potential[n]!;
    const leak = this.#leak[n]!;
    return v >= 0 ? Math.max(0, v - leak) : Math.min(0, v + leak);
  }

  #virtualPotential(entry: number): number {
    const n = entry & 0xff;
    if (!this.#odin) return this.#added(n, signedBitsOf(words.tinyEntry.fields.weight, entry));
    const f = words.odinEntry.fields;
    if (bitsOf(f.leak, entry) === 1) return this.#leaked(n);
    const weight = bitsOf(f.weight, entry);
    return this.#added(n, bitsOf(f.inhibitory, entry) === 1 ? -weight : weight);
  }

  /** Compares and stores; the neuron that spikes, or -1. */
  #visit(n: number, v: number): number {
    if (this.#known[n] === 0 && this.#stuck === null) this.#unknown(n);
    const fires = v >= this.#threshold[n]!;
    this.#potential[n] = fires ? 0 : v;
    if (this.#stuck !== null && this.#stuck.neurons.size > 0) this.#settleStuck(n);
    return fires && this.#disabled[n] === 0 ? n : -1;
  }

  #unknown(n: number): never {
    fail("odin-neuron-model", [n], { at: `neuron ${n}` });
  }

  /** Bistability: weights of one word move one up where they are 4 or more, else one down. */
  #relax(address: number): void {
    const unmapped = this.registers[odinRegisters.updateUnmapped] === 1;
    const word = this.#synapses[address]!;
    let moved = word;
    for (let at = 0; at < 32; at += nibbleBits) {
      const nibble = (word >>> at) & 15;
      if (!unmapped && bitsOf(mapField, nibble) === 0) continue;
      const w = bitsOf(weightField, nibble);
      if (w >= 4 && w < 7) moved += 2 ** at;
      else if (w > 0 && w < 4) moved -= 2 ** at;
    }
    if (moved === word) return;
    this.#synapses[address] = this.#stuckSynapse(address, moved);
    this.#stale[address >> 5] = 1;
  }

  // Memories.

  #unpackNeuron(n: number): void {
    const { known, potential, threshold, leak, disabled } = this.variant.neuron(this.#neurons, n * this.variant.neuronParts);
    this.#known[n] = known ? 1 : 0;
    this.#potential[n] = potential;
    // A neuron of another model stops the machine when it is visited: any potential reaches its threshold.
    this.#threshold[n] = known ? threshold : this.#stuck === null ? this.variant.low : Number.MAX_SAFE_INTEGER;
    this.#leak[n] = leak;
    this.#disabled[n] = disabled ? 1 : 0;
  }

  #packNeuron(n: number): void {
    this.variant.storePotential(this.#neurons, n * this.variant.neuronParts, this.#potential[n]!);
  }

  #settleStuck(n: number): void {
    const parts = this.variant.neuronParts;
    this.#packNeuron(n);
    for (let p = 0; p < parts; p++) this.#neurons[n * parts + p] = this.#stuckNeuron(n * parts + p, this.#neurons[n * parts + p]!);
    this.#unpackNeuron(n);
  }

  #unpackRow(row: number): void {
    this.#stale[row] = 0;
    const at = row * neuronCount;
    if (!this.#odin) {
      const f = words.tinyNibble.fields.weight;
      for (let n = 0; n < neuronCount; n++)
        this.#weights[at + n] = signedBitsOf(f, (this.#synapses[row * wordsPerRow + (n >> 3)]! >>> (nibbleBits * (n & 7))) & 15);
      return;
    }
    const r = odinRegisters;
    const all = this.registers[r.propagateUnmapped] === 1;
    const signs = this.registers[r.signs + Math.floor(row / signsPerRegister)]!;
    const sign = (signs >>> (row % signsPerRegister)) & 1 ? -1 : 1;
    const f = words.odinNibble.fields;
    for (let n = 0; n < neuronCount; n++) {
      const nibble = (this.#synapses[row * wordsPerRow + (n >> 3)]! >>> (nibbleBits * (n & 7))) & 15;
      this.#weights[at + n] = all || bitsOf(f.map, nibble) === 1 ? sign * bitsOf(f.weight, nibble) : 0;
    }
  }

  #latchNeuron(n: number): void {
    const parts = this.variant.neuronParts;
    this.#packNeuron(n);
    for (let p = 0; p < parts; p++) this.#neuronOut[p] = this.#neurons[n * parts + p]!;
  }

  /** A byte written over the configuration link; the comparison runs on the old word, and its spike is a phantom. */
  #writeNeuron(): number {
    const { spiAddress, data } = this.#link;
    const n = bitsOf(words.spiNeuron.fields.neuron, spiAddress);
    this.#latchNeuron(n);
    if (this.#count === 0) return -1;
    const phantom =
      this.#known[n] === 1 && this.#disabled[n] === 0 && this.#potential[n]! >= this.#threshold[n]! && this.#potential[n]! >= 0;
    const byte = bitsOf(words.spiNeuron.fields.byte, spiAddress);
    const parts = this.variant.neuronParts;
    if (byte < 4 * parts) {
      const at = n * parts + (byte >> 2);
      this.#neurons[at] = this.#stuckNeuron(at, writeByte(this.#neurons[at]!, byte & 3, data));
      this.#unpackNeuron(n);
    }
    return phantom ? n : -1;
  }

  #writeSynapse(): void {
    const { spiAddress, data } = this.#link;
    const address = bitsOf(words.spiSynapse.fields.word, spiAddress);
    this.#synapseOut = this.#synapses[address]!;
    if (this.#count === 0) return;
    const byte = bitsOf(words.spiSynapse.fields.byte, spiAddress);
    this.#synapses[address] = this.#stuckSynapse(address, writeByte(this.#synapses[address]!, byte, data));
    this.#stale[address >> 5] = 1;
  }

  #stuckNeuron(at: number, word: number): number {
    return this.#stuck === null ? word >>> 0 : force(word, this.#stuck.neurons.get(at));
  }

  #stuckSynapse(at: number, word: number): number {
    return this.#stuck === null ? word >>> 0 : force(word, this.#stuck.synapses.get(at));
  }
}

type Forced = { set: number; clear: number };
type StuckBits = {
  readonly registers: Map<number, Forced>;
  readonly neurons: Map<number, Forced>;
  readonly synapses: Map<number, Forced>;
};

/** Sections and addresses are those of an image, which counts bytes as the configuration link does. */
function stuckBits(faults: readonly Fault[], parts: number): StuckBits {
  const out: StuckBits = { registers: new Map(), neurons: new Map(), synapses: new Map() };
  for (const f of faults) {
    const { map, at, byte } = placeOfFault(out, f, parts);
    const forced = map.get(at) ?? { set: 0, clear: 0 };
    const bit = 1 << (8 * byte + f.bit);
    if (f.stuck === 1) forced.set |= bit;
    else forced.clear |= bit;
    map.set(at, forced);
  }
  return out;
}

function placeOfFault(bits: StuckBits, f: Fault, parts: number): { map: Map<number, Forced>; at: number; byte: number } {
  if (f.section === "chip/synapses") {
    const { word, byte } = decoded(words.spiSynapse.decode(f.address));
    return { map: bits.synapses, at: word, byte };
  }
  if (f.section === "chip/registers") return { map: bits.registers, at: f.address, byte: 0 };
  if (f.section !== "chip/neurons") return bug(`${f.section} has no bits that can be stuck`);
  const { neuron, byte } = decoded(words.spiNeuron.decode(f.address));
  return { map: bits.neurons, at: neuron * parts + (byte >> 2), byte: byte & 3 };
}

function decoded<T>(read: { readonly value: T } | { readonly problem: string }): T {
  return "value" in read ? read.value : bug(read.problem);
}

function force(word: number, forced: Forced | undefined): number {
  return forced === undefined ? word >>> 0 : ((word | forced.set) & ~forced.clear) >>> 0;
}

/** A byte under a mask whose ones keep what they were. */
function writeByte(word: number, byte: number, data: number): number {
  const f = words.spiData.fields;
  const mask = bitsOf(f.mask, data);
  const old = (word >>> (8 * byte)) & 0xff;
  const now = (bitsOf(f.byte, data) & ~mask) | (old & mask);
  return withBits({ high: 8 * byte + 7, low: 8 * byte }, word, now);
}
