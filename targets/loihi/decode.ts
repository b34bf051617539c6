import { at } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import { id } from "../../compiler/base/id.ts";
import { origin, readOrigin } from "../../compiler/base/origin.ts";
import { i32, type Tensor } from "../../compiler/base/tensor.ts";
import type { Core, Cores, NeuronGroup, Sends } from "../../compiler/ir/cores/types.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import type { ChipSpec } from "../chip.ts";
import { type LoadedCore, loadCores } from "./load.ts";
import * as words from "./words.ts";

/** Reads an image back as cores; names, indices and origins of groups come from its map, if it has one. */
export function decode(image: Image, chip: ChipSpec): Cores {
  const { cores: loaded, memories } = loadCores(image.sections, chip);
  const coreAt = new Map(loaded.map((c, i) => [placeKey(c), i]));
  const seed = words.registerSeed.decode(memories.get("chip/registers")?.[2] ?? 0);
  return {
    kind: "cores",
    name: image.name,
    chip: image.target,
    columns: chip.columns,
    rows: chip.rows,
    steps: image.steps,
    interval: image.interval,
    seed: "value" in seed ? seed.value.seed : 0,
    cores: loaded.map((c, i) => coreOf(c, i, coreAt, image)),
    inputs: image.inputs.map(({ start, targets, ...rest }) => ({
      ...rest,
      sends: sendsOf(
        Array.from({ length: start.length - 1 }, (_, i) =>
          Array.from(targets.subarray(at(start, i), at(start, i + 1)), (w) => routeOf(w, `input ${rest.name}`)),
        ),
        coreAt,
      ),
    })),
    outputs: image.outputs,
  };
}

type Route = LoadedCore["routes"][number];
const placeKey = (p: { readonly x: number; readonly y: number }): string => `${p.x},${p.y}`;

/** A route word of an input. */
export function routeOf(w: number, where: string): Route {
  const r = words.route.decode(w);
  return "value" in r ? r.value : fail("image-word", [`${r.field}: ${r.problem}`], { at: where });
}

function coreOf(c: LoadedCore, index: number, coreAt: ReadonlyMap<string, number>, image: Image): Core {
  const { routeStart, routeCount } = c.compartments;
  const named = image.map?.cores.find((m) => m.x === c.x && m.y === c.y);
  return {
    id: id<"core">(index),
    at: { x: c.x, y: c.y },
    groups: groupsOf(c, named?.groups ?? null),
    sends: sendsOf(
      Array.from({ length: c.count }, (_, i) => c.routes.slice(at(routeStart, i), at(routeStart, i) + at(routeCount, i))),
      coreAt,
    ),
    axons: c.axons.map(({ row, shift, delay, offset }) => ({ row, mode: "each", need: 0, delay, gain: 1, shift, y: 0, x: offset })),
    shapes: [],
    rows: c.rows,
    origin: readOrigin(named?.origin ?? "") ?? origin(named?.origin ?? ""),
  };
}

type NamedGroup = NonNullable<Image["map"]>["cores"][number]["groups"][number];

/** Compartments of one profile are a group. */
function groupsOf(c: LoadedCore, named: readonly NamedGroup[] | null): NeuronGroup[] {
  const { profile } = c.compartments;
  const out: NeuronGroup[] = [];
  for (let first = 0; first < c.count; ) {
    let end = first + 1;
    while (end < c.count && profile[end] === profile[first]) end++;
    out.push(
      groupOf(
        c,
        first,
        end - first,
        named?.find((g) => g.first === first),
      ),
    );
    first = end;
  }
  return out;
}

function groupOf(c: LoadedCore, first: number, count: number, named: NamedGroup | undefined): NeuronGroup {
  const p = at(c.profiles, at(c.compartments.profile, first));
  const gathered = (name: keyof LoadedCore["compartments"]): number | Tensor => {
    const values = c.compartments[name].slice(first, first + count);
    return values.every((v) => v === values[0]) ? at(values, 0) : i32([count], values);
  };
  return {
    first,
    count,
    model: "loihi",
    params: {
      reset: p.reset,
      emit: "unit",
      negative: "none",
      output: p.output ? "yes" : "no",
      threshold: gathered("threshold"),
      subtract: gathered("subtract"),
      du: gathered("du"),
      dv: gathered("dv"),
      bias: gathered("bias"),
      biasExponent: gathered("biasExponent"),
    },
    initial: { v: gathered("initial") },
    spike: { kind: "binary" },
    start: p.start,
    silent: p.silent,
    stop: p.start + p.length,
    pop: named?.pop ?? `core(${c.x},${c.y}).${first}`,
    indices: Int32Array.from(named?.indices ?? Array.from({ length: count }, (_, i) => i)),
    origin: readOrigin(named?.origin ?? "") ?? origin(""),
  };
}

function sendsOf(sources: readonly (readonly Route[])[], coreAt: ReadonlyMap<string, number>): Sends {
  const start = [0];
  const [core, axon]: [number[], number[]] = [[], []];
  for (const list of sources) {
    for (const r of list) {
      core.push(
        r.host ? -1 : (coreAt.get(placeKey(r)) ?? fail("image-word", [`a route leads to core(${r.x},${r.y}), which is not enabled`])),
      );
      axon.push(r.axon);
    }
    start.push(core.length);
  }
  return { start: Int32Array.from(start), core: Int32Array.from(core), axon: Int32Array.from(axon), member: new Int32Array(core.length) };
}
