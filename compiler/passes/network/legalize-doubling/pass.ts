import type { ChipSpec } from "../../../../targets/chip.ts";
import { at } from "../../../base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../../base/diagnostic.ts";
import { sizeOf } from "../../../base/tensor.ts";
import { neuronParams, neuronWords } from "../../../ir/network/neurons/index.ts";
import type { Network, Population } from "../../../ir/network/types.ts";
import { choice } from "../../../base/options.ts";
import { type Context, pass } from "../../pass.ts";
import { driveOf } from "../bounds.ts";
import { applyDigits, digitsFor, type DigitsPlan, noDigits } from "./digits.ts";
import { potentialBounds } from "../check-range/potential.ts";
import { incoming, isInput, placeOf } from "../edit.ts";
import { unitOf, unitWords } from "../lower-neurons/unit.ts";
import { partsOf, widthOf } from "../strong.ts";
import { applyCompanions, type Companion, companionsFor, type DoublingPlan } from "./companions.ts";

/*
 * A potential that doubles, on a chip whose neurons cannot double:
 *
 *   u(t+1) = 2·(u(t) - R·s(t)) + z
 *
 * form=digits, where neurons can send a digit's place value and multiply their threshold by it: digits.ts.
 * It needs no other neuron. form=auto takes it where it is proven, for all the network or not at all.
 *
 * form=companions. A second neuron, the companion, hears all that the first does and is never reset. It sends its
 * potential w as a payload in every step, and that comes back to both a step later, with the
 * spike that was sent:
 *
 *   companion   w(t+1) = w(t) + w(t) - 2R·s(t) + z
 *   neuron      u(t+1) = (u(t) - R·s(t)) + w(t) - R·s(t) + z
 *
 * By induction w = u before every decision, so the spikes are the same in the same steps, and the
 * potential that is left too. Nobody has to double, and no threshold has to change with time.
 *
 *   pop a 4 ternary tsa(threshold=2 resetValue=4)
 *   ==>
 *   pop a 4 ternary unit(threshold=2 resetValue=4 …)      pop a.value 4 signed16 unit(reset=none emit=value …)
 *   link a.value -> a one 1 delay 1                       link a.value -> a.value one 1 delay 1
 *   link a -> a one -4 delay 1                            link a -> a.value one -8 delay 1
 *
 * Payloads have fewer bits than potentials. What lies beyond them is sent by more companions,
 * each with a part of the range of its own (companions.ts). A neuron that spikes needs ±M with
 * M = 2R + max|z| only: beyond it every later step of either arithmetic leads further
 * out, so all later decisions are alike. A potential that is an answer needs all it can reach.
 */
export const legalizeDoubling = pass({
  name: "legalize-doubling",
  on: "network",
  summary:
    "For chips that cannot double a potential: digits sent as payloads of their place value, or a companion that sends the potential back.",
  keeps: "spikes",
  options: {
    form: choice(
      ["auto", "digits", "companions"],
      "auto",
      "digits: payloads of the place value; companions: a second neuron; auto: digits where they are exact",
    ),
  },
  run(network, options, cx) {
    const { chip } = cx;
    if (chip?.unit["leak"]?.includes("double") === true) return network;
    const doubling = new Set(network.pops.filter((p) => !isInput(p) && doubles(p)).map((p) => Number(p.id)));
    if (doubling.size === 0) return network;
    if (options.form !== "companions") {
      const found = digitsFor(network, doubling, chip);
      if ("links" in found) return sendDigits(network, found, cx);
      if (options.form === "digits")
        throw new Failure([
          diagnostic("chip-lacks-doubling", [found.pop.name, chip?.name ?? "the chip", `digits cannot be sent: ${found.why}`], {
            at: placeOf(found.pop),
            origin: found.pop.origin,
          }),
        ]);
    }
    const problems: Diagnostic[] = [];
    const plans = new Map<number, DoublingPlan>();
    for (const p of network.pops) {
      if (isInput(p) || !doubles(p)) continue;
      const found = planOf(network, p, chip, (d) => problems.push(d));
      if (found !== null) plans.set(p.id, found);
    }
    if (problems.length > 0) throw new Failure(problems);
    if (plans.size === 0) return network;
    cx.table("legalize-doubling", [...plans.values()].map(rowOf));
    return applyCompanions(network, plans);
  },
});

function sendDigits(n: Network, plan: DigitsPlan, cx: Context): Network {
  const rows = [...plan.scale].map(([id, k]) => ({
    population: at(n.pops, id).name,
    neurons: sizeOf(at(n.pops, id).shape),
    "neurons after": sizeOf(at(n.pops, id).shape),
    "first digit":
      plan.pops.get(id)?.spike.kind === "graded"
        ? 2 ** ((plan.pops.get(id)?.stop ?? 0) - 1 - at(n.pops, id).start - at(n.pops, id).silent)
        : "",
    factor: 2 ** k,
    keeps: "every digit",
  }));
  cx.table("legalize-doubling", rows);
  return applyDigits(n, plan);
}

/** Why no network can do without doubling on this chip; null when the pass can try. */
export function noDoubling(chip: ChipSpec): string | null {
  return noDigits(chip) === null ? null : noCompanions(chip);
}

function noCompanions(chip: ChipSpec): string | null {
  const has = (word: string, choice: string): boolean => chip.unit[word]?.includes(choice) === true;
  if (!chip.spikes.includes("graded") || !has("emit", "value")) return "they cannot send it as a payload to be given back either";
  if (!has("leak", "none")) return "they cannot keep it either";
  if (!has("reset", "none")) return "a neuron that sends its potential would lose it";
  if (!chip.weight.signed) return "what a spike takes away could not be taken from what is given back, for weights have no sign";
  if (chip.delayMin > 1) return `what is given back would come late: transport takes ${chip.delayMin} steps`;
  return null;
}

