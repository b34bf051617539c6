import { at, must } from "../compiler/base/bug.ts";
import { numbersOf, sizeOf, type Tensor } from "../compiler/base/tensor.ts";
import { encodeInput, type OutputCodeName, outputCodes } from "../compiler/ir/codes/index.ts";
import type { Image, Input, Output } from "../compiler/ir/image/types.ts";
import type { Counts, Device, InputEvents, OutputEvent } from "./device.ts";

/*
 * A session: samples in, answers out, on any device. It is the host's side: it
 * encodes samples with the codes that the network's run uses, sends the events, and reads what
 * comes back.
 *
 * A sample takes `steps` steps and begins in a step that is a multiple of `interval`. With
 * `interval` < `steps` samples overlap in the chip (a pipeline of layers); a sample's output
 * then comes in the last `interval` of its steps, which is how it is told from its neighbours'.
 */

export type SampleRun = {
  /** Per output: what the code read, times scale, plus offset. */
  readonly answers: readonly Float64Array[];
  /** Per output: potentials, or sums of payloads. */
  readonly raw: readonly Int32Array[];
  /** From the sample's first cycle to the first cycle after its last step, barrier included. */
  readonly cycles: number;
  /** What the device did in the meantime. Of overlapping samples: from this one's beginning to the next one's. */
  readonly counts: Counts;
  /** Cycles from the sample's first to the first output that reached the host. */
  readonly firstOutputCycle: number | null;
};

/** One tensor per input of the image, flattened. */
export type Sample = readonly ArrayLike<number>[];

export type Session = {
  readonly device: Device;
  readonly image: Image;
  readonly run: (sample: Sample) => Promise<SampleRun>;
  /** Runs samples one after another, as close as the image's interval allows. */
  readonly runMany: (samples: readonly Sample[]) => Promise<SampleRun[]>;
  readonly close: () => Promise<void>;
};

/** Loads the image and waits for samples. */
export async function openSession(device: Device, image: Image): Promise<Session> {
  await device.load(image);
  const readers = image.outputs.map(readerOf);
  return {
    device,
    image,
    run: async (sample) => at(await runSamples(device, image, readers, [sample]), 0),
    runMany: (samples) => runSamples(device, image, readers, samples),
    close: () => device.close(),
  };
}

async function runSamples(device: Device, image: Image, readers: readonly Reader[], samples: readonly Sample[]): Promise<SampleRun[]> {
  const { steps, interval } = image;
  const first = await alignedStep(device, interval);
  const begins: { readonly cycle: number; readonly counts: Counts }[] = [];
  const ends: { readonly cycle: number; readonly counts: Counts }[] = [];
  const outputs: OutputEvent[] = [];
  const last = first + (samples.length - 1) * interval + steps;
  while (samples.length > 0 && device.now().step < last) {
    const { step, cycle } = device.now();
    if (begins.length < samples.length && step === first + begins.length * interval) {
      await device.send(encodeSample(image, at(samples, begins.length), step));
      begins.push({ cycle, counts: await device.counts() });
    }
    // Stop where a sample begins or ends, to read the counters.
    const nextBegin = begins.length < samples.length ? first + begins.length * interval : last;
    const nextEnd = first + ends.length * interval + steps;
    await device.run(Math.min(nextBegin, nextEnd) - step);
    outputs.push(...(await device.receive()));
    if (device.now().step === nextEnd) ends.push({ cycle: device.now().cycle, counts: await device.counts() });
  }
  const bySample = divide(outputs, samples.length, first, steps, interval);
  return samples.map((_, i) => {
    const begin = at(begins, i);
    const end = at(ends, i);
    const events = at(bySample, i);
    const raw = readers.map((r) => r.read(events));
    const firstOutput = events[0];
    const overlapped = steps > interval ? begins[i + 1] : undefined;
    return {
      answers: readers.map((r, o) => r.answer(at(raw, o))),
      raw,
      cycles: end.cycle - begin.cycle,
      counts: difference((overlapped ?? end).counts, begin.counts),
      firstOutputCycle: firstOutput === undefined ? null : firstOutput.cycle - begin.cycle,
    };
  });
}

