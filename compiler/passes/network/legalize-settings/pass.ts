import type { ChipSpec } from "../../../../targets/chip.ts";
import { at } from "../../../base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../../base/diagnostic.ts";
import { spread } from "../../../base/tensor.ts";
import { missingNumbers, missingWords } from "../../../ir/network/features.ts";
import { neuronParams, neuronWords } from "../../../ir/network/neurons/index.ts";
import type { Link, Network, Param, Population } from "../../../ir/network/types.ts";
import { type Context, pass } from "../../pass.ts";
import { clockOf } from "../clock.ts";
import { freshName, isInput, placeOf, settle } from "../edit.ts";
import { leakFactor, type Signed } from "../legalize-spikes/signed.ts";
import { unitOf } from "../lower-neurons/unit.ts";
import { fanKernel, partsOf, widthOf, wholeTensor } from "../strong.ts";

/*
 * Settings of a neuron that the chip lacks, by others that mean the same to whole numbers:
 *
 *   compare=gt          u > θ is u >= θ + 1; and the other way round
 *   boundary            preload of 0 is clear
 *   bias, biasAt        a clock, one neuron that fires in the steps concerned, with the bias as weights
 *   initial             the same, once, in the first step: what the first leak leaves of it
 *
 *   pop a 2 binary if(threshold=4 bias={1 -2})        pop a.bias 1 binary unit(bias=1)      link a.bias -> a dense i8[2x1]{1 -2}
 *                                               ==>   pop a 2 binary unit(threshold=4)
 *
 * All exact. Everything else that a chip may lack is refused where it cannot be helped.
 */
export const legalizeSettings = pass({
  name: "legalize-settings",
  on: "network",
  summary: "Replaces settings of neurons that the chip lacks by equal ones, and biases by clocks.",
  keeps: "spikes",
  options: {},
  run(network, _options, cx) {
    const { chip } = cx;
    if (chip === null) return network;
    const work = new Work(network, chip);
    for (const p of network.pops) work.add(p);
    return work.finish(cx);
  },
});

/** The network while its populations are rewritten one after another. */
class Work {
  readonly #network: Network;
  readonly #chip: ChipSpec;
  readonly #pops: Population[] = [];
  readonly #links: Link[] = [];
  readonly #problems: Diagnostic[] = [];
  readonly #rows: Record<string, string>[] = [];
  readonly #taken: Set<string>;
  #next: number;
  #changed = false;

  constructor(network: Network, chip: ChipSpec) {
    this.#network = network;
    this.#chip = chip;
    this.#taken = new Set(network.pops.map((p) => p.name));
    this.#next = network.pops.length;
  }

