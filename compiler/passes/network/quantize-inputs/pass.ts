import { f64, numbersOf, type Tensor } from "../../../base/tensor.ts";
import { diagnostic, Failure, type Diagnostic } from "../../../base/diagnostic.ts";
import { integer } from "../../../base/options.ts";
import { at } from "../../../base/bug.ts";
import type { InputCode, Population } from "../../../ir/network/types.ts";
import { pass } from "../../pass.ts";
import { placeOf } from "../edit.ts";

/*
 * Chips carry integers, so an analog input becomes a graded one: the host sends
 * round(x / scale), and each unit is worth `scale`. The code's `low` and `high` bound
 * the payload: the sample's numbers before this pass, integers after it. Pixels k/255
 * stay exact at 8 bits, because scale is then 1/255 and the payload is k again.
 *
 *   input x 1x28x28 analog             code direct(low=0 high=1)
 *   ==>
 *   input x 1x28x28 graded(8,unsigned) code direct(low=0 high=255 scale=1/255)   amplitude=1/255
 */
export const quantizeInputs = pass({
  name: "quantize-inputs",
  on: "network",
  summary: "Turns analog inputs into integer payloads with a scale.",
  keeps: "answers",
  options: { bits: integer(1, 16, 8, "bits of an input payload, its sign included") },
  run(network, { bits }, cx) {
    const problems: Diagnostic[] = [];
    const pops = network.pops.slice();
    const inputs = network.inputs.map((input) => {
      const pop = at(network.pops, input.pop);
      if (pop.spike.kind !== "analog") return input;
      const problem = problemOf(input, pop);
      if (problem !== null) {
        problems.push(problem);
        return input;
      }
      const range = rangeOf(input);
      const q = quantized(range, bits);
      pops[input.pop] = { ...pop, spike: { kind: "graded", bits: q.bits, signed: q.low < 0 }, amplitude: scaled(pop.amplitude, q.scale) };
      cx.table("quantize-inputs", [
        { input: pop.name, from: range.low, to: range.high, "payload low": q.low, "payload high": q.high, scale: q.scale },
      ]);
      return { ...input, params: { ...input.params, scale: q.scale, low: q.low, high: q.high } };
    });
    if (problems.length > 0) throw new Failure(problems);
    return inputs.every((i, k) => i === network.inputs[k]) ? network : { ...network, pops, inputs };
  },
});

function problemOf(input: InputCode, pop: Population): Diagnostic | null {
  const place = { at: placeOf(pop), origin: pop.origin };
  if (input.code !== "direct") return diagnostic("input-analog-code", [pop.name, input.code], place);
  const { low, high } = rangeOf(input);
  if (Number.isFinite(low) && Number.isFinite(high) && low < high) return null;
  return diagnostic("input-range", [pop.name, low, high], place);
}

type Range = { readonly low: number; readonly high: number };

function rangeOf(input: InputCode): Range {
  const { low, high } = input.params;
  return { low: typeof low === "number" ? low : -Infinity, high: typeof high === "number" ? high : Infinity };
}

/** The finest whole-number payload of so many bits that covers the range, with 0 as 0. A signed one has at least 2 bits. */
function quantized({ low, high }: Range, bits: number): Range & { readonly scale: number; readonly bits: number } {
  if (low >= 0) return { low: 0, high: 2 ** bits - 1, scale: high / (2 ** bits - 1), bits };
  const width = Math.max(bits, 2);
  const most = 2 ** (width - 1) - 1;
  return { low: -most, high: most, scale: Math.max(-low, high) / most, bits: width };
}

function scaled(a: number | Tensor, s: number): number | Tensor {
  return typeof a === "number"
    ? a * s
    : f64(
        a.shape,
        numbersOf(a).map((v) => v * s),
      );
}
