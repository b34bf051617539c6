import type { GraphProto } from "onnx-buf";
import { type Diagnostic, diagnostic, fail, type Place } from "../../base/diagnostic.ts";
import type { ErrorCode } from "../../base/errors.ts";
import { type Origin, origin } from "../../base/origin.ts";
import { type Dtype, numbersOf, sizeOf, type Tensor } from "../../base/tensor.ts";
import type { GraphBuilder } from "../../ir/graph/build.ts";
import { type OpName, ops } from "../../ir/graph/ops/index.ts";
import { complete } from "../../ir/graph/ops/op.ts";
import type { Attr, ValueId } from "../../ir/graph/types.ts";
import { type Attributes, toNumber } from "./attributes.ts";
import { elementName, elements } from "./dtypes.ts";
import { type ConstantEntry, constantEntry, type Entry } from "./entry.ts";
import { checkFinite } from "./finite.ts";
import { elementsMax } from "./tensors.ts";

/** What importers share while one model is read. */
export type Work = {
  readonly builder: GraphBuilder;
  /** Constants that are already in the graph. */
  readonly made: Map<ConstantEntry, ValueId>;
  readonly report: (d: Diagnostic) => void;
  /** Element types that have been reported as widened. */
  readonly widened: Set<string>;
};

/** What `ImportNode` is made of. */
export type NodeParts = {
  readonly name: string;
  readonly op: string;
  /** The version of the operator set that the node's operator belongs to. */
  readonly opset: number;
  readonly inputs: readonly (Entry | null)[];
  readonly outputNames: readonly string[];
  /** Whether anything uses output i. */
  readonly uses: (output: number) => boolean;
  readonly attributes: Attributes;
  readonly place: Place;
  readonly from: Origin | null;
  /** Imports a branch of the node with the names around it in sight. */
  readonly branch: (graph: GraphProto) => Entry[];
  readonly work: Work;
};

/**
 * Quantizers of constants stay in the graph, although they could be computed:
 * they tell the grid of the weights, which conversions and fold-constants see.
 */
const kept: ReadonlySet<OpName> = new Set<OpName>(["quant", "bipolar-quant", "quantize-linear", "dequantize-linear"]);

/** One node of the file as its importer sees it. */
export class ImportNode {
  readonly op: string;
  readonly opset: number;
  readonly inputs: readonly (Entry | null)[];
  readonly attributes: Attributes;
  readonly branch: (graph: GraphProto) => Entry[];
  readonly #parts: NodeParts;

  constructor(parts: NodeParts) {
    this.op = parts.op;
    this.opset = parts.opset;
    this.inputs = parts.inputs;
    this.attributes = parts.attributes;
    this.branch = parts.branch;
    this.#parts = parts;
  }

  /** The node's name, within the calls and branches that lead to it. */
  get name(): string {
    return this.#parts.name;
  }

  has(index: number): boolean {
    return (this.inputs[index] ?? null) !== null;
  }

  uses(output: number): boolean {
    return this.#parts.uses(output);
  }

  get outputCount(): number {
    return this.#parts.outputNames.length;
  }

  /** Errors: onnx-input-missing. */
  input(index: number): Entry {
    return this.inputs[index] ?? this.fail("onnx-input-missing", [this.op, index]);
  }

  optional(index: number): Entry | null {
    return this.inputs[index] ?? null;
  }

  /** All inputs of an operator that takes any number of them. */
  all(): Entry[] {
    return this.inputs.length === 0 ? [this.input(0)] : this.inputs.map((_, i) => this.input(i));
  }

  /** The numbers of an input that must be known now. Errors: onnx-input-dynamic. */
  known(index: number, what: string): Tensor {
    const entry = this.input(index);
    return entry.kind === "constant" ? entry.tensor : this.fail("onnx-input-dynamic", [this.op, what, entry.name]);
  }

  /** The integers of an input that must be known now, or null when it is left out. */
  knownInts(index: number, what: string): number[] | null {
    if (!this.has(index)) return null;
    const t = this.known(index, what);
    return t.dtype === "i64" ? Array.from(t.data, toNumber) : Array.from(numbersOf(t));
  }

