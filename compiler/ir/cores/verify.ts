import { at } from "../../base/bug.ts";
import { type Diagnostic, diagnostic } from "../../base/diagnostic.ts";
import { type Features, missingNumbers, missingWords } from "../network/features.ts";
import { poolLimits, profileCount, routeCount, shapeLimits, slotMax, synapseWords, weightBits } from "./storage.ts";
import type { Axon, Core, Cores, NeuronGroup, Row, Sends, Shape } from "./types.ts";

/** What verification must know of a chip; a ChipSpec has it. */
export type ChipLimits = Features & {
  readonly name: string;
  readonly spikes: readonly string[];
  readonly pools: readonly string[];
  readonly sharedKernels: boolean;
  readonly lists: readonly string[];
  readonly listOffsets: number;
  readonly gain: { readonly bits: number };
  readonly columns: number;
  readonly rows: number;
  readonly core: {
    readonly neurons: number;
    readonly axons: number;
    readonly synapseWords: number;
    readonly routes: number;
    readonly profiles: number;
    readonly shapes: number;
    readonly delayMax: number;
  };
  readonly weight: { readonly bitsMax: number };
  readonly outputs: number;
};

/**
 * Rules of Cores:
 *  1. cores are numbered in order; those with a place have one of their own, inside the grid
 *  2. the groups of a core follow one another from slot 0 on, without gaps, and have a neuron index for each slot
 *  3. tensors of a group have one element for each slot
 *  4. there is a list of sends for each slot and input channel; every send leads to an axon or output line that exists
 *  5. an axon's row exists; `at-least` needs 1 … 63 events; `gate` names a group of its core; delay is not negative
 *  6. the weights of a row fit its bits; a one-bit row has no 0
 *  7. no row reaches a slot that the core does not have, from any of its axons; no axon moves a list back
 *  8. output lines follow one another from 0 on
 * and, for a chip:
 *  9. grid and name are the chip's, and every core stays within its memories
 * 10. spikes, settings of neurons, modes and gains of axons, and kinds of rows are ones that the chip has
 */
export function verifyCores(c: Cores, chip: ChipLimits | null): readonly Diagnostic[] {
  const out: Diagnostic[] = [];
  const say: Say = (what, where) => void out.push(diagnostic("cores-invalid", [what], { at: where }));
  const places = new Set<string>();
  let lines = 0;
  for (const o of c.outputs) {
    if (o.first !== lines) say(`it begins at line ${o.first}, the line after the last is ${lines}`, `output ${o.name}`);
    lines = o.first + o.count;
  }
  c.cores.forEach((core, i) => {
    const where = `core ${core.id}`;
    if (core.id !== i) say(`core ${core.id} is at place ${i} of the list`, where);
    checkPlace(core, c, places, say);
    checkGroups(core, say);
    const slots = slotsOf(core);
    checkSends(core.sends, slots, c, lines, where, say);
    core.rows.forEach((row, r) => checkRow(row, core.shapes, slots, `${where}, row ${r}`, say));
    core.axons.forEach((axon, a) => checkAxon(axon, core, `${where}, axon ${a}`, say));
  });
  for (const port of c.inputs) {
    const channels = port.shape.reduce((a, b) => a * b, 1);
    checkSends(port.sends, channels, c, lines, `input ${port.name}`, say);
  }
  if (chip !== null && out.length === 0) checkChip(c, chip, lines, out);
  return out;
}

type Say = (what: string, where: string) => void;

function slotsOf(core: Core): number {
  return core.groups.reduce((n, g) => n + g.count, 0);
}

function checkPlace(core: Core, c: Cores, places: Set<string>, say: Say): void {
  if (core.at === null) return;
  const { x, y } = core.at;
  if (x < 0 || y < 0 || x >= c.columns || y >= c.rows)
    say(`(${x},${y}) is outside the grid of ${c.columns} x ${c.rows}`, `core ${core.id}`);
  if (places.has(`${x},${y}`)) say(`another core is at (${x},${y}) too`, `core ${core.id}`);
  places.add(`${x},${y}`);
}

