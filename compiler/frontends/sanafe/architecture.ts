import type { Node } from "yaml";
import { fail } from "../../base/diagnostic.ts";
import { rangeOf, Source, textOf } from "./source.ts";
import { type Architecture, type CoreKind, type Cost, type EventUnit, type Hops, type SomaUnit, type Tile, directions } from "./types.ts";

type Fields = ReadonlyMap<string, Node | null>;

/** Reads an architecture file of SANA-FE (version 2). Throws a Failure with a code and the line. */
export function readArchitecture(text: string, file: string): Architecture {
  const source = new Source(text, file);
  const top = source.fields(source.root, "the file");
  const node = source.need(top, "architecture", "the file", source.root);
  const fields = source.fields(node, "architecture");
  const attributes = attributesOf(source, fields, "architecture", node);
  const whole = (key: string): number => source.whole(source.need(attributes, key, "architecture", node), key, 1);
  const [width, height, linkBuffer] = [whole("width"), whole("height"), whole("link_buffer_size")];
  const tiles: Tile[] = [];
  const cores: { tile: number; kind: CoreKind }[] = [];
  for (const tile of source.several(source.need(fields, "tile", "architecture", node))) {
    const parts = source.fields(tile, "tile");
    const hops = hopsOf(source, attributesOf(source, parts, "tile", tile), tile);
    const kinds = source.several(source.need(parts, "core", "tile", tile)).flatMap((core) => {
      const kind = coreKind(source, core);
      return new Array<CoreKind>(countOf(kind.name)).fill(kind);
    });
    const name = source.text(source.need(parts, "name", "tile", tile), "name");
    for (let i = 0; i < countOf(name); i++) {
      const at = tiles.length;
      if (at >= width * height) fail("sanafe-value", ["tile", name, `at most ${width} × ${height} tiles`], { at: source.at(tile) });
      tiles.push({ x: Math.floor(at / height), y: at % height, hops, cores: kinds.map((_, c) => cores.length + c) });
      for (const kind of kinds) cores.push({ tile: at, kind });
    }
  }
  return {
    name: textOf(source.need(fields, "name", "architecture", node)),
    width,
    height,
    linkBuffer,
    sync: syncOf(source, attributes, node),
    tiles,
    cores,
  };
}

/** How many things a name with a range stands for. */
function countOf(name: string): number {
  const range = name.includes("[") ? rangeOf(name) : null;
  return range === null ? 1 : range[1] - range[0] + 1;
}

function attributesOf(source: Source, fields: Fields, of: string, node: Node | null): Map<string, Node | null> {
  return source.fields(source.need(fields, "attributes", of, node), `attributes of ${of}`);
}

function cost(source: Source, fields: Fields, of: string, node: Node | null, energy: string, latency: string): Cost {
  const value = (key: string): number => source.number(source.need(fields, key, of, node), key);
  return { energy: value(energy), latency: value(latency) };
}

function hopsOf(source: Source, attributes: Fields, node: Node | null): Hops {
  return Object.fromEntries(
    directions.map((d) => [d, cost(source, attributes, "tile", node, `energy_${d}_hop`, `latency_${d}_hop`)]),
  ) as Hops;
}

/** One number, a list (of 0, 1, 2… tiles), or a table. */
function syncOf(source: Source, attributes: Fields, node: Node | null): [number, number][] {
  const model = attributes.has("sync_model") ? source.text(attributes.get("sync_model") ?? null, "sync_model") : "fixed";
  const value = attributes.get("latency_sync") ?? null;
  if (model === "fixed") return [[0, value === null ? 0 : source.number(value, "latency_sync")]];
  if (model !== "table") return fail("sanafe-value", ["sync_model", model, "fixed or table"], { at: source.at(node) });
  const given = source.need(attributes, "latency_sync", "a table of synchronization", node);
  if (given !== null && "value" in given) return [[0, source.number(given, "latency_sync")]];
  const rows = source.several(given);
  const table =
    rows.length === 1 && rows[0] === given
      ? [...source.fields(given, "latency_sync")].map(([tiles, v]): [number, number] => [Number(tiles), source.number(v, "latency_sync")])
      : rows.map((v, tiles): [number, number] => [tiles, source.number(v, "latency_sync")]);
  if (table.length === 0 || table.some(([tiles]) => !Number.isSafeInteger(tiles)))
    fail("sanafe-value", ["latency_sync", "a table", "numbers of tiles with seconds"], { at: source.at(given) });
  return table.sort((a, b) => a[0] - b[0]);
}

