/*
 * Weights as a crossbar with four weights a neuron.
 *
 * A synapse is there or not; what it adds is one of the target's four weights, chosen by the
 * type of the axon. So a source gets several axons of different types (or of one type, which then
 * count twice), and a weight is the sum over those of its axons that are connected. Exact:
 *
 *   roles 1 -1          weights -1, 0, 1                   up to two axons a source
 *   roles 1 2 -4        weights -4 … 3                     three
 *   roles 1 4 16 -64    with repeats, any range            -128 … 63 with ten, and so on
 *
 * Two plans are tried, and the one with fewer axons is taken:
 *
 *   one axon a source   four colours for the sources such that each neuron has at most one
 *                       weight (other than 0) of each colour: TrueNorth-like networks
 *   roles               all neurons of a core use the same four numbers, each times the
 *                       neuron's own unit (the greatest common divisor of its weights)
 */

/** Synapses into one neuron: sources of the tile, and weights that are not 0. */
export type Column = { readonly sources: Int32Array; readonly weights: Int32Array };

export type AxonPlan = {
  /** Type of each axon of each source. */
  readonly types: readonly (readonly number[])[];
  /** The four weights of each neuron. */
  readonly weights: readonly (readonly number[])[];
  /** Total number of axons. */
  readonly axons: number;
  /** The four roles, or null with one axon a source. */
  readonly roles: readonly number[] | null;
};

const typeCount = 4;

/** Axons and weights for a tile, with weights up to ±`most` (two's complement: -most … most - 1). Null where no plan holds them. */
export function planAxons(columns: readonly Column[], sources: number, most: number): AxonPlan | null {
  const single = oneAxonEach(columns, sources, most);
  // One axon for each source that is used at all is the least there can be.
  if (single !== null) return single;
  const roles = byRoles(columns, sources, most);
  return roles === null ? null : pruned(roles, columns);
}

/** Without axons that no neuron came to be connected to. */
function pruned(plan: AxonPlan, columns: readonly Column[]): AxonPlan {
  const used = plan.types.map((t) => new Uint8Array(t.length));
  columns.forEach((c, n) =>
    c.sources.forEach((s, i) => {
      for (const a of connectedAxons(plan, n, s, c.weights[i]!)) used[s]![a] = 1;
    }),
  );
  const types = plan.types.map((t, s) => t.filter((_, a) => used[s]![a] === 1));
  return { ...plan, types, axons: types.reduce((n, t) => n + t.length, 0) };
}

/** For each synapse of a neuron: which of its source's axons are connected, as indices into the source's types. */
export function connectedAxons(plan: AxonPlan, neuron: number, source: number, weight: number): readonly number[] {
  const types = plan.types[source]!;
  const values = plan.weights[neuron]!;
  const found = pick(types, values, weight, 0);
  if (found === null) throw new RangeError("a plan holds every weight that it was made for");
  return found;
}

function pick(types: readonly number[], values: readonly number[], rest: number, from: number): number[] | null {
  if (rest === 0) return [];
  for (let i = from; i < types.length; i++) {
    // Equal axons are taken in order, so only the first of a run needs to be tried.
    if (values[types[i]!] === 0 || (i > from && types[i] === types[i - 1])) continue;
    const more = pick(types, values, rest - values[types[i]!]!, i + 1);
    if (more !== null) return [i, ...more];
  }
  return null;
}

function oneAxonEach(columns: readonly Column[], sources: number, most: number): AxonPlan | null {
  const colour = new Int8Array(sources).fill(-1);
  const held: Int32Array[] = columns.map(() => new Int32Array(typeCount));
  const targets: { neuron: number; weight: number }[][] = Array.from({ length: sources }, () => []);
  columns.forEach((c, neuron) => c.sources.forEach((s, i) => targets[s]!.push({ neuron, weight: c.weights[i]! })));
  if (columns.some((c) => c.weights.some((w) => w < -most || w >= most))) return null;
  // Sources with most targets first: they leave the others least choice.
  const order = Array.from(targets.keys()).sort((a, b) => targets[b]!.length - targets[a]!.length || a - b);
  for (const s of order) {
    const mine = targets[s]!;
    if (mine.length === 0) continue;
    let best = -1;
    let bestNew = Number.POSITIVE_INFINITY;
    for (let k = 0; k < typeCount; k++) {
      let fresh = 0;
      let good = true;
      for (const t of mine) {
        const w = held[t.neuron]![k]!;
        if (w === 0) fresh++;
        else if (w !== t.weight) {
          good = false;
          break;
        }
      }
      if (good && fresh < bestNew) {
        best = k;
        bestNew = fresh;
      }
    }
    if (best < 0) return null;
    colour[s] = best;
    for (const t of mine) held[t.neuron]![best] = t.weight;
  }
  const types = Array.from(colour, (k) => (k < 0 ? [] : [k]));
  return { types, weights: held.map((w) => [...w]), axons: types.reduce((n, t) => n + t.length, 0), roles: null };
}

type Roles = { readonly values: readonly number[]; readonly counts: readonly number[] };

