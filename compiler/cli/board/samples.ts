import { Random } from "../../base/random.ts";
import { sizeOf } from "../../base/tensor.ts";
import { sampleLength } from "../../ir/codes/index.ts";
import type { Image, Input } from "../../ir/image/types.ts";
import type { Run } from "../command.ts";
import { readSampleLines } from "../data/text.ts";

/** One sample: the numbers of each input. */
export type BoardSample = readonly Float64Array[];

/** `text` is a number of random samples, or a file with one sample a line. */
export function samplesOf(run: Run, image: Image, text: string): readonly BoardSample[] {
  if (!/^\d{1,6}$/.test(text)) return readSampleLines(run.files.text(text), text, image.inputs.map(lengthOf));
  const random = new Random(run.seed);
  return Array.from({ length: Number(text) }, () => randomSample(image, random));
}

/** Numbers in the ranges that the inputs state. */
export function randomSample(image: Image, random: Random): BoardSample {
  return image.inputs.map((input) => {
    const low = numberOr(input.params["low"], 0);
    const high = numberOr(input.params["high"], 1);
    return Float64Array.from({ length: lengthOf(input) }, () =>
      input.code === "events" ? Math.round(low + (high - low) * random.unit()) : low + (high - low) * random.unit(),
    );
  });
}

function lengthOf(input: Input): number {
  return sampleLength(input.code, sizeOf(input.shape), input.window.stop - input.window.start, input.params);
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}