function checkGroups(core: Core, say: Say): void {
  let next = 0;
  for (const g of core.groups) {
    const where = `core ${core.id}, group ${g.pop}`;
    if (g.first !== next) say(`it begins at slot ${g.first}; slot ${next} is next`, where);
    next = g.first + g.count;
    if (g.indices.length !== g.count) say(`it has ${g.count} slots and ${g.indices.length} neuron indices`, where);
    checkTensors(g, where, say);
  }
  if (next > slotMax) say(`it has ${next} slots; rows can number ${slotMax}`, `core ${core.id}`);
}

function checkTensors(g: NeuronGroup, where: string, say: Say): void {
  for (const [key, value] of [...Object.entries(g.params), ...Object.entries(g.initial)]) {
    if (typeof value === "object" && value.data.length !== g.count)
      say(`${key} has ${value.data.length} numbers for ${g.count} slots`, where);
  }
}

function checkSends(s: Sends, sources: number, c: Cores, lines: number, where: string, say: Say): void {
  if (s.start.length !== sources + 1) return say(`it has lists of sends for ${s.start.length - 1} of ${sources} sources`, where);
  for (let k = 0; k < sources; k++) if (at(s.start, k) > at(s.start, k + 1)) return say(`the sends of ${k} end before they begin`, where);
  if (at(s.start, sources) !== s.core.length) say(`its lists end at ${at(s.start, sources)} of ${s.core.length} sends`, where);
  for (let k = 0; k < s.core.length; k++) {
    const [core, axon, member] = [at(s.core, k), at(s.axon, k), at(s.member, k)];
    if (core < 0 ? axon < 0 || axon >= lines : axon < 0 || axon >= (c.cores[core]?.axons.length ?? 0)) {
      return say(
        core < 0 ? `a send leads to line ${axon} of ${lines}` : `a send leads to axon ${axon} of core ${core}, which does not exist`,
        where,
      );
    }
    if (member < 0 || member >= poolLimits.members)
      return say(`a send is member ${member} of a window; windows have up to ${poolLimits.members}`, where);
  }
}

function checkRow(row: Row, shapes: readonly Shape[], slots: number, where: string, say: Say): void {
  let [low, high, zero] = [0, 0, false];
  for (const w of row.weights) {
    if (w < low) low = w;
    if (w > high) high = w;
    zero ||= w === 0;
  }
  if (weightBits(low, high, !zero, 1) > row.bits) say(`its weights, ${low} to ${high}, do not fit ${row.bits} bits`, where);
  if (row.bits === 1 && zero) say("a one-bit row holds a weight of 0", where);
  if (row.kind === "dense" && row.base + row.weights.length > slots)
    say(`it reaches slot ${row.base + row.weights.length - 1} of ${slots}`, where);
  if (row.kind === "sparse") {
    if (row.slots.length !== row.weights.length) say(`it has ${row.slots.length} slots and ${row.weights.length} weights`, where);
    const wrong = row.slots.find((s) => s < 0 || s >= slots);
    if (wrong !== undefined) say(`it reaches slot ${wrong} of ${slots}`, where);
  }
  if (row.kind === "conv") {
    const shape = shapes[row.shape];
    if (shape === undefined) say(`it names shape ${row.shape} of ${shapes.length}`, where);
    else if (row.weights.length !== shape.kernelY * shape.kernelX * row.channels)
      say(`it has ${row.weights.length} weights for ${shape.kernelY} x ${shape.kernelX} taps of ${row.channels}`, where);
    else {
      const last = row.base + (shape.height * shape.width - 1) * shape.pitch + row.channels - 1;
      if (last >= slots) say(`it reaches slot ${last} of ${slots}`, where);
    }
  }
}

