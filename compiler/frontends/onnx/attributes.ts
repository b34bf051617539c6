import { type AttributeProto, AttributeProto_AttributeType as Type, type GraphProto } from "onnx-buf";
import { fail, type Place } from "../../base/diagnostic.ts";
import type { Tensor } from "../../base/tensor.ts";
import { elements } from "./dtypes.ts";
import { type ReadExternal, readSparse, readTensor } from "./tensors.ts";

/**
 * The attributes of one node. Every reader takes the default of the operator's
 * definition; `undefined` as default means that the attribute is required.
 * Errors: onnx-attribute-missing, onnx-attribute-value.
 */
export class Attributes {
  readonly #op: string;
  readonly #place: Place;
  readonly #byName: ReadonlyMap<string, AttributeProto>;
  readonly #readExternal: ReadExternal;

  constructor(op: string, attributes: readonly AttributeProto[], place: Place, readExternal: ReadExternal) {
    this.#op = op;
    this.#place = place;
    this.#byName = new Map(attributes.map((a) => [a.name, a]));
    this.#readExternal = readExternal;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  int<D = never>(name: string, preset?: number | D): number | D {
    return this.#read(name, Type.INT, (a) => toNumber(a.i), preset);
  }

  float<D = never>(name: string, preset?: number | D): number | D {
    return this.#read(name, Type.FLOAT, (a) => a.f, preset);
  }

  string<D = never>(name: string, preset?: string | D): string | D {
    return this.#read(name, Type.STRING, (a) => new TextDecoder().decode(a.s), preset);
  }

  ints<D = never>(name: string, preset?: readonly number[] | D): readonly number[] | D {
    return this.#read(name, Type.INTS, (a) => a.ints.map(toNumber), preset);
  }

  floats(name: string): readonly number[] {
    return this.#read(name, Type.FLOATS, (a) => a.floats);
  }

  graph(name: string): GraphProto {
    return this.#read(name, Type.GRAPH, (a) => a.g ?? this.missing(name));
  }

  tensor<D = never>(name: string, preset?: Tensor | D): Tensor | D {
    const read = (a: AttributeProto): Tensor => (a.t === undefined ? this.missing(name) : readTensor(a.t, this.#readExternal, this.#place));
    return this.#read(name, Type.TENSOR, read, preset);
  }

  /** The range of a tensor attribute's element type where that is narrower than the dtype it is kept in. */
  rangeOf(name: string): readonly [number, number] | null {
    return elements.get(this.#byName.get(name)?.t?.dataType ?? 0)?.range ?? null;
  }

  sparse(name: string): Tensor {
    const read = (a: AttributeProto): Tensor =>
      a.sparseTensor === undefined ? this.missing(name) : readSparse(a.sparseTensor, this.#readExternal, this.#place);
    return this.#read(name, Type.SPARSE_TENSOR, read);
  }

  missing(name: string): never {
    return fail("onnx-attribute-missing", [this.#op, name], this.#place);
  }

  wrong(name: string, value: string | number | readonly number[], expected: string): never {
    const shown = Array.isArray(value) ? `[${value.join(",")}]` : typeof value === "string" ? JSON.stringify(value) : String(value);
    return fail("onnx-attribute-value", [this.#op, name, shown, expected], this.#place);
  }

  #read<T, D = never>(name: string, type: Type, read: (a: AttributeProto) => T, preset?: T | D): T | D {
    const a = this.#byName.get(name);
    if (a === undefined) return preset === undefined ? this.missing(name) : preset;
    // Files of IR version 1 do not name the type; every other file must name the right one.
    if (a.type !== Type.UNDEFINED && a.type !== type) {
      return this.wrong(name, `of type ${(Type[a.type] ?? String(a.type)).toLowerCase()}`, `the type ${(Type[type] ?? "").toLowerCase()}`);
    }
    return read(a);
  }
}

/** Numbers beyond ±2^53 stand for "up to the end" in ONNX (INT64_MAX) and are held at that bound. */
export function toNumber(n: bigint): number {
  return Math.min(Math.max(Number(n), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}
