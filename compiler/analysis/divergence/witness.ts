import type { Target } from "../../../targets/target.ts";
import { openSession } from "../../../runtime/session.ts";
import type { TraceEvent } from "../../../runtime/device.ts";
import { at } from "../../base/bug.ts";
import { sizeOf } from "../../base/tensor.ts";
import type { Image } from "../../ir/image/types.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import type { Network, PopId } from "../../ir/network/types.ts";
import { potentialLimits } from "../answer.ts";

/*
 * Witnesses: what somebody says happened when one sample ran. The network's run, the simulator
 * and RTL tell every spike; a log from the pins tells what left the chip.
 */

export type Sample = readonly ArrayLike<number>[];

export type Witness = {
  readonly name: string;
  /** Payloads [steps × neurons] of the populations it knows. */
  readonly trains: ReadonlyMap<PopId, Float64Array>;
  /** What each output read. */
  readonly raw: readonly ArrayLike<number>[];
};

/** Runs one sample from the state after a reset. */
export type Testify = (sample: Sample) => Promise<Witness>;

/** The network's run, with potentials limited as on the chip. */
export function networkWitness(network: Network, target: Target, seed: number): Testify {
  const prepared = prepareNetwork(network, { limits: potentialLimits(target.chip), seed, record: network.pops.map((p) => p.id) });
  return async (sample) => {
    const r = prepared.run(sample);
    return { name: "network", trains: r.trains, raw: r.raw };
  };
}

/** The target's simulator on the image. Spikes are told apart by where the image's map puts the neurons. */
export async function simulatorWitness(network: Network, target: Target, image: Image): Promise<Testify> {
  const session = await openSession(target.simulate(), image);
  const places = placesOf(image, network, target.chip.columns);
  return async (sample) => {
    const spikes: TraceEvent[] = [];
    await session.device.reset();
    session.device.trace((e) => {
      if (e.event === spikeEvent) spikes.push(e);
    });
    const r = await session.run(sample);
    session.device.trace(null);
    return { name: session.device.name, trains: trainsOf(network, spikes, places), raw: r.raw };
  };
}

/** The kind of trace event that says that a neuron (a) sent a payload (b). */
export const spikeEvent = "spike-out";

export type Place = { readonly pop: PopId; readonly neuron: number };

/** Population and neuron of each slot, by `core slot`, a core being numbered row by row. */
export function placesOf(image: Image, network: Network, columns: number): ReadonlyMap<string, Place> {
  const byName = new Map(network.pops.map((p) => [p.name, p.id]));
  const out = new Map<string, Place>();
  for (const core of image.map?.cores ?? [])
    for (const g of core.groups) {
      const pop = byName.get(g.pop);
      if (pop === undefined) continue;
      g.indices.forEach((neuron, i) => out.set(`${core.y * columns + core.x} ${g.first + i}`, { pop, neuron }));
    }
  return out;
}

function trainsOf(network: Network, spikes: readonly TraceEvent[], places: ReadonlyMap<string, Place>): Map<PopId, Float64Array> {
  const known = new Set([...places.values()].map((p) => p.pop));
  const trains = new Map<PopId, Float64Array>();
  for (const pop of known) trains.set(pop, new Float64Array(network.steps * sizeOf(at(network.pops, pop).shape)));
  for (const e of spikes) {
    const place = places.get(`${e.core} ${e.a}`);
    if (place === undefined || e.step >= network.steps) continue;
    const train = trains.get(place.pop);
    if (train === undefined) continue;
    // On a chip that works event by event a neuron may spike several times in a step.
    const k = e.step * sizeOf(at(network.pops, place.pop).shape) + place.neuron;
    train[k] = at(train, k) + e.b;
  }
  return trains;
}
