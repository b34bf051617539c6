import type { Param } from "./types.ts";

/*
 * What a chip's configurable neuron can be set to, and which settings of a population
 * or group of units it lacks. One rule for networks, cores and passes.
 */

/** A ChipSpec has these. */
export type Features = {
  /** Allowed choices of each word of the model `unit`. */
  readonly unit: Readonly<Record<string, readonly string[]>>;
  /** Numbers that each neuron may have of its own: threshold, resetValue, bias, initial. */
  readonly perNeuron: readonly string[];
};

/** Numbers that belong to a neuron rather than to its population, if the chip has room for that. */
const ownNumbers: readonly string[] = ["threshold", "resetValue", "bias"];

/** A setting that is missing, and what the chip has instead. */
export type Missing = { readonly setting: string; readonly has: string };

/** Words of a unit that the chip lacks. Words that are not given are not asked for. */
export function missingWords(words: Readonly<Record<string, Param>>, chip: Features): Missing[] {
  return Object.entries(chip.unit).flatMap(([word, choices]) => {
    const value = words[word];
    return typeof value !== "string" || choices.includes(value)
      ? []
      : [{ setting: `${word}=${value}`, has: choices.length === 0 ? "no choice" : choices.join(", ") }];
  });
}

/** Numbers that differ within the population although the chip has one for all its neurons. Takes the numbers of all its neurons. */
export function missingNumbers(
  params: Readonly<Record<string, Param | Float64Array>>,
  initial: Param | Float64Array,
  chip: Features,
): Missing[] {
  const asked: [string, Param | Float64Array | undefined][] = [
    ...ownNumbers.map((n): [string, Param | Float64Array | undefined] => [n, params[n]]),
    ["initial", initial],
  ];
  return asked.flatMap(([name, value]) =>
    value === undefined || chip.perNeuron.includes(name) || isUniform(value)
      ? []
      : [{ setting: `a ${name} for each neuron`, has: "one for each population" }],
  );
}

function isUniform(value: Param | Float64Array): boolean {
  if (typeof value === "number" || typeof value === "string") return true;
  const numbers: ArrayLike<number | bigint> = value instanceof Float64Array ? value : value.data;
  for (let i = 1; i < numbers.length; i++) if (numbers[i] !== numbers[0]) return false;
  return true;
}
