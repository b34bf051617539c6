import { at } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import { id } from "../../compiler/base/id.ts";
import { origin, readOrigin } from "../../compiler/base/origin.ts";
import type { Core, Cores, NeuronGroup, Sends } from "../../compiler/ir/cores/types.ts";
import type { Image, Input } from "../../compiler/ir/image/types.ts";
import { neurons as models } from "../../compiler/ir/network/neurons/index.ts";
import type { ChipSpec } from "../chip.ts";
import { type Destination, decodeWeights, type Neuron, thresholdMax } from "./core-words.ts";
import { type LoadedCore, loadCores } from "./cores.ts";
import { linesPerCore } from "./emit.ts";
import { indexOfPlace, type Own, ownOf, placesOf } from "./geometry.ts";
import { axonCounts, gathered, rowsOf } from "./map.ts";
import * as words from "./words.ts";

/**
 * Reads an image back as cores. All that counts comes from the memories and the inputs' frames; names
 * and neuron indices of groups from the image's map, and without one each core is a population of its own.
 */
export function decode(image: Image, chip: ChipSpec): Cores {
  const own = ownOf(chip);
  const { cores: loaded, memories } = loadCores(image.sections, chip);
  const coreAt = new Map(loaded.map((c, i) => [indexOfPlace(c), i]));
  const table: Table = { own, loaded, coreAt };
  const delays = loaded.map(() => new Map<number, number>());
  const sends = loaded.map((c) =>
    sendsOf(
      c.neurons.map((n) => [n.destination]),
      table,
      delays,
    ),
  );
  const inputs = image.inputs.map(({ start, targets, ...rest }) => ({
    ...rest,
    sends: sendsOf(
      Array.from({ length: start.length - 1 }, (_, i) => framesOf(targets.subarray(at(start, i), at(start, i + 1)), rest)),
      table,
      delays,
    ),
  }));
  const counts = axonCounts([...sends, ...inputs.map((i) => i.sends)], loaded.length);
  return {
    kind: "cores",
    name: image.name,
    chip: image.target,
    columns: chip.columns,
    rows: chip.rows,
    steps: image.steps,
    interval: image.interval,
    seed: seedOf(memories, loaded),
    cores: loaded.map((c, i) => coreOf(c, i, at(sends, i), at(counts, i), at(delays, i), image, own)),
    inputs,
    outputs: image.outputs,
  };
}

/** The seed is in the random register of every core; compiled networks do not use it. */
function seedOf(memories: ReadonlyMap<string, Uint32Array>, loaded: readonly LoadedCore[]): number {
  const [first] = loaded;
  return first === undefined ? 0 : (memories.get(`core(${first.x},${first.y})/random`)?.[0] ?? 0);
}

type Table = { readonly own: Own; readonly loaded: readonly LoadedCore[]; readonly coreAt: ReadonlyMap<number, number> };

function coreOf(
  c: LoadedCore,
  index: number,
  sends: Sends,
  axons: number,
  delays: ReadonlyMap<number, number>,
  image: Image,
  own: Own,
): Core {
  const slots = c.neurons.length;
  const weights = decodeWeights(c.parameters, slots, own.fanIn, axons, c.weights);
  const columns = Array.from({ length: axons }, (_, a) => weights.slice(a * slots, (a + 1) * slots));
  const named = image.map?.cores.find((m) => m.x === c.x && m.y === c.y);
  const group = named?.groups[0];
  return {
    id: id<"core">(index),
    at: { x: c.x, y: c.y },
    groups: [
      groupOf(c, image.steps, {
        pop: group?.pop ?? `core(${c.x},${c.y})`,
        indices: group === undefined ? Int32Array.from({ length: slots }, (_, i) => i) : Int32Array.from(group.indices),
        origin: readOrigin(group?.origin ?? "") ?? origin(""),
      }),
    ],
    sends,
    ...rowsOf(
      columns,
      Array.from({ length: axons }, (_, a) => delays.get(a) ?? 0),
    ),
    shapes: [],
    origin: origin(named?.origin ?? ""),
  };
}

/** Every word of the unit at its first choice; what differs on this chip is stated where it is known. */
const presets = Object.fromEntries(Object.entries(models.unit.words).map(([k, w]) => [k, at(w.choices, 0)]));

/** What a neuron that is only read looks like: it cannot fire. */
export function isRead(n: Neuron): boolean {
  return n.reset === "none" && n.threshold === thresholdMax;
}

function groupOf(
  { neurons, parameters: p }: LoadedCore,
  steps: number,
  name: Pick<NeuronGroup, "pop" | "indices" | "origin">,
): NeuronGroup {
  const first = at(neurons, 0);
  const pick = (f: (n: Neuron) => number) => gathered(Int32Array.from(neurons, f));
  return {
    first: 0,
    count: neurons.length,
    model: "unit",
    params: {
      ...presets,
      leak: p.spiking ? "none" : "multiply",
      reset: first.reset,
      output: isRead(first) ? "yes" : "no",
      threshold: pick((n) => n.threshold),
      resetValue: pick((n) => (n.reset === "set" ? n.resetValue : n.threshold)),
      bias: pick((n) => n.leak),
      leakArgument: 0,
      currentDecay: 0,
      noiseBits: 0,
      noiseKey: 0,
    },
    initial: { v: pick((n) => n.potential) },
    spike: { kind: "binary" },
    start: p.start - 1,
    silent: 0,
    stop: p.length === 0 ? steps : p.start - 1 + p.length,
    ...name,
  };
}

/** Destinations of the spike frames of one input channel. */
function framesOf(list: Uint32Array, input: Pick<Input, "name">): Destination[] {
  const out: Destination[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    const d = destinationOfFrame(at(list, i), at(list, i + 1));
    out.push(d ?? fail("image-word", ["a target of an input is no spike frame"], { at: `input ${input.name}` }));
  }
  return out;
}

/** Where a spike frame goes; null if it is another frame. */
export function destinationOfFrame(highHalf: number, lowHalf: number): Destination | null {
  const [h, l] = [words.frameHigh.decode(highHalf), words.frameLow.decode(lowHalf)];
  if (!("value" in h) || !("value" in l) || h.value.header !== "spike") return null;
  const s = words.spike.decode(l.value.payload);
  if (!("value" in s)) return null;
  const v = h.value;
  return {
    chip: { x: v.chipX, y: v.chipY },
    base: { x: v.coreX, y: v.coreY },
    mask: { x: v.maskX, y: (v.maskYHigh << 2) | l.value.maskYLow },
    axon: s.value.axon,
    slot: s.value.slot,
  };
}

function sendsOf(
  sources: readonly (readonly Destination[])[],
  { own, loaded, coreAt }: Table,
  delays: readonly Map<number, number>[],
): Sends {
  const start = [0];
  const [core, axon]: [number[], number[]] = [[], []];
  for (const list of sources) {
    for (const d of list) {
      if (d.chip.x === own.hostChip.x && d.chip.y === own.hostChip.y) {
        core.push(-1);
        axon.push(indexOfPlace(d.base) * linesPerCore + d.axon);
        continue;
      }
      for (const place of placesOf(d)) {
        const to = coreAt.get(indexOfPlace(place));
        if (to === undefined) continue;
        const folds = 1 << at(loaded, to).parameters.extension;
        const a = (d.slot % folds) * own.fanIn + d.axon;
        core.push(to);
        axon.push(a);
        at(delays, to).set(a, Math.floor(d.slot / folds));
      }
    }
    start.push(core.length);
  }
  return { start: Int32Array.from(start), core: Int32Array.from(core), axon: Int32Array.from(axon), member: new Int32Array(core.length) };
}
