import { at, bug } from "../../compiler/base/bug.ts";
import type { Tensor } from "../../compiler/base/tensor.ts";
import { profileParams } from "../../compiler/ir/cores/storage.ts";
import type { NeuronGroup, Row } from "../../compiler/ir/cores/types.ts";
import type { Param } from "../../compiler/ir/network/types.ts";
import * as words from "./words.ts";

/*
 * How the parameters of the neuron model `unit` map to the fields of profiles and
 * neurons. Emit and decode both read these tables.
 */

export type ProfileNumbers = Readonly<Record<(typeof profileParams)[number], number>>;

/** Value of a number parameter for slot `i` of the group. */
export function valueAt(value: Param | undefined, i: number): number {
  if (typeof value === "number") return value;
  if (value === undefined || typeof value === "string")
    bug(`a number parameter is ${value === undefined ? "absent" : `the word "${value}"`}`);
  return Number(at<number | bigint>((value as Tensor).data, i));
}

/** The distinct profiles of a group in order of first use, and the profile of each slot. */
export function profilesOf(group: NeuronGroup): { readonly index: Int32Array; readonly tuples: readonly ProfileNumbers[] } {
  const index = new Int32Array(group.count);
  const tuples: ProfileNumbers[] = [];
  if (profileParams.every((key) => typeof group.params[key] === "number")) return { index, tuples: [numbersAt(group, 0)] };
  const known = new Map<string, number>();
  for (let i = 0; i < group.count; i++) {
    const tuple = numbersAt(group, i);
    const key = profileParams.map((k) => tuple[k]).join();
    let at = known.get(key);
    if (at === undefined) {
      at = tuples.length;
      known.set(key, at);
      tuples.push(tuple);
    }
    index[i] = at;
  }
  return { index, tuples };
}

function numbersAt(group: NeuronGroup, i: number): ProfileNumbers {
  const p = group.params;
  return {
    leakArgument: valueAt(p["leakArgument"], i),
    currentDecay: valueAt(p["currentDecay"], i),
    noiseBits: valueAt(p["noiseBits"], i),
  };
}

type Profile0 = Parameters<typeof words.profile0.encode>[0];

/** The words of `unit` that a profile holds, with how each reads in the profile's first word. */
export const profileWords: readonly {
  readonly param: string;
  readonly choices: readonly string[];
  readonly set: (field: Profile0, word: string) => void;
  readonly get: (field: Profile0) => string;
}[] = [
  choiceOf("leak", "leak"),
  flagOf("current", "current", "off", "on"),
  choiceOf("compare", "compare"),
  choiceOf("reset", "reset"),
  choiceOf("negative", "negative"),
  flagOf("negativeAt", "negativeAtZero", "threshold", "zero"),
  flagOf("biasAt", "biasFirst", "every", "first"),
  flagOf("update", "touched", "every", "touched"),
  choiceOf("emit", "emit"),
  choiceOf("boundary", "boundary"),
  choiceOf("noise", "noise"),
  flagOf("output", "output", "no", "yes"),
];

type ChoiceField = "leak" | "compare" | "reset" | "negative" | "emit" | "boundary" | "noise";
type FlagField = "current" | "negativeAtZero" | "biasFirst" | "touched" | "output";

function choiceOf(param: string, field: ChoiceField): (typeof profileWords)[number] {
  const choices = words.profile0.fields[field].choices;
  return {
    param,
    choices,
    set: (f, word) => {
      (f as Record<ChoiceField, string>)[field] = word;
    },
    get: (f) => f[field],
  };
}

function flagOf(param: string, field: FlagField, no: string, yes: string): (typeof profileWords)[number] {
  return {
    param,
    choices: [no, yes],
    set: (f, word) => {
      f[field] = word === yes;
    },
    get: (f) => (f[field] ? yes : no),
  };
}

export function blankProfile(): Profile0 {
  return {
    leak: "none",
    leakArgument: 0,
    current: false,
    compare: "ge",
    reset: "subtract",
    negative: "none",
    negativeAtZero: false,
    biasFirst: false,
    touched: false,
    emit: "unit",
    boundary: "preload",
    output: false,
    noise: "none",
  };
}

/** Parameter that holds the amount to subtract or the value to set (the word `reset` says which). */
export const resetAmount = "resetValue";

/** Weights of a row, as words without the header. A one-bit weight is 0 for +1 and 1 for -1. */
function packWeights(weights: Int32Array, from: number, count: number, bits: number, out: number[]): void {
  const per = Math.floor(32 / bits);
  const mask = 2 ** bits - 1;
  for (let i = 0; i < count; i += per) {
    const end = Math.min(per, count - i);
    let word = 0;
    for (let j = 0; j < end; j++) {
      const w = weights[from + i + j] as number;
      word |= (bits === 1 ? w >>> 31 : w & mask) << (j * bits);
    }
    out.push(word >>> 0);
  }
}

/** The inverse of `packWeights`: `count` weights that begin at word `address`, all of them in the memory. */
export function unpackWeights(memory: Uint32Array, address: number, count: number, bits: number, out: Int32Array, to: number): void {
  const per = Math.floor(32 / bits);
  let next = address;
  for (let i = 0; i < count; i += per) {
    const word = memory[next++] as number;
    const end = Math.min(per, count - i);
    for (let j = 0; j < end; j++) {
      const w = (word << (32 - (j + 1) * bits)) >> (32 - bits);
      out[to + i + j] = bits === 1 ? 1 + 2 * w : w;
    }
  }
}

/** The words of one row. */
export function rowToWords(row: Row, taps: number): number[] {
  const out: number[] = [];
  const bits = row.bits - 1;
  if (row.kind === "dense") {
    out.push(words.row.encode({ kind: "dense", bits, count: row.weights.length, base: row.base }));
    packWeights(row.weights, 0, row.weights.length, row.bits, out);
  } else if (row.kind === "sparse") {
    out.push(words.row.encode({ kind: "sparse", bits, count: row.weights.length, base: 0 }));
    for (let i = 0; i < row.weights.length; i++) out.push(words.entry.encode({ slot: at(row.slots, i), weight: at(row.weights, i) }));
  } else {
    out.push(words.row.encode({ kind: "conv", bits, count: row.channels, base: row.base }), words.rowShape.encode({ shape: row.shape }));
    for (let t = 0; t < taps; t++) packWeights(row.weights, t * row.channels, row.channels, row.bits, out);
  }
  return out;
}
