import { diagnostic, Failure } from "../../base/diagnostic.ts";
import { showShape } from "../../base/tensor.ts";
import type { DataFile } from "../data/records.ts";
import type { ByteSource } from "./bytes.ts";
import { Decoder, type Decoding } from "./decoder.ts";

/** One event: column, row, polarity (0 or 1) and time in microseconds. */
export type Visit = (x: number, y: number, polarity: number, time: number) => void;

/** A file format of event cameras. Events are visited in the order of the file; nothing is kept. */
export type EventFormat = {
  readonly name: string;
  /** Given the name and the first bytes. */
  readonly matches: (start: DataFile) => boolean;
  /** Fails for a recording that is cut or malformed. */
  readonly decode: (name: string, event: Visit) => Decoding;
};

/** Whether bytes begin with a text. */
export function begins(bytes: Uint8Array, text: string): boolean {
  return new TextDecoder("latin1").decode(bytes.subarray(0, text.length)) === text;
}

/** Visits the events of a recording as its bytes are read. */
export function visitEvents(source: ByteSource, format: EventFormat, event: Visit): void {
  const decoder = new Decoder(format.decode(source.name, event));
  for (const chunk of source.chunks()) {
    decoder.push(chunk);
    if (decoder.finished) return;
  }
  decoder.finish();
}

/**
 * Cuts a recording into frames [steps × channels × height × width] of event counts. Step k
 * holds the events from k·dt to (k+1)·dt after the first event; later ones are left out. The
 * polarity is the channel where there are two; with one channel both count.
 * Throws a Failure for an event outside the sensor and for time that runs backwards.
 */
export function framesOf(source: ByteSource, format: EventFormat, shape: readonly number[], steps: number, dt: number): Float32Array {
  const [channels = 1, height = 1, width = 1] = shape;
  const plane = height * width;
  const frame = channels * plane;
  const out = new Float32Array(steps * frame);
  const step = dt * 1e6;
  const { name } = source;
  let index = 0;
  let first = 0;
  let before = -Infinity;
  visitEvents(source, format, (x, y, polarity, time) => {
    if (x >= width || y >= height || x < 0 || y < 0 || polarity > 1)
      throw new Failure([diagnostic("events-outside", [name, index, x, y, polarity, showShape(shape)])]);
    if (time < before) throw new Failure([diagnostic("events-backwards", [name, index, before, time])]);
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
