import { diagnostic, Failure, fail } from "../../base/diagnostic.ts";
import { showShape } from "../../base/tensor.ts";
import { type DataFile, showStart } from "../data/records.ts";
import { formatOf } from "./formats.ts";

/** One event: column, row, polarity (0 or 1) and time in microseconds. */
export type Visit = (x: number, y: number, polarity: number, time: number) => void;

/** A file format of event cameras. Events are visited in the order of the file; nothing is kept. */
export type EventFormat = {
  readonly name: string;
  readonly matches: (file: DataFile) => boolean;
  /** Throws a Failure for a recording that is cut or malformed. */
  readonly visit: (file: DataFile, event: Visit) => void;
};

/**
 * Cuts a recording into frames [steps × channels × height × width] of event counts. Step k
 * holds the events from k·dt to (k+1)·dt after the first event; later ones are left out. The
 * polarity is the channel where there are two; with one channel both count.
 * Throws a Failure for an event outside the sensor and for time that runs backwards.
 */
export function framesOf(file: DataFile, shape: readonly number[], steps: number, dt: number): Float32Array {
  const [channels = 1, height = 1, width = 1] = shape;
  const plane = height * width;
  const frame = channels * plane;
  const out = new Float32Array(steps * frame);
  const format = formatOf(file) ?? fail("events-unknown", [file.name, showStart(file.bytes)]);
  const step = dt * 1e6;
  let index = 0;
  let first = 0;
  let before = -Infinity;
  format.visit(file, (x, y, polarity, time) => {
    if (x >= width || y >= height || x < 0 || y < 0 || polarity > 1)
      throw new Failure([diagnostic("events-outside", [file.name, index, x, y, polarity, showShape(shape)])]);
    if (time < before) throw new Failure([diagnostic("events-backwards", [file.name, index, before, time])]);
    if (index === 0) first = time;
    before = time;
    index++;
    const k = Math.floor((time - first) / step);
    if (k >= steps) return;
    const place = k * frame + (channels === 1 ? 0 : polarity * plane) + y * width + x;
    out[place] = (out[place] ?? 0) + 1;
  });
  return out;
}
