import { at } from "../../base/bug.ts";
import { type Diagnostic, diagnostic } from "../../base/diagnostic.ts";
import { numbersOf, type Tensor } from "../../base/tensor.ts";
import type { Axon, Core, Cores, NeuronGroup, Sends } from "../../ir/cores/types.ts";

/* Rules about what an image makes a chip do, read off the decoded cores. */

export function lintCores(cores: Cores): readonly Diagnostic[] {
  const arrivals = arrivalsOf(cores);
  return [...arrivals.problems, ...lines(cores), ...unusedAxons(cores, arrivals.used), ...unusedRows(cores), ...deadNeurons(cores)];
}

function placeOf(core: Core): string {
  return core.at === null ? `core ${core.id}` : `core(${core.at.x},${core.at.y})`;
}

/** Every way of an event: from a slot of a core, or from an input's channel. */
function* waysOf(cores: Cores): Generator<{ readonly from: string; readonly sends: Sends; readonly source: number }> {
  for (const core of cores.cores)
    for (let s = 0; s + 1 < core.sends.start.length; s++) yield { from: `${placeOf(core)} slot ${s}`, sends: core.sends, source: s };
  for (const port of cores.inputs)
    for (let c = 0; c + 1 < port.sends.start.length; c++) yield { from: `input ${port.name}[${c}]`, sends: port.sends, source: c };
}

function arrivalsOf(cores: Cores): { readonly used: readonly Uint8Array[]; readonly problems: Diagnostic[] } {
  const used = cores.cores.map((c) => new Uint8Array(c.axons.length));
  const nowhere: string[] = [];
  for (const { from, sends, source } of waysOf(cores))
    for (let k = at(sends.start, source); k < at(sends.start, source + 1); k++) {
      const to = at(sends.core, k);
      const axon = at(sends.axon, k);
      if (to < 0) continue;
      const list = used[to];
      if (list === undefined || axon >= list.length)
        nowhere.push(`${from} to axon ${axon} of ${list === undefined ? `core ${to}` : placeOf(at(cores.cores, to))}`);
      else list[axon] = 1;
    }
  return { used, problems: nowhere.length === 0 ? [] : [diagnostic("lint-route", [nowhere.length, nowhere[0] ?? ""])] };
}

/** Output lines against who sends to them. */
function lines(cores: Cores): Diagnostic[] {
  const sent = new Set<number>();
  for (const { sends, source } of waysOf(cores))
    for (let k = at(sends.start, source); k < at(sends.start, source + 1); k++) if (at(sends.core, k) < 0) sent.add(at(sends.axon, k));
  const wanted = new Set(cores.outputs.flatMap((o) => Array.from({ length: o.count }, (_, i) => o.first + i)));
  const silent = [...wanted].filter((l) => !sent.has(l));
  const unread = [...sent].filter((l) => !wanted.has(l));
  const out: Diagnostic[] = [];
  if (silent.length > 0) out.push(diagnostic("lint-line", [silent.length, `nobody sends to line ${silent[0]}`]));
  if (unread.length > 0 && wanted.size > 0) out.push(diagnostic("lint-line", [unread.length, `line ${unread[0]} is no output's`]));
  return out;
}

function unusedAxons(cores: Cores, used: readonly Uint8Array[]): Diagnostic[] {
  const names = cores.cores.flatMap((c, i) => [...at(used, i)].flatMap((u, a) => (u === 0 ? [`axon ${a} of ${placeOf(c)}`] : [])));
  return names.length === 0 ? [] : [diagnostic("lint-axon", [names.length, names[0] ?? ""])];
}

function unusedRows(cores: Cores): Diagnostic[] {
  const names = cores.cores.flatMap((c) => {
    const used = new Set(c.axons.map((a) => a.row));
    return c.rows.flatMap((_, r) => (used.has(r) ? [] : [`row ${r} of ${placeOf(c)}`]));
  });
  return names.length === 0 ? [] : [diagnostic("lint-row", [names.length, names[0] ?? ""])];
}

/** Neurons that nothing alive reaches: alive are inputs, and neurons that act by themselves or that something alive reaches. */
function deadNeurons(cores: Cores): Diagnostic[] {
  const alive = cores.cores.map((c) => {
    const out = new Uint8Array(c.sends.start.length - 1);
    for (const g of c.groups) for (let i = 0; i < g.count; i++) if (actsAlone(g, i)) out[g.first + i] = 1;
    return out;
  });
  const wakes = cores.cores.map((c) => c.axons.map((a) => slotsOf(c, a)));
  const waiting: { readonly sends: Sends; readonly source: number }[] = [];
  for (const port of cores.inputs) for (let c = 0; c + 1 < port.sends.start.length; c++) waiting.push({ sends: port.sends, source: c });
  for (const [i, core] of cores.cores.entries())
    at(alive, i).forEach((a, slot) => {
      if (a === 1) waiting.push({ sends: core.sends, source: slot });
    });
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { sends, source } = next;
    for (let k = at(sends.start, source); k < at(sends.start, source + 1); k++) {
      const to = at(sends.core, k);
      for (const slot of wakes[to]?.[at(sends.axon, k)] ?? []) {
        const list = at(alive, to);
        if (list[slot] !== 0) continue;
        list[slot] = 1;
        waiting.push({ sends: at(cores.cores, to).sends, source: slot });
      }
    }
  }
  const dead = cores.cores.flatMap((c, i) =>
    c.groups.flatMap((g) =>
      Array.from({ length: g.count }, (_, k) => g.first + k).flatMap((slot) =>
        alive[i]?.[slot] === 0 ? [`slot ${slot} of ${placeOf(c)}, ${g.pop}[${g.indices[slot - g.first]}]`] : [],
      ),
    ),
  );
  return dead.length === 0 ? [] : [diagnostic("lint-neuron", [dead.length, dead[0] ?? ""])];
}

/** Numbers that make a neuron act without any event. */
function actsAlone(g: NeuronGroup, i: number): boolean {
  const number = (value: unknown): number =>
    typeof value === "number" ? value : typeof value === "object" && value !== null ? (numbersOf(value as Tensor)[i] ?? 0) : 0;
  const own = ["bias", "leak", "noiseBits"].some((p) => typeof g.params[p] !== "string" && number(g.params[p]) !== 0);
  const initial = Object.values(g.initial).some((v) => number(v) !== 0);
  return own || initial || ("threshold" in g.params && number(g.params["threshold"]) <= 0);
}

/** Slots to which an axon's row adds something other than 0; of convolutions all that any position reaches. */
function slotsOf(core: Core, axon: Axon): readonly number[] {
  const row = core.rows[axon.row];
  if (row === undefined) return [];
  if (row.kind === "dense") return [...row.weights].flatMap((w, i) => (w === 0 ? [] : [row.base + i + axon.x]));
  if (row.kind === "sparse") return [...row.slots].flatMap((s, i) => (row.weights[i] === 0 ? [] : [s + axon.x]));
  const s = at(core.shapes, row.shape);
  const channels = Array.from({ length: row.channels }, (_, c) => c).filter((c) =>
    row.weights.some((w, i) => i % row.channels === c && w !== 0),
  );
  return Array.from({ length: s.height * s.width }, (_, p) => p).flatMap((p) => channels.map((c) => row.base + p * s.pitch + c));
}
