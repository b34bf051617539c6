import { at, bug } from "../../compiler/base/bug.ts";
import type { Core, Cores, NeuronGroup, Row, Sends } from "../../compiler/ir/cores/types.ts";
import type { Image, Section } from "../../compiler/ir/image/types.ts";
import type { Param } from "../../compiler/ir/network/types.ts";
import { mapOf, placeOf } from "../image-parts.ts";
import * as words from "./words.ts";

/** Writes placed cores as the words of our image format. Only words that are used are written; a core's `control` comes last. */
export function emit(cores: Cores): Image {
  const registers = [
    words.registerSize.encode({ format: words.formatVersion, columns: cores.columns, rows: cores.rows }),
    words.registerSteps.encode({ steps: cores.steps, interval: cores.interval }),
    words.registerSeed.encode({ seed: cores.seed }),
  ];
  return {
    kind: "image",
    name: cores.name,
    target: cores.chip,
    format: words.formatVersion,
    steps: cores.steps,
    interval: cores.interval,
    sections: [section("chip/registers", registers), ...cores.cores.flatMap((core) => sectionsOf(core, cores))],
    inputs: cores.inputs.map(({ sends, ...rest }) => ({
      ...rest,
      start: Uint32Array.from(sends.start),
      targets: Uint32Array.from(sends.core, (_, k) => routeWord(sends, k, cores)),
    })),
    outputs: cores.outputs,
    map: mapOf(cores),
  };
}

function section(name: string, list: Iterable<number>): Section {
  return { name, wordBits: 32, base: 0, words: Uint32Array.from(list) };
}

function sectionsOf(core: Core, cores: Cores): Section[] {
  const { x, y } = placeOf(core);
  const routes = new RouteMemory();
  const compartments = core.groups.flatMap((group, profile) =>
    Array.from({ length: group.count }, (_, i) => compartmentWords(group, i, profile, routes.put(core.sends, group.first + i, cores))),
  );
  const addresses: number[] = [];
  const synapses: number[] = [];
  for (const row of core.rows) {
    addresses.push(synapses.length);
    for (const w of rowWords(row)) synapses.push(w);
  }
  const memories: readonly (readonly [string, readonly number[]])[] = [
    ["profiles", core.groups.flatMap((g) => profileWords(g))],
    ["compartments", compartments.flat()],
    ["routes", routes.words],
    ["synapses", synapses],
    ["axons", core.axons.map((a) => words.axon.encode({ row: at(addresses, a.row), shift: a.shift, delay: a.delay, used: true }))],
    ["offsets", core.axons.some((a) => a.x !== 0) ? core.axons.map((a) => words.offset.encode({ slots: a.x })) : []],
    ["control", [words.control.encode({ compartments: compartments.length, enabled: true })]],
  ];
  return memories.filter(([, list]) => list.length > 0).map(([name, list]) => section(`core(${x},${y})/${name}`, list));
}

function profileWords(group: NeuronGroup): number[] {
  const { params, start, silent } = group;
  const length = (group.stop ?? bug("a group has no end")) - start;
  const reset = params["reset"] === "subtract" ? "subtract" : "set";
  return [words.profile0.encode({ start, silent }), words.profile1.encode({ length, reset, output: params["output"] === "yes" })];
}

function compartmentWords(
  { params, initial }: NeuronGroup,
  i: number,
  profile: number,
  routes: { readonly start: number; readonly count: number },
): number[] {
  const value = (name: string): number => valueAt(params[name], i);
  const [du, dv] = [value("du"), value("dv")];
  return [
    words.compartment0.encode({ routeStart: routes.start, routeCount: routes.count, profile }),
    words.compartment1.encode({ ...offset("du", du), ...offset("dv", dv), biasExponent: value("biasExponent") } as Decays),
    words.compartment2.encode({ threshold: value("threshold"), bias: value("bias") }),
    words.compartment3.encode({ subtract: value("subtract") }),
    words.compartment4.encode({ initial: valueAt(initial["v"], i) }),
  ];
}

type Decays = Parameters<typeof words.compartment1.encode>[0];

/** A decay as 12 bits and an offset, which only 4096 needs. */
function offset(name: "du" | "dv", decay: number): Record<string, number> {
  const over = decay === 4096 ? 1 : 0;
  return { [name]: decay - over, [`${name}Offset`]: over };
}

function valueAt(p: Param | undefined, i: number): number {
  return typeof p === "object" ? Number(p.data[i]) : typeof p === "number" ? p : bug("a group lacks a parameter");
}

function rowWords(row: Row): number[] {
  const count = row.weights.length;
  if (row.kind === "sparse") {
    const head = words.row.encode({ kind: "sparse", bits: row.bits - 1, base: 0, count });
    return [head, ...Array.from(row.weights, (weight, i) => words.entry.encode({ slot: at(row.slots, i), weight }))];
  }
  if (row.kind === "conv") bug("the chip has no shared kernels");
  return [words.row.encode({ kind: "dense", bits: row.bits - 1, base: row.base, count }), ...packed(row.weights, row.bits)];
}

/** Weights from bit 0 up, floor(32 / bits) to a word, two's complement. */
function packed(weights: Int32Array, bits: number): number[] {
  const per = Math.floor(32 / bits);
  const mask = 2 ** bits - 1;
  return Array.from({ length: Math.ceil(weights.length / per) }, (_, k) =>
    weights.subarray(k * per, (k + 1) * per).reduce((word, w, j) => word + (w & mask) * 2 ** (j * bits), 0),
  );
}

function routeWord(sends: Sends, k: number, cores: Cores): number {
  const [core, axon] = [at(sends.core, k), at(sends.axon, k)];
  if (core < 0) return words.route.encode({ axon, x: 0, y: 0, host: true });
  return words.route.encode({ axon, ...placeOf(at(cores.cores, core)), host: false });
}

/** The output axons of a core. Compartments with the same list share it. */
class RouteMemory {
  readonly words: number[] = [];
  readonly #known = new Map<string, number>();

  put(sends: Sends, slot: number, cores: Cores): { start: number; count: number } {
    const list: number[] = [];
    for (let k = at(sends.start, slot); k < at(sends.start, slot + 1); k++) list.push(routeWord(sends, k, cores));
    if (list.length === 0) return { start: 0, count: 0 };
    const key = list.join();
    const start = this.#known.get(key) ?? this.words.length;
    if (start === this.words.length) {
      this.#known.set(key, start);
      this.words.push(...list);
    }
    return { start, count: list.length };
  }
}
