import type { ReportNetwork } from "../../../runtime/report/data.ts";
import { showShape } from "../../base/tensor.ts";
import type { Kernel, Link, Network, SpikeType } from "../../ir/network/types.ts";

/** The network as the report draws it. `spikes` are per sample, by population. */
export function networkOf(network: Network, spikes: readonly number[]): ReportNetwork {
  const outputs = new Set<number>(network.outputs.map((o) => o.pop));
  return {
    populations: network.pops.map((p) => ({
      name: p.name,
      shape: p.shape,
      model: p.neuron.model,
      spike: showSpike(p.spike),
      spikes: spikes[p.id] ?? null,
      output: outputs.has(p.id),
    })),
    links: network.links.map((l) => ({ from: l.from, to: l.to, kernel: showLink(l), delay: l.delay, weights: weightsOf(l.kernel) })),
  };
}

function showSpike(s: SpikeType): string {
  return s.kind === "graded" ? `${s.signed ? "signed" : "unsigned"} ${s.bits}-bit` : s.kind;
}

function showLink({ kernel, pool }: Link): string {
  return pool === null ? showKernel(kernel) : `${pool.mode} ${showShape(pool.size)}, ${showKernel(kernel)}`;
}

function showKernel(k: Kernel): string {
  switch (k.kind) {
    case "conv":
      return `conv ${showShape(k.weight.shape.slice(-k.stride.length))}`;
    case "pool":
      return `pool ${showShape(k.size)}`;
    case "dense":
    case "one":
    case "sparse":
      return k.kind;
  }
}

/** Numbers that the kernel stores. */
function weightsOf(k: Kernel): number {
  switch (k.kind) {
    case "pool":
      return 1;
    case "one":
      return typeof k.weight === "number" ? 1 : k.weight.data.length;
    case "dense":
    case "conv":
    case "sparse":
      return k.weight.data.length;
  }
}
