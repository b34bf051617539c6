import { at } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Row } from "../../compiler/ir/cores/types.ts";
import type { Section } from "../../compiler/ir/image/types.ts";
import type { RecordOf, Word } from "../../compiler/ir/image/word.ts";
import { columns, type Layout, loadSections, type Memories, parseCoreSection, unpackWeights } from "../../runtime/parts/memory.ts";
import type { ChipSpec } from "../chip.ts";
import * as words from "./words.ts";

/** Compartments as columns; profile is an index into the core's profiles. */
type Compartments = Readonly<
  Record<"routeStart" | "routeCount" | "profile" | "du" | "dv" | "biasExponent" | "threshold" | "bias" | "subtract" | "initial", Int32Array>
>;

type Profile = {
  readonly start: number;
  readonly silent: number;
  readonly length: number;
  readonly reset: "set" | "subtract";
  readonly output: boolean;
};

type Route = RecordOf<typeof words.route.fields>;

/** Rows with weights in the order of their slots. */
export type LoadedRow = Extract<Row, { readonly kind: "dense" | "sparse" }>;

/** A core as its memories say it is; simulator and decoder read the same. */
export type LoadedCore = {
  readonly x: number;
  readonly y: number;
  readonly count: number;
  readonly profiles: readonly Profile[];
  readonly compartments: Compartments;
  readonly routes: readonly Route[];
  /** `row` is an index into `rows`; `offset` is added to its slots. */
  readonly axons: readonly { readonly row: number; readonly shift: number; readonly delay: number; readonly offset: number }[];
  readonly rows: readonly LoadedRow[];
};

type Loaded = { readonly cores: readonly LoadedCore[]; readonly memories: Memories; readonly words: number };

function layoutOf(chip: ChipSpec): Layout {
  return {
    columns: chip.columns,
    rows: chip.rows,
    chip: { registers: 3 },
    core: {
      control: 1,
      profiles: 2 * chip.core.profiles,
      compartments: words.compartmentWords.length * chip.core.neurons,
      routes: chip.core.routes,
      axons: chip.core.axons,
      offsets: chip.core.axons,
      synapses: chip.core.synapseWords,
    },
  };
}

/** The enabled cores of an image, in load order. Throws Failure for words that are none. */
export function loadCores(sections: readonly Section[], chip: ChipSpec): Loaded {
  const loaded = loadSections(sections, layoutOf(chip));
  const cores: LoadedCore[] = [];
  for (const [name, list] of loaded.memories) {
    const place = parseCoreSection(name);
    if (place?.memory !== "control") continue;
    const { compartments: count, enabled } = read(words.control, list, 0, name);
    if (enabled) cores.push(loadCore(place.x, place.y, count, loaded.memories));
  }
  return { cores, ...loaded };
}

function loadCore(x: number, y: number, count: number, memories: Memories): LoadedCore {
  const section = (which: string): string => `core(${x},${y})/${which}`;
  const memory = (which: string): Uint32Array => memories.get(section(which)) ?? new Uint32Array();
  const { rows, indexOf } = rowsOf(memory("synapses"), section("synapses"));
  const routes = memory("routes");
  const axons = memory("axons");
  const offsets = memory("offsets");
  const list = memory("profiles");
  return {
    x,
    y,
    count,
    profiles: Array.from({ length: list.length / 2 }, (_, i) => ({
      ...read(words.profile0, list, 2 * i, section("profiles")),
      ...read(words.profile1, list, 2 * i + 1, section("profiles")),
    })),
    compartments: compartmentsOf(memory("compartments"), count, section("compartments")),
    routes: Array.from(routes, (_, i) => read(words.route, routes, i, section("routes"))),
    axons: Array.from(axons, (_, i) => {
      const { row, shift, delay } = read(words.axon, axons, i, section("axons"));
      const index = indexOf.get(row) ?? fail("image-word", [`axon.row: no row begins at ${row}`], { at: `${section("axons")} word ${i}` });
      return { row: index, shift, delay, offset: read(words.offset, offsets, i, section("offsets")).slots };
    }),
    rows,
  };
}

function compartmentsOf(memory: Uint32Array, count: number, section: string): Compartments {
  const stride = words.compartmentWords.length;
  const { routeStart, routeCount, profile } = columns(words.compartment0, memory, 0, stride, count, section);
  const decays = columns(words.compartment1, memory, 1, stride, count, section);
  const { threshold, bias } = columns(words.compartment2, memory, 2, stride, count, section);
  const { subtract } = columns(words.compartment3, memory, 3, stride, count, section);
  const { initial } = columns(words.compartment4, memory, 4, stride, count, section);
  return {
    routeStart,
    routeCount,
    profile,
    du: decays.du.map((d, i) => d + at(decays.duOffset, i)),
    dv: decays.dv.map((d, i) => d + at(decays.dvOffset, i)),
    biasExponent: decays.biasExponent,
    threshold,
    bias,
    subtract,
    initial,
  };
}

/** Rows follow one another; `indexOf` has the address of each. */
function rowsOf(memory: Uint32Array, section: string): { readonly rows: LoadedRow[]; readonly indexOf: ReadonlyMap<number, number> } {
  const rows: LoadedRow[] = [];
  const indexOf = new Map<number, number>();
  for (let address = 0; address < memory.length; ) {
    indexOf.set(address, rows.length);
    const { kind, bits: less, base, count } = read(words.row, memory, address, section);
    const bits = less + 1;
    const weights = new Int32Array(count);
    if (kind === "dense") {
      unpackWeights(memory, address + 1, count, bits, weights, 0);
      rows.push({ kind, bits, base, weights });
      address += 1 + Math.ceil(count / Math.floor(32 / bits));
    } else {
      const slots = new Int32Array(count);
      for (let i = 0; i < count; i++) {
        const e = read(words.entry, memory, address + 1 + i, section);
        slots[i] = e.slot;
        weights[i] = e.weight;
      }
      rows.push({ kind, bits, slots, weights });
      address += 1 + count;
    }
  }
  return { rows, indexOf };
}

// biome-ignore lint/suspicious/noExplicitAny: words of every table are read; RecordOf restores the fields.
function read<W extends Word<any>>(word: W, memory: Uint32Array, address: number, section: string): RecordOf<W["fields"]> {
  const r = word.decode(memory[address] ?? 0);
  if ("value" in r) return r.value as RecordOf<W["fields"]>;
  return fail("image-word", [`${r.field}: ${r.problem}`], { at: `${section} word ${address}` });
}
