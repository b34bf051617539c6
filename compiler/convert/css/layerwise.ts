import { at } from "../../base/bug.ts";
import { tsaModel } from "../../ir/network/neurons/tsa.ts";
import type { Network, PopId } from "../../ir/network/types.ts";
import { firstPlace, isRight, largestCode, resetOf } from "./code.ts";
import { type CodedLayer, codedLayers, NonZero } from "./coded.ts";

/*
 * Layer after layer, over a set of samples: each layer is given the digits that the layers
 * before it really send, and is tried with every number of silent steps. Its input does
 * not depend on that number, so it is computed once.
 */

export type LayerTrial = {
  readonly layer: CodedLayer;
  /** Fraction of wrong codes with n silent steps. */
  readonly wrong: (silent: number) => number;
  /** What it then sends, for each sample: [T × neurons]. */
  readonly sent: (silent: number) => readonly Int8Array[];
};

/** Goes through the network; `choose` says with how many silent steps a layer goes on. */
export function tryLayers(
  n: Network,
  samples: readonly Float32Array[],
  phi: number,
  choose: (trial: LayerTrial) => number,
  progress: (done: number, total: number) => void,
): void {
  const layers = codedLayers(n);
  const digits = new Map<PopId, readonly Int8Array[]>();
  const events = new NonZero(layers.reduce((most, l) => Math.max(most, l.count), 0));
  const total = layers.filter((l) => l.kind === "coded").length;
  let done = 0;
  for (const layer of layers) {
    if (layer.kind !== "coded") continue;
    const drives = samples.map((x, i) => drivesOf(layer, x, (from) => at(digits.get(from) ?? [], i), layers, events));
    const tried = new Map<number, Trial>();
    const trial = (silent: number): Trial => {
      const known = tried.get(silent);
      if (known !== undefined) return known;
      const made = runLayer(layer, drives, silent, silent === 0 ? 1 / 2 : phi);
      tried.set(silent, made);
      return made;
    };
    const silent = choose({ layer, wrong: (k) => trial(k).wrong, sent: (k) => trial(k).digits });
    digits.set(layer.pop.id, trial(silent).digits);
    progress(++done, total);
  }
}

/** What the layer gets in each of T steps, [T × neurons], the bias in the first. */
function drivesOf(
  layer: CodedLayer,
  sample: Float32Array,
  digitsFrom: (pop: PopId) => Int8Array,
  layers: readonly CodedLayer[],
  events: NonZero,
): Float64Array {
  const { count, digits } = layer;
  const drive = new Float64Array(digits * count);
  const place = 1 / firstPlace(digits);
  for (let i = 0; i < count; i++) drive[i] = (layer.bias[i] as number) * place;
  for (const a of layer.arrivals) {
    const source = at(layers, a.from);
    if (source.kind === "input") {
      const worth = new Float64Array(source.count).fill(place);
      events.take(sample, 0, source.count, worth);
      a.scatter(events.count, events.index, events.value, drive.subarray(0, count));
      continue;
    }
    const train = digitsFrom(a.from);
    for (let c = 0; c < digits; c++) {
      events.take(train, c * source.count, source.count, source.lsb);
      a.scatter(events.count, events.index, events.value, drive.subarray(c * count, (c + 1) * count));
    }
  }
  return drive;
}

type Trial = { readonly digits: readonly Int8Array[]; readonly wrong: number };

function runLayer(layer: CodedLayer, drives: readonly Float64Array[], silent: number, phi: number): Trial {
  const { count, digits: places, lsb } = layer;
  const resetValue = lsb.map((d) => d * resetOf(silent));
  const params = { resetValue, threshold: resetValue.map((r) => r * phi), bias: new Float64Array(count) };
  const state = { v: new Float64Array(count), fired: new Float64Array(count) };
  const words = { latch: layer.relu ? "on" : "off" };
  const [nothing, out, code] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  const most = largestCode(places);
  const least = layer.relu ? 0 : -most;
  let wrong = 0;
  const digits = drives.map((drive) => {
    const train = new Int8Array(places * count);
    for (const s of [state.v, state.fired, code]) s.fill(0);
    for (let c = 0; c < places + silent; c++) {
      const z = c < places ? drive.subarray(c * count, (c + 1) * count) : nothing;
      tsaModel.step(
        count,
        state,
        z,
        params,
        words,
        out,
        { local: c, left: 0, step: c, mayFire: c >= silent, limits: unlimited, seed: 1, touched: null },
        { low: -1, high: 1 },
      );
      if (c < silent) continue;
      train.set(out, (c - silent) * count);
      for (let i = 0; i < count; i++) code[i] = 2 * (code[i] as number) + (out[i] as number);
    }
    for (let i = 0; i < count; i++)
      if (!isRight(code[i] as number, (state.v[i] as number) / (resetValue[i] as number), least, most)) wrong++;
    return train;
  });
  return { digits, wrong: wrong / (count * Math.max(1, drives.length)) };
}

const unlimited = { low: -Infinity, high: Infinity };
