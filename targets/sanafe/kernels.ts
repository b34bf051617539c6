import type { Soma } from "../../compiler/frontends/sanafe/types.ts";
import { compileKernels, type DoubleKernels, memoryMax, wasmKernels, wasmMemory } from "../../runtime/kernels/kernels.ts";
import * as layout from "../../runtime/kernels/layout.ts";
import type { SanafeImage } from "./image.ts";
import type { Messages } from "./machine.ts";
import { isPlainLeaky, type NeuronState, type Update } from "./neurons.ts";

/*
 * Where the machine's numbers lie: in arrays of its own, or, where there are compiled kernels and weights are integers, in a memory on which
 * those work. They do the same as neurons.ts and machine.ts, to the same bits.
 */

/** What the machine and the kernels share. */
export type Numbers = {
  readonly state: NeuronState;
  readonly neuron: Int32Array;
  readonly updated: Int32Array;
  readonly messages: Messages;
  readonly compiled: Compiled | null;
};

/** What messages cost: by core, by way (sender × cores + receiver) and by load. */
export type MessageCosts = {
  readonly coreFirst: Int32Array;
  readonly receive: Float64Array;
  readonly hops: Uint16Array;
  readonly wayEnergy: Float64Array;
  readonly hopSeconds: Float64Array;
  readonly loadCount: Float64Array;
  readonly loadSeconds: Float64Array;
  readonly loadSynapse: Float64Array;
  readonly loadDendrite: Float64Array;
};

export type Compiled = {
  /** null: not a kind that is compiled. */
  readonly update: (soma: Soma) => Update | null;
  /** Delivers what the first `fired` neurons of the list send. */
  readonly deliver: (fired: number) => Totals;
  /** Seconds until the messages of the step are sent and received, by the fast timing model. */
  readonly fastTime: (networks: number, room: number, waits: number, slices: number) => number;
};

export type Totals = {
  messages: number;
  hops: number;
  synapticEvents: number;
  synapseEnergy: number;
  dendriteEnergy: number;
  networkEnergy: number;
};

/** `kernels`: the compiled module; null: the machine works on arrays of its own. */
export function placeNumbers(image: SanafeImage, costs: MessageCosts, kernels: Uint8Array | null): Numbers {
  const neurons = image.arrays.bias.length;
  const messages = image.arrays.axons[neurons] ?? 0;
  const cores = costs.receive.length;
  return (
    (kernels === null || image.tables.unit === 0 ? null : inMemory(image, costs, messages, kernels)) ?? {
      state: {
        potential: new Float64Array(neurons),
        sums: new Float64Array(neurons),
        bias: image.arrays.bias,
        current: new Float64Array(neurons),
        rest: new Int32Array(neurons),
      },
      neuron: new Int32Array(neurons),
      updated: new Int32Array(neurons),
      messages: {
        count: 0,
        first: new Int32Array(cores + 1),
        to: new Uint16Array(messages),
        generation: new Float64Array(messages),
        processing: new Float64Array(messages),
        tail: new Float64Array(cores),
      },
      compiled: null,
    }
  );
}

/** The module has what it owns below this. */
const base = 4096;