  /** The one number of an input that must be known now, or null when it is left out. */
  knownNumber(index: number, what: string): number | null {
    if (!this.has(index)) return null;
    const numbers = numbersOf(this.known(index, what));
    return numbers[0] ?? this.fail("onnx-attribute-value", [this.op, what, "empty", "one number"]);
  }

  /** An axis counted from the front. */
  axis(axis: number, rank: number): number {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
      this.fail("onnx-attribute-value", [this.op, "axis", String(axis), `${-rank}..${rank - 1}`]);
    return axis < 0 ? axis + rank : axis;
  }

  /** The dtype that stands for an ONNX element type; says so once when it is wider. */
  dtype(kind: number): Dtype {
    const element = elements.get(kind) ?? this.fail("onnx-dtype", [elementName(kind)]);
    if (element.decode !== null && element.dtype === "f32") noteWidened(this.#parts.work, element.name);
    return element.dtype;
  }

  /** Errors: onnx-too-large, for numbers that would be computed now. */
  checkSize(count: number): void {
    if (!(count <= elementsMax)) this.fail("onnx-too-large", [count, elementsMax]);
  }

  /** Adds the node that gives output `output` and carries the names of the file. */
  emit(op: OpName, inputs: readonly (Entry | null)[], attrs: Readonly<Record<string, Attr>> = {}, output = 0): Entry {
    const { name, outputNames } = this.#parts;
    const given = outputNames[output];
    return this.#add(op, inputs, attrs, output === 0 ? name : `${name}/${output}`, given === undefined || given === "" ? name : given);
  }

  /** Adds a node on the way to the one that gives the output. */
  step(op: OpName, inputs: readonly (Entry | null)[], attrs: Readonly<Record<string, Attr>>, suffix: string): Entry {
    const name = `${this.#parts.name}/${suffix}`;
    return this.#add(op, inputs, attrs, name, name);
  }

  /** Numbers that the importer itself has computed. */
  constant(tensor: Tensor, suffix = ""): Entry {
    const { name, outputNames } = this.#parts;
    return constantEntry(suffix === "" ? outputNames[0] || name : `${name}/${suffix}`, tensor);
  }

  fail<C extends ErrorCode>(code: C, args: Parameters<typeof fail<C>>[1], place: Place = {}): never {
    return fail(code, args, { ...this.#parts.place, ...place });
  }

  #add(op: OpName, inputs: readonly (Entry | null)[], attrs: Readonly<Record<string, Attr>>, name: string, output: string): Entry {
    const known = inputs.map((e) => (e === null ? null : e.kind === "constant" ? e.tensor : undefined));
    if (inputs.length > 0 && !kept.has(op) && known.every((t) => t !== undefined)) {
      const [type] = ops[op].infer(known, complete(op, ops[op].attrs, attrs));
      this.checkSize(sizeOf(type?.shape ?? []));
      const [tensor] = ops[op].run(known, attrs);
      if (tensor !== undefined) return constantEntry(output, tensor);
    }
    const { builder } = this.#parts.work;
    const ids = inputs.map((e) => (e === null ? null : valueOf(this.#parts.work, e, this.#parts.place)));
    const [id] = builder.node(op, ids, attrs, {
      name,
      origin: origin(`onnx node ${this.#parts.name}`, this.#parts.from),
      outputNames: [output],
    });
    if (id === undefined) return this.fail("onnx-unsupported-form", [this.op, "without an output"]);
    const { dtype, shape } = builder.value(id);
    return { kind: "value", name: output, id, dtype, shape };
  }
}

/** The value of an entry in the graph; a constant is added at its first use. Errors: onnx-not-finite. */
export function valueOf(work: Work, entry: Entry, place: Place): ValueId {
  if (entry.kind === "value") return entry.id;
  const made = work.made.get(entry);
  if (made !== undefined) return made;
  checkFinite(entry.name, entry.tensor, false, place);
  const id = work.builder.constant(entry.name, entry.tensor);
  work.made.set(entry, id);
  return id;
}

/** Notes, once for each type, that a narrow float is computed as float32. */
export function noteWidened(work: Work, name: string): void {
  if (work.widened.has(name)) return;
  work.widened.add(name);
  work.report(diagnostic("onnx-widened", [name, "float32"]));
}
