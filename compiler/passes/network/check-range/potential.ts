import { at } from "../../../base/bug.ts";
import { sizeOf, spread } from "../../../base/tensor.ts";
import { neuronParams, neuronWords } from "../../../ir/network/neurons/index.ts";
import { placeOf } from "../../../ir/network/neurons/fire.ts";
import { factorUnit } from "../../../ir/network/neurons/integrate.ts";
import { spikeRange } from "../../../ir/network/spike.ts";
import type { Population } from "../../../ir/network/types.ts";
import type { Bounds } from "../bounds.ts";

/*
 * Interval analysis of the unit's update rule: each step maps the interval in which a
 * potential can lie to one in which it lies after the step. Leak is monotone, so the ends
 * map to ends; the comparison cuts the interval into the parts that fire and the part that
 * does not, and the reset moves each part. The hull of the parts is sound: no run
 * leaves it. All numbers are whole.
 */

export type Saturation = {
  /** Index of the first neuron that can reach an end of the range. */
  readonly neuron: number;
  /** Local step in which it can. */
  readonly step: number;
  /** The end that it reaches. */
  readonly value: number;
  /** Neurons of the population that can reach an end. */
  readonly count: number;
};

export type Potentials = { readonly low: number; readonly high: number; readonly saturation: Saturation | null };

type Interval = { low: number; high: number };

/** Where the potentials of a population of units can go within `steps` steps, in a register of range least … most; `drives`: one for all steps, or one for each. */
export function potentialBounds(p: Population, drives: readonly Bounds[], steps: number, least: number, most: number): Potentials {
  const unit = readUnit(p);
  const count = at(drives, 0).low.length;
  let [low, high] = [0, 0];
  let first: Saturation | null = null;
  let saturating = 0;
  let last: Path | null = null;
  for (let n = 0; n < count; n++) {
    // Neurons of one channel of a convolution have all numbers in common, so they have one path.
    if (last === null || !alike(unit, drives, n - 1, n)) last = pathOf(unit, n, steps, drives, least, most);
    low = Math.min(low, last.low);
    high = Math.max(high, last.high);
    if (last.reached < 0) continue;
    saturating++;
    if (first === null || last.reached < first.step) first = { neuron: n, step: last.reached, value: last.end, count: 0 };
  }
  return { low, high, saturation: first === null ? null : { ...(first as Saturation), count: saturating } };
}

/** Where one neuron's potential can go; `reached` is the first step in which it can be at an end of the range, `end`, or -1. */
type Path = { low: number; high: number; reached: number; end: number };

function pathOf(unit: Unit, n: number, steps: number, drives: readonly Bounds[], least: number, most: number): Path {
  const start = at(unit.initial, n);
  const v: Interval = { low: start, high: start };
  const i: Interval = { low: 0, high: 0 };
  const path: Path = { low: Math.min(0, start), high: Math.max(0, start), reached: -1, end: 0 };
  for (let c = 0; c < steps; c++) {
    const [from, to] = [v.low, v.high];
    const { low: z0, high: z1 } = at(drives, Math.min(c, drives.length - 1));
    const over = step(unit, n, c, steps - 1 - c, v, i, at(z0, n), at(z1, n), least, most);
    path.low = Math.min(path.low, v.low, unit.reach.low);
    path.high = Math.max(path.high, v.high, unit.reach.high);
    if (over !== 0 && path.reached < 0) {
      path.reached = c;
      path.end = over;
    }
    const settled = drives.length === 1 && unit.emit !== "digit" && !unit.current;
    if (settled && c > 0 && c >= unit.silent && v.low === from && v.high === to) break;
  }
  return path;
}

/** Whether two neurons have the same numbers. */
function alike(k: Unit, drives: readonly Bounds[], a: number, b: number): boolean {
  for (const drive of drives) if (drive.low[a] !== drive.low[b] || drive.high[a] !== drive.high[b]) return false;
  for (const list of k.lists) if (list[a] !== list[b]) return false;
  return true;
}

type Unit = ReturnType<typeof readUnit>;

