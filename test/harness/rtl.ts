import type { Image } from "../../compiler/ir/image/types.ts";
import type { Device, InputEvents } from "../../runtime/device.ts";
import { firstDifference, showDifference } from "../../runtime/trace/difference.ts";
import { recorder, type Trace } from "../../runtime/trace/record.ts";
import type { ChipSpec } from "../../targets/chip.ts";
import { knownChips } from "../../targets/chip-yaml.ts";
import { meshMachine } from "../../targets/mesh/machine.ts";
import { meshEvents } from "../../targets/mesh/trace.ts";

/* Simulator and Verilog of the mesh side by side. */

const states = ["potential", "current", "fired", "accumulator"];

/** What a comparison found: a difference as text or null, how much was compared, and the milliseconds that each witness ran. */
export type Compared = {
  readonly difference: string | null;
  readonly cycles: number;
  readonly events: number;
  readonly milliseconds: readonly [simulator: number, other: number];
};

/** A mesh of a few cores with small memories, so that clearing them takes a simulator of Verilog no time. */
export function smallMesh(
  columns: number,
  rows: number,
  over: { readonly fifo?: number; readonly events?: number; readonly cycles?: Readonly<Record<string, number>> } = {},
): ChipSpec {
  const known = knownChips()["mesh-1x1"];
  if (known === undefined) throw new Error("there is no chip mesh-1x1");
  return {
    ...known,
    name: "hand",
    columns,
    rows,
    fifo: over.fifo ?? known.fifo,
    core: { ...known.core, neurons: 64, axons: 64, routes: 512, synapseWords: 4096, profiles: 8, shapes: 16, events: over.events ?? 512 },
    cycles: { ...known.cycles, ...over.cycles },
  };
}

/** Runs the same on the simulator and on another device: every traced event, what the host receives, and the state at the end. */
export async function compareWithSimulator(
  chip: ChipSpec,
  other: Device,
  image: Image,
  events: readonly (readonly InputEvents[])[],
): Promise<Compared> {
  const simulator = meshMachine(chip, { cyclesMax: 2_000_000 });
  const [left, right] = [await runTraced(chip, simulator, image, events), await runTraced(chip, other, image, events)];
  const { cycle } = simulator.now();
  const result = (difference: string | null): Compared => ({
    difference,
    cycles: cycle,
    events: left.trace.events.length,
    milliseconds: [left.milliseconds, right.milliseconds],
  });
  const first = firstDifference(left.trace, right.trace);
  if (first !== null) return result(showDifference(first, "simulator", other.name));
  if (left.received !== right.received) return result(`the host received\n${left.received}\nand\n${right.received}`);
  if (other.now().cycle !== cycle) return result(`the next step begins in cycle ${cycle} and ${other.now().cycle}`);
  for (const section of image.sections) {
    const core = /^(core\(\d+,\d+\))\/control$/.exec(section.name)?.[1];
    if (core === undefined) continue;
    for (const state of states) {
      const [a, b] = [await simulator.peek(`${core}/${state}`), await other.peek(`${core}/${state}`)];
      // The simulator has no state for a core that is not enabled.
      const k = a.findIndex((v, i) => v !== b[i]);
      if (k >= 0) return result(`${core}/${state}[${k}] is ${a[k]} and ${b[k]}`);
    }
  }
  return result(null);
}

async function runTraced(
  chip: ChipSpec,
  device: Device,
  image: Image,
  events: readonly (readonly InputEvents[])[],
): Promise<{ readonly trace: Trace; readonly received: string; readonly milliseconds: number }> {
  const record = recorder(meshEvents, chip.columns, chip.clockHz);
  await device.load(image);
  device.trace(record.sink);
  await device.send(events.flat());
  const begin = performance.now();
  await device.run(events.length);
  const milliseconds = performance.now() - begin;
  device.trace(null);
  return { trace: record.finish(), received: JSON.stringify(await device.receive()), milliseconds };
}
