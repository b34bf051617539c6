import { must } from "../../../base/bug.ts";
import { fail } from "../../../base/diagnostic.ts";
import { type Dtype, make, type Tensor } from "../../../base/tensor.ts";
import type { Attr } from "../types.ts";

/** What is known of a value before anything runs. */
export type Signature = { readonly dtype: Dtype; readonly shape: readonly number[] };

/** The signature of an input, with its numbers when they are known: plans prepare constant weights once. */
export type Known = Signature & { readonly constant: Tensor | null };

/** Computes outputs, whose memory is given, from inputs. It never keeps or changes an input. */
export type Kernel = (inputs: readonly (Tensor | null)[], outputs: readonly Tensor[]) => void;

type AttrOf = { int: number; float: number; ints: readonly number[]; floats: readonly number[]; string: string; tensor: Tensor };
export type AttrKind = keyof AttrOf;
/** An attribute; a default of null means that it must be given. */
export type AttrSpec<K extends AttrKind = AttrKind> = { readonly help: string; readonly kind: K; readonly default: AttrOf[K] | null };
export type AttrTable = Readonly<Record<string, AttrSpec>>;
export type AttrValues<A extends AttrTable> = { readonly [K in keyof A]: AttrOf[A[K]["kind"]] };
export type Attrs = Readonly<Record<string, Attr>>;

/** One operation of a graph: what it is called, what it needs, what it gives. */
export type Op = {
  readonly name: string;
  readonly summary: string;
  /** Fewest and most inputs; those from the fewest on may be left out. */
  readonly arity: readonly [number, number];
  readonly attrs: AttrTable;
  /** The outputs' types. Fails with a code of the graph area where inputs and attributes do not go together. */
  readonly infer: (inputs: readonly (Signature | null)[], attrs: Attrs) => Signature[];
  /** Prepares the operation for inputs of known shape. Constants among the inputs must be given again, unchanged, to the kernel. */
  readonly plan: (inputs: readonly (Known | null)[], attrs: Attrs) => Kernel;
  readonly run: (inputs: readonly (Tensor | null)[], attrs: Attrs) => Tensor[];
};

type Definition<A extends AttrTable> = {
  readonly name: string;
  readonly summary: string;
  readonly arity: readonly [number, number];
  readonly attrs: A;
  readonly infer: (inputs: readonly (Signature | null)[], attrs: AttrValues<A>) => Signature[];
  readonly plan: (inputs: readonly (Known | null)[], attrs: AttrValues<A>, outputs: readonly Signature[]) => Kernel;
};

/** Declares an operation: adds the checks that all share, and `run` as a plan used once. */
export function op<const A extends AttrTable>(d: Definition<A>): Op {
  const { name, summary, arity, attrs: specs } = d;
  const infer = (inputs: readonly (Signature | null)[], attrs: Attrs): Signature[] => {
    checkInputs(name, arity, inputs);
    return d.infer(inputs, complete(name, specs, attrs) as AttrValues<A>);
  };
  const plan = (inputs: readonly (Known | null)[], attrs: Attrs): Kernel => {
    const outputs = infer(inputs, attrs);
    return d.plan(inputs, complete(name, specs, attrs) as AttrValues<A>, outputs);
  };
  const run = (inputs: readonly (Tensor | null)[], attrs: Attrs): Tensor[] => {
    const outputs = infer(inputs, attrs).map(emptyTensor);
    plan(inputs.map(known), attrs)(inputs, outputs);
    return outputs;
  };
  return { name, summary, arity, attrs: specs, infer, plan, run };
}

/** A tensor of zeros. */
export function emptyTensor(s: Signature): Tensor {
  return { dtype: s.dtype, shape: s.shape, data: make[s.dtype](s.shape.reduce((n, d) => n * d, 1)) } as Tensor;
}

function known(t: Tensor | null): Known | null {
  return t === null ? null : { dtype: t.dtype, shape: t.shape, constant: t };
}

function checkInputs(name: string, [least, most]: readonly [number, number], inputs: readonly unknown[]): void {
  const missing = inputs.slice(0, least).includes(null);
  if (inputs.length < least || inputs.length > most || missing) {
    fail("graph-inputs", [name, inputs.filter((i) => i !== null).length, least, most]);
  }
}

/** The attributes with their defaults, after checking names and kinds. */
export function complete(owner: string, specs: AttrTable, given: Attrs): Record<string, Attr> {
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(specs, key)) fail("graph-attribute-unknown", [owner, key, Object.keys(specs)]);
  }
  const out: Record<string, Attr> = {};
  for (const [key, spec] of Object.entries(specs)) {
    const value = given[key] ?? spec.default;
    if (value === null) fail("graph-attribute-missing", [owner, key]);
    if (!attrKinds[spec.kind].is(value)) fail("graph-attribute-kind", [owner, key, attrKinds[spec.kind].domain]);
    out[key] = value;
  }
  return out;
}

const isList = (v: Attr): v is readonly number[] => Array.isArray(v);

const attrKinds: Readonly<Record<AttrKind, { readonly domain: string; readonly is: (v: Attr) => boolean }>> = {
  int: { domain: "an integer", is: (v) => Number.isInteger(v) },
  float: { domain: "a number", is: (v) => typeof v === "number" },
  ints: { domain: "a list of integers", is: (v) => isList(v) && v.every(Number.isInteger) },
  floats: { domain: "a list of numbers", is: (v) => isList(v) && v.every((n) => typeof n === "number") },
  string: { domain: "a word", is: (v) => typeof v === "string" },
  tensor: { domain: "a tensor", is: (v) => typeof v === "object" && !isList(v) && "dtype" in v },
};

/** The input that the arity guarantees. */
export function need<T>(inputs: readonly (T | null)[], index: number): T {
  const value = inputs[index];
  must(value !== null && value !== undefined, `input ${index} is there, since the number of inputs was checked`);
  return value;
}

/**
 * The numbers of a tensor for code that treats all dtypes but i64 alike, or that
 * only moves elements between tensors of one dtype. The static type says doubles;
 * a typed array of another kind converts on its own when read and written.
 */
export function data(t: Tensor): Float64Array {
  return t.data as Float64Array;
}

export function isFloat(dtype: Dtype): boolean {
  return dtype === "f32" || dtype === "f64";
}

export function needFloat(name: string, s: Signature): void {
  if (!isFloat(s.dtype)) fail("graph-dtype", [name, `it computes with real numbers, not ${s.dtype}`]);
}

/** An axis counted from the front; fails when there is no such axis. */
export function axisOf(name: string, axis: number, rank: number): number {
  if (axis < -rank || axis >= rank) fail("graph-shape", [name, `there is no axis ${axis} in ${rank} dimensions`]);
  return axis < 0 ? axis + rank : axis;
}
