import { table } from "./entry.ts";

/** Sweeps, and work on several machines. */
export const queueErrors = table({
  "queue-packages": {
    severity: "error",
    message: () => "the packages bullmq and ioredis are not installed",
    explain: "Work on several machines goes over a Redis server; the packages that speak with it are optional dependencies.",
    help: "run `npm install bullmq ioredis`, or leave --redis out to work in this process",
  },
  "queue-unreachable": {
    severity: "error",
    message: (url: string, why: string) => `the Redis server at ${url} cannot be reached: ${why}`,
    explain: "Work on several machines goes over a Redis server, which must be running and reachable from each of them.",
    help: "start one (`redis-server`), or check the address; without --redis all work is done in this process",
  },
  "queue-empty": {
    severity: "warning",
    message: (url: string, queue: string) => `nobody works on the queue ${queue} at ${url}`,
    explain: "The tasks wait on the server until a worker takes them.",
    help: "start workers with `ganglion worker --redis URL`, on this machine or on others",
  },
  "queue-task": {
    severity: "error",
    message: (attempts: number, why: string) => `a task was given up after ${attempts} attempts: ${why}`,
    explain: "Every worker that took the task died or crashed on it; more memory or fewer tasks at a time on each machine may help.",
    help: "look at the workers' output; what is finished is kept, and the same command goes on from there",
  },
  "queue-version": {
    severity: "error",
    message: (task: string, worker: string) => `the task is of Ganglion ${task}, the worker of ${worker}`,
    explain: "Two versions may compile differently, so a worker does only tasks of its own.",
    help: "install the same version on all machines",
  },
  "queue-file": {
    severity: "error",
    message: (path: string) => `${path} is another file on the worker than where the task was made`,
    explain: "Tasks name models, chips, data and builds by path and hash. Every machine has to have the same files at the same paths.",
    help: "share the folder, or copy it to the same path on every machine",
  },
  "sweep-empty": {
    severity: "error",
    message: () => "the sweep has no axis with more than one value",
    explain: "A sweep is the product of lists: targets or chips, methods, steps, bits, mappings, options of the method.",
    help: "give at least one list with two values under `sweep`",
  },
  "sweep-large": {
    severity: "error",
    message: (points: number, most: number) => `the sweep has ${points} points; at most ${most} are run`,
    explain: "The lists of a sweep multiply: every value of one goes with every value of all the others.",
    help: "shorten the lists, or split the sweep into several files with outputs of their own",
  },
  "sweep-output": {
    severity: "error",
    message: (folder: string, file: string) => `${folder} holds the results of another sweep file than ${file}`,
    explain: "A sweep goes on from what its output folder holds, so the folder belongs to one sweep file.",
    help: "choose another folder, or remove this one",
  },
});
