import { at } from "../../compiler/base/bug.ts";
import { Random } from "../../compiler/base/random.ts";
import type { Row, Shape } from "../../compiler/ir/cores/types.ts";
import type { InputEvents } from "../../runtime/device.ts";
import type { ChipSpec } from "../../targets/chip.ts";
import type { HandAxon, HandChip, HandCore, HandNeuron, HandProfile, HandRoute } from "./mesh-image.ts";

/*
 * Random images of the mesh: every field of every word takes random values, with a weight on those that
 * make neurons fire. No compiler would write such images; two witnesses of the chip have to agree on
 * them all the same.
 */

/** A random chip content, and the host's events of each step. */
export type RandomImage = { readonly chip: HandChip; readonly events: readonly (readonly InputEvents[])[] };

export function randomImage(seed: number, chip: ChipSpec, steps: number): RandomImage {
  const r = new Random(seed);
  const interval = r.int(2, 9);
  const places = Array.from({ length: chip.columns * chip.rows }, (_, k) => ({ x: k % chip.columns, y: Math.floor(k / chip.columns) }));
  const cores = places.filter(() => r.chance(0.9)).map((place) => randomCore(r, place, chip, interval));
  const inputs = Array.from({ length: r.int(1, 2) }, () =>
    Array.from({ length: r.int(1, 12) }, () => Array.from({ length: r.int(0, 4) }, () => randomRoute(r, chip))),
  );
  const events = Array.from({ length: steps }, (_, step) =>
    inputs.flatMap((channels, input) => randomEvents(r, channels.length, input, step)),
  );
  return {
    chip: {
      columns: chip.columns,
      rows: chip.rows,
      steps: interval,
      interval,
      seed: r.int(0, 2 ** 31 - 1),
      cores,
      inputs,
      lines: 40,
    },
    events,
  };
}

function randomEvents(r: Random, channels: number, input: number, step: number): InputEvents[] {
  const chosen = Array.from({ length: channels }, (_, c) => c).filter(() => r.chance(0.4));
  if (chosen.length === 0) return [];
  const payload = chosen.map(() => (r.chance(0.7) ? 1 : r.chance(0.5) ? r.int(1, 300) : -r.int(1, 32768)));
  return [{ input, step, channel: Int32Array.from(chosen), payload: Int32Array.from(payload) }];
}

/** Axons that routes name; a core has some of them. */
const axonsMost = 24;

function randomRoute(r: Random, chip: ChipSpec): HandRoute {
  if (r.chance(0.15)) return { line: r.int(0, 39) };
  return {
    x: r.int(0, chip.columns - 1),
    y: r.int(0, chip.rows - 1),
    axon: r.int(0, r.chance(0.1) ? 40 : axonsMost - 1),
    member: r.int(0, 15),
  };
}

function randomCore(r: Random, place: { x: number; y: number }, chip: ChipSpec, interval: number): HandCore {
  const slots = r.chance(0.05) ? 0 : r.int(1, Math.min(chip.core.neurons, r.chance(0.2) ? 300 : 40));
  const profiles = Array.from({ length: r.int(1, 4) }, () => randomProfile(r, interval));
  const neurons = Array.from({ length: slots }, () => randomNeuron(r, profiles.length, chip));
  const shapes: Shape[] = [];
  const rows = slots === 0 ? [] : Array.from({ length: r.int(1, 10) }, () => randomRow(r, slots, shapes));
  const axons = rows.length === 0 ? [] : Array.from({ length: r.int(1, axonsMost) }, () => randomAxon(r, rows, shapes, profiles.length));
  return { ...place, enabled: r.chance(0.95), profiles, neurons, axons, shapes, rows };
}

function randomProfile(r: Random, interval: number): HandProfile {
  const leak = r.pick(["none", "none", "shift", "multiply", "double"] as const);
  const noise = r.pick(["none", "none", "uniform", "gauss"] as const);
  return {
    leak,
    leakArgument: leak === "shift" ? r.int(0, r.chance(0.2) ? 60 : 6) : r.chance(0.2) ? r.int(0, 8191) : r.int(3000, 4096),
    current: r.chance(0.3),
    compare: r.pick(["ge", "gt"]),
    reset: r.pick(["subtract", "subtract", "set", "none"]),
    negative: r.pick(["none", "free", "latched", "counted"]),
    negativeAtZero: r.chance(0.3),
    biasFirst: r.chance(0.3),
    touched: r.chance(0.3),
    emit: r.pick(["unit", "unit", "value", "count", "digit"]),
    boundary: r.pick(["preload", "clear", "keep"]),
    output: r.chance(0.15),
    noise,
    noiseBits: r.int(0, r.chance(0.1) ? 31 : 6),
    currentDecay: r.int(0, r.chance(0.2) ? 8191 : 4096),
    payloadBits: r.int(0, 15),
    payloadSigned: r.chance(0.5),
    start: r.chance(0.5) ? 0 : r.int(0, 12),
    silent: r.chance(0.7) ? 0 : r.int(0, 3),
    length: r.chance(0.5) ? 0 : r.int(1, interval + 1),
  };
}

