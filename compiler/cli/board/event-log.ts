import { eventFileFormat, readEvents } from "../../../runtime/tape/events.ts";
import type { LogEntry } from "../../../runtime/tape/types.ts";
import type { Run } from "../command.ts";

/** A recording of the chip's address events (text, CSV of a logic analyser, AEDAT 2) as the spikes of a log; null where the file is none. */
export function readEventLog(run: Run, file: string, clockHz: number): readonly LogEntry[] | null {
  const bytes = run.files.bytes(file);
  const format = eventFileFormat(bytes);
  if (format === null) return null;
  return readEvents(bytes, format, file).map((e) => ({ kind: "spike", cycle: Math.round((e.time * clockHz) / 1e6), word: e.word }));
}
