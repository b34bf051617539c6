import { at } from "../../compiler/base/bug.ts";
import type { Context } from "../../compiler/base/context.ts";
import { type Diagnostic, diagnostic, Failure } from "../../compiler/base/diagnostic.ts";
import { spread } from "../../compiler/base/tensor.ts";
import type { Core, Cores, NeuronGroup } from "../../compiler/ir/cores/types.ts";
import { neuronParams, neuronWords } from "../../compiler/ir/network/neurons/index.ts";
import type { Network, Population } from "../../compiler/ir/network/types.ts";
import { genericMapping } from "../../compiler/map/index.ts";
import type { Budget, Mapping, MappingOptions } from "../../compiler/map/mapping.ts";
import type { ChipSpec } from "../chip.ts";

/** The generic mapping, with room for the second compartments of neurons that subtract. */
export const loihiMapping: Mapping = { map, budget };

function map(net: Network, chip: ChipSpec, options: MappingOptions, cx: Context): Cores {
  const problems = net.pops.flatMap((p) => (p.neuron.model === "loihi" ? outOfRange(p, chip) : illegal(p)));
  if (problems.length > 0) throw new Failure(problems);
  const soft = net.pops.some((p) => p.neuron.model === "loihi" && neuronWords(p)["reset"] === "subtract");
  const each = soft ? Number(chip.own["softReset"]) : 1;
  const perRoute = net.links.some((l) => l.kernel.kind === "conv" || l.kernel.kind === "pool") ? Number(chip.own["sharedRoute"]) : 1;
  // The estimate of what a tile needs counts shapes, of which rows of this chip have none.
  const room: ChipSpec = {
    ...chip,
    core: {
      ...chip.core,
      neurons: Math.floor(chip.core.neurons / each),
      routes: Math.floor(chip.core.routes / perRoute),
      shapes: Number.MAX_SAFE_INTEGER,
    },
  };
  return genericMapping.map(net, room, options, cx);
}

function illegal(p: Population): Diagnostic[] {
  if (p.neuron.model === "input") return [];
  return [
    diagnostic("map-illegal", [`${p.name} has the neuron model ${p.neuron.model}; the chip's memories hold loihi`], { origin: p.origin }),
  ];
}

function outOfRange(p: Population, chip: ChipSpec): Diagnostic[] {
  const mantissa = 2 ** Number(chip.own["thresholdBits"]) - 1;
  const bias = 2 ** (Number(chip.own["biasBits"]) - 1);
  const potential = 2 ** (chip.potential.bits - 1) - 1;
  const ranges: Readonly<Record<string, readonly [number, number]>> = {
    threshold: [0, mantissa],
    subtract: [0, mantissa],
    du: [0, 4096],
    dv: [0, 4096],
    bias: [-bias, bias - 1],
    biasExponent: [0, Number(chip.own["biasExponentMax"])],
    "initial potential": [-potential, potential],
  };
  const values: Readonly<Record<string, Float64Array>> = { ...neuronParams(p), "initial potential": spread(p.initial["v"] ?? 0, p.shape) };
  return Object.entries(ranges).flatMap(([name, [low, high]]) => {
    const list = values[name] ?? new Float64Array();
    const wrong = list.findIndex((v) => !Number.isInteger(v) || v < low || v > high);
    return wrong < 0 ? [] : [diagnostic("map-range", [`${name} of ${p.name}[${wrong}]`, at(list, wrong), low, high], { origin: p.origin })];
  });
}

/** The generic budget; neurons that subtract count as the compartments they take, and routes to shared lists as theirs. */
function budget(cores: Cores, chip: ChipSpec): readonly Budget[] {
  const soft = Number(chip.own["softReset"]);
  const taken = (g: NeuronGroup): number => g.count * (g.params["reset"] === "subtract" ? soft : 1);
  const shared = cores.cores.map(sharedAxons);
  return genericMapping.budget(cores, chip).map((b) => {
    if (b.core === null) return b;
    const core = at(cores.cores, b.core);
    if (b.resource === "neurons") return { ...b, used: core.groups.reduce((n, g) => n + taken(g), 0) };
    if (b.resource === "routes") return { ...b, used: b.used + (Number(chip.own["sharedRoute"]) - 1) * routesTo(core, shared) };
    return b;
  });
}

/** Which axons of a core name a list that they move, or that another one moves. */
function sharedAxons(core: Core): readonly boolean[] {
  const rows = new Set(core.axons.filter((a) => a.x !== 0).map((a) => a.row));
  return core.axons.map((a) => rows.has(a.row));
}

/** Routes of a core that lead to such axons; equal lists of routes are stored once. */
function routesTo({ sends: { start, core, axon } }: Core, shared: readonly (readonly boolean[])[]): number {
  const seen = new Set<string>();
  let count = 0;
  for (let slot = 0; slot + 1 < start.length; slot++) {
    const [from, to] = [at(start, slot), at(start, slot + 1)];
    const key = `${core.subarray(from, to).join()} ${axon.subarray(from, to).join()}`;
    if (seen.has(key)) continue;
    seen.add(key);
    for (let k = from; k < to; k++) if (at(core, k) >= 0 && shared[at(core, k)]?.[at(axon, k)] === true) count++;
  }
  return count;
}
