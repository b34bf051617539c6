import { fail } from "./diagnostic.ts";

/** One typed option of a pass, a conversion or a mapping strategy. */
export type Option<T> = {
  readonly default: T;
  readonly help: string;
  /** Null when the text is not a value of this option. */
  readonly parse: (text: string) => T | null;
  readonly show: (value: T) => string;
  /** What may be written, for the help: `auto|shared`, `integer 1..16`. */
  readonly domain: string;
};

// biome-ignore lint/suspicious/noExplicitAny: the table holds options of every type; `Chosen` restores each.
export type Options = Readonly<Record<string, Option<any>>>;
export type Chosen<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

export function choice<const T extends readonly string[]>(values: T, preset: T[number], help: string): Option<T[number]> {
  return {
    default: preset,
    help,
    domain: values.join("|"),
    parse: (text) => (values.includes(text) ? text : null),
    show: (v) => v,
  };
}

export function integer(low: number, high: number, preset: number, help: string): Option<number> {
  return {
    default: preset,
    help,
    domain: `integer ${low}..${high}`,
    parse: (text) => {
      const n = Number(text);
      return text.trim() !== "" && Number.isInteger(n) && n >= low && n <= high ? n : null;
    },
    show: String,
  };
}

export function real(low: number, high: number, preset: number, help: string): Option<number> {
  return {
    default: preset,
    help,
    domain: `number ${low}..${high}`,
    parse: (text) => {
      const n = Number(text);
      return text.trim() !== "" && Number.isFinite(n) && n >= low && n <= high ? n : null;
    },
    show: String,
  };
}

export function flag(preset: boolean, help: string): Option<boolean> {
  return {
    default: preset,
    help,
    domain: "true|false",
    parse: (text) => (text === "true" || text === "" ? true : text === "false" ? false : null),
    show: String,
  };
}

/** The defaults of a table of options. */
export function defaults<O extends Options>(options: O): Chosen<O> {
  return Object.fromEntries(Object.entries(options).map(([k, o]) => [k, o.default])) as Chosen<O>;
}

/** Reads `key=value` pairs against a table of options; unknown keys and bad values are the user's mistakes. */
export function choose<O extends Options>(owner: string, options: O, given: Readonly<Record<string, string>>): Chosen<O> {
  const out: Record<string, unknown> = defaults(options);
  for (const [key, text] of Object.entries(given)) {
    const option = options[key];
    if (option === undefined) fail("option-unknown", [owner, key, Object.keys(options)]);
    const value: unknown = option.parse(text);
    if (value === null) fail("option-value", [owner, key, text, option.domain]);
    out[key] = value;
  }
  return out as Chosen<O>;
}
