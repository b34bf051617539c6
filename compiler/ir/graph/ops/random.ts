import { counterNoise } from "../../../base/random.ts";
import { data, need, needFloat, op } from "./op.ts";

/*
 * Random numbers of the shape of their input. A graph is a function, so the draw is fixed by
 * the attribute `seed`: element i takes words 2i and 2i+1 of the counter-based generator.
 */

const seed = { help: "the draw; the same seed gives the same numbers", kind: "int", default: 0 } as const;

function unit(key: number, counter: number): number {
  return counterNoise(0, key, counter) / 2 ** 32;
}

export const randomNormalLike = op({
  name: "random-normal-like",
  summary: "normal random numbers of the shape of the input, fixed by the seed",
  arity: [1, 1],
  attrs: {
    mean: { help: "their mean", kind: "float", default: 0 },
    scale: { help: "their standard deviation", kind: "float", default: 1 },
    seed,
  },
  infer: (inputs) => {
    const x = need(inputs, 0);
    needFloat("random-normal-like", x);
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  plan:
    (_inputs, { mean, scale, seed: key }) =>
    (_ins, outs) => {
      const y = data(need(outs, 0));
      // Box and Muller; 1 - u keeps the logarithm finite.
      for (let i = 0; i < y.length; i++)
        y[i] = mean + scale * Math.sqrt(-2 * Math.log(1 - unit(key, 2 * i))) * Math.cos(2 * Math.PI * unit(key, 2 * i + 1));
    },
});

export const randomUniformLike = op({
  name: "random-uniform-like",
  summary: "uniform random numbers of the shape of the input, fixed by the seed",
  arity: [1, 1],
  attrs: {
    low: { help: "the least of them", kind: "float", default: 0 },
    high: { help: "the end of their range", kind: "float", default: 1 },
    seed,
  },
  infer: (inputs) => {
    const x = need(inputs, 0);
    needFloat("random-uniform-like", x);
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  plan:
    (_inputs, { low, high, seed: key }) =>
    (_ins, outs) => {
      const y = data(need(outs, 0));
      for (let i = 0; i < y.length; i++) y[i] = low + (high - low) * unit(key, 2 * i);
    },
});
