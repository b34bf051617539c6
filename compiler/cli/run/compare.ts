import { at } from "../../base/bug.ts";
import { diagnostic } from "../../base/diagnostic.ts";
import { Random } from "../../base/random.ts";
import { sizeOf } from "../../base/tensor.ts";
import type { Build } from "../build/build.ts";
import type { Run } from "../command.ts";
import { openRung } from "../evaluate/rungs.ts";
import { sampleShape } from "../../ir/codes/index.ts";

/** Runs random samples in the inputs' stated ranges on network and chip, and reports the first output that differs. */
export async function compareOnRandom(run: Run, build: Build, count: number): Promise<void> {
  const [snn, chip] = [await openRung.snn(build), await openRung.chip(build)];
  const random = new Random(run.seed);
  const input = at(build.image.inputs, 0);
  const low = numberOr(input.params["low"], 0);
  const high = numberOr(input.params["high"], 1);
  for (let s = 0; s < count; s++) {
    const sample = Float32Array.from({ length: sizeOf(sampleShape(input.shape, input.params)) }, () => low + (high - low) * random.unit());
    const [a, b] = [await snn(sample), await chip(sample)];
    const first = a.raw.findIndex((v, i) => v !== b.raw[i]);
    if (first >= 0) {
      const output = build.image.outputs.find((o) => first >= o.first && first < o.first + o.count);
      const where = `random sample ${s} (seed ${run.seed}), output ${output?.name ?? "?"}[${first - (output?.first ?? 0)}]`;
      return run.report(diagnostic("snn-chip-differ", [where, a.raw[first] ?? 0, b.raw[first] ?? 0]));
    }
    run.progress.show("network against chip", s + 1, count);
  }
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
