import { at } from "../../../base/bug.ts";
import type { Node, ValueId } from "../../../ir/graph/types.ts";
import { outputOf } from "../facts.ts";
import {
  alike,
  type Bits,
  type Coefficient,
  comparisons,
  every,
  type Form,
  type Formulas,
  isZero,
  map2,
  scaled,
} from "../recognize-neurons/form.ts";
import { type Neuron, questionOf } from "../recognize-neurons/neuron.ts";
import { NotSteps } from "./slices.ts";

/** The comparisons of one layer of neurons, step after step. */
export type Chain = readonly Node[];

/** Comparisons by layer: each but the first has its predecessor within its elementwise formula. */
export function chainsOf(formulas: Formulas): readonly Chain[] {
  const { graph } = formulas.facts;
  const nodes = graph.nodes.filter((n) => comparisons.has(n.op));
  const before = (n: Node): readonly ValueId[] =>
    [...new Set(n.inputs.flatMap((v) => (v === null ? [] : [...formulas.cone(v).compares])))].filter((v) => v !== outputOf(n));
  const chains: Node[][] = [];
  for (const n of [...nodes].sort((a, b) => before(a).length - before(b).length)) {
    const earlier = before(n);
    if (earlier.length === 0) {
      chains.push([n]);
      continue;
    }
    const mine = chains.find((c) => c.length === earlier.length && c.every((m) => earlier.includes(outputOf(m))));
    if (mine === undefined) throw new NotSteps("a neuron's formula reaches spikes that are not its own");
    mine.push(n);
  }
  return chains;
}

/** A neuron as its first two steps show it; state and next are to be added. */
export type Cell = Omit<Neuron, "state" | "next">;

/**
 * With u = a*v + X + c and D = u - theta, the comparisons of the first two steps are
 *
 *   D0 = X0 + c - theta          D1 = a*(X0 + c) + X1 + c - theta       without a spike in step 0
 *                                D1 = a*r + X1 + c - theta              with one, hard reset to r
 *                                D1 = a*(X0 + c - m) + X1 + c - theta   with one, soft reset by m
 *
 * which gives a, c, theta and the reset. X of the last step is read from its own comparison.
 */
export function cellOf(chain: Chain, formulas: Formulas): Cell {
  for (const fires of [true, false]) {
    const cell = cellFor(chain, fires, formulas);
    if (cell !== null) return cell;
  }
  throw new NotSteps("its first two steps are not those of one neuron");
}

function cellFor(chain: Chain, fires: boolean, formulas: Formulas): Cell | null {
  const [zero, one, last] = [at(chain, 0), at(chain, 1), at(chain, chain.length - 1)];
  const sign = fires ? 1 : -1;
  const ask = (n: Node, bits: Bits): Form | null => {
    const q = questionOf(n, formulas, bits);
    return q && scaled(q.form, sign);
  };
  const spiked = (n: Node, yes: boolean): Bits => new Map([[outputOf(n), yes === fires]]);
  const [d0, silent, after] = [ask(zero, new Map()), ask(one, spiked(zero, false)), ask(one, spiked(zero, true))];
  if (d0 === null || silent === null || after === null) return null;
  const fresh = [...silent.of.keys()].filter((v) => !d0.of.has(v));
  const still = fresh.length === 0;
  // A current that is the same value in every step is X0 and X1 at once.
  const carried = (f: Form, v: ValueId): Coefficient => map2(f.of.get(v) ?? 0, still ? (d0.of.get(v) ?? 0) : 0, (x, y) => x - y);
  const ratios = [...d0.of].map(([v, c]) => map2(carried(silent, v), c, (x, y) => x / y));
  const [decay] = ratios;
  if (decay === undefined || !ratios.every((r) => alike(r, decay)) || !every(decay, (a) => a > 0 && Number.isFinite(a))) return null;
  const offset = map2(
    map2(silent.one, d0.one, (x, y) => x - y),
    decay,
    (x, a) => x / a,
  );
  const hard = [...d0.of.keys()].every((v) => isZero(carried(after, v)));
  const soft = [...d0.of.keys()].every((v) => alike(carried(after, v), carried(silent, v)));
  if (!hard && !soft) return null;
  const change = map2(after.one, hard ? d0.one : silent.one, (x, y) => (hard ? x - y : y - x));
  const compare = (questionOf(zero, formulas, new Map())?.compare === "ge") === fires ? "ge" : "gt";
  const previous = at(chain, chain.length - 2);
  const [end, before] = [ask(last, spiked(previous, false)), ask(previous, new Map())];
  if (end === null || before === null) return null;
  // X of the last step: what the potential of the step before does not hold.
  const own = [...end.of].filter(([v]) => !before.of.has(v) && formulas.cone(v).compares.size === 0);
  return {
    node: last,
    fires,
    current: { of: still ? d0.of : new Map(own), one: offset },
    decay,
    threshold: map2(offset, d0.one, (c, d) => c - d),
    compare,
    reset: hard ? "set" : "subtract",
    amount: map2(change, decay, (x, a) => x / a),
  };
}
