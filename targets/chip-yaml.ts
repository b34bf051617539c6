import { readFileSync } from "node:fs";
import { isMap, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { z } from "zod";
import { bug } from "../compiler/base/bug.ts";
import { Collector, diagnostic, Failure } from "../compiler/base/diagnostic.ts";
import type { ChipSpec, Cost } from "./chip.ts";
import { families, type Family } from "./families.ts";
import { type Quantity, type QuantityTree, readQuantity, type Value } from "./quantity.ts";

/*
 * chip.yaml → ChipSpec.
 *
 * Every quantity is written `{ value: 23.6 pJ, tolerance: 30 %, source: "…" }`; prices need
 * a tolerance (`unknown` is one). A file either has all keys of its family, or says
 * `extends: NAME` and gives only the quantities that differ. Errors name line and column.
 */

type Plain = { readonly [key: string]: unknown };

/** A YAML text with the places of its parts. */
type Source = { readonly file: string; readonly plain: Plain; readonly place: (path: readonly PropertyKey[], key?: string) => string };

/** Reads a chip description; throws a Failure with everything that is wrong in it. */
export function parseChip(text: string, file: string): ChipSpec {
  const source = readSource(text, file);
  return specOf(source, withBase(source), nameOf(source, file));
}

/** Every chip of the packaged family files, by name. */
export function knownChips(): Readonly<Record<string, ChipSpec>> {
  const out: Record<string, ChipSpec> = {};
  for (const family of Object.keys(families)) {
    const source = familySource(family);
    for (const name of sizesOf(source)) out[name] = specOf(source, withSize(source.plain, name), name);
  }
  return out;
}

function familyNamed(name: string): Family {
  return families[name] ?? bug(`there is no family ${name}`);
}

function familySource(family: string): Source {
  return readSource(readFileSync(familyNamed(family).file, "utf8"), `targets/${family}/chip.yaml`);
}

function sizesOf(source: Source): string[] {
  return Object.keys((source.plain["sizes"] ?? {}) as Plain);
}

/** The family's keys with the columns and rows of one of its sizes. */
function withSize(plain: Plain, name: string): Plain {
  const size = ((plain["sizes"] as Plain | undefined)?.[name] ?? bug(`no size ${name}`)) as {
    columns: number;
    rows: number;
    source: string;
  };
  // A kind of chip that is always one core has no such keys.
  if (!Object.hasOwn(familyNamed(String(plain["family"])).quantities, "columns")) return plain;
  return { ...plain, columns: { value: size.columns, source: size.source }, rows: { value: size.rows, source: size.source } };
}

function nameOf(source: Source, file: string): string {
  const name = source.plain["name"];
  return typeof name === "string" ? name : (file.split(/[\\/]/).at(-1) ?? file).replace(/\.ya?ml$/i, "");
}

function readSource(text: string, file: string): Source {
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, keepSourceTokens: true });
  const placeAt = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (doc.errors.length > 0) {
    throw new Failure(
      doc.errors.map((e) => diagnostic("chip-syntax", [(e.message.split(" at line ")[0] ?? e.message).trim()], { at: placeAt(e.pos[0]) })),
    );
  }
  if (!isMap(doc.contents))
    throw new Failure([diagnostic("chip-syntax", ["a chip is a list of `key: value` lines"], { at: `${file}:1:1` })]);
  const place = (path: readonly PropertyKey[], key?: string): string => {
    for (let length = path.length; length >= 0; length--) {
      const node = doc.getIn(path.slice(0, length), true) as Node | undefined;
      if (length === path.length && key !== undefined && isMap(node)) {
        const pair = node.items.find((p) => isScalar(p.key) && p.key.value === key);
        if (pair !== undefined && isScalar(pair.key) && pair.key.range) return placeAt(pair.key.range[0]);
      }
      if (node?.range) return placeAt(node.range[0]);
    }
    return `${file}:1:1`;
  };
  return { file, plain: doc.toJS() as Plain, place };
}

/** The keys of the file over those of the chip that it extends. A quantity is replaced as a whole. */
function withBase(source: Source): Plain {
  const { plain, place } = source;
  const base = plain["extends"];
  if (base === undefined) {
    const family = plain["family"];
    if (family === undefined) throw new Failure([diagnostic("chip-key-missing", ["family"], { at: place([]) })]);
    if (!Object.hasOwn(families, String(family))) {
      throw new Failure([diagnostic("chip-family-unknown", [String(family), Object.keys(families)], { at: place(["family"]) })]);
    }
    return plain;
  }
  const known = Object.keys(families).flatMap((family) => sizesOf(familySource(family)).map((name) => ({ family, name })));
  const found = known.find((k) => k.name === base);
  if (found === undefined) {
    const names = known.map((k) => k.name);
    throw new Failure([diagnostic("chip-extends-unknown", [String(base), names], { at: place(["extends"]) })]);
  }
  return merge(withSize(familySource(found.family).plain, found.name), plain);
}

