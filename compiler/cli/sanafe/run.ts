import { readSanafeImage } from "../../../targets/sanafe/files.ts";
import { neuronName } from "../../../targets/sanafe/listing.ts";
import { energyOf, perfLines, runSanafe, type StepReport } from "../../../targets/sanafe/run.ts";
import type { Timing } from "../../../targets/sanafe/timing.ts";
import type { Run } from "../command.ts";
import { showPairs } from "../tables.ts";
import { showCount, showJoules, showSeconds } from "../units.ts";

export type SanafeRunFlags = { readonly steps: number; readonly time: Timing; readonly perf?: string; readonly spikes?: string };

/** `ganglion run build/ --steps N` of a network from SANA-FE's files: counts, energy and time. */
export function runSanafeBuild(run: Run, folder: string, flags: SanafeRunFlags): void {
  const image = readSanafeImage((name) => run.files.bytes(`${folder}/${name}`));
  const reports: StepReport[] = [];
  const spikes: string[] = ["neuron,timestep"];
  const total = runSanafe(image, flags.steps, flags.time, (step, report, machine) => {
    if (flags.perf !== undefined) reports.push(report);
    if (flags.spikes === undefined) return;
    for (const n of machine.fired.neuron.subarray(0, machine.fired.count)) {
      spikes.push(`${neuronName(image, n)},${step}`);
    }
  });
  if (flags.perf !== undefined) run.files.write(flags.perf, `${perfLines(reports).join("\n")}\n`);
  if (flags.spikes !== undefined) run.files.write(flags.spikes, `${spikes.join("\n")}\n`);
  run.print(
    showPairs([
      ["steps", showCount(flags.steps)],
      ["neurons fired", showCount(total.fired)],
      ["neurons updated", showCount(total.updated)],
      ["messages", showCount(total.messages)],
      ["hops", showCount(total.hops)],
      ["synaptic events", showCount(total.synapticEvents)],
      [`time (${flags.time})`, showSeconds(total.seconds)],
      ["energy", showJoules(energyOf(total))],
      ["  synapses", showJoules(total.synapseEnergy)],
      ["  dendrites", showJoules(total.dendriteEnergy)],
      ["  somas", showJoules(total.somaEnergy)],
      ["  network", showJoules(total.networkEnergy)],
    ]),
  );
  run.json({ steps: flags.steps, time: flags.time, ...total, energy: energyOf(total) });
}