function readUnit(p: Population) {
  const words = neuronWords(p);
  const params = neuronParams(p);
  const list = (name: string): Float64Array => params[name] ?? new Float64Array(0);
  // boundary=clear starts at 0 whatever the initial potential is.
  const initial = words["boundary"] === "clear" ? new Float64Array(sizeOf(p.shape)) : spread(p.initial["v"] ?? 0, p.shape);
  const lists = [...["threshold", "resetValue", "bias", "leakArgument", "currentDecay"].map(list), initial];
  const width = words["noise"] === "none" ? 0 : list("noiseBits").reduce((a, b) => Math.max(a, 2 ** b - 1), 0);
  return {
    leak: words["leak"] ?? "none",
    current: words["current"] === "on",
    equal: words["compare"] !== "gt",
    reset: words["reset"] ?? "subtract",
    negative: words["negative"] ?? "none",
    atZero: words["negativeAt"] === "zero",
    biasFirst: words["biasAt"] === "first",
    emit: words["emit"] ?? "unit",
    rests: words["update"] === "touched",
    silent: p.silent,
    payload: spikeRange(p.spike).high,
    noise: words["noise"] === "gauss" ? { low: -2 * width, high: 2 * width } : { low: 0, high: width },
    threshold: list("threshold"),
    amount: list("resetValue"),
    bias: list("bias"),
    leakArgument: list("leakArgument"),
    currentDecay: list("currentDecay"),
    initial,
    lists,
    /** Extremes of u in the step just taken; what the register must hold besides v. */
    reach: { low: 0, high: 0 },
  };
}

/** One step of neuron n, which `left` others follow; v and i are updated in place. Returns the end of the range that was reached, or 0. */
function step(
  k: Unit,
  n: number,
  c: number,
  left: number,
  v: Interval,
  i: Interval,
  z0: number,
  z1: number,
  least: number,
  most: number,
): number {
  let over = 0;
  const clamp = (x: number): number => {
    if (x > most) over = most;
    else if (x < least) over = least;
    return Math.min(most, Math.max(least, x));
  };
  let [low, high] = [z0, z1];
  if (k.current) {
    const m = at(k.currentDecay, n);
    i.low = clamp(Math.trunc((i.low * m) / factorUnit) + z0);
    i.high = clamp(Math.trunc((i.high * m) / factorUnit) + z1);
    [low, high] = [i.low, i.high];
  }
  const bias = !k.biasFirst || c === 0 ? at(k.bias, n) : 0;
  const u0 = clamp(leaked(k, n, v.low) + low + bias);
  const u1 = clamp(leaked(k, n, v.high) + high + bias);
  k.reach.low = u0;
  k.reach.high = u1;
  const [from, to] = [v.low, v.high];
  if (c < k.silent || k.reset === "none") [v.low, v.high] = [u0, u1];
  else fired(k, n, u0, u1, v, k.emit === "digit" ? placeOf(left) : 1);
  v.low = clamp(v.low);
  v.high = clamp(v.high);
  if (k.rests) [v.low, v.high] = [Math.min(v.low, from), Math.max(v.high, to)];
  return over;
}

function leaked(k: Unit, n: number, v: number): number {
  switch (k.leak) {
    case "shift":
      return v - Math.floor(v / 2 ** at(k.leakArgument, n));
    case "multiply":
      return Math.trunc((v * at(k.leakArgument, n)) / factorUnit);
    case "double":
      return 2 * v;
    default:
      return v;
  }
}

/** The hull of what is left by neurons that do not fire, fire, and fire negatively, for u in u0 … u1. */
function fired(k: Unit, n: number, u0: number, u1: number, v: Interval, place: number): void {
  const t = at(k.threshold, n) * place;
  const r = at(k.amount, n) * (k.reset === "set" ? 1 : place);
  const below = k.atZero ? 0 : -t;
  // Least u that can fire, and greatest that can stay silent, over all noise.
  const up = t - k.noise.high + (k.equal ? 0 : 1);
  const stay = t - k.noise.low - (k.equal ? 1 : 0);
  v.low = Infinity;
  v.high = -Infinity;
  const silentLow = k.negative === "free" ? Math.max(u0, below - k.noise.high) : u0;
  join(v, silentLow, Math.min(u1, stay));
  if (u1 >= up) after(k, n, Math.max(u0, up), u1, r, t, v);
  if (k.negative !== "none") {
    const down = Math.min(u1, below - k.noise.low - 1);
    if (u0 <= down) join(v, k.reset === "set" ? r : u0 + r, k.reset === "set" ? r : down + r);
  }
}

/** Neurons with u in low … high after a positive spike. */
function after(k: Unit, n: number, low: number, high: number, r: number, t: number, v: Interval): void {
  if (k.reset === "set") join(v, r, r);
  else if (k.emit !== "count") join(v, low - r, high - r);
  else if (r === t && low >= t) join(v, 0, Math.max(t - 1, high - k.payload * r));
  else {
    const most = Math.max(1, Math.min(k.payload, t >= 1 ? Math.floor(high / t) : k.payload));
    join(v, low - Math.max(r, most * r), high - Math.min(r, most * r));
  }
}

function join(v: Interval, low: number, high: number): void {
  if (low > high) return;
  v.low = Math.min(v.low, low);
  v.high = Math.max(v.high, high);
}
