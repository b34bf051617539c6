import type { Job, Queue, QueueEvents, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { type Diagnostic, diagnostic, fail, Failure } from "../../base/diagnostic.ts";
import { version } from "../version.ts";
import type { Answer, JobQueue, Task } from "./queue.ts";

/*
 * The same tasks over a Redis server: any number of `ganglion worker` processes on any number of
 * machines take them. A worker holds a lease on its task and renews it; when it dies, the lease
 * runs out and another worker does that task again. Tasks depend on nothing but what they carry
 * and the files they name by hash, so results are those of one machine.
 */

/** A task as it travels: samples as base64, and the version that may work on it. */
type Packed = { readonly version: string; readonly task: Omit<Task, "samples"> & { readonly samples?: readonly string[] } };

export type QueueFlags = { readonly redis: string; readonly queue: string; readonly lease: number };

/** Times that a task is tried again when its worker died or crashed on it. */
const attempts = 3;
const patienceMilliseconds = 5000;

type Packages = {
  readonly bullmq: { readonly Queue: typeof Queue; readonly QueueEvents: typeof QueueEvents; readonly Worker: typeof Worker };
  readonly ioredis: { readonly Redis: typeof Redis };
};

/** The optional packages; `load` is there for tests. */
export async function packages(
  load: () => Promise<readonly [Packages["bullmq"], Packages["ioredis"]]> = () => Promise.all([import("bullmq"), import("ioredis")]),
): Promise<Packages> {
  try {
    const [bullmq, ioredis] = await load();
    return { bullmq, ioredis };
  } catch {
    fail("queue-packages", []);
  }
}

/** A connection that has answered; a server that cannot be reached is a diagnostic, at once. */
async function connect({ ioredis }: Packages, url: string): Promise<Redis> {
  if (!/^rediss?:\/\//.test(url)) fail("queue-unreachable", [url, "an address like redis://host:6379 is wanted"]);
  const connection = new ioredis.Redis(url, { maxRetriesPerRequest: null, lazyConnect: true, retryStrategy: () => null });
  let reason = "no answer";
  connection.on("error", (error: Error) => {
    reason = error.message === "" ? reason : error.message;
  });
  try {
    await connection.connect();
    await connection.ping();
  } catch (error) {
    connection.disconnect();
    const said = error instanceof Error && error.message !== "" && !/Connection is closed/.test(error.message) ? error.message : reason;
    fail("queue-unreachable", [url, said]);
  }
  connection.options.retryStrategy = (times: number) => Math.min(2000, 100 * times);
  return connection;
}

/** Hands tasks to whoever works on the queue. `report` gets a warning when nobody does. */
export async function redisQueue(flags: QueueFlags, report: (d: Diagnostic) => void): Promise<JobQueue> {
  const known = await packages();
  const connection = await connect(known, flags.redis);
  const listening = await connect(known, flags.redis);
  const queue: Queue<Packed, Answer> = new known.bullmq.Queue(flags.queue, { connection });
  const events: QueueEvents = new known.bullmq.QueueEvents(flags.queue, { connection: listening });
  // Each task that is under way listens.
  for (const emitter of [queue, events]) emitter.setMaxListeners(0);
  await events.waitUntilReady();
  const timer = setTimeout(() => {
    void queue.getWorkersCount().then((n) => {
      if (n === 0) report(diagnostic("queue-empty", [flags.redis, flags.queue]));
    });
  }, patienceMilliseconds);
  const open = new Set<Job<Packed, Answer>>();
  return {
    width: 64,
    run: async (task) => {
      const options = { attempts, backoff: { type: "fixed", delay: 100 }, removeOnComplete: { age: 3600 }, removeOnFail: { age: 3600 } };
      const job = await queue.add(task.kind, pack(task), options);
      open.add(job);
      try {
        return await job.waitUntilFinished(events);
      } catch (error) {
        fail("queue-task", [attempts, error instanceof Error ? error.message : String(error)]);
      } finally {
        open.delete(job);
      }
    },
    close: async () => {
      clearTimeout(timer);
      // What nobody has begun is taken back.
      await Promise.all([...open].map((job) => job.remove().catch(() => {})));
      await events.close();
      await queue.close();
      connection.disconnect();
      listening.disconnect();
    },
  };
}

/** Does tasks of the queue, `threads` at a time, until `ended`. */
export async function serve(flags: QueueFlags, local: JobQueue, threads: number, ended: Promise<void>, done: () => void): Promise<void> {
  const known = await packages();
  const connection = await connect(known, flags.redis);
  const worker: Worker<Packed, Answer> = new known.bullmq.Worker<Packed, Answer>(
    flags.queue,
    async (job) => {
      const answer = await answerTo(job.data, local);
      done();
      return answer;
    },
    {
      connection,
      concurrency: threads,
      lockDuration: flags.lease * 1000,
      stalledInterval: flags.lease * 1000,
      maxStalledCount: attempts,
    },
  );
  // A lost connection comes back by itself; a listener keeps it from ending the process.
  worker.on("error", () => {});
  await ended;
  await worker.close();
  connection.disconnect();
}

/** A task done by a worker; one of another version is refused. */
export async function answerTo(packed: Packed, local: JobQueue): Promise<Answer> {
  try {
    if (packed.version !== version()) fail("queue-version", [packed.version, version()]);
    return await local.run(unpack(packed));
  } catch (error) {
    if (error instanceof Failure) return { kind: "failed", diagnostics: error.diagnostics };
    throw error;
  }
}

function pack(task: Task): Packed {
  if (task.kind === "point") return { version: version(), task };
  const samples = task.samples.map((s) => Buffer.from(s.buffer, s.byteOffset, s.byteLength).toString("base64"));
  return { version: version(), task: { ...task, samples } };
}

function unpack({ task }: Packed): Task {
  if (task.samples === undefined) return task as Task;
  const samples = task.samples.map((text) => {
    const bytes = Buffer.from(text, "base64");
    return new Float32Array(Uint8Array.from(bytes).buffer);
  });
  return { ...task, samples } as unknown as Task;
}
