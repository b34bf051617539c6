import { at } from "../../compiler/base/bug.ts";
import type { LoadedCore, LoadedRow } from "./load.ts";

/*
 * One core's compartments as Int32Arrays. All that is done here is what a step does to potentials and
 * currents; events and time are the machine's.
 */

/** Steps ahead that an event can wait: the longest delay, and the step that transport takes. */
const horizon = 64;

const unity = 4096;
const potentialMost = 2 ** 23 - 1;
/** A spike leaves the refractory counter in the potential's register: one step, in units of 128. */
const refractory = 128;

export class CoreState {
  readonly loaded: LoadedCore;
  readonly potential: Int32Array;
  readonly current: Int32Array;
  /** Input of the running step. */
  readonly #input: Int32Array;
  readonly #touched: Uint8Array;
  /** 1: the potential's register holds the refractory counter. */
  readonly #refractory: Uint8Array;
  readonly #bias: Int32Array;
  /** Axons that act, by step modulo the horizon. */
  readonly #waiting: number[][] = Array.from({ length: horizon }, () => []);

  constructor(loaded: LoadedCore) {
    this.loaded = loaded;
    const { count, compartments: c } = loaded;
    this.potential = new Int32Array(count);
    this.current = new Int32Array(count);
    this.#input = new Int32Array(count);
    this.#touched = new Uint8Array(count);
    this.#refractory = new Uint8Array(count);
    this.#bias = c.bias.map((b, i) => b << at(c.biasExponent, i));
  }

  /** State as loaded, which the management cores write between samples. Events that wait stay. */
  begin(): void {
    this.potential.set(this.loaded.compartments.initial);
    this.current.fill(0);
    this.#refractory.fill(0);
  }

  clear(): void {
    this.begin();
    for (const list of this.#waiting) list.length = 0;
  }

  /** An event that was sent in this step. */
  arrive(axon: number, step: number): void {
    const delay = at(this.loaded.axons, axon).delay;
    at(this.#waiting, (step + 1 + delay) % horizon).push(axon);
  }

  /** Adds what this step's events bring, and says which they were. */
  integrate(step: number): { readonly axons: readonly number[]; readonly synapses: number } {
    const list = at(this.#waiting, step % horizon);
    const axons = list.slice();
    list.length = 0;
    let synapses = 0;
    for (const axon of axons) {
      const { row, shift, offset } = at(this.loaded.axons, axon);
      synapses += this.#apply(at(this.loaded.rows, row), shift, offset);
    }
    return { axons, synapses };
  }

  #apply(row: LoadedRow, shift: number, offset: number): number {
    const { weights } = row;
    let added = 0;
    for (let i = 0; i < weights.length; i++) {
      const w = weights[i]!;
      if (w === 0) continue;
      const slot = offset + (row.kind === "dense" ? row.base + i : row.slots[i]!);
      this.#input[slot] = this.#input[slot]! + (w << shift);
      this.#touched[slot] = 1;
      added++;
    }
    return added;
  }

  /** Updates all compartments in a local step of the sample; reports spikes, and potentials that are read. */
  update(
    local: number,
    spike: (slot: number) => void,
    read: (slot: number, potential: number) => void,
  ): { readonly updates: number; readonly skips: number } {
    const { count, profiles, compartments: c } = this.loaded;
    let updates = 0;
    for (let n = 0; n < count; n++) {
      const p = profiles[c.profile[n]!]!;
      const k = local - p.start;
      if (k >= 0 && k < p.length) {
        const before = this.potential[n]! | this.current[n]! | this.#bias[n]! | this.#touched[n]!;
        if (before !== 0) updates++;
        const v = this.#advance(n);
        if (p.output) {
          if (k === p.length - 1) read(n, v);
        } else if (k >= p.silent && v > c.threshold[n]! * 64) {
          this.#spend(n, p.reset === "subtract" ? c.subtract[n]! : null);
          spike(n);
        }
      }
      this.#input[n] = 0;
      this.#touched[n] = 0;
    }
    return { updates, skips: count - updates };
  }

  /** Current and potential of the next step. */
  #advance(n: number): number {
    const c = this.loaded.compartments;
    const i = ((shrink(this.current[n]!, c.du[n]!) + this.#input[n]!) << 8) >> 8;
    const old = this.#refractory[n] === 1 ? 0 : this.potential[n]!;
    const v = clamp(shrink(old, c.dv[n]!) + i + this.#bias[n]!);
    this.#refractory[n] = 0;
    this.current[n] = i;
    this.potential[n] = v;
    return v;
  }

  #spend(n: number, mantissa: number | null): void {
    if (mantissa !== null) {
      this.potential[n] = clamp(this.potential[n]! - (mantissa << 6));
      return;
    }
    this.potential[n] = refractory;
    this.#refractory[n] = 1;
  }
}

/** value * (4096 - decay) / 4096: the magnitude is shifted, so that it shrinks toward zero. */
function shrink(value: number, decay: number): number {
  const magnitude = Math.floor((Math.abs(value) * (unity - decay)) / unity);
  return value < 0 ? -magnitude : magnitude;
}

function clamp(v: number): number {
  return v > potentialMost ? potentialMost : v < -potentialMost ? -potentialMost : v;
}
