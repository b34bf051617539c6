import type { Node } from "yaml";
import { at } from "../../base/bug.ts";
import { type Diagnostic, diagnostic, fail } from "../../base/diagnostic.ts";
import { unpack } from "../data/archive.ts";
import { npyNumbers, readNpy } from "../data/npy.ts";
import { readEdges } from "./edges.ts";
import { isSomaModel, readSoma } from "./somas.ts";
import { rangeOf, Source, textOf } from "./source.ts";
import type { Architecture, Group, MappedNetwork, Soma } from "./types.ts";

type Fields = ReadonlyMap<string, Node | null>;

/**
 * Reads a network file of SANA-FE (version 2) with its mapping. `bytes` reads files that it names (.npz), relative to it.
 * Throws a Failure with codes and lines.
 */
export async function readMappedNetwork(
  text: string,
  file: string,
  chip: Architecture,
  bytes: (name: string) => Uint8Array | null,
  report: (d: Diagnostic) => void,
): Promise<MappedNetwork> {
  const source = new Source(text, file);
  const top = source.fields(source.root, "the file");
  const node = source.need(top, "network", "the file", source.root);
  const fields = source.fields(node, "network");
  const groups: Group[] = [];
  const attributes: Fields[] = [];
  const own: (Fields | null)[] = [];
  for (const group of source.list(source.need(fields, "groups", "network", node), "groups"))
    readGroup(source, group, groups, attributes, own);
  const byName = new Map(groups.map((g) => [g.name, g]));
  const arrays = await arraysOf(text, bytes);
  const ignored = new Set<string>();
  const edges = readEdges(
    { source, groups: byName, array: (name, array) => arrays.get(`${name}:${array}`) ?? null, ignored },
    source.need(fields, "edges", "network", node),
  );
  const places = readMappings(source, source.need(top, "mappings", "the file", source.root), byName, own.length, chip);
  checkPlaces(groups, places.core, chip);
  const neurons = readNeurons(source, groups, attributes, own, places, chip, ignored);
  if (ignored.size > 0) report(diagnostic("sanafe-ignored", [[...ignored].sort()], { at: file }));
  return { name: textOf(fields.get("name")), groups, edges, core: places.core, order: places.order, ...neurons };
}

