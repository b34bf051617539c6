import { at, must } from "../../base/bug.ts";
import { id } from "../../base/id.ts";
import { origin } from "../../base/origin.ts";
import { f32 } from "../../base/tensor.ts";
import { fail } from "../../base/diagnostic.ts";
import type { Attr, Graph, Node, Value, ValueId } from "../../ir/graph/types.ts";
import { isMaxPool, windowsOf } from "../walk/max-pool.ts";

/*
 * Max pooling in numbers that are not negative, by
 *
 *   max(a, b) = b + relu(a - b)
 *
 * first along the rows of a window, then along its columns, each as a tree of pairs. Every
 * relu becomes a layer; the sum is left to the next layer's synapses, or gets
 * neurons of its own. A difference at depth d of the tree has weights ±1 that sum to 2d in
 * magnitude, so that with n = ceil(log2(4d)) silent steps no code is wrong: the maximum is exact.
 */

export type MaxTrees = {
  readonly graph: Graph;
  /** The layers that the trees made, by the name of their value, with the sum of the magnitudes of a neuron's weights. */
  readonly sums: ReadonlyMap<string, number>;
};

export function lowerMaxPools(g: Graph, sum: "fold" | "neurons"): MaxTrees {
  if (!g.nodes.some(isMaxPool)) return { graph: g, sums: new Map() };
  const rewrite = new Rewrite(g);
  for (const n of g.nodes) {
    if (isMaxPool(n)) rewrite.pool(n, sum);
    else rewrite.nodes.push(n);
  }
  return { graph: { ...g, values: rewrite.values, nodes: rewrite.nodes }, sums: rewrite.sums };
}

const keepsSign: ReadonlySet<string> = new Set([
  "identity",
  "dropout",
  "reshape",
  "transpose",
  "concat",
  "average-pool",
  "global-average-pool",
  "slice",
]);

/** Part of a window that is pooled already: the element at `tap`, plus the relus. `depth` of them lie below each other. */
type Part = { readonly tap: number; readonly relus: readonly ValueId[]; readonly depth: number };

/** One axis of a window. */
type Line = { readonly axis: number; readonly size: number; readonly stride: number; readonly begin: number; readonly output: number };

class Rewrite {
  readonly values: Value[];
  readonly nodes: Node[] = [];
  readonly sums = new Map<string, number>();
  #selections = 0;

  constructor(g: Graph) {
    this.values = [...g.values];
  }

