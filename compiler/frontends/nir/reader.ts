import { type Diagnostic, diagnostic, Failure } from "../../base/diagnostic.ts";
import type { Branch, Leaf } from "./hdf5.ts";
import { readHdf5 } from "./hdf5.ts";
import type { NirFile, NirGraph, NirNode, NirValue } from "./types.ts";

/**
 * Bytes of a .nir file as a graph. The graph lies in the group `node`, or is the root
 * itself in files of the first versions. Throws a Failure with everything that is missing.
 */
export async function readNir(bytes: Uint8Array, name: string): Promise<NirFile> {
  return nirFileOf(await readHdf5(bytes, name), name);
}

/** The same for a file that was opened already. */
export function nirFileOf(root: Branch, name: string): NirFile {
  const problems: Diagnostic[] = [];
  const inner = root.children.get("node");
  const graph = readGraph(inner?.kind === "branch" ? inner : root, inner === undefined ? "" : "node", name, problems);
  if (problems.length > 0) throw new Failure(problems);
  const version = root.children.get("version");
  return { version: version?.kind === "leaf" && typeof version.value === "string" ? version.value : null, graph };
}

function readGraph(from: Branch, path: string, file: string, problems: Diagnostic[]): NirGraph {
  const missing = (what: string): void => {
    problems.push(diagnostic("nir-missing", [path === "" ? what : `${path}/${what}`], { at: file }));
  };
  const nodes: NirNode[] = [];
  const group = from.children.get("nodes");
  if (group?.kind !== "branch") missing("nodes");
  else
    for (const [name, child] of group.children) {
      const at = `${path === "" ? "" : `${path}/`}nodes/${name}`;
      if (child.kind === "branch") nodes.push(...readNode(name, child, at, file, problems));
    }
  const edges = from.children.get("edges");
  const names = edges?.kind === "leaf" ? edges.value : null;
  if (names === null) missing("edges");
  return { nodes, edges: Array.isArray(names) ? pairs(names as readonly string[]) : [], metadata: metadataOf(from) };
}

/** One node; none after a report that its type is missing. */
function readNode(name: string, from: Branch, path: string, file: string, problems: Diagnostic[]): NirNode[] {
  const type = from.children.get("type");
  if (type?.kind !== "leaf" || typeof type.value !== "string") {
    problems.push(diagnostic("nir-missing", [`${path}/type`], { at: file }));
    return [];
  }
  const params = type.value === "NIRGraph" ? {} : values(from, ["type", "metadata"]);
  const graph = type.value === "NIRGraph" ? readGraph(from, path, file, problems) : null;
  return [{ name, type: type.value, params, metadata: metadataOf(from), graph }];
}

function metadataOf(from: Branch): Readonly<Record<string, NirValue>> {
  const group = from.children.get("metadata");
  return group?.kind === "branch" ? values(group, []) : {};
}

/** The leaves of a group by name, as parameters. */
export function values(from: Branch, except: readonly string[]): Record<string, NirValue> {
  const out: Record<string, NirValue> = {};
  for (const [name, child] of from.children) {
    if (child.kind !== "leaf" || except.includes(name)) continue;
    const value = valueOf(child);
    if (value !== null) out[name] = value;
  }
  return out;
}

/** A list of texts has no meaning in any primitive, but for the padding of one text. */
function valueOf({ value }: Leaf): NirValue | null {
  if (!Array.isArray(value)) return value as NirValue;
  const [only] = value as readonly string[];
  return value.length === 1 && only !== undefined ? only : null;
}

/** Each pair once, in the order of the file. */
function pairs(flat: readonly string[]): [string, string][] {
  const out = new Map<string, [string, string]>();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [from = "", to = ""] = [flat[i], flat[i + 1]];
    out.set(JSON.stringify([from, to]), [from, to]);
  }
  return [...out.values()];
}