function merge(base: Plain, over: Plain): Plain {
  const out: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = base[key];
    out[key] = isGroup(value) && isGroup(below) ? merge(below, value) : value;
  }
  return out;
}

function isGroup(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !("value" in value) && !("source" in value);
}

const quantitySchema = (q: Quantity): z.ZodType =>
  z.strictObject({
    value: z.union([z.number(), z.string(), z.boolean(), z.array(z.string())]),
    source: z.string().min(1),
    ...(q.tolerance ? { tolerance: z.union([z.number(), z.string()]) } : {}),
  });

const isQuantity = (q: Quantity | QuantityTree): q is Quantity => typeof q["dimension"] === "string";

function schemaOf(tree: QuantityTree): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(tree).map(([key, q]) => [key, isQuantity(q) ? quantitySchema(q) : z.strictObject(schemaOf(q))]));
}

const size = z.strictObject({ columns: z.number().int(), rows: z.number().int(), source: z.string().min(1) });
const schemaFor = (quantities: QuantityTree) =>
  z.strictObject({
    name: z.string().min(1).optional(),
    extends: z.string().optional(),
    family: z.string(),
    summary: z.string().optional(),
    sizes: z.record(z.string(), size).optional(),
    ...schemaOf(quantities),
  });

/** Validates the merged keys and builds the spec. */
function specOf(source: Source, merged: Plain, name: string): ChipSpec {
  const problems = new Collector();
  const { quantities } = familyNamed(String(merged["family"]));
  const schema = schemaFor(quantities);
  const checked = schema.safeParse(merged);
  const keys = Object.keys(schema.shape);
  if (!checked.success) for (const issue of checked.error.issues) reportIssue(issue, source, merged, quantities, keys, problems);
  problems.check();
  const values = new Map<string, Value>();
  const sources: Record<string, string> = {};
  eachQuantity(quantities, [], (path, q) => {
    const written = path.reduce<unknown>((at, key) => (at as Plain)[key], merged) as {
      value: unknown;
      source: string;
      tolerance?: unknown;
    };
    const key = path.join(".");
    sources[key] = written.source;
    const read = readQuantity(q, written);
    if ("value" in read) values.set(key, read);
    else problems.report(diagnostic(read.code, [key, read.found, read.expected] as never, { at: source.place([...path, read.part]) }));
  });
  problems.check();
  return build(name, merged, quantities, values, sources);
}

function eachQuantity(tree: QuantityTree, path: readonly string[], visit: (path: readonly string[], q: Quantity) => void): void {
  for (const [key, q] of Object.entries(tree)) {
    if (isQuantity(q)) visit([...path, key], q);
    else eachQuantity(q, [...path, key], visit);
  }
}

/** One issue of the schema as our diagnostic. */
function reportIssue(
  issue: z.core.$ZodIssue,
  source: Source,
  merged: Plain,
  quantities: QuantityTree,
  keys: readonly string[],
  problems: Collector,
): void {
  const path = issue.path;
  const key = path.map(String).join(".");
  const found = path.reduce<unknown>((at, k) => (at as Plain | undefined)?.[String(k)], merged);
  if (issue.code === "unrecognized_keys") {
    for (const k of issue.keys) {
      const here = path.reduce<QuantityTree | Quantity | undefined>(
        (at, p) => (at === undefined ? at : (at as QuantityTree)[String(p)]),
        quantities,
      );
      const known =
        path.length === 0 ? keys : here !== undefined && !isQuantity(here) ? Object.keys(here) : ["value", "tolerance", "source"];
      problems.report(diagnostic("chip-key-unknown", [[...path, k].map(String).join("."), known], { at: source.place(path, k) }));
    }
  } else if (path.at(-1) === "source") {
    problems.report(diagnostic("chip-source-missing", [key.replace(/\.source$/, "")], { at: source.place(path.slice(0, -1)) }));
  } else if (found === undefined) {
    problems.report(diagnostic("chip-key-missing", [key], { at: source.place(path) }));
  } else {
    const expected = path.length > 1 || Object.hasOwn(quantities, key) ? '{ value: …, source: "…" }' : "text";
    problems.report(diagnostic("chip-value", [key, JSON.stringify(found), expected], { at: source.place(path) }));
  }
}