function doubles(p: Population): boolean {
  return unitWords(p)["leak"] === "double";
}

/** Most neurons in place of one. */
const companionsMax = 16;

function planOf(n: Network, pop: Population, chip: ChipSpec | null, report: (d: Diagnostic) => void): DoublingPlan | null {
  const place = { at: placeOf(pop), origin: pop.origin };
  const refuse = (why: string): null => {
    report(diagnostic("chip-lacks-doubling", [pop.name, chip?.name ?? "the chip", why], place));
    return null;
  };
  if (pop.amplitude !== 1) {
    report(diagnostic("amplitude-left", [pop.name, "legalize-doubling"], place));
    return null;
  }
  const general = chip === null ? null : noCompanions(chip);
  if (general !== null) return refuse(general);
  const unit = unitOf(pop, report);
  if (unit === null) return null;
  const why = peculiar(unit);
  if (why !== null) return refuse(why);
  const reset = resetsOf(pop, unit);
  const [once, twice] = [1, 2].map((k) =>
    partsOf(
      reset.map((r) => -k * r + 0),
      widthOf(chip),
    ),
  );
  if (once === null || once === undefined || twice === null || twice === undefined)
    return refuse("what a spike takes away is too much for a synapse");
  const range = rangeOf(n, pop, unit, reset);
  const companions = companionsFor(range.low, range.high, payloadOf(chip), companionsMax);
  if (companions === null)
    return refuse(
      `it can reach ${Math.max(range.high, -range.low)}, for which ${companionsMax} payloads of ${payloadOf(chip).bits} bits are too few`,
    );
  return { pop, unit, once, twice, companions };
}

/** What companions cannot imitate. */
function peculiar(unit: Population): string | null {
  const words = neuronWords(unit);
  if (words["current"] === "on") return "its input passes through a synaptic current, and what is given back would too";
  if (words["update"] === "touched") return "it rests in steps without input, in which what is given back would wake it";
  if (words["boundary"] === "keep") return "it keeps its potential from sample to sample";
  if (words["reset"] === "set") return "a spike sets its potential, and what is given back is the one before";
  if (words["emit"] !== "unit") return "it sends more than its sign";
  if (words["noise"] !== "none") return "its comparison has noise, for which no range of payloads is wide enough to be proven";
  if (words["output"] === "yes" && words["reset"] === "subtract") return "its spikes are counted off its potential but not sent";
  return null;
}

/** What a spike of each neuron takes away; nothing where there are none. */
function resetsOf(pop: Population, unit: Population): Float64Array {
  const words = neuronWords(unit);
  const takes = pop.neuron.model !== "readout" && words["reset"] === "subtract";
  return takes ? (neuronParams(unit)["resetValue"] ?? new Float64Array(0)) : new Float64Array(sizeOf(pop.shape));
}

/** How far companions must follow the potential. */
function rangeOf(n: Network, pop: Population, unit: Population, reset: Float64Array): { readonly low: number; readonly high: number } {
  const links = at(incoming(n), pop.id);
  const steps = (pop.stop ?? n.steps) - pop.start;
  const words = neuronWords(unit);
  if (pop.neuron.model === "readout" || words["output"] === "yes" || words["reset"] === "none") {
    // What the last step makes of it is not given back any more.
    const reached = potentialBounds(unit, [driveOf(n, pop, links)], steps - 1, -(2 ** 40), 2 ** 40);
    return { low: reached.low, high: reached.high };
  }
  // What comes in the first step only does not count against what is given back later.
  const later = driveOf(
    n,
    pop,
    links.filter((l) => !comesFirst(n, l.from, at(n.pops, l.from).start + l.delay, pop)),
  );
  const { threshold, bias } = neuronParams(unit);
  const most = reset.reduce((m, r, i) => {
    const z = Math.max(at(later.high, i), -at(later.low, i));
    const b = words["biasAt"] === "every" ? Math.abs(bias?.[i] ?? 0) : 0;
    return Math.max(m, 2 * Math.abs(r) + z + b, Math.abs(threshold?.[i] ?? 0) + 1);
  }, 0);
  return { low: -most, high: most };
}

/** Whether all that the source sends arrives in the population's first step. */
function comesFirst(n: Network, source: number, arrives: number, pop: Population): boolean {
  return arrives <= pop.start && n.inputs.some((c) => c.pop === source && c.code === "direct" && c.params["every"] === 0);
}

/** Bits of a payload, and whether a neuron can send its potential when that is negative. */
function payloadOf(chip: ChipSpec | null): { readonly bits: number; readonly signed: boolean } {
  if (chip === null) return { bits: 16, signed: true };
  const signed = chip.unit["negative"]?.includes("free") === true && chip.unit["negativeAt"]?.includes("zero") === true;
  return { bits: chip.payload.bits, signed };
}

function rowOf({ pop, companions }: DoublingPlan): Record<string, string | number> {
  const neurons = sizeOf(pop.shape);
  return {
    population: pop.name,
    neurons,
    "neurons after": neurons * (1 + companions.length),
    "reaches from": companions.reduce((m, c) => Math.min(m, lowest(c)), 0),
    to: companions.reduce((m, c) => Math.max(m, highest(c)), 0),
    keeps: "every spike",
  };
}

function lowest(c: Companion): number {
  return c.sign < 0 ? -(c.offset + c.high) : c.low;
}

function highest(c: Companion): number {
  return c.sign < 0 ? 0 : c.offset + c.high;
}
