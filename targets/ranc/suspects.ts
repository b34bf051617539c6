import type { Tape } from "../../runtime/tape/types.ts";
import type { Suspect } from "../target.ts";
import { sizesOf, spaces } from "./board.ts";
import { cellName } from "./load.ts";
import { bitsFor, type Parameters } from "./parameters.ts";
import { chunkBits, decodePacket, neuronWord, readBit, readField } from "./words.ts";

/*
 * Which bits of the grid's memories may have a part in what came out on a line: those of the neurons that send
 * there, and the types of the axons that were active; then the same for the neurons that send to those axons.
 */

/** How far back the search goes: neurons that feed neurons. */
const depth = 3;

/** Neurons looked at. */
const most = 64;

/** More active axons than these are not followed beyond the stretch in question. */
const fewAxons = 64;

type Place = { readonly cell: number; readonly neuron: number };

export function suspectsOf(p: Parameters, tape: Tape, line: number, marks: number): readonly Suspect[] {
  const memory = new Contents(p, tape);
  const active = activeAxons(p, tape, marks);
  const out = memory.nearlyTo(line);
  const seen = new Set<string>();
  let wave = memory.sendersTo(p.outputX, p.outputY, line);
  for (let level = 0; level < depth && wave.length > 0; level++) {
    const next: Place[] = [];
    for (const place of wave) {
      const key = `${place.cell} ${place.neuron}`;
      if (seen.has(key) || seen.size >= most) continue;
      seen.add(key);
      const axons = memory.connected(place);
      const senders =
        axons.length > fewAxons ? [] : axons.map((a) => memory.sendersTo(place.cell % p.columns, Math.floor(place.cell / p.columns), a));
      const live = new Set([...(active.get(place.cell) ?? []), ...memory.fedAxons(place.cell)]);
      out.push(...memory.ofNeuron(place, live), ...memory.ofTypes(place.cell, live));
      next.push(...senders.flat());
    }
    wave = next;
  }
  return out;
}

/** Axons by cell that packets of the host reached in the stretch, or, where they are few, so far. */
function activeAxons(p: Parameters, tape: Tape, marks: number): ReadonlyMap<number, ReadonlySet<number>> {
  const here = new Map<number, Set<number>>();
  const before = new Map<number, Set<number>>();
  let seen = 0;
  for (const o of tape) {
    if (o.op === "mark") seen++;
    if (seen > marks) break;
    if (o.op !== "event") continue;
    const { dx, dy, axon } = decodePacket(p, Number(o.word));
    const cell = dx + dy * p.columns;
    for (const map of seen === marks ? [here, before] : [before]) map.set(cell, (map.get(cell) ?? new Set()).add(axon));
  }
  for (const [cell, axons] of before) if (axons.size <= fewAxons) here.set(cell, axons);
  return here;
}

/** What a tape wrote into the memories. */
class Contents {
  readonly #p: Parameters;
  readonly #neurons: Uint32Array;
  readonly #types: Uint32Array;
  readonly #sizes: ReturnType<typeof sizesOf>;
  readonly #destinations = new Map<string, Place[]>();
  readonly #fed = new Map<number, readonly number[]>();

  constructor(p: Parameters, tape: Tape) {
    this.#p = p;
    this.#sizes = sizesOf(p);
    const cells = p.columns * p.rows;
    this.#neurons = new Uint32Array(this.#sizes.neurons * cells);
    this.#types = new Uint32Array(this.#sizes.types * cells);
    for (const o of tape) {
      if (o.op !== "write") continue;
      const memory = o.space === spaces.neurons ? this.#neurons : this.#types;
      memory[o.address] = ((Number(o.data) & ~o.mask) | ((memory[o.address] ?? 0) & o.mask)) >>> 0;
    }
    const word = neuronWord(p);
    for (let cell = 0; cell < cells; cell++) {
      if (cell === p.outputX + p.outputY * p.columns) continue;
      for (let neuron = 0; neuron < p.neurons; neuron++) {
        const value = (name: "dx" | "dy" | "axon"): number => readField(this.#neurons, this.#at({ cell, neuron }), word.field(name));
        const key = `${(cell % p.columns) + value("dx")} ${Math.floor(cell / p.columns) + value("dy")} ${value("axon")}`;
        const list = this.#destinations.get(key);
        if (list === undefined) this.#destinations.set(key, [{ cell, neuron }]);
        else list.push({ cell, neuron });
      }
    }
  }

  #at({ cell, neuron }: Place): number {
    return cell * this.#sizes.neurons + neuron * neuronWord(this.#p).chunks;
  }

