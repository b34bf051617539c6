import { type Diagnostic, Failure, fail } from "../../base/diagnostic.ts";
import { f64, numbersOf, showShape, sizeOf, type Tensor } from "../../base/tensor.ts";
import type { NirNode } from "./types.ts";

/** The parameters of one node, each read as what its primitive needs. Every method throws a Failure that names node and parameter. */
export class Params {
  readonly node: NirNode;
  readonly file: string;

  constructor(node: NirNode, file: string) {
    this.node = node;
    this.file = file;
  }

  has(name: string): boolean {
    return this.node.params[name] !== undefined;
  }

  text(name: string): string | null {
    const value = this.node.params[name];
    return typeof value === "string" ? value : null;
  }

  /** Real numbers with their shape, all finite. */
  tensor(name: string): Tensor {
    const value = this.node.params[name] ?? fail("nir-missing", [`${name} of node ${this.node.name}`], { at: this.file });
    if (typeof value === "string") fail("nir-dtype", [`${name} of node ${this.node.name}`, "text"], { at: this.file });
    const t = typeof value === "number" ? f64([], [value]) : value;
    const bad = numbersOf(t).find((v) => !Number.isFinite(v));
    if (bad !== undefined) fail("nir-number", [this.node.name, name, bad], { at: this.file });
    return t;
  }

  /** A parameter that the primitive multiplies with: integers there are a mistake of the exporter. */
  weight(name: string): Tensor {
    const t = this.tensor(name);
    if (t.dtype !== "f32" && t.dtype !== "f64") fail("nir-dtype", [`${name} of node ${this.node.name}`, t.dtype], { at: this.file });
    return t;
  }

  /** One number per element of the shape: given so, or once for all. */
  each(name: string, shape: readonly number[], preset?: number): Float64Array {
    const count = sizeOf(shape);
    if (!this.has(name) && preset !== undefined) return new Float64Array(count).fill(preset);
    const t = this.tensor(name);
    const numbers = numbersOf(t);
    if (numbers.length === count) return numbers.slice();
    if (numbers.length === 1) return new Float64Array(count).fill(numbers[0] ?? 0);
    return this.misfit(`${name} has the shape ${showShape(t.shape)}, its signal ${showShape(shape)}`);
  }

  /** The same, all above zero. */
  positive(name: string, shape: readonly number[], preset?: number): Float64Array {
    const values = this.each(name, shape, preset);
    const bad = values.find((v) => v <= 0);
    if (bad !== undefined) this.outOf(name, bad, "it must be positive");
    return values;
  }

  /** Whole numbers, one per axis: given so, or once for all axes. */
  axes(name: string, rank: number, least: number, preset?: number): readonly number[] {
    if (!this.has(name) && preset !== undefined) return new Array<number>(rank).fill(preset);
    const given = [...numbersOf(this.tensor(name))];
    const all = given.length === 1 ? new Array<number>(rank).fill(given[0] ?? 0) : given;
    if (all.length !== rank) this.misfit(`${name} has ${all.length} numbers for ${rank} axes`);
    const bad = all.find((v) => !Number.isInteger(v) || v < least);
    if (bad !== undefined) this.outOf(name, bad, `it must be a whole number from ${least} on`);
    return all;
  }

  misfit(what: string): never {
    fail("nir-shape", [this.node.name, what], { at: this.file });
  }

  outOf(param: string, value: number, why: string): never {
    fail("nir-range", [this.node.name, param, value, why], { at: this.file });
  }
}

/** Runs each piece of work and throws all their diagnostics together. */
export function gather(work: readonly (() => void)[]): void {
  const found: Diagnostic[] = [];
  for (const w of work) {
    try {
      w();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      found.push(...error.diagnostics);
    }
  }
  if (found.length > 0) throw new Failure(found);
}
