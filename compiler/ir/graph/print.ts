import { at } from "../../base/bug.ts";
import { showOrigin } from "../../base/origin.ts";
import type { TensorStore } from "../../base/store.ts";
import { sameTensor, showShape, type Tensor } from "../../base/tensor.ts";
import { showName, showNumber, showTensor } from "../../base/text.ts";
import { opNamed } from "./ops/index.ts";
import type { Attr, Graph, Node, Value, ValueId } from "./types.ts";

/**
 * The text form of a graph:
 *
 *     graph tiny
 *       input x f32[1x4]
 *       constant w = f32[4x2]{1 2 3 4 5 6 7 8}
 *       node fc = gemm(x, w) transA=0 -> y f32[1x2] from "Gemm_0"
 *       output y
 *       metadata ganglion.noise "what the file says"
 *
 * Declarations come in the order of value ids, so that reading gives every
 * value its id again. An input that is left out is `-`; attributes that have
 * their defaults are not written. With a store, big constants go there and the
 * text names them by hash; without one every number is written out.
 */
export function printGraph(g: Graph, store: TensorStore | null): string {
  const byOutput = new Map<ValueId, Node>();
  for (const n of g.nodes) for (const v of n.outputs) byOutput.set(v, n);
  const inputs = new Set(g.inputs);
  const lines = [`graph ${word(g.name)}`];
  const printed = new Set<Node>();
  const node = (n: Node): void => {
    if (!printed.has(n)) lines.push(`  ${showNode(g, n, store)}`);
    printed.add(n);
  };
  for (const v of g.values) {
    const n = byOutput.get(v.id);
    if (inputs.has(v.id)) lines.push(`  input ${showType(v)}`);
    if (v.constant !== null) lines.push(`  constant ${word(v.name)} = ${showTensor(v.constant, store)}`);
    if (n !== undefined) node(n);
    else if (!inputs.has(v.id) && v.constant === null) lines.push(`  value ${showType(v)}`);
  }
  for (const n of g.nodes) node(n);
  for (const o of g.outputs) lines.push(`  output ${word(at(g.values, o).name)}`);
  for (const [key, text] of Object.entries(g.metadata ?? {})) lines.push(`  metadata ${word(key)} ${JSON.stringify(text)}`);
  return `${lines.join("\n")}\n`;
}

function showType(v: Value): string {
  return `${word(v.name)} ${v.dtype}[${v.shape.length === 0 ? "" : showShape(v.shape)}]`;
}

function showNode(g: Graph, n: Node, store: TensorStore | null): string {
  const inputs = n.inputs.map((v) => (v === null ? "-" : word(at(g.values, v).name)));
  const specs = opNamed(n.op)?.attrs ?? {};
  const attrs = Object.entries(n.attrs)
    .filter(([key, value]) => !sameAttr(value, specs[key]?.default ?? null))
    .map(([key, value]) => ` ${key}=${showAttr(value, store)}`);
  const outputs = n.outputs.map((v) => showType(at(g.values, v)));
  return `node ${word(n.name)} = ${n.op}(${inputs.join(", ")})${attrs.join("")} -> ${outputs.join(", ")}${showFrom(n)}`;
}

/** Nothing for a node that is its own origin, which is also what the reader assumes. */
function showFrom(n: Node): string {
  return n.origin.from === null && n.origin.what === n.name ? "" : ` from ${showOrigin(n.origin)}`;
}

function showAttr(a: Attr, store: TensorStore | null): string {
  if (typeof a === "number") return showNumber(a);
  if (typeof a === "string") return word(a);
  return isTensor(a) ? showTensor(a, store) : `[${a.map(showNumber).join(" ")}]`;
}

function isTensor(a: Attr): a is Tensor {
  return typeof a === "object" && "dtype" in a;
}

/** Equal attributes: same kind, same numbers. */
function sameAttr(a: Attr | null, b: Attr | null): boolean {
  if (Object.is(a, b)) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (isTensor(a) || isTensor(b)) return isTensor(a) && isTensor(b) && sameTensor(a, b);
  return a.length === b.length && a.every((n, i) => Object.is(n, b[i]));
}

/** A name as the reader takes it back; words that it would read as numbers are quoted. */
function word(name: string): string {
  return /^(inf|nan)(?![\w.])/.test(name) ? JSON.stringify(name) : showName(name);
}
