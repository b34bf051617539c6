/*
 * Quantities of a chip file: what a key measures, in which units it may be
 * written, and in which range. Each family of chips has a tree of them (`<family>/quantities.ts`).
 */

type Dimension = "count" | "bits" | "words" | "cycles" | "frequency" | "energy" | "power" | "rate" | "flag" | "word" | "list";

export type Quantity = {
  readonly dimension: Dimension;
  readonly min: number;
  readonly max: number;
  /** For words and lists. */
  readonly choices: readonly string[];
  /** Prices say how well they are known. */
  readonly tolerance: boolean;
};

/** Units of each dimension and what one is in the ChipSpec's unit. An empty name: no unit is written. */
const units: Readonly<Record<Dimension, Readonly<Record<string, number>>>> = {
  count: { "": 1 },
  bits: { bits: 1, bit: 1 },
  words: { words: 1, word: 1 },
  cycles: { cycles: 1, cycle: 1 },
  frequency: { Hz: 1, kHz: 1e3, MHz: 1e6, GHz: 1e9 },
  energy: { fJ: 1e-3, pJ: 1, nJ: 1e3 },
  power: { nW: 1e-9, uW: 1e-6, mW: 1e-3, W: 1 },
  rate: { "bit/s": 1, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9 },
  flag: {},
  word: {},
  list: {},
};

const whole: ReadonlySet<Dimension> = new Set(["count", "bits", "words", "cycles"]);

export const of = (dimension: Dimension, min: number, max: number): Quantity => ({ dimension, min, max, choices: [], tolerance: false });
export const count = (min: number, max: number): Quantity => of("count", min, max);
export const bits = (min: number, max: number): Quantity => of("bits", min, max);
export const cycles: Quantity = of("cycles", 0, 1e6);
export const energy: Quantity = { ...of("energy", 0, 1e9), tolerance: true };
export const power: Quantity = { ...of("power", 0, 1e4), tolerance: true };
export const flag: Quantity = of("flag", 0, 1);
export const word = (...choices: string[]): Quantity => ({ ...of("word", 0, 0), choices });
export const list = (...choices: string[]): Quantity => ({ ...of("list", 0, 0), choices });

/** The keys of a family's chip file, in groups. */
export type QuantityTree = { readonly [key: string]: Quantity | QuantityTree };

/** A quantity in the ChipSpec's unit; tolerance as a fraction, null when unknown. */
export type Value = { readonly value: number | boolean | string | readonly string[]; readonly tolerance: number | null };

export type QuantityProblem = {
  readonly code: "chip-value" | "chip-unit";
  /** Which part of the quantity is wrong. */
  readonly part: "value" | "tolerance";
  readonly found: string;
  readonly expected: string | readonly string[];
};

/** Reads what a chip file says for a quantity, or what is wrong with it. */
export function readQuantity(q: Quantity, written: { readonly value: unknown; readonly tolerance?: unknown }): Value | QuantityProblem {
  const value = readValue(q, written.value);
  if (typeof value === "object" && "code" in value) return value;
  if (!q.tolerance) return { value, tolerance: null };
  const tolerance = readTolerance(written.tolerance);
  if (tolerance === undefined) {
    return {
      code: "chip-value",
      part: "tolerance",
      found: JSON.stringify(written.tolerance),
      expected: "a percentage such as 30 %, or unknown",
    };
  }
  return { value, tolerance };
}

function readTolerance(written: unknown): number | null | undefined {
  if (written === "unknown") return null;
  const m = typeof written === "string" ? /^(\d+(?:\.\d+)?) ?%$/.exec(written.trim()) : null;
  return m === null ? undefined : Number(m[1]) / 100;
}

function readValue(q: Quantity, written: unknown): Value["value"] | QuantityProblem {
  const found = JSON.stringify(written);
  const wrong = (expected: string): QuantityProblem => ({ code: "chip-value", part: "value", found, expected });
  if (q.dimension === "flag") return typeof written === "boolean" ? written : wrong("true or false");
  if (q.dimension === "word") return typeof written === "string" && q.choices.includes(written) ? written : wrong(q.choices.join(" or "));
  if (q.dimension === "list") {
    const ok = Array.isArray(written) && written.every((w: unknown) => typeof w === "string" && q.choices.includes(w));
    return ok ? (written as readonly string[]) : wrong(`a list out of ${q.choices.join(", ")}`);
  }
  return readNumber(q, written, found);
}

function readNumber(q: Quantity, written: unknown, found: string): number | QuantityProblem {
  const known = units[q.dimension];
  const m = /^(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*(\S*)$/.exec(String(written).trim());
  const expected = `${whole.has(q.dimension) ? "a whole number" : "a number"} from ${q.min} to ${q.max}${unitHint(q.dimension)}`;
  if (m === null || (typeof written !== "number" && typeof written !== "string"))
    return { code: "chip-value", part: "value", found, expected };
  const factor = known[m[2] ?? ""];
  if (factor === undefined) {
    const names = Object.keys(known).map((u) => (u === "" ? "none" : u));
    return { code: "chip-unit", part: "value", found, expected: names };
  }
  const value = Number(m[1]) * factor;
  const fits = value >= q.min && value <= q.max && (!whole.has(q.dimension) || Number.isInteger(value));
  return fits ? value : { code: "chip-value", part: "value", found, expected };
}

function unitHint(d: Dimension): string {
  const base = Object.entries(units[d]).find(([name, factor]) => factor === 1 && name !== "");
  return base === undefined ? "" : ` (in ${base[0]})`;
}