  /** Neurons whose packets go to an axon of a cell, those that can fire before those that nothing reaches. */
  sendersTo(x: number, y: number, axon: number): Place[] {
    const all = this.#destinations.get(`${x} ${y} ${axon}`) ?? [];
    return all.length <= 1 ? all : [...all.filter((s) => !this.#unused(s)), ...all.filter((s) => this.#unused(s)).slice(0, 1)];
  }

  /** The one bit that keeps a neuron's packets from an output line. */
  nearlyTo(line: number): Suspect[] {
    const p = this.#p;
    const word = neuronWord(p);
    const out: Suspect[] = [];
    for (let cell = 0; cell < p.columns * p.rows; cell++) {
      if (cell === p.outputX + p.outputY * p.columns) continue;
      const right = { dx: p.outputX - (cell % p.columns), dy: p.outputY - Math.floor(cell / p.columns), axon: line };
      for (let neuron = 0; neuron < p.neurons; neuron++) {
        const base = this.#at({ cell, neuron });
        let bit = -1;
        let wrong = 0;
        for (const name of ["dx", "dy", "axon"] as const) {
          const f = word.field(name);
          const differing = ((readField(this.#neurons, base, f) ^ right[name]) & (2 ** f.bits - 1)) >>> 0;
          if (differing === 0) continue;
          wrong += (differing & (differing - 1)) === 0 ? 1 : 2;
          bit = f.low + 31 - Math.clz32(differing);
        }
        if (wrong !== 1) continue;
        const chunk = Math.floor(bit / chunkBits);
        out.push({
          section: `${cellName(p, cell)}/neurons`,
          address: neuron * word.chunks + chunk,
          bits: 1 << (bit % chunkBits),
          written: this.#neurons[base + chunk] ?? 0,
        });
      }
    }
    return out;
  }

  /** Axons of a cell that some neuron in use sends to. */
  fedAxons(cell: number): readonly number[] {
    let found = this.#fed.get(cell);
    if (found === undefined) {
      const [x, y] = [cell % this.#p.columns, Math.floor(cell / this.#p.columns)];
      found = Array.from({ length: this.#p.axons }, (_, a) => a).filter((a) =>
        (this.#destinations.get(`${x} ${y} ${a}`) ?? []).some((s) => !this.#unused(s)),
      );
      this.#fed.set(cell, found);
    }
    return found;
  }

  /** As the vectors leave neurons that they do not need. */
  #unused(place: Place): boolean {
    const word = neuronWord(this.#p);
    const base = this.#at(place);
    for (let k = 0; k < word.chunks; k++) {
      const low = word.field("positive").low;
      const one = Math.floor(low / chunkBits) === k ? 1 << (low % chunkBits) : 0;
      if (this.#neurons[base + k] !== one) return false;
    }
    return true;
  }

  connected(place: Place): number[] {
    const { connections } = neuronWord(this.#p);
    const base = this.#at(place);
    return Array.from({ length: this.#p.axons }, (_, a) => a).filter((a) => readBit(this.#neurons, base, connections.low + a) === 1);
  }

  /** Every bit of a neuron's numbers, and its connections to axons that were active. */
  ofNeuron(place: Place, live: ReadonlySet<number>): Suspect[] {
    const { connections, chunks } = neuronWord(this.#p);
    const base = this.#at(place);
    const masks = Array.from({ length: chunks }, (_, k): number => {
      const bits = Math.min(chunkBits, Math.max(0, connections.low - k * chunkBits));
      return 2 ** bits - 1;
    });
    for (const a of live) {
      const bit = connections.low + a;
      const chunk = Math.floor(bit / chunkBits);
      masks[chunk] = (masks[chunk] ?? 0) | (1 << (bit % chunkBits));
    }
    const section = `${cellName(this.#p, place.cell)}/neurons`;
    const suspects = masks.map(
      (bits, k): Suspect => ({ section, address: place.neuron * chunks + k, bits, written: this.#neurons[base + k] ?? 0 }),
    );
    return suspects.filter((s) => s.bits !== 0).reverse();
  }

  ofTypes(cell: number, live: ReadonlySet<number>): Suspect[] {
    const section = `${cellName(this.#p, cell)}/types`;
    const bits = 2 ** bitsFor(this.#p.weights) - 1;
    return [...live].map((a) => ({ section, address: a, bits, written: this.#types[cell * this.#sizes.types + a] ?? 0 }));
  }
}
