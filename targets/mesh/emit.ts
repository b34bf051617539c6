import { at } from "../../compiler/base/bug.ts";
import type { Core, Cores, InputPort, NeuronGroup, Sends } from "../../compiler/ir/cores/types.ts";
import type { Image, Input, Section } from "../../compiler/ir/image/types.ts";
import { blankProfile, type ProfileNumbers, profilesOf, profileWords, resetAmount, rowToWords, valueAt } from "./profiles.ts";
import { mapOf, placeOf } from "../image-parts.ts";
import * as words from "./words.ts";

/**
 * Writes placed cores as the words that the chip loads: the chip's registers, then the
 * cores in order of their ids. A core's `control` comes last, so that a core is
 * enabled only when all of it is there. Only words that are used are written.
 */
export function emit(cores: Cores): Image {
  const sections: Section[] = [
    section("chip/registers", [
      words.registerSize.encode({ format: words.formatVersion, columns: cores.columns, rows: cores.rows }),
      words.registerSteps.encode({ steps: cores.steps, interval: cores.interval }),
      words.registerSeed.encode({ seed: cores.seed >>> 0 }),
    ]),
  ];
  for (const core of cores.cores) sections.push(...coreSections(core, cores));
  return {
    kind: "image",
    name: cores.name,
    target: cores.chip,
    format: words.formatVersion,
    steps: cores.steps,
    interval: cores.interval,
    sections,
    inputs: cores.inputs.map((port) => inputOf(port, cores)),
    outputs: cores.outputs,
    map: mapOf(cores),
  };
}

function section(name: string, list: ArrayLike<number>): Section {
  return { name, wordBits: 32, base: 0, words: Uint32Array.from(list) };
}

function coreSections(core: Core, cores: Cores): Section[] {
  const { x, y } = placeOf(core);
  const routes = new RouteMemory();
  const profiles: number[] = [];
  const neurons: number[] = [];
  const firstProfile = core.groups.map((group) => {
    const first = profiles.length / 4;
    const { index, tuples } = profilesOf(group);
    for (const t of tuples) profiles.push(...wordsOfProfile(group, t));
    for (let i = 0; i < group.count; i++) {
      const list = routes.put(core.sends, group.first + i, cores);
      neurons.push(...wordsOfNeuron(group, i, first + at(index, i), list));
    }
    return first;
  });
  const { memory, address } = synapseMemory(core);
  const shapes = core.shapes.flatMap((s) => [words.shape0.encode(s), words.shape1.encode(s)]);
  const control = [words.control.encode({ slots: neurons.length / 6, enabled: true })];
  const memories: readonly (readonly [string, ArrayLike<number>])[] = [
    ["profiles", profiles],
    ["neurons", neurons],
    ["routes", routes.words],
    ["shapes", shapes],
    ["synapses", memory],
    ["axons", axonMemory(core, address, firstProfile)],
    ["control", control],
  ];
  return memories.filter(([, list]) => list.length > 0).map(([name, list]) => section(`core(${x},${y})/${name}`, list));
}

function wordsOfProfile(group: NeuronGroup, numbers: ProfileNumbers): number[] {
  const first = blankProfile();
  for (const w of profileWords) w.set(first, group.params[w.param] as string);
  first.leakArgument = numbers.leakArgument;
  const graded = group.spike.kind === "graded" ? group.spike : { bits: 1, signed: false };
  return [
    words.profile0.encode(first),
    words.profile1.encode({
      currentDecay: numbers.currentDecay,
      noiseBits: numbers.noiseBits,
      payloadBits: graded.bits - 1,
      payloadSigned: graded.signed,
    }),
    words.profile2.encode({ start: group.start, silent: group.silent }),
    words.profile3.encode({ length: group.stop === null ? 0 : group.stop - group.start }),
  ];
}

function wordsOfNeuron(
  group: NeuronGroup,
  i: number,
  profile: number,
  routes: { readonly start: number; readonly count: number },
): number[] {
  const p = group.params;
  return [
    words.neuron0.encode({ profile, routeStart: routes.start, routeCount: routes.count, used: true }),
    words.neuron1.encode({ threshold: valueAt(p["threshold"], i) }),
    words.neuron2.encode({ reset: valueAt(p[resetAmount], i) }),
    words.neuron3.encode({ bias: valueAt(p["bias"], i) }),
    words.neuron4.encode({ initial: valueAt(group.initial["v"], i) }),
    words.neuron5.encode({ noiseKey: valueAt(p["noiseKey"], i) }),
  ];
}

/** Route words of send `k`, in the chip's route format. */
function routeWord(sends: Sends, k: number, cores: Cores): number {
  const core = at(sends.core, k);
  const axon = at(sends.axon, k);
  if (core < 0) return words.route.encode({ axon: axon % 4096, x: 0, y: 0, member: Math.floor(axon / 4096), host: true });
  const { x, y } = placeOf(at(cores.cores, core));
  return words.route.encode({ axon, x, y, member: at(sends.member, k), host: false });
}

/** The route memory of a core. Neurons with the same list of routes share it. */
class RouteMemory {
  readonly words: number[] = [];
  readonly #known = new Map<string, number>();

  put(sends: Sends, slot: number, cores: Cores): { start: number; count: number } {
    const list: number[] = [];
    for (let k = at(sends.start, slot); k < at(sends.start, slot + 1); k++) list.push(routeWord(sends, k, cores));
    if (list.length === 0) return { start: 0, count: 0 };
    const key = list.join();
    let start = this.#known.get(key);
    if (start === undefined) {
      start = this.words.length;
      this.#known.set(key, start);
      this.words.push(...list);
    }
    return { start, count: list.length };
  }
}

/** Rows one after another, and the address of each. */
function synapseMemory(core: Core): { readonly memory: readonly number[]; readonly address: readonly number[] } {
  const memory: number[] = [];
  const address: number[] = [];
  for (const row of core.rows) {
    address.push(memory.length);
    const shape = row.kind === "conv" ? at(core.shapes, row.shape) : null;
    for (const w of rowToWords(row, shape === null ? 0 : shape.kernelY * shape.kernelX)) memory.push(w);
  }
  return { memory, address };
}

function axonMemory(core: Core, address: readonly number[], firstProfile: readonly number[]): Uint32Array {
  const out = new Uint32Array(core.axons.length * 2);
  core.axons.forEach((a, i) => {
    const need = a.mode === "gate" ? at(firstProfile, a.need) : a.need;
    out[2 * i] = words.axon0.encode({ row: at(address, a.row), mode: a.mode, need, delay: a.delay, used: true });
    out[2 * i + 1] = words.axon1.encode({ y: a.y, x: a.x, gain: a.gain, shift: a.shift });
  });
  return out;
}

function inputOf(port: InputPort, cores: Cores): Input {
  const { sends, ...rest } = port;
  return { ...rest, start: Uint32Array.from(sends.start), targets: Uint32Array.from(sends.core, (_, k) => routeWord(sends, k, cores)) };
}
