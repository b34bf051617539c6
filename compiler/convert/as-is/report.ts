import { numbersOf, type Tensor } from "../../base/tensor.ts";
import type { Layered } from "../layers.ts";

/** What was recognized, layer by layer: neurons, and how finely what a spike is worth differs. */
export function neuronRows(layered: Layered): readonly Record<string, string | number>[] {
  const ways = layered.layers.flatMap((l) => l.ways);
  return layered.layers.flatMap((l) => {
    if (l.neuron === undefined) return [];
    const gains = ways.filter((w) => w.from === l.index).map((w) => w.gain ?? 1);
    const { threshold, decay, reset, compare } = l.neuron;
    const what = decay === 0 ? "no memory" : decay === 1 ? "IF" : "LIF";
    return [
      {
        layer: l.name,
        neuron: what,
        threshold: `${compare === "ge" ? ">=" : ">"} ${show(threshold)}`,
        decay: show(decay),
        reset: decay === 0 ? "-" : reset === "set" ? "hard" : reset === "subtract" ? "soft" : "none",
        "a spike is worth": [...new Set(gains.map((g) => worth(g, l.graphShape)))].join(", "),
      },
    ];
  });
}

function show(x: number | Tensor): string {
  if (typeof x === "number") return String(Number(x.toPrecision(5)));
  const numbers = numbersOf(x);
  const [low, high] = numbers.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  return `${show(low)} … ${show(high)}`;
}

function worth(g: number | Tensor, shape: readonly number[]): string {
  if (typeof g === "number") return show(g);
  return `${show(g)} per ${g.data.length === (shape[0] ?? 1) ? "channel" : "element"}`;
}
