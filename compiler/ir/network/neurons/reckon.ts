import type { NeuronModel } from "./model.ts";

/*
 * The neurons of ReckOn, bit for bit. Potentials have 16 bits. The leak and the reset of a
 * step come first and wrap around; then the input is added source by source, and each
 * addition is held within the range: which neuron ends up where can depend on the order. The
 * model therefore takes its input in order (`inOrder`) instead of as a sum.
 */

const high = 2 ** 15 - 1;
const low = -(2 ** 15);

/** Two's complement of 16 bits. */
const wrapped = (x: number): number => (x << 16) >> 16;

/** Adds the contributions of each source in turn, held within 16 bits. */
function add(v: Float64Array, contribution: Float64Array): void {
  for (let i = 0; i < v.length; i++) {
    const sum = v[i]! + contribution[i]!;
    v[i] = sum > high ? high : sum < low ? low : sum;
  }
}

export const reckonModel: NeuronModel = {
  name: "reckon",
  summary: "The recurrent neuron of the chip ReckOn: fires on what it gathered, leaks by a factor in 1/32768, resets after the leak.",
  equation:
    "u = floor(u*alpha/2^15) - s*threshold (or 0 where s = 1: reset=zero), wrapped to 16 bits;  u = sat16(u + z_i) for each source i in order;  s = [u >= threshold]",
  source: "Frenkel and Indiveri, ReckOn, ISSCC 2022; the chip's RTL, srnn.v lines 1080-1110",
  inOrder: true,
  params: {
    threshold: { help: "potential at which the neuron fires, 1 … 32767", default: 1 },
    alpha: { help: "factor of the potential per step, in 1/32768", default: 32768 },
  },
  words: { reset: { help: "what a spike does to the potential after the leak", choices: ["subtract", "zero"] } },
  state: {
    u: { help: "membrane potential, as the chip's memory holds it after the step", reset: 0 },
    fired: { help: "1 where it was at the threshold, which the next step's reset sees", reset: 0 },
  },
  step(count, state, _drive, params, words, out, moment) {
    const u = state["u"]!;
    const fired = state["fired"]!;
    const threshold = params["threshold"]!;
    const alpha = params["alpha"]!;
    const zero = words["reset"] === "zero";
    for (let i = 0; i < count; i++) {
      const leaked = wrapped(Math.floor((u[i]! * alpha[i]!) / 2 ** 15));
      u[i] = fired[i] === 0 ? leaked : zero ? 0 : wrapped(leaked - threshold[i]!);
    }
    moment.inOrder?.((contribution) => add(u, contribution));
    for (let i = 0; i < count; i++) {
      fired[i] = u[i]! >= threshold[i]! ? 1 : 0;
      out[i] = moment.mayFire ? fired[i]! : 0;
    }
  },
};

export const reckonReadoutModel: NeuronModel = {
  name: "reckon-readout",
  summary: "A readout of the chip ReckOn: leaks by a factor in 1/128, gathers, never fires.",
  equation: "o = floor(o*kappa/2^7), wrapped to 16 bits;  o = sat16(o + z_i) for each source i in order",
  source: "Frenkel and Indiveri, ReckOn, ISSCC 2022; the chip's RTL, srnn.v lines 1155-1170",
  inOrder: true,
  params: { kappa: { help: "factor of the potential per step, in 1/128", default: 128 } },
  words: {},
  state: { o: { help: "the readout's potential", reset: 0 } },
  step(count, state, _drive, params, _words, out, moment) {
    const o = state["o"]!;
    const kappa = params["kappa"]!;
    for (let i = 0; i < count; i++) o[i] = wrapped(Math.floor((o[i]! * kappa[i]!) / 2 ** 7));
    moment.inOrder?.((contribution) => add(o, contribution));
    out.fill(0, 0, count);
  },
};
