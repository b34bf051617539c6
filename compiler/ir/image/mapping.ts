import { at } from "../../base/bug.ts";
import { rowWords } from "../cores/storage.ts";
import type { Core, Cores, Sends } from "../cores/types.ts";
import type { Image, ImageMap } from "./types.ts";

/*
 * mapping.json: which neuron sits where, what its axons do, and where spikes go, for
 * people and other tools. Its shape is in mapping.schema.json.
 */

const mappingVersion = 1;

/** A destination: [core, axon], [core, axon, member] for a gated axon, or [-1, line] for the host. */
type Route = readonly number[];

type MappingCore = ImageMap["cores"][number] & {
  readonly core: number;
  /** Per axon: the row it names and what it does with an event. */
  readonly axons?: readonly {
    readonly row: number;
    readonly mode: string;
    readonly need: number;
    readonly delay: number;
    readonly gain: number;
    readonly shift: number;
    readonly y: number;
    readonly x: number;
  }[];
  /** Per row: where it lies in the synapse memory. */
  readonly rows?: readonly { readonly kind: string; readonly address: number; readonly words: number; readonly weights: number }[];
  /** Per slot. */
  readonly routes?: readonly (readonly Route[])[];
};

export type Mapping = {
  readonly version: number;
  readonly name: string;
  readonly target: string;
  readonly cores: readonly MappingCore[];
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[]; readonly routes?: readonly (readonly Route[])[] }[];
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[]; readonly first: number; readonly count: number }[];
};

/** Null when the image has no map. Without `cores` only neurons and their places are told. */
export function mappingOf(image: Image, cores: Cores | null): Mapping | null {
  if (image.map === null) return null;
  return {
    version: mappingVersion,
    name: image.name,
    target: image.target,
    cores: image.map.cores.map((c, i): MappingCore => ({ core: i, ...c, ...(cores === null ? {} : detailsOf(at(cores.cores, i))) })),
    inputs: image.inputs.map((p, i) => ({
      name: p.name,
      shape: p.shape,
      ...(cores === null ? {} : { routes: routesOf(at(cores.inputs, i).sends) }),
    })),
    outputs: image.outputs.map((o) => ({ name: o.name, shape: o.shape, first: o.first, count: o.count })),
  };
}

function detailsOf(core: Core): Pick<MappingCore, "axons" | "rows" | "routes"> {
  let address = 0;
  const rows = core.rows.map((r) => {
    const words = rowWords(r, core.shapes);
    const entry = { kind: r.kind, address, words, weights: r.weights.length };
    address += words;
    return entry;
  });
  return { axons: core.axons, rows, routes: routesOf(core.sends) };
}

function routesOf(s: Sends): Route[][] {
  return Array.from({ length: s.start.length - 1 }, (_, source) => {
    const list: Route[] = [];
    for (let k = at(s.start, source); k < at(s.start, source + 1); k++) {
      const member = at(s.member, k);
      list.push(member === 0 ? [at(s.core, k), at(s.axon, k)] : [at(s.core, k), at(s.axon, k), member]);
    }
    return list;
  });
}

/** The names and origins that an image's map holds. */
export function mapOfMapping(mapping: Mapping): ImageMap {
  return {
    cores: mapping.cores.map((c) => ({
      x: c.x,
      y: c.y,
      origin: c.origin,
      groups: c.groups.map((g) => ({ first: g.first, count: g.count, pop: g.pop, indices: g.indices, origin: g.origin })),
    })),
  };
}