/** What a key of ChipSpec is on a chip whose family has no such quantity. */
const absent: Readonly<Record<string, Value["value"]>> = {
  columns: 1,
  rows: 1,
  "core.routes": 0,
  "core.routesPerNeuron": 0,
  "core.profiles": 0,
  "core.shapes": 0,
  "core.delayMax": 0,
  "core.events": 0,
  "weight.bitsMin": 1,
  "weight.signed": true,
  "accumulator.bits": 32,
  "payload.bits": 1,
  "gain.bits": 0,
  "gain.shiftMax": 0,
  "decay.fraction": 0,
  spikes: ["binary"],
  perNeuron: [],
  pools: [],
  sharedKernels: false,
  lists: ["dense"],
  listOffsets: 1,
  delayMin: 1,
  stepsMax: 65535,
  fifo: 0,
};

function build(
  name: string,
  merged: Plain,
  quantities: QuantityTree,
  values: ReadonlyMap<string, Value>,
  sources: Readonly<Record<string, string>>,
): ChipSpec {
  const get = (key: string): Value => {
    const neutral = absent[key];
    return values.get(key) ?? (neutral === undefined ? bug(`quantity ${key} was not read`) : { value: neutral, tolerance: null });
  };
  const under = (group: string): string[] => Object.keys((quantities[group] ?? {}) as QuantityTree);
  const number = (key: string): number => get(key).value as number;
  const text = (key: string): string => get(key).value as string;
  const list = (key: string): readonly string[] => get(key).value as readonly string[];
  const cores = number("columns") * number("rows");
  const chip = get("static.chip");
  const perCore = get("static.perCore");
  const low = (v: Value): number => (v.value as number) * (v.tolerance ?? 0);
  const watts = (chip.value as number) + cores * (perCore.value as number);
  const unknown = chip.tolerance === null || perCore.tolerance === null;
  const sizes = merged["sizes"] as Readonly<Record<string, { columns: number; rows: number }>> | undefined;
  return {
    name,
    family: merged["family"] as string,
    summary: (merged["summary"] as string | undefined) ?? "",
    columns: number("columns"),
    rows: number("rows"),
    sizes: Object.fromEntries(Object.entries(sizes ?? {}).map(([k, s]) => [k, { columns: s.columns, rows: s.rows }])),
    clockHz: number("clock"),
    core: {
      neurons: number("core.neurons"),
      axons: number("core.axons"),
      synapseWords: number("core.synapses"),
      routes: number("core.routes"),
      routesPerNeuron: number("core.routesPerNeuron"),
      profiles: number("core.profiles"),
      shapes: number("core.shapes"),
      delayMax: number("core.delayMax"),
      events: number("core.events"),
    },
    weight: { bitsMin: number("weight.bitsMin"), bitsMax: number("weight.bitsMax"), signed: get("weight.signed").value as boolean },
    potential: { bits: number("potential.bits"), overflow: text("potential.overflow") as "saturate" },
    accumulator: { bits: number("accumulator.bits") },
    payload: { bits: number("payload.bits") },
    gain: { bits: number("gain.bits"), shiftMax: number("gain.shiftMax") },
    decay: { fraction: number("decay.fraction") },
    spikes: list("spikes") as ChipSpec["spikes"],
    neurons: list("neurons"),
    unit: Object.fromEntries(under("unit").map((k) => [k, list(`unit.${k}`)])),
    perNeuron: list("perNeuron"),
    pools: list("pools") as ChipSpec["pools"],
    sharedKernels: get("sharedKernels").value as boolean,
    lists: list("lists") as ChipSpec["lists"],
    listOffsets: number("listOffsets"),
    delayMin: number("delayMin"),
    stepsMax: number("stepsMax"),
    outputs: number("outputs"),
    fifo: number("fifo"),
    cycles: Object.fromEntries(under("cycles").map((k) => [k, number(`cycles.${k}`)])),
    costs: Object.fromEntries(under("energy").map((k) => [k, costOf(get(`energy.${k}`), sources[`energy.${k}`] ?? "")])),
    staticWatts: {
      watts,
      tolerance: unknown ? null : watts === 0 ? 0 : (low(chip) + cores * low(perCore)) / watts,
      source: `${sources["static.chip"]}; ${cores} cores: ${sources["static.perCore"]}`,
    },
    loadBitsPerSecond: number("link.rate"),
    own: Object.fromEntries(under("own").map((k) => [k, get(`own.${k}`).value])),
    sources,
  };
}

function costOf(v: Value, source: string): Cost {
  return { picojoules: v.value as number, tolerance: v.tolerance, source };
}
