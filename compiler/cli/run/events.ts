import { type EventFileFormat, eventFileFormat, readEvents, type TimedEvent, writeEvents } from "../../../runtime/tape/events.ts";
import { at } from "../../base/bug.ts";
import { fail } from "../../base/diagnostic.ts";
import { sizeOf } from "../../base/tensor.ts";
import type { Image } from "../../ir/image/types.ts";
import { pinsOf } from "../board/pins.ts";
import { planCosim } from "../board/plan.ts";
import type { BoardSample } from "../board/samples.ts";
import type { Build } from "../build/build.ts";
import type { Run } from "../command.ts";

/*
 * Address events with time stamps. Out: what leaves the chip's pins, cycle c after the first
 * sample's beginning at c / clock. In: an event at time t is one of step floor((t - t0) / step),
 * t0 being the first event's time, on the channel that its address is.
 */

const endings: Readonly<Record<string, Exclude<EventFileFormat, "vcd">>> = { csv: "csv", aedat: "aedat" };

/** Writes what the chip's pins send while the samples run. */
export function writeEventStream(run: Run, build: Build, samples: readonly BoardSample[], path: string): void {
  const { pins } = pinsOf(build.chip);
  const { expected } = planCosim(pins, build.image, { samples, backDoor: false, readBack: false });
  const begin = expected.findIndex((e) => e.kind === "mark");
  const base = at(expected, begin).cycle;
  const events = expected
    .slice(begin)
    .flatMap((e): TimedEvent[] => (e.kind === "spike" ? [{ time: ((e.cycle - base) / build.chip.clockHz) * 1e6, word: e.word }] : []));
  const format = endings[path.split(".").at(-1) ?? ""] ?? "text";
  run.files.write(path, writeEvents(events, format));
  run.say(`${events.length} events written to ${path}`);
}

/** A recording as one sample of an image whose input takes events. */
export function readEventSample(run: Run, image: Image, path: string, stepMicroseconds: number): BoardSample {
  const input = image.inputs[0];
  if (image.inputs.length !== 1 || input?.code !== "events") fail("event-input", [image.inputs.map((i) => `${i.name} (${i.code})`)]);
  const bytes = run.files.bytes(path);
  const format = eventFileFormat(bytes) ?? fail("event-syntax", ["time_us address, CSV or AEDAT 2", path], { at: path });
  const events = readEvents(bytes, format, path);
  const channels = sizeOf(input.shape);
  const steps = input.window.stop - input.window.start;
  const sample = new Float64Array(steps * channels);
  const first = events[0]?.time ?? 0;
  for (const e of events) {
    if (BigInt(e.word) >= BigInt(channels)) fail("event-channel", [path, e.word.toString(), channels]);
    const step = Math.floor((e.time - first) / stepMicroseconds);
    if (step < steps) sample[step * channels + Number(e.word)]!++;
  }
  return [sample];
}
