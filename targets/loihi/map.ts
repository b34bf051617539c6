import { at } from "../../compiler/base/bug.ts";
import type { Context } from "../../compiler/base/context.ts";
import { type Diagnostic, diagnostic, Failure } from "../../compiler/base/diagnostic.ts";
import { spread } from "../../compiler/base/tensor.ts";
import type { Cores, NeuronGroup } from "../../compiler/ir/cores/types.ts";
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
  // The estimate of what a tile needs counts shapes, of which rows of this chip have none.
  const room: ChipSpec = {
    ...chip,
    core: { ...chip.core, neurons: Math.floor(chip.core.neurons / each), shapes: Number.MAX_SAFE_INTEGER },
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

/** The generic budget; neurons that subtract count as the compartments they take. */
function budget(cores: Cores, chip: ChipSpec): readonly Budget[] {
  const soft = Number(chip.own["softReset"]);
  const taken = (g: NeuronGroup): number => g.count * (g.params["reset"] === "subtract" ? soft : 1);
  return genericMapping.budget(cores, chip).map((b) => {
    if (b.resource !== "neurons" || b.core === null) return b;
    return { ...b, used: at(cores.cores, b.core).groups.reduce((n, g) => n + taken(g), 0) };
  });
}
