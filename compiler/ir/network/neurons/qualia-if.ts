import type { NeuronModel } from "./model.ts";

/**
 * The fixed-point integrate-and-fire neuron of Qualia's generated C code, bit for bit. Numbers are
 * integers with so many fractional bits: the input, the potential (and threshold) and the output have formats of their own.
 *
 *   T  = max(inputBits, potentialBits)
 *   u  = v << (T - potentialBits) + z << (T - inputBits);   th = threshold << (T - potentialBits)
 *   s  = [u >= th];  payload = sat(s << outputBits);  u = u - th (subtract), or resetValue << (T - potentialBits) (set), where s = 1
 *   v  = sat(u >> (T - potentialBits)), rounded to the nearest (halves up) or down
 *
 * sat is the range of a register of `width` bits: the potential saturates to it in every step.
 */
export const qualiaIfModel: NeuronModel = {
  name: "qualia-if",
  summary: "Qualia's integer integrate-and-fire neuron with Q formats, to reproduce the numbers of its generated code; no chip has it.",
  equation: "u = align(v) + align(z);  s = [u >= align(threshold)];  v = sat(shift(u - s*align(threshold)));  payload = s * 2^outputBits",
  source: "LEAT-EDGE, qualia-codegen-plugin-snn, assets/layers/if.cc; quantizer: qualia-core, Quantizer.py",
  params: {
    threshold: { help: "potential at which the neuron fires, in the potential's format", default: 1 },
    resetValue: { help: "potential after a spike, for reset=set, in the potential's format", default: 0 },
    inputBits: { help: "fractional bits of the input", default: 0 },
    potentialBits: { help: "fractional bits of potential and threshold", default: 0 },
    outputBits: { help: "fractional bits of the output: a spike is 2 to this power", default: 0 },
    width: { help: "bits of the register that holds the potential, and of a payload", default: 8 },
  },
  words: {
    reset: { help: "what a spike does to the potential", choices: ["subtract", "set"] },
    rounding: { help: "how a shift to the right rounds: to the nearest with halves up, or down", choices: ["nearest", "floor"] },
  },
  state: { v: { help: "membrane potential, in its format", reset: 0 } },
  step(count, state, drive, params, words, out, moment) {
    const v = state["v"]!;
    const nearest = words["rounding"] === "nearest";
    const hard = words["reset"] === "set";
    for (let i = 0; i < count; i++) {
      const [inputBits, potentialBits] = [params["inputBits"]![i]!, params["potentialBits"]![i]!];
      const most = 2 ** (params["width"]![i]! - 1) - 1;
      const up = Math.max(inputBits, potentialBits) - potentialBits;
      const align = 2 ** up;
      const threshold = params["threshold"]![i]! * align;
      let u = v[i]! * align + drive[i]! * 2 ** (Math.max(inputBits, potentialBits) - inputBits);
      const fires = moment.mayFire && u >= threshold;
      if (fires) u = hard ? params["resetValue"]![i]! * align : u - threshold;
      v[i] = saturated(shifted(u, up, nearest), most);
      out[i] = fires ? saturated(2 ** params["outputBits"]![i]!, most) : 0;
    }
  },
};

/** n / 2^k, rounded as the C code's arithmetic shift does. */
function shifted(n: number, k: number, nearest: boolean): number {
  return k === 0 ? n : Math.floor((nearest ? n + 2 ** (k - 1) : n) / 2 ** k);
}

function saturated(n: number, most: number): number {
  return Math.min(Math.max(n, -most - 1), most);
}
