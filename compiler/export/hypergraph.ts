import { at } from "../base/bug.ts";
import { sizeOf } from "../base/tensor.ts";
import type { Cores } from "../ir/cores/types.ts";
import { pooledShape, synapsesOf } from "../ir/network/kernels/index.ts";
import type { Network } from "../ir/network/types.ts";

/**
 * The neurons of a network as the vertices of a hypergraph, in the order of the populations, and
 * the axon of each neuron with everything it reaches as one hyperedge. Neurons that reach nothing
 * have none.
 */
export type Hypergraph = {
  readonly vertices: number;
  /** `targets` increasing, each once, without the source. */
  readonly edges: readonly { readonly source: number; readonly targets: Int32Array }[];
};

export function hypergraphOf(n: Network): Hypergraph {
  const first = firstsOf(n);
  const edges = n.pops.flatMap((p) => {
    const fans = n.links
      .filter((l) => l.from === p.id)
      .map((l) => {
        const to = at(n.pops, l.to);
        const shape = pooledShape(l.pool, p.shape);
        return { first: at(first, l.to), windows: windowsOf(l.pool, p.shape, shape), visit: synapsesOf(l.kernel, shape, to.shape) };
      });
    return Array.from({ length: sizeOf(p.shape) }, (_, i) => {
      const source = at(first, p.id) + i;
      const reached = new Set<number>();
      for (const f of fans) for (const from of f.windows(i)) f.visit(from, (target, w) => void (w !== 0 && reached.add(f.first + target)));
      reached.delete(source);
      return { source, targets: Int32Array.from(reached).sort() };
    }).filter((e) => e.targets.length > 0);
  });
  return { vertices: n.pops.reduce((sum, p) => sum + sizeOf(p.shape), 0), edges };
}

/** hMETIS: the numbers of hyperedges and vertices, then the vertices of each hyperedge, counted from 1, its source first. */
export function hmetisLines(h: Hypergraph): string[] {
  return [`${h.edges.length} ${h.vertices}`, ...h.edges.map((e) => [e.source, ...e.targets].map((v) => v + 1).join(" "))];
}

/** `.snn`, little-endian: u32 vertices, u32 hyperedges; of each u32 number of targets, u32 source, u32 targets, f32 weight (1). */
export function snnBytes(h: Hypergraph): Uint8Array {
  const words = 2 + h.edges.reduce((sum, e) => sum + 3 + e.targets.length, 0);
  const view = new DataView(new ArrayBuffer(4 * words));
  let offset = 0;
  const put = (v: number): void => {
    view.setUint32(offset, v, true);
    offset += 4;
  };
  put(h.vertices);
  put(h.edges.length);
  for (const e of h.edges) {
    put(e.targets.length);
    put(e.source);
    for (const t of e.targets) put(t);
    view.setFloat32(offset, 1, true);
    offset += 4;
  }
  return new Uint8Array(view.buffer);
}

/** The part of each vertex, one a line: its core, or for inputs, which the host sends, the part behind the last core. */
export function partitionLines(n: Network, cores: Cores): string[] {
  const homes = homesOf(n, cores);
  return n.pops.flatMap((p) => [...at(homes, p.id)].map((core) => String(core < 0 ? cores.cores.length : core)));
}

/** Per population, the core of each neuron; -1 where none holds it. */
export function homesOf(n: Network, cores: Cores): readonly Int32Array[] {
  const homes = new Map(n.pops.map((p) => [p.name, new Int32Array(sizeOf(p.shape)).fill(-1)]));
  for (const core of cores.cores) for (const g of core.groups) for (const i of g.indices) homes.get(g.pop)?.fill(core.id, i, i + 1);
  return [...homes.values()];
}

/** Vertex of each population's first neuron. */
function firstsOf(n: Network): readonly number[] {
  let next = 0;
  return n.pops.map((p) => {
    const first = next;
    next += sizeOf(p.shape);
    return first;
  });
}

/** The pooled places that a neuron is a member of; itself without pooling. */
function windowsOf(
  pool: Network["links"][number]["pool"],
  shape: readonly number[],
  pooled: readonly number[],
): (source: number) => readonly number[] {
  if (pool === null) return (source) => [source];
  const kernel = { kind: "pool" as const, weight: 1, size: pool.size, stride: pool.stride, pads: pool.pads };
  const visit = synapsesOf(kernel, shape, pooled);
  return (source) => {
    const out: number[] = [];
    visit(source, (target) => out.push(target));
    return out;
  };
}
