import type { AttributeProto, GraphProto, NodeProto } from "onnx-buf";
import { at } from "../../base/bug.ts";
import { type Diagnostic, diagnostic } from "../../base/diagnostic.ts";

/** A node of the file with the name that messages and the graph use for it: its own, or its operator and place in the file. */
export type Step = { readonly node: NodeProto; readonly name: string };

export type Arranged = {
  /** The nodes that an output depends on, each after what it needs; the file's order where that is one. */
  readonly steps: readonly Step[];
  /** Names that these nodes or the outputs use. */
  readonly used: ReadonlySet<string>;
};

/** How a node is named as the place of a diagnostic. */
export function nodePlace(name: string, op: string): string {
  return `node ${JSON.stringify(name)} (${op})`;
}

/**
 * Orders the nodes of a graph, a function or a branch, and leaves out those that
 * no output depends on. `given` lists what is known by name beforehand, with a
 * word about each; `outer` knows the names of enclosing graphs.
 * Reports onnx-name-twice, onnx-value-missing, onnx-cycle; the result is only
 * meaningful when nothing was reported.
 */
export function arrange(
  nodes: readonly NodeProto[],
  given: ReadonlyMap<string, string>,
  outer: (name: string) => boolean,
  outputs: readonly string[],
  report: (d: Diagnostic) => void,
): Arranged {
  const steps = nodes.map((node, i): Step => ({ node, name: node.name !== "" ? node.name : `${node.opType}_${i}` }));
  const makers = makersOf(steps, given, report);
  const known = (name: string): boolean => makers.has(name) || given.has(name) || outer(name);
  const uses = steps.map((s) => usesOf(s.node));
  steps.forEach((s, i) => {
    for (const name of new Set(at(uses, i))) {
      if (!known(name)) report(diagnostic("onnx-value-missing", [name], { at: nodePlace(s.name, s.node.opType) }));
    }
  });
  for (const name of outputs) if (!known(name)) report(diagnostic("onnx-value-missing", [name], { at: `output ${JSON.stringify(name)}` }));

  const needs = uses.map((names) => names.flatMap((n) => makers.get(n) ?? []));
  const live = reach(
    outputs.flatMap((n) => makers.get(n) ?? []),
    needs,
  );
  const { order, cycle } = sort(needs);
  if (cycle !== null) report(diagnostic("onnx-cycle", [cycle.map((i) => at(steps, i).name)], {}));
  const kept = order.filter((i) => live.has(i));
  return { steps: kept.map((i) => at(steps, i)), used: new Set([...outputs, ...kept.flatMap((i) => at(uses, i))]) };
}

/** The node that makes each name. */
function makersOf(steps: readonly Step[], given: ReadonlyMap<string, string>, report: (d: Diagnostic) => void): Map<string, number> {
  const makers = new Map<string, number>();
  const word = (i: number): string => `output of ${nodePlace(at(steps, i).name, at(steps, i).node.opType)}`;
  steps.forEach((s, i) => {
    for (const name of s.node.output) {
      if (name === "") continue;
      const maker = makers.get(name);
      const first = given.get(name) ?? (maker === undefined ? undefined : word(maker));
      if (first !== undefined) report(diagnostic("onnx-name-twice", [name, first, word(i)], { at: nodePlace(s.name, s.node.opType) }));
      else makers.set(name, i);
    }
  });
  return makers;
}

/** Every name a node reads, those that its branches take from outside included. */
export function usesOf(node: NodeProto): string[] {
  return [...node.input.filter((n) => n !== ""), ...graphsOf(node.attribute).flatMap(freeNames)];
}

function graphsOf(attributes: readonly AttributeProto[]): GraphProto[] {
  return attributes.flatMap((a) => (a.g === undefined ? a.graphs : [a.g, ...a.graphs]));
}

/** Names that a branch uses and does not make. */
function freeNames(graph: GraphProto): string[] {
  const own = new Set([...graph.input.map((v) => v.name), ...graph.initializer.map((t) => t.name), ...graph.node.flatMap((n) => n.output)]);
  return [...graph.node.flatMap(usesOf), ...graph.output.map((v) => v.name)].filter((n) => !own.has(n));
}

function reach(from: readonly number[], needs: readonly (readonly number[])[]): Set<number> {
  const seen = new Set(from);
  const open = [...from];
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    for (const n of at(needs, i)) {
      if (seen.has(n)) continue;
      seen.add(n);
      open.push(n);
    }
  }
  return seen;
}

/** Depth-first order with a stack of its own, since a chain of nodes may be longer than the machine's. */
function sort(needs: readonly (readonly number[])[]): { order: number[]; cycle: number[] | null } {
  const state = new Uint8Array(needs.length); // 0 not seen, 1 on the path, 2 done
  const order: number[] = [];
  for (let root = 0; root < needs.length; root++) {
    if (state[root] !== 0) continue;
    const path = [{ node: root, next: 0 }];
    state[root] = 1;
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const need = at(needs, top.node)[top.next++];
      if (need === undefined) {
        state[top.node] = 2;
        order.push(top.node);
        path.pop();
      } else if (state[need] === 0) {
        state[need] = 1;
        path.push({ node: need, next: 0 });
      } else if (state[need] === 1) {
        const nodes = path.map((p) => p.node);
        // The path runs from users to what they need; data flows the other way.
        const circle = nodes.slice(nodes.indexOf(need)).reverse();
        return { order, cycle: [...circle, at(circle, 0)] };
      }
    }
  }
  return { order, cycle: null };
}
