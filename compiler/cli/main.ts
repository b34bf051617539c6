import { runCommand } from "./app.ts";
import type { Io } from "./io.ts";

/** As a shell tells it: 128 and the signal's number. */
const leave = (signal: NodeJS.Signals) => process.exit(signal === "SIGTERM" ? 143 : 130);
/** Pieces of work that must not be cut in two, under way or just done. */
let held = 0;

const io: Io = {
  cwd: process.cwd(),
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  isTTY: process.stderr.isTTY === true,
  now: () => performance.now(),
  // With a listener, an interrupt waits until the event loop turns, which is after the work.
  uninterrupted: (work) => {
    if (held++ === 0) for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, leave);
    try {
      return work();
    } finally {
      setImmediate(() => {
        if (--held === 0) for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, leave);
      });
    }
  },
};

// A reader that stops early (`ganglion show build/ | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

process.exitCode = await runCommand(process.argv.slice(2), io);
