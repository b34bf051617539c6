import { showOrigin } from "../../base/origin.ts";
import type { TensorStore } from "../../base/store.ts";
import { showFields, showName, showTensor, showValue } from "../../base/text.ts";
import { showShape } from "../../base/tensor.ts";
import type { Origin } from "../../base/origin.ts";
import type { InputCode, Kernel, Link, Network, OutputCode, Param, Pool, Population, SpikeType } from "./types.ts";

/*
 * The text form of a network (.snet). What has its default is left out; parse gives
 * it back.
 *
 *   network lenet5 steps 4
 *     input x 1x28x28 analog code direct(every=0)
 *     pop conv1 8x24x24 binary if(threshold=127 resetValue=96) initial(v=64) stop=3 from "Conv_0"
 *     link x -> conv1 conv stride=2 pads=1 i8[8x1x5x5]#3fa9c20a11b2c3d4 gain=2 delay=1
 *     pop out 10 binary readout
 *     link conv1 -> out dense i8[10x1152]#b01c77… pool or(size=2x2)
 *     output logits of out code potential scale=0.25
 *
 * A spike type is binary, ternary, analog, or unsignedN / signedN (graded, N bits).
 * A list such as stride has one number for all axes or one per axis (2x1). A pool's stride is its
 * size unless given. Populations are numbered in the order in which they are declared.
 */

export function printNetwork(n: Network, store: TensorStore | null): string {
  const lines = [`network ${showName(n.name)} steps ${n.steps}`];
  const inline = codesInOrder(n);
  let next = 0;
  n.pops.forEach((p, i) => {
    lines.push(printPopulation(p, inline ? n.inputs.find((c) => c.pop === p.id) : undefined, store));
    // Each link follows its ends at once, unless that would change the order of links.
    for (let l = n.links[next]; l !== undefined && Math.max(l.from, l.to) <= i; l = n.links[++next]) lines.push(printLink(n, l, store));
  });
  for (const l of n.links.slice(next)) lines.push(printLink(n, l, store));
  if (!inline) for (const c of n.inputs) lines.push(`code ${nameOf(n, c.pop)} ${printCode(c, store)}`);
  for (const o of n.outputs) lines.push(printOutput(n, o, store));
  return `${lines.join("\n  ")}\n`;
}

/** Whether every code belongs to an input population and they are listed in the populations' order. */
function codesInOrder(n: Network): boolean {
  return n.inputs.every((c, i) => n.pops[c.pop]?.neuron.model === "input" && (i === 0 || c.pop > n.inputs[i - 1]!.pop));
}

function nameOf(n: Network, pop: number): string {
  return showName(n.pops[pop]?.name ?? `population ${pop}`);
}

function words(...parts: readonly (string | null)[]): string {
  return parts.filter((p) => p !== null && p !== "").join(" ");
}

/** `name(key=value …)`, without parentheses when there is nothing in them. */
function call(name: string, fields: Readonly<Record<string, Param>>, store: TensorStore | null): string {
  const text = showFields(fields, store);
  return text === "" ? name : `${name}(${text})`;
}

function printPopulation(p: Population, code: InputCode | undefined, store: TensorStore | null): string {
  const input = p.neuron.model === "input" && Object.keys(p.neuron.params).length === 0;
  return words(
    input ? "input" : "pop",
    showName(p.name),
    showShape(p.shape),
    printSpike(p.spike),
    input ? null : call(showName(p.neuron.model), p.neuron.params, store),
    code === undefined ? null : `code ${printCode(code, store)}`,
    Object.keys(p.initial).length === 0 ? null : call("initial", p.initial, store),
    p.amplitude === 1 ? null : `amplitude=${showValue(p.amplitude, store)}`,
    p.start === 0 ? null : `start=${p.start}`,
    p.silent === 0 ? null : `silent=${p.silent}`,
    p.stop === null ? null : `stop=${p.stop}`,
    printOrigin(p.origin, p.name),
  );
}

function printSpike(spike: SpikeType): string {
  if (spike.kind !== "graded") return spike.kind;
  return `${spike.signed ? "signed" : "unsigned"}${spike.bits}`;
}

function printCode(c: InputCode, store: TensorStore | null): string {
  return call(showName(c.code), c.params, store);
}

/** Nothing when parse would make the same origin up: the thing's own name. */
function printOrigin(origin: Origin, name: string): string | null {
  return origin.from === null && origin.what === name ? null : `from ${showOrigin(origin)}`;
}

function printLink(n: Network, l: Link, store: TensorStore | null): string {
  return words(
    "link",
    nameOf(n, l.from),
    "->",
    nameOf(n, l.to),
    printKernel(l.kernel, store),
    l.pool === null ? null : printPool(l.pool),
    l.gain === null ? null : `gain=${showValue(l.gain, store)}`,
    l.delay === 0 ? null : `delay=${l.delay}`,
    printOrigin(l.origin, linkName(n.pops[l.from]?.name ?? "", n.pops[l.to]?.name ?? "")),
  );
}

/** What a link's origin says when nothing better is known. */
export function linkName(from: string, to: string): string {
  return `${from} -> ${to}`;
}

function printKernel(k: Kernel, store: TensorStore | null): string {
  switch (k.kind) {
    case "dense":
      return `dense ${showTensor(k.weight, store)}`;
    case "conv":
      return words(
        "conv",
        k.shared ? null : "unshared",
        printList("stride", k.stride, 1),
        printList("pads", k.pads, 0),
        printList("dilation", k.dilation, 1),
        k.groups === 1 ? null : `groups=${k.groups}`,
        showTensor(k.weight, store),
      );
    case "pool":
      return words("pool", printWindow(k), `weight=${showValue(k.weight, store)}`);
    case "one":
      return `one weight=${showValue(k.weight, store)}`;
    case "sparse":
      return `sparse rows=${showTensor(k.rows, store)} columns=${showTensor(k.columns, store)} weight=${showTensor(k.weight, store)}`;
  }
}

function printPool(pool: Pool): string {
  return `pool ${pool.mode}(${printWindow(pool)})`;
}

function printWindow(w: Pick<Pool, "size" | "stride" | "pads">): string {
  const same = w.stride.length === w.size.length && w.stride.every((s, i) => s === w.size[i]);
  return words(`size=${w.size.join("x")}`, same ? null : printList("stride", w.stride, null), printList("pads", w.pads, 0));
}

/** One number where all are alike, nothing where all are the default. */
function printList(key: string, list: readonly number[], preset: number | null): string | null {
  const [first] = list;
  if (!list.every((x) => x === first)) return `${key}=${list.join("x")}`;
  return first === preset || first === undefined ? null : `${key}=${first}`;
}

function printOutput(n: Network, o: OutputCode, store: TensorStore | null): string {
  const pop = n.pops[o.pop]?.name;
  return words(
    "output",
    showName(o.name),
    pop === o.name ? null : `of ${nameOf(n, o.pop)}`,
    `code ${showName(o.code)}`,
    o.scale === 1 ? null : `scale=${showValue(o.scale, store)}`,
    o.offset === 0 ? null : `offset=${showValue(o.offset, store)}`,
  );
}