function checkAxon(a: Axon, core: Core, where: string, say: Say): void {
  const row = core.rows[a.row];
  if (row === undefined) say(`it names row ${a.row} of ${core.rows.length}`, where);
  if (a.delay < 0) say(`its delay is ${a.delay}`, where);
  if (a.mode === "at-least" && (a.need < 1 || a.need > poolLimits.need))
    say(`it needs ${a.need} events; 1 to ${poolLimits.need} can be`, where);
  if (a.mode === "gate" && core.groups[a.need] === undefined) say(`it names group ${a.need} of ${core.groups.length}`, where);
  if (row === undefined) return;
  if (row.kind !== "conv") return checkOffset(a, row, core, where, say);
  if (a.y < 0 || a.x < 0 || a.y > shapeLimits.positionMax || a.x > shapeLimits.positionMax) say(`its position is (${a.y},${a.x})`, where);
}

function checkOffset(a: Axon, row: Exclude<Row, { readonly kind: "conv" }>, core: Core, where: string, say: Say): void {
  const last = row.kind === "dense" ? row.base + row.weights.length - 1 : row.slots.reduce((n, s) => Math.max(n, s), 0);
  const slots = slotsOf(core);
  if (a.y !== 0 || a.x < 0) say(`it moves its list by (${a.y},${a.x})`, where);
  else if (a.x > 0 && last + a.x >= slots) say(`it moves its list to slot ${last + a.x} of ${slots}`, where);
}

function checkChip(c: Cores, chip: ChipLimits, lines: number, out: Diagnostic[]): void {
  const limit = (object: string, resource: string, used: number, available: number): void => {
    if (used > available) out.push(diagnostic("cores-limit", [object, resource, used, available]));
  };
  limit("the grid", "columns", c.columns, chip.columns);
  limit("the grid", "rows", c.rows, chip.rows);
  limit("the outputs", "lines", lines, chip.outputs);
  for (const core of c.cores) {
    const name = `core ${core.id}`;
    limit(name, "neurons", slotsOf(core), chip.core.neurons);
    limit(name, "axons", core.axons.length, chip.core.axons);
    limit(name, "synapse words", synapseWords(core), chip.core.synapseWords);
    limit(name, "routes", routeCount(core), chip.core.routes);
    limit(
      name,
      "profiles",
      core.groups.reduce((n, g) => n + profileCount(g), 0),
      chip.core.profiles,
    );
    limit(name, "shapes", core.shapes.length, chip.core.shapes);
    limit(
      name,
      "weight bits",
      core.rows.reduce((n, r) => Math.max(n, r.bits), 0),
      chip.weight.bitsMax,
    );
    limit(
      name,
      "steps of axon delay",
      core.axons.reduce((n, a) => Math.max(n, a.delay), 0),
      chip.core.delayMax,
    );
    for (const what of lackedBy(core, chip)) out.push(diagnostic("cores-feature", [name, what, chip.name]));
  }
  for (const port of c.inputs)
    if (!chip.spikes.includes(port.spike.kind))
      out.push(diagnostic("cores-feature", [`input ${port.name}`, `${port.spike.kind} spikes`, chip.name]));
}

/** What a core uses and the chip does not have, each thing once. */
function lackedBy(core: Core, chip: ChipLimits): ReadonlySet<string> {
  const out = new Set<string>();
  for (const g of core.groups) {
    if (!chip.spikes.includes(g.spike.kind)) out.add(`${g.spike.kind} spikes (${g.pop})`);
    for (const m of [...missingWords(g.params, chip), ...missingNumbers(g.params, g.initial["v"] ?? 0, chip)])
      out.add(`${m.setting} (${g.pop})`);
  }
  for (const a of core.axons) {
    if (chip.gain.bits === 0 && (a.gain !== 1 || a.shift !== 0)) out.add("gains on axons");
    if (a.x >= chip.listOffsets && core.rows[a.row]?.kind !== "conv") out.add(`lists moved by ${a.x}`);
    const pool = a.mode === "gate" ? "gate" : a.need === 1 ? "or" : "and";
    if (a.mode !== "each" && !chip.pools.includes(pool) && !(a.need === 1 && chip.pools.includes("and")))
      out.add(`axons that pool (${pool})`);
  }
  for (const r of core.rows) if (r.kind === "conv" ? !chip.sharedKernels : !chip.lists.includes(r.kind)) out.add(`${r.kind} rows`);
  return out;
}