  add(p: Population): void {
    const unit = isInput(p) ? null : unitFor(p);
    // What is no unit yet keeps its words; the chip's verification has the last word.
    if (unit === null || lacks(unit, this.#chip).length === 0) {
      this.#pops.push(p);
      return;
    }
    const done: string[] = [];
    const fitted = this.#outside(withEqualWords(unit, this.#chip, done), done);
    for (const m of lacks(fitted, this.#chip))
      this.#problems.push(
        diagnostic("setting-not-replaced", [p.name, m.setting, this.#chip.name, m.has], { at: placeOf(p), origin: p.origin }),
      );
    this.#pops.push(fitted);
    this.#rows.push({ population: p.name, replaced: done.join(", "), keeps: "every spike" });
    this.#changed = true;
  }

  /** Bias and initial potential as synapses of clocks. */
  #outside(p: Population, done: string[]): Population {
    const words = neuronWords(p);
    const factor = leakFactor({ pop: p, words } as Signed);
    let now = p;
    // Through a synaptic current they would not act at once; a rounded leak would round them with the rest.
    if (words["current"] === "on" || words["update"] === "touched") return now;
    const bias = neuronParams(p)["bias"] ?? new Float64Array(0);
    const stop = p.stop ?? this.#network.steps;
    if (this.#needs(p, "bias")) {
      const { bias: _bias, biasAt: _when, ...params } = now.neuron.params;
      if (this.#clock(now, "bias", bias, words["biasAt"] === "first" ? p.start + 1 : stop)) {
        now = withEqualWords({ ...now, neuron: { ...now.neuron, params } }, this.#chip, []);
        done.push("bias by a clock");
      }
    }
    if (factor !== null && this.#needs(now, "initial")) {
      const initial = spread(p.initial["v"] ?? 0, p.shape);
      if (
        this.#clock(
          now,
          "initial",
          initial.map((v) => factor * v),
          p.start + 1,
        )
      ) {
        now = withEqualWords({ ...now, initial: {} }, this.#chip, []);
        done.push("initial potential by a clock");
      }
    }
    return now;
  }

  /** Whether the chip cannot hold this number of the population as it is. */
  #needs(p: Population, what: "bias" | "initial"): boolean {
    const missing = lacks(p, this.#chip).map((m) => m.setting);
    if (what === "bias") return missing.some((m) => m.startsWith("biasAt=") || m.includes(" bias "));
    return missing.some((m) => m === "boundary=preload" || m.includes(" initial "));
  }

  /** Adds a clock that gives the population these numbers from its first step on; false if no synapse can. */
  #clock(p: Population, what: string, numbers: Float64Array, stop: number): boolean {
    const parts = partsOf(numbers, widthOf(this.#chip));
    if (parts === null) return false;
    if (parts.length === 0) return true;
    const clock = clockOf(
      { id: this.#next++, name: freshName(this.#taken, `${p.name}.${what}`), start: p.start, stop, why: `${what} of ${p.name}` },
      this.#chip,
    );
    this.#pops.push(withEqualWords(clock, this.#chip, []));
    for (const part of parts)
      this.#links.push({
        from: clock.id,
        to: p.id,
        kernel: fanKernel(part.numbers, p.shape),
        pool: null,
        delay: 0,
        gain: part.gain,
        origin: clock.origin,
      });
    return true;
  }

  finish(cx: Context): Network {
    if (this.#problems.length > 0) throw new Failure(this.#problems);
    if (!this.#changed) return this.#network;
    cx.table("legalize-settings", this.#rows);
    return settle({ ...this.#network, pops: this.#pops, links: [...this.#network.links, ...this.#links] });
  }
}

/** The population as a unit; a readout, which never fires, as one whose potential is all that is sent. */
function unitFor(p: Population): Population | null {
  const unit = unitOf(p, () => {});
  if (unit === null || p.neuron.model !== "readout") return unit;
  return { ...unit, neuron: { ...unit.neuron, params: { ...unit.neuron.params, output: "yes" } } };
}

/** Settings of a unit that the chip does not have. */
function lacks(p: Population, chip: ChipSpec): { setting: string; has: string }[] {
  return [...missingWords(neuronWords(p), chip), ...missingNumbers(neuronParams(p), spread(p.initial["v"] ?? 0, p.shape), chip)];
}

/** The unit with each word that the chip lacks replaced where another says the same. */
function withEqualWords(p: Population, chip: ChipSpec, done: string[]): Population {
  const words = neuronWords(p);
  const params: Record<string, Param> = { ...p.neuron.params };
  const lacking = (word: string): boolean => chip.unit[word]?.includes(words[word] ?? "") === false;
  const put = (word: string, choice: string | undefined): void => {
    if (choice === undefined) return;
    params[word] = choice;
    done.push(`${word}=${words[word]} by ${choice}`);
  };
  const choices = (word: string): readonly string[] => chip.unit[word] ?? [];
  if (lacking("negativeAt") && words["negative"] === "none") put("negativeAt", choices("negativeAt")[0]);
  if (
    lacking("compare") &&
    words["emit"] !== "count" &&
    words["emit"] !== "digit" &&
    (words["negative"] === "none" || words["negativeAt"] === "zero")
  ) {
    const other = words["compare"] === "gt" ? "ge" : "gt";
    if (choices("compare").includes(other)) {
      put("compare", other);
      params["threshold"] = shifted(p, other === "ge" ? 1 : -1);
      params["resetValue"] ??= resetOf(p);
    }
  }
  if (lacking("biasAt") && (neuronParams(p)["bias"] ?? new Float64Array(0)).every((b) => b === 0)) put("biasAt", choices("biasAt")[0]);
  const initial = spread(p.initial["v"] ?? 0, p.shape);
  const still = initial.every((v) => v === 0);
  if (lacking("boundary") && words["boundary"] === "preload" && still && choices("boundary").includes("clear")) put("boundary", "clear");
  if (lacking("boundary") && words["boundary"] === "clear" && choices("boundary").includes("preload")) {
    put("boundary", "preload");
    return { ...p, neuron: { ...p.neuron, params }, initial: {} };
  }
  return done.length === 0 && Object.keys(params).every((k) => params[k] === p.neuron.params[k])
    ? p
    : { ...p, neuron: { ...p.neuron, params } };
}

/** What a spike takes away does not follow the threshold when that moves. */
function resetOf(p: Population): Param {
  return compact(neuronParams(p)["resetValue"] ?? new Float64Array(1), p.shape);
}

function shifted(p: Population, by: number): Param {
  return compact(
    (neuronParams(p)["threshold"] ?? new Float64Array(1)).map((t) => t + by),
    p.shape,
  );
}

function compact(numbers: Float64Array, shape: readonly number[]): Param {
  const first = at(numbers, 0);
  return numbers.every((v) => v === first) ? first : wholeTensor(shape, numbers);
}
