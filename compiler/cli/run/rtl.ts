import type { RtlTool } from "../../../runtime/rtl/design.ts";
import { rtlDevice } from "../../../runtime/rtl/device.ts";
import type { Device } from "../../../runtime/device.ts";
import { openSession } from "../../../runtime/session.ts";
import { targetOf } from "../../../targets/index.ts";
import type { Target } from "../../../targets/target.ts";
import { differenceOf, findTracedDivergence, showTracedDivergence, traced } from "../../analysis/divergence/traced.ts";
import { diagnostic, fail } from "../../base/diagnostic.ts";
import { Random } from "../../base/random.ts";
import { randomSample } from "../board/samples.ts";
import type { Build } from "../build/build.ts";
import type { Run } from "../command.ts";

export const rtlTools: readonly RtlTool[] = ["verilator", "icarus"];

/** Runs that a smaller input may cost. */
const shrinkTrials = 200;

/** The chip's own Verilog in a simulator for Verilog. */
export function openRtl(run: Run, target: Target, tool: RtlTool): Promise<Device> {
  const design = target.rtl?.() ?? fail("rtl-absent", [target.chip.name]);
  return rtlDevice(design, tool, { progress: run.say });
}

/**
 * Runs random samples in the inputs' stated ranges on the simulator and on the chip's Verilog, and
 * reports the first traced event, or output, that differs, with what led to it.
 */
export async function verifyAgainstRtl(run: Run, build: Build, path: string, tool: RtlTool, random: number): Promise<void> {
  const target = targetOf(build.chip);
  const { image } = build;
  const rtl = await openRtl(run, target, tool);
  try {
    const sessions = [await openSession(target.simulate(), image), await openSession(rtl, image)] as const;
    const chance = new Random(run.seed);
    for (let s = 0; s < random; s++) {
      run.progress.show(`simulator against ${tool}`, s, random);
      const sample = randomSample(image, chance);
      const [left, right] = [await traced(sessions[0], target, sample), await traced(sessions[1], target, sample)];
      const difference = differenceOf(left, right, image, ["simulator", tool]);
      if (difference === null) continue;
      run.report(diagnostic("rtl-differs", [`random sample ${s} (seed ${run.seed})`, tool, difference.text]));
      if (image.map === null) return;
      run.progress.show("looking for the first divergence", 0, shrinkTrials);
      const subject = { ...build, target };
      const divergence = await findTracedDivergence(subject, sessions, sample, { trials: shrinkTrials });
      run.progress.clear();
      if (divergence === null) return run.print("the sample alone, after a reset, does not show it: it takes the samples before");
      run.print(showTracedDivergence(subject, divergence));
      run.print(
        `\`ganglion reduce ${path} --samples ${random} --seed ${run.seed} --against ${tool} -o small\` writes the sample, and spends more runs on it`,
      );
      return;
    }
    run.progress.clear();
    run.print(`${random} random samples: simulator and ${tool} agree in every event through cycle ${rtl.now().cycle}`);
  } finally {
    await rtl.close();
  }
}
