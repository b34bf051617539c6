import { type Diagnostic, diagnostic, Failure } from "../../../base/diagnostic.ts";
import { choice } from "../../../base/options.ts";
import type { Network } from "../../../ir/network/types.ts";
import { type Context, pass } from "../../pass.ts";
import { payloads } from "../bounds.ts";
import { isInput, placeOf } from "../edit.ts";
import { applyPairs, planPairs } from "./paired.ts";
import { sendsSigns } from "./signed.ts";
import { applyStore, planStore } from "./store-and-fire.ts";

/*
 * Negative spikes on a chip that has none. Every population with signs becomes either
 *
 *   paired            one population for +1 and one for -1, with mirrored weights, which hold each
 *                     other's potentials equal; exact, spike for spike, in the same steps (paired.ts)
 *   store-and-fire    one population that takes all digits of a code before it sends its own, as
 *                     binary digits; exact as the quantized network, T·(L+1) steps (store-and-fire.ts)
 *
 *   pop a 4 ternary tsa(threshold=1 resetValue=2) silent=1        pop a.plus 4 binary unit(…)   pop a.minus 4 binary unit(…)
 *   link a -> b dense …                                     ==>   link a.plus -> b dense …       link a.minus -> b dense -…
 *
 * Whole numbers are wanted, for both halves of a pair must have the same; so it runs behind quantize-weights.
 */
export const legalizeSpikes = pass({
  name: "legalize-spikes",
  on: "network",
  summary: "Writes populations that send -1 as ones that do not, for chips with binary spikes.",
  keeps: "answers",
  options: {
    form: choice(
      ["auto", "paired", "store-and-fire"],
      "auto",
      "paired: two or three neurons for one, every spike in its step; store-and-fire: binary digits, sent when all input is there; auto: paired where that can be proven, else store-and-fire",
    ),
  },
  run(given, { form }, cx) {
    const network = retyped(given);
    if (!network.pops.some(sendsSigns)) return network;
    const scaled = network.pops.filter((p) => p.amplitude !== 1);
    if (scaled.length > 0)
      throw new Failure(scaled.map((p) => diagnostic("amplitude-left", [p.name, "legalize-spikes"], { at: placeOf(p), origin: p.origin })));
    return form === "store-and-fire" ? stored(network, cx) : paired(network, form === "auto", cx);
  },
});

function paired(network: Network, mayStore: boolean, cx: Context): Network {
  const problems: Diagnostic[] = [];
  const plans = planPairs(network, cx.chip, (d) => problems.push(d));
  if (problems.length === 0) return applyPairs(network, plans, cx);
  const store = mayStore ? planStore(network, () => {}) : null;
  if (store === null) throw new Failure(problems);
  return applyStore(network, store, cx);
}

function stored(network: Network, cx: Context): Network {
  const problems: Diagnostic[] = [];
  const store = planStore(network, (d) => problems.push(d));
  if (store === null) throw new Failure(problems);
  return applyStore(network, store, cx);
}

/** Ternary populations whose neurons never send -1 are binary ones. */
function retyped(n: Network): Network {
  const binary = n.pops.map((p) => !isInput(p) && p.spike.kind === "ternary" && payloads(p).low >= 0);
  if (!binary.includes(true)) return n;
  return { ...n, pops: n.pops.map((p) => (binary[p.id] === true ? { ...p, spike: { kind: "binary" } } : p)) };
}