function coreKind(source: Source, node: Node | null): CoreKind {
  const fields = source.fields(node, "core");
  const name = source.text(source.need(fields, "name", "core", node), "name");
  const attributes = attributesOf(source, fields, `core ${name}`, node);
  const position = source.text(source.need(attributes, "buffer_position", `core ${name}`, node), "buffer_position");
  const inside = attributes.has("buffer_inside_unit") && source.flag(attributes.get("buffer_inside_unit") ?? null, "buffer_inside_unit");
  if (position !== "soma" || inside)
    fail(
      "sanafe-model",
      [`buffer_position ${position}${inside ? " inside the unit" : ""}`, "the buffer of a step must be before the soma"],
      {
        at: source.at(node),
      },
    );
  const section = (key: string): readonly (Node | null)[] => source.several(source.need(fields, key, `core ${name}`, node));
  const axon = (key: string, what: string): Cost => {
    const unit = section(key)[0] ?? null;
    return cost(source, attributesOf(source, source.fields(unit, key), key, unit), key, unit, `energy_${what}`, `latency_${what}`);
  };
  return {
    name,
    maxNeurons: source.whole(source.need(attributes, "max_neurons_supported", `core ${name}`, node), "max_neurons_supported", 1),
    axonIn: axon("axon_in", "message_in"),
    axonOut: axon("axon_out", "message_out"),
    synapses: section("synapse").flatMap((u) => eventUnits(source, u, "synapse", "process_spike")),
    dendrites: section("dendrite").flatMap((u) => eventUnits(source, u, "dendrite", "update")),
    somas: section("soma").flatMap((u) => somaUnits(source, u)),
  };
}

/** Names of the units that one description stands for. */
function namesOf(name: string): string[] {
  const range = name.includes("..") ? rangeOf(name) : null;
  if (range === null) return [name];
  const stem = name.slice(0, name.indexOf("["));
  return Array.from({ length: range[1] - range[0] + 1 }, (_, i) => `${stem}[${range[0] + i}]`);
}

function unitOf(source: Source, node: Node | null, what: string): { names: string[]; model: string; attributes: Fields } {
  const fields = source.fields(node, what);
  const name = source.text(source.need(fields, "name", what, node), "name");
  const attributes = attributesOf(source, fields, `${what} ${name}`, node);
  const model = source.text(source.need(attributes, "model", `${what} ${name}`, node), "model");
  // A model from a library of its own, whatever its name.
  return { names: namesOf(name), model: attributes.has("plugin") ? `plugin ${model}` : model, attributes };
}

function eventUnits(source: Source, node: Node | null, what: string, event: string): EventUnit[] {
  const { names, model, attributes } = unitOf(source, node, what);
  const price = cost(source, attributes, `${what} ${names[0]}`, node, `energy_${event}`, `latency_${event}`);
  return names.map((name) => ({ name, model, event: price }));
}

function somaUnits(source: Source, node: Node | null): SomaUnit[] {
  const { names, model, attributes } = unitOf(source, node, "soma");
  const price = (event: string): Cost => cost(source, attributes, `soma ${names[0]}`, node, `energy_${event}`, `latency_${event}`);
  const noisy = attributes.has("noise") ? `${model} with noise` : model;
  const costs = { access: price("access_neuron"), update: price("update_neuron"), spike: price("spike_out") };
  return names.map((name) => ({ name, model: noisy, ...costs }));
}