  pool(n: Node, sum: "fold" | "neurons"): void {
    const x = at(n.inputs, 0) as ValueId;
    const y = at(n.outputs, 0);
    const [inShape, outShape] = [at(this.values, x).shape, at(this.values, y).shape];
    const windows = windowsOf(n, inShape, outShape, "or");
    if (typeof windows === "string") fail("convert-unsupported", [n.op, windows]);
    if (windows.pads.some((p) => p > 0) && !this.#isNatural(x)) fail("convert-max-pool-padding", []);
    const rank = windows.size.length;
    let [value, depth] = [x, 0];
    for (let axis = rank - 1; axis >= 0; axis--) {
      const line = {
        axis,
        size: at(windows.size, axis),
        stride: at(windows.stride, axis),
        begin: at(windows.pads, axis),
        output: at(outShape, 2 + axis),
      };
      [value, depth] = this.#line(n, value, line, depth);
    }
    const last = sum === "neurons" && depth > 0;
    if (last) this.sums.set(at(this.values, y).name, depth + 1);
    this.#emit(n, last ? "relu" : "identity", [value], {}, outShape, y);
  }

  /** Pools along one axis; gives the value and its depth. */
  #line(n: Node, x: ValueId, line: Line, depth: number): readonly [ValueId, number] {
    let parts = Array.from({ length: line.size }, (_, tap): Part => ({ tap, relus: [], depth }));
    while (parts.length > 1) {
      parts = Array.from({ length: Math.ceil(parts.length / 2) }, (_, i) => {
        const [b, a] = [at(parts, 2 * i), parts[2 * i + 1]];
        return a === undefined ? b : this.#pair(n, x, line, a, b);
      });
    }
    const best = at(parts, 0);
    must(best.tap === 0, "the tree keeps the first element as its base");
    const base = this.#select(n, x, line, [[0, 1]]);
    return [this.#plus(n, base, best.relus), best.depth];
  }

  /** b + relu(a - b). */
  #pair(n: Node, x: ValueId, line: Line, a: Part, b: Part): Part {
    const depth = 1 + Math.max(a.depth, b.depth);
    const taps = this.#select(n, x, line, [
      [a.tap, 1],
      [b.tap, -1],
    ]);
    const up = this.#plus(n, taps, a.relus);
    const difference = b.relus.reduce((v, r) => this.#emit(n, "sub", [v, r], {}, at(this.values, v).shape), up);
    const relu = this.#emit(n, "relu", [difference], {}, at(this.values, difference).shape);
    this.sums.set(at(this.values, relu).name, 2 * depth);
    return { tap: b.tap, relus: [...b.relus, relu], depth };
  }

  #plus(n: Node, v: ValueId, more: readonly ValueId[]): ValueId {
    return more.reduce((sum, r) => this.#emit(n, "add", [sum, r], {}, at(this.values, sum).shape), v);
  }

  /** A sum of elements of each window along one axis, as a depthwise convolution. Its kernel is no longer than it has to be. */
  #select(n: Node, x: ValueId, line: Line, taps: readonly (readonly [number, number])[]): ValueId {
    const { shape } = at(this.values, x);
    const channels = at(shape, 1);
    const rank = shape.length - 2;
    const input = at(shape, 2 + line.axis);
    const outputs = (size: number): number => Math.floor((input + line.begin + endFor(size) - size) / line.stride) + 1;
    const endFor = (size: number): number => Math.max(0, (line.output - 1) * line.stride + size - line.begin - input);
    let size = 1 + taps.reduce((most, [tap]) => Math.max(most, tap), 0);
    while (outputs(size) > line.output) size++;
    const along = <T>(axis: number, here: T, else_: T): T => (axis === line.axis ? here : else_);
    const axes = Array.from({ length: rank }, (_, a) => a);
    const weight = new Float64Array(channels * size);
    for (let c = 0; c < channels; c++) for (const [tap, w] of taps) weight[c * size + tap] = w;
    const constant = this.#value(`${n.name}/taps`, [channels, 1, ...axes.map((a) => along(a, size, 1))], null);
    this.values[constant] = { ...at(this.values, constant), constant: f32(at(this.values, constant).shape, weight) };
    const attrs = {
      strides: axes.map((a) => along(a, line.stride, 1)),
      pads: [...axes.map((a) => along(a, line.begin, 0)), ...axes.map((a) => along(a, endFor(size), 0))],
      dilations: axes.map(() => 1),
      group: channels,
    };
    return this.#emit(n, "conv", [x, constant], attrs, [1, channels, ...axes.map((a) => along(a, line.output, at(shape, 2 + a)))]);
  }

  /** Whether the value is known to be 0 or more, by the operation that makes it. */
  #isNatural(v: ValueId): boolean {
    const maker = this.nodes.find((n) => n.outputs.includes(v));
    if (maker === undefined) return false;
    if (maker.op === "relu" || maker.op === "quantized-clip" || (maker.op === "clip" && Number(maker.attrs["min"] ?? -Infinity) >= 0))
      return true;
    return keepsSign.has(maker.op) && maker.inputs.every((i) => i === null || this.#isNatural(i));
  }

  #emit(
    n: Node,
    op: string,
    inputs: readonly ValueId[],
    attrs: Readonly<Record<string, Attr>>,
    shape: readonly number[],
    into?: ValueId,
  ): ValueId {
    const name = op === "conv" ? `${n.name}/max${++this.#selections}` : `${n.name}/${op}`;
    const y = into ?? this.#value(name, shape, null);
    this.nodes.push({ name, op, inputs, outputs: [y], attrs, origin: origin(name, n.origin) });
    return y;
  }

  #value(name: string, shape: readonly number[], constant: null): ValueId {
    const v = id<"value">(this.values.length);
    this.values.push({ id: v, name: `${name}.${v}`, dtype: "f32", shape, constant });
    return v;
  }
}
