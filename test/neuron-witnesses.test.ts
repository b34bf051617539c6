import { expect, test } from "vitest";
import { Random } from "../compiler/base/random.ts";
import { unitModel } from "../compiler/ir/network/neurons/unit.ts";
import { beginSample, type Emissions, type Neurons, type Profile, updateNeurons } from "../runtime/kernels/neurons.ts";

/*
 * Two independent implementations of the chip's neuron, the network's model `unit` and the simulator's
 * kernel, on random settings: far more of them than networks can show, extreme values included.
 */

const count = 6;
const steps = 8;
const seed = 11;
const limits = { low: -(2 ** 23), high: 2 ** 23 - 1 };

test.each(Array.from({ length: 40 }, (_, k) => k))("unit and kernel agree (%i)", (k) => {
  for (let round = 0; round < 50; round++) agree(new Random(1000 * k + round));
});

function agree(r: Random): void {
  const word = (name: string): string => r.pick(unitModel.words[name]?.choices ?? []);
  const words = Object.fromEntries(Object.keys(unitModel.words).map((name) => [name, word(name)]));
  words["output"] = "no";
  const size = r.pick([10, 10, 1000, 2 ** 23 - 1]);
  const numbers = (low: number, high: number): Int32Array => Int32Array.from({ length: count }, () => r.int(low, high));
  const payloadBits = r.int(1, 16);
  const signed = r.chance(0.5);
  const spike = signed ? { low: -(2 ** (payloadBits - 1)), high: 2 ** (payloadBits - 1) - 1 } : { low: 0, high: 2 ** payloadBits - 1 };
  const one = (low: number, high: number): number => r.int(low, high);
  const common = {
    leakArgument: words["leak"] === "shift" ? one(0, 30) : one(0, 8191),
    currentDecay: one(0, 4096),
    noiseBits: one(0, r.pick([3, 20])),
  };
  const params = {
    threshold: numbers(-size, size),
    resetValue: numbers(-size, size),
    bias: numbers(-size, size),
    noiseKey: numbers(0, 2 ** 24 - 1),
  };
  const initial = numbers(-size, size);
  const silent = r.int(0, 3);
  const start = r.int(0, 5);

  const profile: Profile = {
    leak: ["none", "shift", "multiply", "double"].indexOf(words["leak"] as string),
    current: words["current"] === "on",
    greater: words["compare"] === "gt",
    reset: ["subtract", "set", "none"].indexOf(words["reset"] as string),
    negative: ["none", "free", "latched", "counted"].indexOf(words["negative"] as string),
    negativeAtZero: words["negativeAt"] === "zero",
    biasFirst: words["biasAt"] === "first",
    touched: words["update"] === "touched",
    emit: ["unit", "value", "count"].indexOf(words["emit"] as string),
    boundary: ["preload", "clear", "keep"].indexOf(words["boundary"] as string),
    output: false,
    noise: ["none", "uniform", "gauss"].indexOf(words["noise"] as string),
    ...common,
    payloadLow: spike.low,
    payloadHigh: spike.high,
    start,
    silent,
    length: 0,
  };
  const chip: Neurons = {
    threshold: params.threshold,
    reset: params.resetValue,
    bias: params.bias,
    initial,
    noiseKey: params.noiseKey,
    v: new Int32Array(count),
    i: new Int32Array(count),
    fired: new Uint8Array(count),
    accumulator: new Int32Array(count),
    touched: new Uint8Array(profile.touched ? count : 0),
  };
  const state = {
    v: Float64Array.from(words["boundary"] === "keep" ? new Int32Array(count) : initial),
    i: new Float64Array(count),
    fired: new Float64Array(count),
  };
  const modelParams = Object.fromEntries([
    ...Object.entries(params).map(([name, list]) => [name, Float64Array.from(list)]),
    ...Object.entries(common).map(([name, n]) => [name, new Float64Array(count).fill(n)]),
  ]) as Record<string, Float64Array>;

  beginSample(chip, profile, 0, count);
  for (let local = 0; local < steps; local++) {
    const drive = numbers(-size, size);
    const touched = Float64Array.from({ length: count }, () => (profile.touched && r.chance(0.4) ? 0 : 1));
    drive.forEach((z, k) => {
      if (touched[k] === 0) drive[k] = 0;
      else chip.accumulator[k] = z;
    });
    chip.touched.set(profile.touched ? touched : []);
    const out: Emissions = { count: 0, slot: new Int32Array(count), payload: new Int32Array(count), updated: new Int32Array(count) };
    updateNeurons(chip, profile, local, 0, count, seed, out, 0);
    const wanted = new Float64Array(count);
    const moment = { local, step: start + local, mayFire: local >= silent, limits, seed, touched: profile.touched ? touched : null };
    unitModel.step(count, state, Float64Array.from(drive), modelParams, words as Record<string, string>, wanted, moment, spike);
    const found = new Float64Array(count);
    for (let e = 0; e < out.count; e++) found[out.slot[e] as number] = out.payload[e] as number;
    expect({ words, local, sent: [...found], v: [...chip.v] }).toEqual({
      words,
      local,
      sent: [...wanted].map((x) => x + 0),
      v: [...state.v].map((x) => x + 0),
    });
  }
}
