import { at } from "../../compiler/base/bug.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import { parseCoreSection } from "../../runtime/parts/memory.ts";
import type { WordPlace } from "../target.ts";
import * as words from "./words.ts";

/* Which words of an image say what a neuron does, and what an axon adds to it. */

/** Cores with memories, `core(x,y)`, in the order in which the decoder numbers them. */
export function placesOf(image: Image): readonly string[] {
  return [...new Set(image.sections.flatMap((s) => (parseCoreSection(s.name) === null ? [] : [s.name.slice(0, s.name.indexOf("/"))])))];
}

const neuronFields = ["profile, routes", "threshold", "resetValue", "bias", "initial", "noiseKey"] as const;
const profileFields = [
  "leak leakArgument current compare reset negative negativeAt biasAt update emit boundary output noise",
  "currentDecay noiseBits payload",
  "start silent",
  "stop",
] as const;

export function wordsOf(image: Image, core: number, slot: number, axon: number | null): readonly WordPlace[] {
  const place = at(placesOf(image), core);
  const memory = (name: string): Uint32Array => image.sections.find((s) => s.name === `${place}/${name}`)?.words ?? new Uint32Array();
  return axon === null ? neuronWords(place, memory, slot) : axonWords(place, memory, slot, axon);
}

type Memory = (name: string) => Uint32Array;

function neuronWords(place: string, memory: Memory, slot: number): WordPlace[] {
  const out: WordPlace[] = neuronFields.map((f, i) => ({
    section: `${place}/neurons`,
    address: 6 * slot + i,
    why: `${f} of slot ${slot}`,
  }));
  const head = words.neuron0.decode(memory("neurons")[6 * slot] ?? 0);
  if (!("value" in head)) return out;
  const { profile, routeStart, routeCount } = head.value;
  profileFields.forEach((f, i) => out.push({ section: `${place}/profiles`, address: 4 * profile + i, why: `${f} of profile ${profile}` }));
  for (let k = routeStart; k < routeStart + routeCount; k++)
    out.push({ section: `${place}/routes`, address: k, why: `route ${k - routeStart} of slot ${slot}` });
  return out;
}

/** The weight's own word first, then what leads to it. */
function axonWords(place: string, memory: Memory, slot: number, axon: number): WordPlace[] {
  const axons = memory("axons");
  const a0 = words.axon0.decode(axons[2 * axon] ?? 0);
  const a1 = words.axon1.decode(axons[2 * axon + 1] ?? 0);
  const axonPlaces = [0, 1].map((i) => ({ section: `${place}/axons`, address: 2 * axon + i, why: `axon ${axon}` }));
  if (!("value" in a0) || !("value" in a1)) return axonPlaces;
  const row = a0.value.row;
  const synapses = memory("synapses");
  const head = words.row.decode(synapses[row] ?? 0);
  const headPlace = { section: `${place}/synapses`, address: row, why: `row of axon ${axon}` };
  if (!("value" in head)) return [headPlace, ...axonPlaces];
  const weights = weightAddresses(head.value, synapses, memory("shapes"), row, slot, a1.value);
  return [
    ...weights.map((address) => ({ section: `${place}/synapses`, address, why: `weight of axon ${axon} to slot ${slot}` })),
    headPlace,
    ...axonPlaces,
  ];
}

type Row = { readonly kind: string; readonly bits: number; readonly count: number; readonly base: number };

function weightAddresses(
  head: Row,
  synapses: Uint32Array,
  shapes: Uint32Array,
  row: number,
  slot: number,
  at1: { readonly y: number; readonly x: number },
): number[] {
  const per = Math.floor(32 / (head.bits + 1));
  if (head.kind === "sparse") {
    const out: number[] = [];
    for (let i = 0; i < head.count; i++) {
      const e = words.entry.decode(synapses[row + 1 + i] ?? 0);
      if ("value" in e && e.value.slot === slot) out.push(row + 1 + i);
    }
    return out;
  }
  if (head.kind === "dense") {
    const i = slot - head.base;
    return i >= 0 && i < head.count ? [row + 1 + Math.floor(i / per)] : [];
  }
  const named = words.rowShape.decode(synapses[row + 1] ?? 0);
  if (!("value" in named)) return [row + 1];
  const s0 = words.shape0.decode(shapes[2 * named.value.shape] ?? 0);
  const s1 = words.shape1.decode(shapes[2 * named.value.shape + 1] ?? 0);
  if (!("value" in s0) || !("value" in s1)) return [row + 1];
  const rest = slot - head.base;
  const c = rest % s1.value.pitch;
  const ox = Math.floor(rest / s1.value.pitch) % s1.value.width;
  const oy = Math.floor(rest / s1.value.pitch / s1.value.width);
  const ky = (at1.y - oy * s0.value.strideY) / s0.value.dilationY;
  const kx = (at1.x - ox * s0.value.strideX) / s0.value.dilationX;
  const inside =
    rest >= 0 && c < head.count && [ky, kx].every((k) => Number.isInteger(k) && k >= 0) && ky < s0.value.kernelY && kx < s0.value.kernelX;
  const perTap = Math.ceil(head.count / per);
  return inside ? [row + 2 + (ky * s0.value.kernelX + kx) * perTap + Math.floor(c / per)] : [];
}
