import { bug } from "../../base/bug.ts";

/*
 * Bit-field tables. A chip's words are written once, as a table; encoder, decoder,
 * listing, documentation and Verilog ranges come from it.
 */

export type Field<T = unknown> = {
  readonly high: number;
  readonly low: number;
  readonly kind: "uint" | "sint" | "flag" | "choice";
  readonly choices: readonly string[];
  readonly encode: (value: T) => number | null;
  readonly decode: (bits: number) => T | null;
};

// biome-ignore lint/suspicious/noExplicitAny: a table holds fields of every type; `RecordOf` restores each.
type Fields = Readonly<Record<string, Field<any>>>;
export type RecordOf<F extends Fields> = { -readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

const maskOf = (f: Field): number => 0xffffffff >>> (31 - f.high + f.low);
const widthOf = (high: number, low: number): number => high - low + 1;

/** Unsigned integer in bits high..low. */
export function uint(high: number, low: number): Field<number> {
  const max = 2 ** widthOf(high, low) - 1;
  return { high, low, kind: "uint", choices: [], encode: (v) => (Number.isInteger(v) && v >= 0 && v <= max ? v : null), decode: (b) => b };
}

/** Two's complement integer in bits high..low. */
export function sint(high: number, low: number): Field<number> {
  const half = 2 ** (widthOf(high, low) - 1);
  return {
    high,
    low,
    kind: "sint",
    choices: [],
    encode: (v) => (Number.isInteger(v) && v >= -half && v < half ? (v < 0 ? v + 2 * half : v) : null),
    decode: (b) => (b >= half ? b - 2 * half : b),
  };
}

/** One bit as a boolean. */
export function flag(bit: number): Field<boolean> {
  return { high: bit, low: bit, kind: "flag", choices: [], encode: (v) => (v ? 1 : 0), decode: (b) => b === 1 };
}

/** A word from a list, stored as its index. */
export function choice<const C extends readonly string[]>(high: number, low: number, ...choices: C): Field<C[number]> {
  if (choices.length > 2 ** widthOf(high, low)) bug(`${choices.length} choices do not fit bits ${high}..${low}`);
  return {
    high,
    low,
    kind: "choice",
    choices,
    encode: (v) => {
      const i = choices.indexOf(v);
      return i < 0 ? null : i;
    },
    decode: (b) => (choices[b] as C[number] | undefined) ?? null,
  };
}

/** Why a word could not be encoded or decoded. */
export type WordProblem = { readonly field: string; readonly problem: string };

export type Word<F extends Fields = Fields> = {
  readonly name: string;
  readonly bits: number;
  readonly fields: F;
  /** The word, or `bug` when a value is out of range: emitters only encode what was verified. */
  readonly encode: (value: RecordOf<F>) => number;
  /** Null when a value is out of range: says which. */
  readonly check: (value: RecordOf<F>) => WordProblem | null;
  /** The record, or what is wrong: a reserved bit that is set, a choice that does not exist. */
  readonly decode: (word: number) => { readonly value: RecordOf<F> } | WordProblem;
  /** One word as text: `weight=3 neuron=12 last=0 op=add`. */
  readonly show: (word: number) => string;
};

/** A word of any table, as far as printing needs it. */
export type AnyWord = Pick<Word, "name" | "bits" | "fields" | "show">;

/** Declares a word of at most 32 bits. Overlapping or overlong fields are refused when the module loads. */
export function word<const F extends Fields>(name: string, bits: number, fields: F): Word<F> {
  let used = 0n;
  for (const [key, f] of Object.entries(fields)) {
    if (f.low < 0 || f.high < f.low || f.high >= bits || bits > 32) bug(`field ${name}.${key} does not fit ${bits} bits`);
    const mask = ((1n << BigInt(widthOf(f.high, f.low))) - 1n) << BigInt(f.low);
    if ((used & mask) !== 0n) bug(`field ${name}.${key} overlaps another`);
    used |= mask;
  }
  const reserved = Number(((1n << BigInt(bits)) - 1n) & ~used);
  const list = Object.entries(fields) as [keyof F & string, Field<unknown>][];

  function tryEncode(value: RecordOf<F>): number | WordProblem {
    let out = 0;
    for (const [key, f] of list) {
      const b = f.encode(value[key]);
      if (b === null)
        return { field: `${name}.${key}`, problem: `${String(value[key])} does not fit ${f.kind} of ${widthOf(f.high, f.low)} bits` };
      out += b * 2 ** f.low;
    }
    return out;
  }
  function decode(w: number): { readonly value: RecordOf<F> } | WordProblem {
    if ((w & reserved) >>> 0 !== 0) return { field: name, problem: `reserved bits are set in ${hex(w, bits)}` };
    const value: Record<string, unknown> = {};
    for (const [key, f] of list) {
      const raw = ((w >>> f.low) & maskOf(f)) >>> 0;
      const v = f.decode(raw);
      if (v === null) return { field: `${name}.${key}`, problem: `${raw} is none of its choices` };
      value[key] = v;
    }
    return { value: value as RecordOf<F> };
  }
  return {
    name,
    bits,
    fields,
    encode: (value) => {
      const r = tryEncode(value);
      return typeof r === "number" ? r : bug(`${r.field}: ${r.problem}`);
    },
    check: (value) => {
      const r = tryEncode(value);
      return typeof r === "number" ? null : r;
    },
    decode,
    show: (w) => {
      const r = decode(w);
      if (!("value" in r)) return `?? ${r.problem}`;
      return list.map(([key]) => `${key}=${showField(r.value[key])}`).join(" ");
    },
  };
}

function showField(v: unknown): string {
  return v === true ? "1" : v === false ? "0" : String(v);
}

/** Hexadecimal with all its digits, in groups of four. */
export function hex(w: number, bits: number): string {
  const digits = (w >>> 0).toString(16).padStart(Math.ceil(bits / 4), "0");
  return digits.replace(/(?=(?:[0-9a-f]{4})+$)/g, " ").trim();
}

/** The table as Markdown rows: bits, field, kind, choices. */
export function tableOf(w: AnyWord): string {
  const rows = Object.entries(w.fields)
    .sort(([, a], [, b]) => b.high - a.high)
    .map(
      ([key, f]) =>
        `| ${f.high}..${f.low} | ${key} | ${f.kind}${f.choices.length > 0 ? `: ${f.choices.map((c, i) => `${i} ${c}`).join(", ")}` : ""} |`,
    );
  return [`**${w.name}** (${w.bits} bits)`, "", "| bits | field | kind |", "|---|---|---|", ...rows].join("\n");
}

/** Verilog macros: the bit range of every field as NAME_FIELD, and the number of every choice as NAME_FIELD_CHOICE. */
export function verilogOf(w: AnyWord): string {
  const upper = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9]/g, "_");
  return Object.entries(w.fields)
    .flatMap(([key, f]) => {
      const name = `${upper(w.name)}_${upper(key)}`;
      const range = f.high === f.low ? `${f.high}` : `${f.high}:${f.low}`;
      return [`\`define ${name} ${range}`, ...f.choices.map((c, i) => `\`define ${name}_${upper(c)} ${widthOf(f.high, f.low)}'d${i}`)];
    })
    .join("\n");
}
