import { type Command, InvalidArgumentError, Option } from "commander";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { localQueue } from "./local.ts";
import type { JobQueue } from "./queue.ts";
import { type QueueFlags, redisQueue } from "./redis.ts";

/** Flags that say where tasks are done; without --redis, in threads of this process. */
export type ServerFlags = { readonly redis?: string; readonly queue: string; readonly lease: number };

export function addQueueFlags(command: Command): void {
  command
    .option("--redis <url>", "do the work on the machines that run `ganglion worker` with this Redis server: redis://host:6379")
    .option("--queue <name>", "name of the queue on that server", "ganglion")
    .addOption(
      new Option("--lease <seconds>", "a worker that is silent for so long counts as dead, and its task is done again")
        .argParser(seconds)
        .default(30),
    );
}

function seconds(text: string): number {
  const n = Number(text);
  if (!(n >= 0.5 && n <= 3600)) throw new InvalidArgumentError("seconds from 0.5 to 3600 are wanted.");
  return n;
}

export function openQueue(flags: ServerFlags, threads: number, report: (d: Diagnostic) => void): Promise<JobQueue> {
  const { redis } = flags;
  return redis === undefined ? Promise.resolve(localQueue(threads)) : redisQueue(serverOf(flags, redis), report);
}

export function serverOf({ queue, lease }: ServerFlags, redis: string): QueueFlags {
  return { redis, queue, lease };
}