/** null: there is no WebAssembly here, or the network is too large for a memory. */
function inMemory(image: SanafeImage, costs: MessageCosts, messages: number, kernels: Uint8Array): Numbers | null {
  const module = compileKernels(kernels);
  const { bias, axons, axonCore, axonLoad, axonSynapses, synapses } = image.arrays;
  let end = base;
  const reserve = (bytes: number): number => {
    const at = end;
    end += Math.ceil(bytes / 16) * 16;
    return at;
  };
  const neurons = bias.length;
  const machine = reserve(layout.doublesBytes);
  const [potential, sums, processing] = [reserve(8 * neurons), reserve(8 * neurons), reserve(8 * messages)];
  const [fired, updated, totals] = [reserve(4 * neurons), reserve(4 * neurons), reserve(layout.totalBytes)];
  const cores = costs.receive.length;
  const [first, to, generation, tail] = [reserve(4 * (cores + 1)), reserve(2 * messages), reserve(8 * messages), reserve(8 * cores)];
  // A ring is at most as long as a buffer, and never without a place.
  const scratch = reserve(8 * cores * (layout.scratchDoubles + 3 + 2 * Math.max(1, image.tables.linkBuffer)));
  const loads = Float64Array.from({ length: (costs.loadCount.length * layout.loadBytes) / 8 });
  for (let i = 0; i < costs.loadCount.length; i++) {
    const put = (offset: number, values: Float64Array): void => {
      loads[(i * layout.loadBytes + offset) / 8] = values[i]!;
    };
    put(layout.loadSynapses, costs.loadCount);
    put(layout.loadSeconds, costs.loadSeconds);
    put(layout.loadSynapseEnergy, costs.loadSynapse);
    put(layout.loadDendriteEnergy, costs.loadDendrite);
  }
  const fixed: readonly (readonly [field: number, array: Uint32Array | Int32Array | Uint16Array | Float64Array])[] = [
    [layout.doublesBias, bias],
    [layout.doublesAxons, axons],
    [layout.doublesAxonCore, axonCore],
    [layout.doublesAxonLoad, axonLoad],
    [layout.doublesAxonSynapses, axonSynapses],
    [layout.doublesSynapses, synapses],
    [layout.doublesCoreFirst, costs.coreFirst],
    [layout.doublesReceive, costs.receive],
    [layout.doublesHops, costs.hops],
    [layout.doublesWayEnergy, costs.wayEnergy],
    [layout.doublesHopSeconds, costs.hopSeconds],
    [layout.doublesLoads, loads],
  ];
  const places = fixed.map(([, array]) => reserve(array.byteLength));
  const memory = module === null || end > memoryMax ? null : wasmMemory(end);
  if (module === null || memory === null) return null;
  const { buffer } = memory;
  const record = new Int32Array(buffer, machine, layout.doublesBytes / 4);
  const set = (field: number, value: number): void => {
    record[field / 4] = value;
  };
  fixed.forEach(([field, array], i) => {
    new Uint8Array(buffer, places[i]!, array.byteLength).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    set(field, places[i]!);
  });
  set(layout.doublesPotential, potential);
  set(layout.doublesSums, sums);
  set(layout.doublesProcessing, processing);
  set(layout.doublesFired, fired);
  set(layout.doublesUpdated, updated);
  set(layout.doublesTotals, totals);
  set(layout.doublesCores, cores);
  set(layout.doublesFirst, first);
  set(layout.doublesTail, tail);
  set(layout.doublesTo, to);
  set(layout.doublesGeneration, generation);
  set(layout.doublesScratch, scratch);
  return {
    state: {
      potential: new Float64Array(buffer, potential, neurons),
      sums: new Float64Array(buffer, sums, neurons),
      bias,
      current: new Float64Array(neurons),
      rest: new Int32Array(neurons),
    },
    neuron: new Int32Array(buffer, fired, neurons),
    updated: new Int32Array(buffer, updated, neurons),
    messages: {
      count: 0,
      first: new Int32Array(buffer, first, cores + 1),
      to: new Uint16Array(buffer, to, messages),
      generation: new Float64Array(buffer, generation, messages),
      processing: new Float64Array(buffer, processing, messages),
      tail: new Float64Array(buffer, tail, cores),
    },
    compiled: compiledOn(
      wasmKernels(module, memory),
      machine,
      record,
      new Float64Array(buffer, totals, layout.totalBytes / 8),
      image.tables.unit,
    ),
  };
}

function compiledOn(kernels: DoubleKernels, machine: number, record: Int32Array, totals: Float64Array, unit: number): Compiled {
  const { updateLeaky, deliverDoubles, fastTime } = kernels;
  const count = layout.doublesCount / 4;
  const total = (offset: number): number => totals[offset / 8]!;
  return {
    update: (soma) => {
      if (!isPlainLeaky(soma)) return null;
      const { threshold, reset, leakDecay, resetMode } = soma;
      const mode = resetMode === "soft" ? layout.fireSubtract : resetMode === "hard" ? layout.fireSet : layout.fireKeep;
      const forced = soma.forceUpdate ? 1 : 0;
      return (_, first, end, t, fired) => {
        record[count] = fired.count;
        const updated = updateLeaky(machine, first, end, t === 0 ? 1 : leakDecay, threshold, reset, mode, forced);
        fired.count = record[count]!;
        return updated;
      };
    },
    fastTime: (networks, room, waits, slices) => fastTime(machine, networks, room, waits, slices),
    deliver: (fired) => {
      record[count] = fired;
      deliverDoubles(machine, unit);
      return {
        messages: record[layout.doublesMessages / 4]!,
        hops: total(layout.totalHops),
        synapticEvents: total(layout.totalSynapses),
        synapseEnergy: total(layout.totalSynapseEnergy),
        dendriteEnergy: total(layout.totalDendriteEnergy),
        networkEnergy: total(layout.totalNetworkEnergy),
      };
    },
  };
}
