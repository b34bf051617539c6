import { at } from "../base/bug.ts";
import { id } from "../base/id.ts";
import { origin } from "../base/origin.ts";
import { f32, f64, type Tensor } from "../base/tensor.ts";
import type { Attr, Graph, Node, Value, ValueId } from "../ir/graph/types.ts";
import type { TracedLayer } from "./layers.ts";

/*
 * The trained model with one flaw of spikes at a time, still without time:
 *
 *   clipped     every layer's value is at most what its neurons can say
 *   quantized   λ/L · clip(floor(zL/λ + ½), 0, L) of the pre-activation z, in place of the activation
 *
 * With constant inputs, a neuron says exactly the latter; what the spiking network does
 * otherwise is the fault of time. Values keep their ids, so layers are found as before.
 */

export type Flaw = "clipped" | "quantized";

/** The graph with every traced layer clipped or quantized. `of`: where a layer's value is now, if it moved. */
export function idealize(
  g: Graph,
  layers: readonly TracedLayer[],
  flaw: Flaw,
): { readonly graph: Graph; readonly of: (l: TracedLayer) => ValueId } {
  const edit = new Edit(g);
  const moved = new Map<ValueId, ValueId>();
  const byValue = new Map(layers.map((l) => [l.value, l]));
  for (const v of g.inputs) {
    const layer = byValue.get(v);
    if (layer !== undefined) moved.set(v, edit.limit(layer, v, null, flaw));
  }
  for (const n of g.nodes) {
    const node = moved.size === 0 ? n : { ...n, inputs: n.inputs.map((v) => (v === null ? null : (moved.get(v) ?? v))) };
    const layer = n.outputs.length === 1 ? byValue.get(at(n.outputs, 0)) : undefined;
    if (layer === undefined) edit.nodes.push(node);
    else edit.layer(layer, node, flaw);
  }
  return { graph: { ...g, values: edit.values, nodes: edit.nodes }, of: (l) => moved.get(l.value) ?? l.value };
}

class Edit {
  readonly values: Value[];
  readonly nodes: Node[] = [];

  constructor(g: Graph) {
    this.values = [...g.values];
  }

  /** The node that makes a layer's value, with the flaw behind it or in its place. */
  layer(layer: TracedLayer, n: Node, flaw: Flaw): void {
    const z = n.inputs.find((v) => v !== null && at(this.values, v).constant === null);
    if (flaw === "quantized" && layer.activation?.kind !== "mean" && z != null) {
      this.limit(layer, z, layer.value, flaw);
      return;
    }
    const before = this.#value(`${layer.valueName}/whole`, at(this.values, layer.value).shape, null);
    this.nodes.push({ ...n, outputs: [before] });
    this.limit(layer, before, layer.value, flaw);
  }

  /** The flaw applied to a value; gives the value that it makes, `into` if there is one. */
  limit(layer: TracedLayer, x: ValueId, into: ValueId | null, flaw: Flaw): ValueId {
    const { unit, levels, signed } = layer.reading;
    const shape = at(this.values, layer.value).shape;
    const most = unit.map((u) => u * levels);
    const name = `${layer.valueName}/${flaw}`;
    const emit = (op: string, inputs: readonly ValueId[], attrs: Readonly<Record<string, Attr>>, y: ValueId | null): ValueId =>
      this.#emit(`${name}/${op}`, op, inputs, attrs, shape, y);
    if (flaw === "clipped") {
      const low = signed
        ? emit(
            "max",
            [
              x,
              this.#constant(
                `${name}/low`,
                shape,
                most.map((m) => -m),
              ),
            ],
            {},
            null,
          )
        : x;
      return emit("min", [low, this.#constant(`${name}/high`, shape, most)], {}, into);
    }
    const uniform = most.every((m) => m === most[0]);
    // Negative values are lifted by the largest one, rounded on twice as many levels, and let down again.
    const [top, steps] = signed ? [most.map((m) => 2 * m), 2 * levels] : [most, levels];
    const lambda = uniform ? [] : [this.#constant(`${name}/lambda`, shape, top)];
    const attrs = { lambda: uniform ? at(top, 0) : 0, levels: steps };
    if (!signed) return emit("quantized-clip", [x, ...lambda], attrs, into);
    const lift = this.#constant(`${name}/lift`, shape, most);
    return emit("sub", [emit("quantized-clip", [emit("add", [x, lift], {}, null), ...lambda], attrs, null), lift], {}, into);
  }

  #constant(name: string, shape: readonly number[], numbers: Float64Array): ValueId {
    return this.#value(name, shape, this.#dtype() === "f64" ? f64(shape, numbers) : f32(shape, numbers));
  }

  /** Every value of a model has one floating type. */
  #dtype(): "f32" | "f64" {
    return this.values.some((v) => v.dtype === "f64" && v.constant === null) ? "f64" : "f32";
  }

  #emit(
    name: string,
    op: string,
    inputs: readonly ValueId[],
    attrs: Readonly<Record<string, Attr>>,
    shape: readonly number[],
    into: ValueId | null,
  ): ValueId {
    const y = into ?? this.#value(name, shape, null);
    this.nodes.push({ name, op, inputs, outputs: [y], attrs, origin: origin(name) });
    return y;
  }

  #value(name: string, shape: readonly number[], constant: Tensor | null): ValueId {
    const v = id<"value">(this.values.length);
    this.values.push({ id: v, name, dtype: constant?.dtype ?? this.#dtype(), shape, constant });
    return v;
  }
}

/** The graph from some of its values on: they become inputs, and nothing computes them any more. */
export function cutAt(g: Graph, values: readonly ValueId[]): Graph {
  const cut = new Set(values);
  return {
    ...g,
    nodes: g.nodes.filter((n) => !n.outputs.some((v) => cut.has(v))),
    inputs: [...g.inputs, ...values.filter((v) => !g.inputs.includes(v))],
  };
}
