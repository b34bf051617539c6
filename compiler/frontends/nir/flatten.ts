import { type Diagnostic, diagnostic, Failure } from "../../base/diagnostic.ts";
import type { NirGraph, NirNode } from "./types.ts";

/** A graph without graphs in it: names are paths joined by dots. */
export type FlatGraph = {
  readonly nodes: ReadonlyMap<string, NirNode>;
  readonly edges: readonly (readonly [string, string])[];
};

/**
 * Writes nested graphs out. Input and Output of an inner graph become what they stand
 * for: what leads into the graph leads to what its Input leads to. Throws a Failure for
 * every edge that names a node that is not there.
 */
export function flatten(graph: NirGraph, file: string): FlatGraph {
  const problems: Diagnostic[] = [];
  const nodes = new Map<string, NirNode>();
  const edges: [string, string][] = [];
  /** Places inside a graph that are only passed through. */
  const through = new Set<string>();
  walk(graph, "");
  if (problems.length > 0) throw new Failure(problems);
  return { nodes, edges: shortened(edges, through) };

  function walk(g: NirGraph, prefix: string): void {
    const known = new Map(g.nodes.map((n) => [n.name, n]));
    for (const n of g.nodes) {
      const path = prefix + n.name;
      if (n.graph !== null) walk(n.graph, `${path}.`);
      else if (prefix !== "" && (n.type === "Input" || n.type === "Output")) through.add(path);
      else nodes.set(path, { ...n, name: path });
    }
    for (const [from, to] of g.edges) {
      const missing = [from, to].filter((end) => !known.has(end));
      for (const end of missing) problems.push(diagnostic("nir-edge-nowhere", [from, to, end], { at: place(file, prefix) }));
      if (missing.length > 0) continue;
      for (const a of gates(known.get(from), "Output", prefix)) for (const b of gates(known.get(to), "Input", prefix)) edges.push([a, b]);
    }
  }
}

function place(file: string, prefix: string): string {
  return prefix === "" ? file : `${file}, graph ${prefix.slice(0, -1)}`;
}

/** The node itself, or the Inputs or Outputs of the graph that it is. */
function gates(node: NirNode | undefined, type: "Input" | "Output", prefix: string): string[] {
  if (node === undefined) return [];
  if (node.graph === null) return [prefix + node.name];
  const inner = `${prefix}${node.name}.`;
  return node.graph.nodes.filter((n) => n.type === type).flatMap((n) => gates(n, type, inner));
}

/** Edges that pass over the places which are only passed through. */
function shortened(edges: readonly (readonly [string, string])[], through: ReadonlySet<string>): (readonly [string, string])[] {
  const out = new Map<string, readonly [string, string]>();
  const next = new Map<string, string[]>();
  for (const [a, b] of edges) next.set(a, [...(next.get(a) ?? []), b]);
  const ends = (name: string, seen: ReadonlySet<string>): string[] => {
    if (!through.has(name)) return [name];
    if (seen.has(name)) return [];
    return (next.get(name) ?? []).flatMap((n) => ends(n, new Set([...seen, name])));
  };
  for (const [a, b] of edges) {
    if (through.has(a)) continue;
    for (const end of ends(b, new Set())) out.set(JSON.stringify([a, end]), [a, end]);
  }
  return [...out.values()];
}
