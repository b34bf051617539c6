import type { Branch, Leaf } from "./hdf5.ts";
import { writeHdf5 } from "./hdf5.ts";
import type { NirFile, NirGraph, NirNode, NirValue } from "./types.ts";

/** The version of the nir package whose files these are. */
export const nirVersion = "1.0.5";

/** A graph as the bytes of a .nir file, in the layout that the nir package writes and reads. */
export function writeNir(file: NirFile): Promise<Uint8Array> {
  return writeHdf5(branch({ version: leaf(file.version ?? nirVersion), node: graphBranch(file.graph) }));
}

function graphBranch(graph: NirGraph): Branch {
  return branch({
    type: leaf("NIRGraph"),
    ...metadata(graph.metadata),
    edges: { kind: "leaf", value: graph.edges.flat() },
    nodes: branch(Object.fromEntries(graph.nodes.map((n) => [n.name, n.graph === null ? nodeBranch(n) : graphBranch(n.graph)]))),
  });
}

function nodeBranch(node: NirNode): Branch {
  return branch({ type: leaf(node.type), ...leaves(node.params), ...metadata(node.metadata) });
}

function metadata(values: Readonly<Record<string, NirValue>>): Record<string, Branch> {
  return Object.keys(values).length === 0 ? {} : { metadata: branch(leaves(values)) };
}

function leaves(values: Readonly<Record<string, NirValue>>): Record<string, Leaf> {
  return Object.fromEntries(Object.entries(values).map(([k, v]) => [k, leaf(v)]));
}

function leaf(value: NirValue): Leaf {
  return { kind: "leaf", value };
}

function branch(children: Readonly<Record<string, Leaf | Branch>>): Branch {
  return { kind: "branch", children: new Map(Object.entries(children)) };
}
