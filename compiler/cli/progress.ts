import { Writable } from "node:stream";
import { Presets, SingleBar } from "cli-progress";
import type { Io } from "./io.ts";

/** Shows how far long work has come. */
export type Progress = {
  readonly show: (what: string, done: number, total: number) => void;
  /** Removes the bar, before anything else is printed. */
  readonly clear: () => void;
};

const patienceMilliseconds = 1000;

/** A bar on standard error for work that has taken longer than a second; nothing without a terminal. */
export function progressOn(io: Io, wanted: boolean): Progress {
  const now = io.now;
  if (!io.isTTY || !wanted || now === undefined) return { show: () => {}, clear: () => {} };
  let bar: SingleBar | null = null;
  let current = "";
  let since = now();
  const clear = () => {
    bar?.stop();
    bar = null;
  };
  const show = (what: string, done: number, total: number) => {
    if (what !== current) {
      clear();
      current = what;
      since = now();
    }
    if (done >= total) {
      clear();
      return;
    }
    if (bar === null && now() - since > patienceMilliseconds) {
      bar = new SingleBar(
        { format: "{what} [{bar}] {value}/{total}", stream: terminal(io), clearOnComplete: true, hideCursor: false, linewrap: true },
        Presets.shades_classic,
      );
      bar.start(total, done, { what });
    }
    bar?.update(done, { what });
  };
  return { show, clear };
}

function terminal(io: Io): NodeJS.WritableStream {
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      io.stderr(chunk.toString());
      done();
    },
  });
  return Object.assign(stream, {
    isTTY: true,
    columns: 80,
    rows: 24,
    cursorTo: () => true,
    clearLine: () => true,
  }) as unknown as NodeJS.WritableStream;
}
