import { expect, test } from "vitest";
import { Random } from "../compiler/base/random.ts";
import { unitModel } from "../compiler/ir/network/neurons/unit.ts";
import { buildMachine, type Machine } from "../runtime/fast/build.ts";
import type { PlanCore } from "../runtime/fast/plan.ts";
import * as l from "../runtime/kernels/layout.ts";
import type { Neurons, Profile } from "../runtime/kernels/neurons.ts";
import { kernelBytes } from "../targets/kernels.ts";

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
  const length = r.pick([0, steps, steps + 20]);

  const profile: Profile = {
    leak: ["none", "shift", "multiply", "double"].indexOf(words["leak"] as string),
    current: words["current"] === "on",
    greater: words["compare"] === "gt",
    reset: ["subtract", "set", "none"].indexOf(words["reset"] as string),
    negative: ["none", "free", "latched", "counted"].indexOf(words["negative"] as string),
    negativeAtZero: words["negativeAt"] === "zero",
    biasFirst: words["biasAt"] === "first",
    touched: words["update"] === "touched",
    emit: ["unit", "value", "count", "digit"].indexOf(words["emit"] as string),
    boundary: ["preload", "clear", "keep"].indexOf(words["boundary"] as string),
    output: false,
    noise: ["none", "uniform", "gauss"].indexOf(words["noise"] as string),
    ...common,
    payloadLow: spike.low,
    payloadHigh: spike.high,
    start,
    silent,
    length,
  };
  const chip: Neurons = {
    threshold: params.threshold,
    reset: params.resetValue,
    bias: params.bias,
    initial,
    noiseKey: params.noiseKey,
    byTouch: profile.touched,
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

  const kernels = r.chance(0.5) ? kernelBytes() : null;
  const machine = oneCore(profile, chip, kernels);
  for (let local = 0; local < steps; local++) {
    const drive = numbers(-size, size);
    const touched = Float64Array.from({ length: count }, () => (profile.touched && r.chance(0.4) ? 0 : 1));
    drive.forEach((z, k) => {
      if (touched[k] === 0) drive[k] = 0;
    });
    const sent = updateOnce(machine, local, drive, profile.touched ? touched : null);
    const wanted = new Float64Array(count);
    const left = length === 0 ? 0 : length - 1 - local;
    const moment = { local, left, step: start + local, mayFire: local >= silent, limits, seed, touched: profile.touched ? touched : null };
    unitModel.step(count, state, Float64Array.from(drive), modelParams, words as Record<string, string>, wanted, moment, spike);
    expect({ words, local, ...sent }).toEqual({
      words,
      local,
      sent: [...wanted].map((x) => x + 0),
      v: [...state.v].map((x) => x + 0),
    });
  }
}

/** A core that has these neurons and nothing else. */
function oneCore(profile: Profile, neurons: Neurons, kernels: Uint8Array | null): Machine {
  const none = new Int32Array(0);
  const core: PlanCore = {
    slots: count,
    profiles: [profile],
    neurons,
    runs: [{ first: 0, end: count, profile: 0 }],
    routeFirst: new Int32Array(count),
    routeCount: new Int32Array(count),
    routeTo: none,
    routeWhat: none,
    isOutput: new Uint8Array(count),
    axons: { used: none, mode: none, need: none, delay: none, factor: none, y: none, x: none, row: none },
    rows: [],
    shapes: none,
    weights: new Int16Array(0),
    sparseSlots: new Uint16Array(0),
  };
  const plan = {
    columns: 1,
    rows: 1,
    routerOf: Int32Array.of(0),
    cores: [core],
    inputs: [],
    interval: 64,
    seed,
    axonBits: 12,
    eventsMax: 16,
  };
  return buildMachine(plan, { kernels, sends: false });
}

/** One update with this drive: what was sent, and the potentials after it. */
function updateOnce({ built, memory, kernels }: Machine, local: number, drive: Int32Array, touched: Float64Array | null) {
  const [core] = built.cores;
  if (core === undefined) throw new Error("the machine has one core");
  const { i32, u8 } = memory;
  const word = (field: number): number => (core.at + field) >>> 2;
  i32.set(drive, core.state.accumulator >>> 2);
  if (touched !== null) u8.set(touched, core.state.touched);
  i32[word(l.coreEmitted)] = 0;
  i32[word(l.coreUpdated)] = 0;
  for (const run of core.runs) kernels.update(built.machine, core.at, run.at, local, 0);
  const sent = new Array<number>(count).fill(0);
  const list = (i32[word(l.coreEmissions)] ?? 0) >>> 2;
  for (let e = 0; e < (i32[word(l.coreEmitted)] ?? 0); e++) sent[i32[list + 2 * e] ?? 0] = i32[list + 2 * e + 1] ?? 0;
  const potential = core.state.potential >>> 2;
  return { sent, v: [...i32.subarray(potential, potential + count)] };
}
