import { at, must } from "../../compiler/base/bug.ts";
import { spread, type Tensor } from "../../compiler/base/tensor.ts";
import type { Core, Cores } from "../../compiler/ir/cores/types.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import { type HostLine, isClosed } from "./layout.ts";
import { type Memories, sectionsOf } from "./memory.ts";
import type { Variant } from "./variant.ts";
import { mapOf } from "../image-parts.ts";
import * as words from "./words.ts";

/*
 * Cores → Image. On ODIN all 256 neuron words are written, since every sweep visits all of them: those that
 * no neuron uses are disabled and never reach their threshold. On tinyODIN sweeps end at the last neuron.
 */

const addresses = 256;

export function emit(cores: Cores, variant: Variant): Image {
  const core = at(cores.cores, 0);
  const slots = core.groups.reduce((sum, g) => sum + g.count, 0);
  must(slots > 0, "a network has neurons");
  const protocol = protocolOf(core, slots, variant);
  const memories: Memories = {
    registers: registersOf(core, isClosed(cores), slots, variant),
    neurons: neuronsOf(core, variant, protocol),
    synapses: synapsesOf(core, variant),
    protocol,
    lines: linesOf(cores, core),
  };
  return {
    kind: "image",
    name: cores.name,
    target: cores.chip,
    format: words.formatVersion,
    steps: cores.steps,
    interval: cores.interval,
    sections: sectionsOf(memories, variant, variant.signBySource ? addresses : slots, core.rows.length),
    inputs: cores.inputs.map(({ sends, ...rest }) => ({
      ...rest,
      start: Uint32Array.from(sends.start),
      targets: Uint32Array.from(sends.axon, (row) => spikeEvent(row, variant)),
    })),
    outputs: cores.outputs,
    map: mapOf(cores, () => ({ x: 0, y: 0 })),
  };
}

/** The event that stands for a spike of a row. */
export function spikeEvent(row: number, variant: Variant): number {
  return variant.name === "odin"
    ? words.odinEvent.encode({ synapse: false, row, low: words.odinLow.spike })
    : words.tinyEvent.encode({ address: row, reference: false, virtual: false });
}

/** The event that stands for a time reference of all neurons. */
export function referenceEvent(variant: Variant): number {
  return variant.name === "odin"
    ? words.odinEvent.encode({ synapse: false, row: 0, low: words.odinLow.referenceAll })
    : words.tinyEvent.encode({ address: 0xff, reference: true, virtual: false });
}

function registersOf(core: Core, closed: boolean, slots: number, variant: Variant): Uint32Array {
  const out = new Uint32Array(variant.registers);
  out[words.odinRegisters.openLoop] = closed ? 0 : 1;
  if (variant.name === "tinyodin") {
    out[words.tinyRegisters.maxNeuron] = slots - 1;
    return out;
  }
  core.rows.forEach((row, r) => {
    if (!row.weights.some((w) => w < 0)) return;
    const at = words.odinRegisters.signs + Math.floor(r / words.signsPerRegister);
    out[at] = out[at]! | (1 << (r % words.signsPerRegister));
  });
  return out;
}

function neuronsOf(core: Core, variant: Variant, { reference, clear }: Memories["protocol"]): Uint32Array {
  const out = new Uint32Array(addresses * variant.neuronParts);
  for (let n = 0; n < addresses; n++)
    out.set(neuronWord(variant, { potential: 0, threshold: variant.thresholdMax, leak: 0, disabled: true }), n * variant.neuronParts);
  for (const g of core.groups) {
    const threshold = spread(g.params["threshold"] as number | Tensor, [g.count]);
    const leak =
      !reference && clear === "references"
        ? new Float64Array(g.count).fill(variant.leakMax)
        : spread(g.params["leak"] as number | Tensor, [g.count]);
    const potential = spread(g.initial["v"] ?? 0, [g.count]);
    const disabled = g.params["output"] === "yes";
    for (let i = 0; i < g.count; i++)
      out.set(
        neuronWord(variant, { potential: potential[i]!, threshold: threshold[i]!, leak: leak[i]!, disabled }),
        (g.first + i) * variant.neuronParts,
      );
  }
  return out;
}

type Neuron = { readonly potential: number; readonly threshold: number; readonly leak: number; readonly disabled: boolean };

/** The parts of a neuron word, the least significant first. */
export function neuronWord(variant: Variant, n: Neuron): number[] {
  if (variant.name === "tinyodin") return [words.tinyNeuron.encode(n)];
  return [
    words.odinNeuron0.encode({
      model: 1,
      leak: n.leak,
      leakEnabled: n.leak > 0,
      threshold: n.threshold,
      learning: false,
      thetaMembrane: 0,
      theta1: 0,
      theta2: 0,
    }),
    words.odinNeuron1.encode({ theta3: 0, calciumLeak: 0 }),
    words.odinNeuron2.encode({ potential: n.potential, calcium: 0, calciumLeakCount: 0 }),
    words.odinNeuron3.encode({ disabled: n.disabled }),
  ];
}

function synapsesOf(core: Core, variant: Variant): Uint32Array {
  const out = new Uint32Array((addresses * addresses * words.nibbleBits) / 32);
  core.rows.forEach((row, r) => {
    row.weights.forEach((w, n) => {
      const nibble =
        variant.name === "odin" ? words.odinNibble.encode({ weight: Math.abs(w), map: w !== 0 }) : words.tinyNibble.encode({ weight: w });
      const at = r * 32 + (n >> 3);
      out[at] = (out[at]! | (nibble << (words.nibbleBits * (n & 7)))) >>> 0;
    });
  });
  return out;
}

/**
 * Between samples potentials that begin at 0 are cleared by time references, where that is quicker than writing
 * them. Neurons that do not leak in a sample get the strongest leak for it: no reference comes in a sample then.
 */
function protocolOf(core: Core, slots: number, variant: Variant): Memories["protocol"] {
  const leaks = core.groups.flatMap((g) => Array.from(spread(g.params["leak"] as number | Tensor, [g.count])));
  const zero = core.groups.every((g) => spread(g.initial["v"] ?? 0, [g.count]).every((v) => v === 0));
  const reference = leaks.some((l) => l > 0);
  const least = reference ? Math.min(...leaks) : variant.leakMax;
  const clears = zero && least > 0 ? Math.ceil(Math.max(variant.high, -variant.low) / least) : 0;
  const visits = variant.signBySource ? addresses : slots;
  const references = clears > 0 && clears * 2 * visits < slots * 2 * linkClocks;
  return { neurons: slots, reference, clear: references ? "references" : "writes", clears: references ? clears : 0 };
}

/** Clocks of a byte on the configuration link. */
const linkClocks = 160;

function linesOf(cores: Cores, core: Core): HostLine[] {
  const neuronOf = new Map<number, number>();
  for (let s = 0; s + 1 < core.sends.start.length; s++)
    for (let k = at(core.sends.start, s); k < at(core.sends.start, s + 1); k++)
      if (at(core.sends.core, k) === -1) neuronOf.set(at(core.sends.axon, k), s);
  return cores.outputs.flatMap((o) =>
    Array.from({ length: o.count }, (_, i): HostLine => ({ neuron: neuronOf.get(o.first + i) ?? 0, potential: o.code === "potential" })),
  );
}