/** Arrays of the .npz files that the text names, by `file:array`. */
async function arraysOf(text: string, bytes: (name: string) => Uint8Array | null): Promise<ReadonlyMap<string, Float64Array>> {
  const out = new Map<string, Float64Array>();
  const names = new Set([...text.matchAll(/([^\s"'[\]{},]+\.npz):\w+/g)].map((m) => m[1]!));
  for (const name of names) {
    const content = bytes(name);
    if (content === null) continue;
    for (const entry of await unpack({ name, bytes: content })) {
      const array = entry.name.replace(/\.npy$/, "").replace(/^.*[:/]/, "");
      out.set(
        `${name}:${array}`,
        npyNumbers(readNpy(entry)).map((w) => w + 0),
      );
    }
  }
  return out;
}

/** Adds a group, the attributes that its neurons share, and those that each has of its own. */
function readGroup(source: Source, node: Node, groups: Group[], shared: Fields[], own: (Fields | null)[]): void {
  const fields = source.fields(node, "group");
  const name = source.text(source.need(fields, "name", "group", node), "name");
  if (groups.some((g) => g.name === name)) fail("sanafe-value", ["group", name, "a name of its own"], { at: source.at(node) });
  const first = own.length;
  const entries = source.entries(source.need(fields, "neurons", `group ${name}`, node), `neurons of ${name}`);
  const ranges = entries.map(
    (e) => rangeOf(e.key) ?? fail("sanafe-value", [`neuron of ${name}`, e.key, "a number or `first..last`"], { at: source.at(e.at) }),
  );
  const count = ranges.reduce((n, [low, high]) => n + high - low + 1, 0);
  for (let i = 0; i < count; i++) own.push(null);
  ranges.forEach(([low, high], i) => {
    const entry = at(entries, i);
    if (high >= count)
      fail("sanafe-name", ["neuron", `${name}.${high}`, [`${name}.0 … ${name}.${count - 1}`]], { at: source.at(entry.at) });
    const given = entry.value === null ? null : source.fields(entry.value, `neuron ${name}.${entry.key}`);
    for (let n = low; n <= high; n++) own[first + n] = given;
  });
  groups.push({ name, count, first });
  shared.push(source.fields(fields.get("attributes") ?? null, `attributes of ${name}`));
}

type Places = {
  readonly core: Int32Array;
  readonly order: Float64Array;
  /** Names of units that the mapping gives, by neuron. */
  readonly units: readonly (Fields | null)[];
};

function readMappings(source: Source, node: Node | null, groups: ReadonlyMap<string, Group>, neurons: number, chip: Architecture): Places {
  const core = new Int32Array(neurons).fill(-1);
  const order = new Float64Array(neurons);
  const units = new Array<Fields | null>(neurons).fill(null);
  let turn = 0;
  for (const { key, value, at: place } of source.entries(node, "mappings")) {
    const dot = key.indexOf(".");
    const name = dot < 0 ? key : key.slice(0, dot);
    const group = groups.get(name) ?? fail("sanafe-name", ["group", name, [...groups.keys()]], { at: source.at(place) });
    const range = dot < 0 ? ([0, group.count - 1] as const) : rangeOf(key.slice(dot + 1));
    if (range === null || range[1] >= group.count)
      fail("sanafe-name", ["neuron", key, [`${name}.0 … ${name}.${group.count - 1}`]], { at: source.at(place) });
    const fields = source.fields(value, `mapping of ${key}`);
    const to = coreOf(source, source.need(fields, "core", `mapping of ${key}`, value ?? place), chip);
    for (let n = group.first + range[0]; n <= group.first + range[1]; n++) {
      core[n] = to;
      order[n] = turn++;
      units[n] = fields.size > 1 ? fields : null;
    }
  }
  return { core, order, units };
}

/** `tile.core` as the number of a core. */
function coreOf(source: Source, node: Node | null, chip: Architecture): number {
  const text = source.text(node, "core").trim();
  const m = /^(\d+)\.(\d+)$/.exec(text);
  if (m === null) return fail("sanafe-value", ["core", text, "`tile.core`"], { at: source.at(node) });
  const tile = chip.tiles[Number(m[1])];
  const known = [
    `tiles 0 … ${chip.tiles.length - 1}`,
    ...(tile === undefined ? [] : [`cores 0 … ${tile.cores.length - 1} of tile ${m[1]}`]),
  ];
  return tile?.cores[Number(m[2])] ?? fail("sanafe-name", ["core", text, known], { at: source.at(node) });
}

function checkPlaces(groups: readonly Group[], core: Int32Array, chip: Architecture): void {
  const lost = core.reduce((n, c) => n + Number(c < 0), 0);
  if (lost > 0) {
    const first = core.indexOf(-1);
    const group = at(
      groups,
      groups.findLastIndex((g) => g.first <= first && g.count > 0),
    );
    fail("sanafe-unmapped", [`${group.name}.${first - group.first}`, lost]);
  }
  const used = new Int32Array(chip.cores.length);
  for (const c of core) used[c] = used[c]! + 1;
  used.forEach((n, c) => {
    const { tile, kind } = at(chip.cores, c);
    if (n > kind.maxNeurons) fail("sanafe-full", [`${tile}.${at(chip.tiles, tile).cores.indexOf(c)}`, n, kind.maxNeurons]);
  });
}

type Neurons = Pick<MappedNetwork, "somas" | "soma" | "bias" | "somaUnit" | "dendriteUnit" | "synapseUnit">;

/** Finds each neuron's units and reads its settings; neurons with the same attributes are read once. */
function readNeurons(
  source: Source,
  groups: readonly Group[],
  shared: readonly Fields[],
  own: readonly (Fields | null)[],
  places: Places,
  chip: Architecture,
  ignored: Set<string>,
): Neurons {
  const somas: Soma[] = [];
  const bySettings = new Map<string, number>();
  const known = new Map<string, { readonly soma: number; readonly bias: number; readonly units: readonly [number, number, number] }>();
  const out = {
    somas,
    soma: new Uint32Array(own.length),
    bias: new Float64Array(own.length),
    somaUnit: new Uint16Array(own.length),
    dendriteUnit: new Uint16Array(own.length),
    synapseUnit: new Uint16Array(own.length),
  };
  const kinds = new Map(chip.cores.map((c) => [c.kind, 0]));
  [...kinds.keys()].forEach((k, i) => kinds.set(k, i));
  groups.forEach((group, g) => {
    for (let n = group.first; n < group.first + group.count; n++) {
      const { kind } = at(chip.cores, places.core[n]!);
      const mapped = places.units[n] ?? null;
      const key = `${g} ${kinds.get(kind)} ${written(source, own[n] ?? null)} ${written(source, mapped)}`;
      let found = known.get(key);
      if (found === undefined) {
        const attributes = new Map([...at(shared, g), ...(own[n] ?? [])]);
        const name = (unit: string): string => unitName(source, attributes, mapped, unit);
        const units = [
          unitOf(source, kind.somas, "soma", name("soma"), own[n] ?? at(shared, g)),
          unitOf(source, kind.dendrites, "dendrite", name("dendrite"), own[n] ?? at(shared, g)),
          unitOf(source, kind.synapses, "synapse", name("synapse"), own[n] ?? at(shared, g)),
        ] as const;
        const place = `${group.name}.${n - group.first}`;
        const { model } = at(kind.somas, units[0]);
        if (!isSomaModel(model)) return fail("sanafe-model", [`soma model ${model} of ${place}`, "this is no model of the list"]);
        expectModel(at(kind.dendrites, units[1]).model, "accumulator", `dendrite of ${place}`);
        expectModel(at(kind.synapses, units[2]).model, "current_based", `synapse of ${place}`);
        const inner = attributes.get("soma");
        const given = inner === undefined ? attributes : new Map([...attributes, ...source.fields(inner, "soma")]);
        const { soma, bias } = readSoma(source, model, given, ignored);
        found = { soma: indexOf(somas, bySettings, soma), bias, units };
        known.set(key, found);
      }
      out.soma[n] = found.soma;
      out.bias[n] = found.bias;
      [out.somaUnit[n], out.dendriteUnit[n], out.synapseUnit[n]] = found.units;
    }
  });
  shareInputs(groups, places, chip, out, somas, bySettings);
  return out;
}

/**
 * An input unit has one list of spikes, that of the neuron it was told last, and each update of any of its neurons takes the next.
 * So that every neuron can have a list of its own, the unit's is dealt out.
 */
function shareInputs(
  groups: readonly Group[],
  places: Places,
  chip: Architecture,
  out: Neurons,
  somas: Soma[],
  bySettings: Map<string, number>,
): void {
  const units = new Map<string, number[]>();
  for (const group of groups)
    for (let n = group.first; n < group.first + group.count; n++) {
      if (at(somas, out.soma[n]!).model !== "input") continue;
      const key = `${places.core[n]} ${out.somaUnit[n]}`;
      const sharing = units.get(key);
      if (sharing === undefined) units.set(key, [n]);
      else sharing.push(n);
    }
  for (const sharing of units.values()) {
    if (sharing.length < 2) continue;
    sharing.sort((a, b) => places.order[a]! - places.order[b]!);
    const told = sharing.map((n) => at(somas, out.soma[n]!));
    const list = told.findLast((s) => s.model === "input" && s.spikes.length > 0);
    const rate = told.findLast((s) => s.model === "input" && s.every > 0);
    const spikes = list?.model === "input" ? list.spikes : [];
    const every = rate?.model === "input" ? rate.every : 0;
    sharing.forEach((n, i) => {
      const dealt: Soma = { model: "input", spikes: spikes.filter((_, t) => t % sharing.length === i), every };
      out.soma[n] = indexOf(somas, bySettings, dealt);
    });
  }
}

function indexOf(somas: Soma[], bySettings: Map<string, number>, soma: Soma): number {
  const key = JSON.stringify(soma);
  const known = bySettings.get(key);
  if (known !== undefined) return known;
  bySettings.set(key, somas.length);
  return somas.push(soma) - 1;
}

function expectModel(model: string, wanted: string, what: string): void {
  if (model !== wanted) fail("sanafe-model", [`${what}, of model ${model},`, `only ${wanted} is`]);
}

/** The attributes as a text that tells different ones apart. */
function written(source: Source, fields: Fields | null): string {
  if (fields === null) return "";
  return [...fields].map(([k, v]) => `${k}=${v !== null && "value" in v ? textOf(v) : source.at(v)}`).join(";");
}

/** The mapping's word comes last, but connections keep a synapse that the neuron had named before. */
function unitName(source: Source, attributes: Fields, mapped: Fields | null, unit: string): string {
  const own = attributes.get(`${unit}_hw_name`);
  const other = mapped?.get(unit);
  const [first, second] = unit === "synapse" ? [own, other] : [other, own];
  const node = first ?? second ?? null;
  return node === null ? "" : source.text(node, `${unit} unit`);
}

/** Without a name the first unit is meant. */
function unitOf(source: Source, units: readonly { readonly name: string }[], what: string, name: string, near: Fields): number {
  const found = name === "" ? 0 : units.findIndex((u) => u.name === name);
  if (found >= 0 && found < units.length) return found;
  return fail("sanafe-name", [`${what} unit`, name, units.map((u) => u.name)], { at: source.at([...near.values()][0] ?? null) });
}
