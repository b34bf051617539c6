import { Option } from "commander";
import type { Register, Run, SharedFlags } from "../command.ts";
import { defaultWorkers } from "../evaluate/pool.ts";
import { whole } from "../flags.ts";
import { addQueueFlags, type ServerFlags, serverOf } from "../queue/flags.ts";
import { localQueue } from "../queue/local.ts";
import { serve } from "../queue/redis.ts";

type Flags = SharedFlags & ServerFlags & { readonly redis: string; readonly workers?: number };

/** `ganglion worker --redis URL`: does tasks of sweeps and evaluations until it is stopped. */
export const workerCommand: Register = (program, runner) => {
  const command = program
    .command("worker")
    .summary("do the tasks of sweeps and evaluations that run elsewhere")
    .description(
      "Takes tasks from a queue on a Redis server until it is interrupted; what it is at is finished first. The files that tasks name have to be at the same paths as where the sweep or evaluation runs.",
    )
    .addOption(new Option("--workers <n>", "tasks at a time").argParser(whole(1, 64)));
  addQueueFlags(command);
  command.action((flags: Flags) => {
    if (flags.redis === undefined) command.error("error: required option '--redis <url>' not specified");
    return runner(flags, (run) => work(run, flags));
  });
};

async function work(run: Run, flags: Flags): Promise<void> {
  const threads = flags.workers ?? defaultWorkers();
  const local = localQueue(threads);
  let done = 0;
  const ended = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, resolve);
  });
  try {
    run.say(`waiting for tasks of the queue ${flags.queue} at ${flags.redis}`);
    await serve(serverOf(flags, flags.redis), local, threads, ended, () => {
      done++;
    });
    run.say(`${done} tasks done`);
  } finally {
    await local.close();
  }
}