/** Runs idle steps up to the next multiple of the interval, and forgets what they and earlier runs sent. */
async function alignedStep(device: Device, interval: number): Promise<number> {
  const { step } = device.now();
  const first = Math.ceil(step / interval) * interval;
  if (first > step) await device.run(first - step);
  await device.receive();
  return first;
}

/** Events of each sample: those of its last min(steps, interval) steps. */
function divide(events: readonly OutputEvent[], samples: number, first: number, steps: number, interval: number): OutputEvent[][] {
  const out = Array.from({ length: samples }, (): OutputEvent[] => []);
  const lead = Math.max(0, steps - interval);
  for (const e of events) {
    const since = e.step - first - lead;
    if (since < 0) continue;
    const sample = Math.floor(since / interval);
    if (since - sample * interval < steps) out[sample]?.push(e);
  }
  return out;
}

/** The events of a sample that begins in `step`. */
export function encodeSample(image: Image, sample: Sample, step: number): InputEvents[] {
  must(sample.length === image.inputs.length, `a sample has one tensor for each of the image's ${image.inputs.length} inputs`);
  return image.inputs.flatMap((input, i) => encodeOne(input, i, at(sample, i), step));
}

function encodeOne(input: Input, index: number, sample: ArrayLike<number>, first: number): InputEvents[] {
  const channels = sizeOf(input.shape);
  const payloads = new Float64Array(channels);
  const events: InputEvents[] = [];
  const { start, stop } = input.window;
  for (let local = 0; local < stop - start; local++) {
    const params = input.params as Readonly<Record<string, number | string | Tensor>>;
    if (!encodeInput(input.code, params, input.spike, sample, local, payloads)) continue;
    const channel: number[] = [];
    const payload: number[] = [];
    for (let c = 0; c < channels; c++) {
      const p = payloads[c] as number;
      if (p === 0) continue;
      channel.push(c);
      payload.push(p);
    }
    if (channel.length > 0)
      events.push({ input: index, step: first + start + local, channel: Int32Array.from(channel), payload: Int32Array.from(payload) });
  }
  return events;
}

type Reader = {
  readonly read: (events: readonly OutputEvent[]) => Int32Array;
  readonly answer: (raw: Int32Array) => Float64Array;
};

/** Lines on which nothing arrived read 0. */
function readerOf(output: Output): Reader {
  const { first, count } = output;
  const sums = outputCodes[output.code as OutputCodeName].reads === "spikes";
  const scale = spreadNumbers(output.scale, count);
  const offset = spreadNumbers(output.offset, count);
  return {
    read: (events) => {
      const raw = new Int32Array(count);
      for (const { line, payload } of events) {
        const k = line - first;
        if (k < 0 || k >= count) continue;
        raw[k] = sums ? at(raw, k) + payload : payload;
      }
      return raw;
    },
    answer: (raw) => Float64Array.from(raw, (r, k) => r * at(scale, k) + at(offset, k)),
  };
}

/** One number per line: the number itself, or the tensor's, each for as many lines in a row as it takes to cover all. */
function spreadNumbers(value: number | Tensor, count: number): Float64Array {
  if (typeof value === "number") return new Float64Array(count).fill(value);
  const numbers = numbersOf(value);
  const lines = count / numbers.length;
  must(Number.isInteger(lines), `${numbers.length} numbers cannot be spread over ${count} output lines`);
  return Float64Array.from({ length: count }, (_, k) => at(numbers, Math.floor(k / lines)));
}

function difference(after: Counts, before: Counts): Counts {
  return Object.fromEntries(Object.entries(after).map(([name, n]) => [name, n - (before[name] ?? 0)]));
}
