#!/usr/bin/env node
import { runCommand } from "./app.ts";
import type { Io } from "./io.ts";

const io: Io = {
  cwd: process.cwd(),
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  isTTY: process.stderr.isTTY === true,
  now: () => performance.now(),
  // With a listener, an interrupt waits until the event loop turns, which is after the work.
  uninterrupted: (work) => {
    const leave = () => process.exit(130);
    process.once("SIGINT", leave);
    process.once("SIGTERM", leave);
    try {
      return work();
    } finally {
      setImmediate(() => {
        process.off("SIGINT", leave);
        process.off("SIGTERM", leave);
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