function byRoles(columns: readonly Column[], sources: number, most: number): AxonPlan | null {
  const units = columns.map((c) => c.weights.reduce((g, w) => gcd(g, Math.abs(w)), 0) || 1);
  const wanted: Set<number>[] = Array.from({ length: sources }, () => new Set());
  columns.forEach((c, n) => c.sources.forEach((s, i) => wanted[s]!.add(c.weights[i]! / units[n]!)));
  const all = new Set(wanted.flatMap((w) => [...w]));
  const unitMost = units.reduce((a, b) => Math.max(a, b), 1);
  const fitting = (v: number): boolean => v * unitMost >= -most && v * unitMost < most;
  let best: { roles: Roles; types: number[][]; axons: number } | null = null;
  for (const roles of candidates(all, fitting)) {
    const types = typesFor(wanted, roles);
    if (types === null) continue;
    const axons = types.reduce((n, t) => n + t.length, 0);
    if (best === null || axons < best.axons) best = { roles, types, axons };
  }
  if (best === null) return null;
  const { values } = best.roles;
  return { types: best.types, weights: units.map((u) => values.map((v) => v * u)), axons: best.axons, roles: values };
}

/** Axon types of each source: as few as hold all that it needs. Null where the roles hold not everything. */
function typesFor(wanted: readonly ReadonlySet<number>[], roles: Roles): number[][] | null {
  const parts = subsets(roles);
  const known = new Map<string, number[] | null>();
  const out: number[][] = [];
  for (const w of wanted) {
    const list = [...w].sort((a, b) => a - b);
    const key = list.join();
    let types = known.get(key);
    if (types === undefined) {
      types = parts.find((p) => list.every((v) => p.sums.has(v)))?.types ?? null;
      known.set(key, types);
    }
    if (types === null) return null;
    out.push(types);
  }
  return out;
}

/** Every selection of axons out of the roles, the smallest first, with the sums that it has. */
function subsets(roles: Roles): { readonly types: number[]; readonly sums: ReadonlySet<number> }[] {
  let out: { types: number[]; sums: Set<number> }[] = [{ types: [], sums: new Set([0]) }];
  roles.values.forEach((value, k) => {
    const next: typeof out = [];
    for (const part of out) {
      let { types, sums } = part;
      next.push(part);
      for (let i = 0; i < roles.counts[k]!; i++) {
        types = [...types, k];
        sums = new Set([...sums].flatMap((s) => [s, s + value]));
        next.push({ types, sums });
      }
    }
    out = next;
  });
  return out.sort((a, b) => a.types.length - b.types.length);
}

/** Radices that are tried, of those with the fewest axons. */
const triedMost = 40;

/** Roles that may hold these numbers: all small ones, and mixed radices with every choice of signs. */
function* candidates(all: ReadonlySet<number>, fits: (role: number) => boolean): Iterable<Roles> {
  const list = [...all];
  const low = Math.min(0, ...list);
  const high = Math.max(0, ...list);
  for (const roles of few(list)) if (roles.values.every(fits)) yield roles;
  let tried = 0;
  for (let total = 1; total <= 24 && tried === 0; total++) {
    for (const counts of compositions(total)) {
      for (let signs = 0; signs < 16; signs++) {
        const values: number[] = [];
        let [negative, positive, next] = [0, 0, 1];
        for (let k = 0; k < typeCount; k++) {
          const c = counts[k]!;
          const negated = (signs >> k) & 1;
          if (c === 0 && negated) break;
          const value = c === 0 ? 0 : negated ? -next : next;
          values.push(value);
          if (negated) negative += c * next;
          else positive += c * next;
          next *= c + 1;
        }
        if (values.length < typeCount || -negative > low || positive < high || !values.every(fits)) continue;
        if (++tried > triedMost) return;
        yield { values, counts };
      }
    }
  }
}

/** Up to three numbers out of those wanted and their differences, once each, or one and its negative. */
function* few(list: readonly number[]): Iterable<Roles> {
  if (list.length > 8) return;
  const pool = [...new Set([...list, ...list.flatMap((a) => list.map((b) => a - b))])].filter((v) => v !== 0).slice(0, 24);
  const once = (values: readonly number[]): Roles => ({
    values: Array.from({ length: typeCount }, (_, k) => values[k] ?? 0),
    counts: Array.from({ length: typeCount }, (_, k) => (k < values.length ? 1 : 0)),
  });
  for (let a = 0; a < pool.length; a++)
    for (let b = a + 1; b < pool.length; b++) {
      yield once([pool[a]!, pool[b]!]);
      for (let c = b + 1; c < pool.length; c++) yield once([pool[a]!, pool[b]!, pool[c]!]);
    }
}

/** Ways to write `total` as four counts, later ones 0 where earlier are; at most 7 each. */
function* compositions(total: number): Iterable<number[]> {
  for (let a = 1; a <= Math.min(7, total); a++)
    for (let b = 0; b <= Math.min(7, total - a); b++)
      for (let c = 0; c <= Math.min(7, b === 0 ? 0 : total - a - b); c++) {
        const d = total - a - b - c;
        if (d > 7 || (c === 0 && d > 0)) continue;
        yield [a, b, c, d];
      }
}

function gcd(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
