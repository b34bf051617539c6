import { at } from "../../../base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../../base/diagnostic.ts";
import { i32, sizeOf, spread, type Tensor } from "../../../base/tensor.ts";
import { kernelRange } from "../../../ir/network/kernels/index.ts";
import { spikeRange } from "../../../ir/network/spike.ts";
import type { InputCode, Link, Network, Population } from "../../../ir/network/types.ts";
import { type Context, pass } from "../../pass.ts";
import { freshName, linkPlace, placeOf } from "../edit.ts";
import { representable } from "../quantize-weights/gains.ts";
import { largestWeight } from "../quantize-weights/population.ts";
import { widthOf, type WeightWidth } from "../strong.ts";
import { repeated, repeatedPlace } from "./planes.ts";

/*
 * Numbers from the host on a chip that carries binary spikes only: every bit of a payload
 * gets a channel of its own, and what the bit is worth goes onto the axon, where the chip has
 * gains, else into the weights. Two's complement, so a negative number is its last bit, worth
 * -2^(B-1), and the others. The sum that reaches a neuron is the same number, in the same step.
 *
 *   input x 1x4x4 unsigned8 code direct(low=0 high=255)        input x.bits 8x4x4 binary code direct(low=0 high=255 planes=8 area=16)
 *   link x -> a conv i8[6x1x3x3]                         ==>   link x.bits -> a conv i32[6x8x3x3] gain={1 2 4 8 16 32 64 128}
 *
 * It costs as many axons as there are bits; rows are shared by the bits where the gain is on the axon.
 */
export const legalizeInputs = pass({
  name: "legalize-inputs",
  on: "network",
  summary: "Sends inputs with signs or several bits as binary planes, for chips with binary spikes.",
  keeps: "spikes",
  options: {},
  run(network, _options, cx) {
    const split = new Map<number, Planes>();
    const problems: Diagnostic[] = [];
    for (const code of network.inputs) {
      const p = at(network.pops, code.pop);
      if (p.spike.kind === "binary" || cx.chip?.spikes.includes(p.spike.kind) === true) continue;
      const place = { at: placeOf(p), origin: p.origin };
      if (p.spike.kind === "analog") problems.push(diagnostic("analog-left", [p.name], place));
      else if (p.amplitude !== 1) problems.push(diagnostic("amplitude-left", [p.name, "legalize-inputs"], place));
      else split.set(p.id, planesOf(p, code));
    }
    const width = widthOf(cx.chip);
    const links = network.links.map((l) => {
      const planes = split.get(l.from);
      return planes === undefined ? l : throughPlanes(network, l, planes, width, problems);
    });
    if (problems.length > 0) throw new Failure(problems);
    return split.size === 0 ? network : { ...network, ...withPlanes(network, split, cx), links };
  },
});

/** Bits of a population's payloads and what each is worth. */
type Planes = { readonly values: readonly number[]; readonly least: number; readonly area: number };

/** As many bits as the payloads need that the code can make. */
function planesOf(p: Population, code: InputCode): Planes {
  const range = spikeRange(p.spike);
  const bound = (name: string, preset: number): number =>
    code.code === "direct" && typeof code.params[name] === "number" ? code.params[name] : preset;
  const low = Math.max(range.low, Math.ceil(bound("low", range.low)));
  const high = Math.min(range.high, Math.floor(bound("high", range.high)));
  const signed = low < 0;
  let bits = signed ? 2 : 1;
  while (high > 2 ** (signed ? bits - 1 : bits) - 1 || low < -(2 ** (bits - 1))) bits++;
  const values = Array.from({ length: bits }, (_, b) => (signed && b === bits - 1 ? -(2 ** b) : 2 ** b));
  return { values, least: signed ? low : 0, area: sizeOf(p.shape.slice(1)) };
}

function throughPlanes(n: Network, l: Link, { values, area }: Planes, width: WeightWidth, problems: Diagnostic[]): Link {
  const source = at(n.pops, l.from);
  const gains = gainsOf(l, source.shape, values, area);
  const ones = values.map(() => 1);
  if (width.axon.bits > 0 && gains.data.every((g) => representable(g, width.axon)))
    return { ...l, kernel: repeated(l.kernel, source.shape, ones), gain: gains };
  const kernel = repeated(l.kernel, source.shape, values);
  const { low, high } = kernelRange(kernel);
  const largest = largestWeight(width.bits);
  const gain = l.gain === null || typeof l.gain === "number" ? l.gain : gainsOf(l, source.shape, ones, area);
  if (Math.max(-low, high) > largest)
    problems.push(
      diagnostic("input-planes-weight", [source.name, values.length, Math.max(-low, high), width.bits], {
        at: linkPlace(n, l),
        origin: l.origin,
      }),
    );
  return { ...l, kernel, gain };
}

/** The link's gains times what each plane is worth: per channel, or per neuron where they were. */
function gainsOf(l: Link, shape: readonly number[], values: readonly number[], area: number): Tensor & { readonly data: Int32Array } {
  const channels = at(shape, 0);
  const perNeuron = l.gain !== null && typeof l.gain !== "number" && l.gain.data.length > channels;
  const size = perNeuron ? area : 1;
  const given = spread(l.gain ?? 1, perNeuron ? shape : [channels]);
  const data = new Int32Array(given.length * values.length);
  given.forEach((g, i) => {
    values.forEach((v, b) => {
      data[repeatedPlace(i, b, values.length, size)] = g * v;
    });
  });
  return i32(perNeuron ? repeatedShape(shape, values.length) : [data.length], data);
}

function repeatedShape(shape: readonly number[], copies: number): readonly number[] {
  return shape.map((d, i) => (i === 0 ? d * copies : d));
}

function withPlanes(n: Network, split: ReadonlyMap<number, Planes>, cx: Context): Pick<Network, "pops" | "inputs"> {
  const taken = new Set(n.pops.map((p) => p.name));
  const rows: Record<string, string | number>[] = [];
  const pops = n.pops.map((p): Population => {
    const planes = split.get(p.id);
    if (planes === undefined) return p;
    const copies = planes.values.length;
    rows.push({
      input: p.name,
      planes: copies,
      channels: sizeOf(p.shape),
      "channels after": copies * sizeOf(p.shape),
      least: planes.least,
    });
    return { ...p, name: freshName(taken, `${p.name}.bits`), shape: repeatedShape(p.shape, copies), spike: { kind: "binary" } };
  });
  cx.table("legalize-inputs", rows);
  const inputs = n.inputs.map((code): InputCode => {
    const planes = split.get(code.pop);
    return planes === undefined
      ? code
      : { ...code, params: { ...code.params, planes: planes.values.length, least: planes.least, area: planes.area } };
  });
  return { pops, inputs };
}