function randomNeuron(r: Random, profiles: number, chip: ChipSpec): HandNeuron {
  const large = r.chance(0.05);
  const extreme = (): number => r.int(-(2 ** 23), 2 ** 23 - 1);
  return {
    profile: r.int(0, profiles - 1),
    threshold: large ? extreme() : r.int(-2, 60),
    reset: large ? extreme() : r.int(-4, 60),
    bias: r.chance(0.02) ? extreme() : r.chance(0.5) ? 0 : r.int(-8, 20),
    initial: r.chance(0.02) ? extreme() : r.int(-20, 40),
    noiseKey: r.int(0, 2 ** 24 - 1),
    used: r.chance(0.93),
    routes: Array.from({ length: r.chance(0.3) ? 0 : r.int(0, 4) }, () => randomRoute(r, chip)),
  };
}

function randomAxon(r: Random, rows: readonly Row[], shapes: readonly Shape[], profiles: number): HandAxon {
  const row = r.int(0, rows.length - 1);
  const mode = r.pick(["each", "each", "each", "at-least", "gate"] as const);
  const chosen = at(rows, row);
  const shape = chosen.kind === "conv" ? at(shapes, chosen.shape) : null;
  const position = (kernel: number, dilation: number, stride: number, length: number): number =>
    r.chance(0.1) ? r.int(-512, 511) : Math.min(511, r.int(-2, (kernel - 1) * dilation + stride * length));
  return {
    row,
    mode,
    need: mode === "gate" ? r.int(0, profiles - 1) : r.int(1, r.chance(0.2) ? 63 : 3),
    delay: r.chance(0.7) ? 0 : r.int(0, r.chance(0.2) ? 63 : 5),
    used: r.chance(0.95),
    gain: r.chance(0.7) ? 1 : r.int(-128, 127),
    shift: r.chance(0.8) ? 0 : r.int(0, 7),
    y: shape === null ? 0 : position(shape.kernelY, shape.dilationY, shape.strideY, shape.height),
    x: shape === null ? 0 : position(shape.kernelX, shape.dilationX, shape.strideX, shape.width),
  };
}

function randomRow(r: Random, slots: number, shapes: Shape[]): Row {
  const bits = r.int(1, 16);
  const weight = (): number =>
    bits === 1 ? (r.chance(0.5) ? 1 : -1) : r.chance(0.2) ? 0 : r.int(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) >> r.int(0, bits - 1);
  const weights = (count: number): Int32Array => Int32Array.from({ length: count }, weight);
  const kind = r.pick(["dense", "sparse", "conv"] as const);
  if (kind === "sparse") {
    const count = r.int(0, 12);
    const wide = Int32Array.from({ length: count }, () => (r.chance(0.1) ? r.int(-32768, 32767) : r.int(-9, 12)));
    return { kind, bits: 16, slots: Int32Array.from({ length: count }, () => r.int(0, slots - 1)), weights: wide };
  }
  const base = r.int(0, slots - 1);
  if (kind === "dense") return { kind, bits, base, weights: weights(r.int(0, slots - base)) };
  const wide = r.chance(0.1);
  const channels = r.int(0, Math.min(slots - base, wide ? 3 : r.chance(0.3) ? 20 : 5));
  const pitch = channels + r.int(0, 2);
  // Places of the tile: the last one's channels still fit.
  const places = Math.max(1, Math.floor((slots - base - channels) / Math.max(1, pitch)) + 1);
  const height = r.int(1, Math.min(6, places));
  const width = r.int(1, Math.min(6, Math.floor(places / height)));
  const shape: Shape = {
    kernelY: r.int(1, wide ? 31 : 5),
    kernelX: r.int(1, wide ? 9 : 5),
    strideY: r.int(1, wide ? 15 : 4),
    strideX: r.int(1, wide ? 15 : 4),
    dilationY: r.int(0, wide ? 15 : 3),
    dilationX: r.int(0, wide ? 15 : 3),
    height,
    width,
    pitch,
  };
  shapes.push(shape);
  return { kind, bits, base, channels, shape: shapes.length - 1, weights: weights(shape.kernelY * shape.kernelX * channels) };
}
