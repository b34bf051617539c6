import type { RtlTool } from "../../../runtime/rtl/design.ts";
import { rtlDevice } from "../../../runtime/rtl/device.ts";
import { openSession, type Sample, type SampleRun, type Session } from "../../../runtime/session.ts";
import { firstDifference, showDifference } from "../../../runtime/trace/difference.ts";
import { recorder, type Trace } from "../../../runtime/trace/record.ts";
import { targetOf } from "../../../targets/index.ts";
import type { Target } from "../../../targets/target.ts";
import { at } from "../../base/bug.ts";
import { diagnostic, fail } from "../../base/diagnostic.ts";
import { Random } from "../../base/random.ts";
import { sizeOf } from "../../base/tensor.ts";
import { sampleLength } from "../../ir/codes/index.ts";
import type { Image, Input } from "../../ir/image/types.ts";
import type { Build } from "../build/build.ts";
import type { Run } from "../command.ts";

/**
 * Runs random samples in the inputs' stated ranges on the simulator and on the chip's Verilog, and
 * reports the first traced event, or output, that differs.
 */
export async function verifyAgainstRtl(run: Run, build: Build, tool: RtlTool, random: number): Promise<void> {
  const target = targetOf(build.chip);
  const design = target.rtl?.() ?? fail("rtl-absent", [build.chip.name]);
  const rtl = await rtlDevice(design, tool, { progress: run.say });
  try {
    const sessions = [await openSession(target.simulate(), build.image), await openSession(rtl, build.image)] as const;
    const chance = new Random(run.seed);
    for (let s = 0; s < random; s++) {
      run.progress.show(`simulator against ${tool}`, s, random);
      const sample = randomSample(build.image, chance);
      const [left, right] = [await traced(sessions[0], target, sample), await traced(sessions[1], target, sample)];
      const where = `random sample ${s} (seed ${run.seed})`;
      const difference = firstDifference(left.trace, right.trace);
      if (difference !== null) return run.report(diagnostic("rtl-differs", [where, tool, showDifference(difference, "simulator", tool)]));
      const outputs = differentOutput(left.result, right.result, build.image, tool);
      if (outputs !== null) return run.report(diagnostic("rtl-differs", [where, tool, outputs]));
    }
    run.progress.clear();
    run.print(`${random} random samples: simulator and ${tool} agree in every event through cycle ${rtl.now().cycle}`);
  } finally {
    await rtl.close();
  }
}

function randomSample(image: Image, chance: Random): Sample {
  const number = (input: Input, key: string, otherwise: number): number => {
    const value = input.params[key];
    return typeof value === "number" ? value : otherwise;
  };
  return image.inputs.map((input) => {
    const low = number(input, "low", 0);
    const high = number(input, "high", 1);
    // Events are spikes themselves, which are whole.
    const value = input.code === "events" ? (): number => chance.int(0, 1) : (): number => low + (high - low) * chance.unit();
    const length = sampleLength(input.code, sizeOf(input.shape), input.window.stop - input.window.start, input.params);
    return Float32Array.from({ length }, value);
  });
}

async function traced(session: Session, target: Target, sample: Sample): Promise<{ readonly result: SampleRun; readonly trace: Trace }> {
  const record = recorder(target.events, target.chip.columns, target.chip.clockHz);
  session.device.trace(record.sink);
  const result = await session.run(sample);
  session.device.trace(null);
  return { result, trace: record.finish() };
}

function differentOutput(left: SampleRun, right: SampleRun, image: Image, tool: RtlTool): string | null {
  if (left.cycles !== right.cycles) return `simulator ${left.cycles} cycles, ${tool} ${right.cycles}`;
  for (const [o, raw] of left.raw.entries()) {
    const k = raw.findIndex((v, i) => v !== at(right.raw, o)[i]);
    if (k >= 0) return `output ${at(image.outputs, o).name}[${k}]: simulator ${raw[k]}, ${tool} ${at(right.raw, o)[k]}`;
  }
  return null;
}
