import { at, bug } from "../../compiler/base/bug.ts";
import type { Core, Cores, NeuronGroup, Sends } from "../../compiler/ir/cores/types.ts";
import type { Param } from "../../compiler/ir/network/types.ts";
import type { Image, Input, Section } from "../../compiler/ir/image/types.ts";
import type { ChipSpec } from "../chip.ts";
import { type Destination, encodeNeuron, encodeParameters, encodeWeights, type Neuron, type Parameters } from "./core-words.ts";
import { blockOf, extensionFor, indexOfPlace, type Own, ownOf, type Place, placeOf, widthFor } from "./geometry.ts";
import { mapOf } from "../image-parts.ts";
import * as words from "./words.ts";

/** Axon field of an output line; the rest of the line is in the core's coordinates. */
export const linesPerCore = 2048;
/** A core that runs no compiled network: the destination of a neuron that nobody hears. */
const nowhere: Destination = { chip: { x: 0, y: 0 }, base: { x: 31, y: 31 }, mask: { x: 0, y: 0 }, axon: 0, slot: 0 };

/** Writes placed cores as the memories that configuration frames fill. */
export function emit(cores: Cores, chip: ChipSpec): Image {
  const own = ownOf(chip);
  const plan: Plan = { own, extension: cores.cores.map((c) => extensionFor(c.axons.length, own)), cores };
  return {
    kind: "image",
    name: cores.name,
    target: cores.chip,
    format: words.formatVersion,
    steps: cores.steps,
    interval: cores.interval,
    sections: cores.cores.flatMap((core) => sectionsOf(core, plan)),
    inputs: cores.inputs.map(({ sends, ...rest }): Input => {
      const frames = Array.from({ length: sends.start.length - 1 }, (_, i) => destinationOf(sends, i, plan)).map((d) =>
        d === null ? [] : spikeFrame(d),
      );
      const start = new Uint32Array(frames.length + 1);
      frames.forEach((f, i) => {
        start[i + 1] = at(start, i) + f.length;
      });
      return { ...rest, start, targets: Uint32Array.from(frames.flat()) };
    }),
    outputs: cores.outputs,
    map: mapOf(cores),
  };
}

type Plan = { readonly own: Own; readonly extension: readonly number[]; readonly cores: Cores };

function sectionsOf(core: Core, plan: Plan): Section[] {
  const { own, cores } = plan;
  const group = at(core.groups, 0);
  const place = core.at ?? bug(`core ${core.id} has no place on the chip`);
  const extension = at(plan.extension, core.id);
  const width = core.rows.reduce((w, r) => Math.max(w, widthFor(r.weights)), 0);
  const neurons = Array.from({ length: group.count }, (_, i) => neuronOf(group, i, destinationOf(core.sends, i, plan) ?? nowhere));
  const targets = [
    ...new Set(
      Array.from(core.sends.core)
        .filter((c) => c >= 0)
        .map((c) => at(plan.extension, c)),
    ),
  ];
  const stop = group.stop ?? cores.steps;
  const copies = 1 << (extension + width);
  const parameters: Parameters = {
    width,
    extension,
    dendrites: group.count * copies,
    start: group.start + 1,
    length: stop === cores.steps ? 0 : stop - group.start,
    spiking: group.params["leak"] !== "multiply",
    targetExtension: targets[0] ?? 0,
    testChip: own.hostChip,
  };
  const rows = core.axons.map((a) => at(core.rows, a.row).weights);
  const ram = encodeWeights(parameters, group.count, own.fanIn, (axon, neuron) => rows[axon]?.[neuron] ?? 0);
  const name = (memory: string): string => `core(${place.x},${place.y})/${memory}`;
  const section = (memory: string, list: Iterable<number>): Section => ({
    name: name(memory),
    wordBits: 32,
    base: 0,
    words: Uint32Array.from(list),
  });
  return [
    section("random", [cores.seed, 0]),
    section("parameters", encodeParameters(parameters)),
    // Every dendrite of a neuron has a copy of it.
    section(
      "neurons",
      neurons.flatMap((n) => Array.from({ length: copies }, () => encodeNeuron(n)).flat()),
    ),
    section("weights", ram),
  ];
}

function neuronOf(group: NeuronGroup, i: number, destination: Destination): Neuron {
  const value = (key: string): number => valueAt(group.params[key], i);
  const reset = group.params["reset"] as Neuron["reset"];
  return {
    potential: valueAt(group.initial["v"], i),
    threshold: value("threshold"),
    leak: value("bias"),
    reset,
    resetValue: reset === "set" ? value("resetValue") : 0,
    destination,
  };
}

function valueAt(p: Param | undefined, i: number): number {
  return typeof p === "object" ? Number(p.data[i]) : typeof p === "number" ? p : 0;
}

/** The one destination of a source: a line of the host, or an axon in all cores of a block. Null: nobody. */
function destinationOf(sends: Sends, source: number, { own, extension, cores }: Plan): Destination | null {
  const [from, to] = [at(sends.start, source), at(sends.start, source + 1)];
  if (from === to) return null;
  const axon = at(sends.axon, from);
  const targets = Array.from(sends.core.subarray(from, to));
  if (at(targets, 0) < 0) {
    const base = placeOf(Math.floor(axon / linesPerCore));
    return { chip: own.hostChip, base, mask: { x: 0, y: 0 }, axon: axon % linesPerCore, slot: 0 };
  }
  const indices = targets.map((c) => indexOfPlace(at(cores.cores, c).at ?? bug(`core ${c} has no place on the chip`)));
  const first = Math.min(...indices);
  const size = Math.ceil(Math.log2(Math.max(...indices) - first + 1));
  const target = at(cores.cores, at(targets, 0));
  const folds = 1 << at(extension, target.id);
  const slot = Math.floor(axon / own.fanIn) + at(target.axons, axon).delay * folds;
  return { chip: { x: 0, y: 0 }, ...blockOf(first, size), axon: axon % own.fanIn, slot };
}

/** A spike frame for a destination, as its high and low half. */
export function spikeFrame(d: Destination): [number, number] {
  return frame("spike", d, words.spike.encode({ axon: d.axon, slot: d.slot, data: 1 }));
}

export function frame(
  header: (typeof words.headers)[number],
  to: { chip: Place; base: Place; mask: Place },
  payload: number,
): [number, number] {
  return [
    words.frameHigh.encode({
      header,
      chipX: to.chip.x,
      chipY: to.chip.y,
      coreX: to.base.x,
      coreY: to.base.y,
      maskX: to.mask.x,
      maskYHigh: to.mask.y >> 2,
    }),
    words.frameLow.encode({ maskYLow: to.mask.y & 3, payload }),
  ];
}
