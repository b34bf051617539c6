import { at } from "../../base/bug.ts";
import { sizeOf } from "../../base/tensor.ts";
import type { Core, Sends } from "../../ir/cores/types.ts";
import { axesOf, planeOf, tapsOf } from "../../ir/network/kernels/axis.ts";
import type { Pool } from "../../ir/network/types.ts";
import type { Arrivals } from "../arrivals.ts";

/*
 * Who sends where: the axons of a population's links and the lines of its outputs,
 * gathered by neuron. A pooled axon is sent to by every neuron of its window, a
 * gated one with the neuron's place in the window.
 */

/** Builds the sends of one population, in the order in which they are added. */
export class SendTable {
  readonly #neurons: number;
  readonly #neuron: number[] = [];
  readonly #core: number[] = [];
  readonly #axon: number[] = [];
  readonly #member: number[] = [];

  constructor(neurons: number) {
    this.#neurons = neurons;
  }

  add(neuron: number, core: number, axon: number, member: number): void {
    this.#neuron.push(neuron);
    this.#core.push(core);
    this.#axon.push(axon);
    this.#member.push(member);
  }

  /** All arrivals of one link. `shape` is the population's, before pooling. */
  addLink(arrivals: Arrivals, pool: Pool | null, shape: readonly number[]): void {
    const windows = pool === null ? null : windowsOf(pool, shape);
    arrivals.source.forEach((source, k) => {
      const [core, axon] = [at(arrivals.core, k), at(arrivals.axon, k)];
      if (windows === null) this.add(source, core, axon, 0);
      else for (const m of at(windows, source)) this.add(m.neuron, core, axon, pool?.mode === "gate" ? m.member : 0);
    });
  }

  /** Sends by neuron. */
  finish(): Sends {
    const start = new Int32Array(this.#neurons + 1);
    for (const n of this.#neuron) start[n + 1] = at(start, n + 1) + 1;
    for (let n = 0; n < this.#neurons; n++) start[n + 1] = at(start, n + 1) + at(start, n);
    const next = start.slice();
    const total = this.#neuron.length;
    const out = { start, core: new Int32Array(total), axon: new Int32Array(total), member: new Int32Array(total) };
    this.#neuron.forEach((n, k) => {
      const to = at(next, n);
      next[n] = to + 1;
      out.core[to] = at(this.#core, k);
      out.axon[to] = at(this.#axon, k);
      out.member[to] = at(this.#member, k);
    });
    return out;
  }
}

/** For each pooled position: the source neurons of its window, with their place in it. Positions in the padding have none. */
function windowsOf(pool: Pool, shape: readonly number[]): readonly (readonly { readonly neuron: number; readonly member: number }[])[] {
  const [y, x] = planeOf(axesOf(shape.slice(1), pool.size, pool.stride, pool.pads, null));
  const [tapsY, tapsX] = [tapsOf(y), tapsOf(x)];
  const channels = at(shape, 0);
  const out = Array.from({ length: channels * y.output * x.output }, (): { neuron: number; member: number }[] => []);
  for (let neuron = 0; neuron < sizeOf(shape); neuron++) {
    const px = neuron % x.input;
    const py = Math.floor(neuron / x.input) % y.input;
    const c = Math.floor(neuron / (x.input * y.input));
    for (let ey = at(tapsY.start, py); ey < at(tapsY.start, py + 1); ey++) {
      for (let ex = at(tapsX.start, px); ex < at(tapsX.start, px + 1); ex++) {
        const window = (c * y.output + at(tapsY.output, ey)) * x.output + at(tapsX.output, ex);
        at(out, window).push({ neuron, member: at(tapsY.tap, ey) * x.kernel + at(tapsX.tap, ex) });
      }
    }
  }
  return out;
}

/** The sends of a core's slots, taken from those of its groups' populations by neuron index. */
export function sendsOfCore(groups: Core["groups"], byPop: (name: string) => Sends): Sends {
  const start: number[] = [0];
  const [core, axon, member]: [number[], number[], number[]] = [[], [], []];
  for (const g of groups) {
    const s = byPop(g.pop);
    for (const neuron of g.indices) {
      for (let k = at(s.start, neuron); k < at(s.start, neuron + 1); k++) {
        core.push(at(s.core, k));
        axon.push(at(s.axon, k));
        member.push(at(s.member, k));
      }
      start.push(core.length);
    }
  }
  return { start: Int32Array.from(start), core: Int32Array.from(core), axon: Int32Array.from(axon), member: Int32Array.from(member) };
}
