import { fail } from "../../base/diagnostic.ts";
import { sha256 } from "../../base/hash.ts";
import { buildFile } from "../build/build.ts";
import { openBuild } from "../build/read.ts";
import { Files } from "../files.ts";
import type { SamplesTask } from "../queue/queue.ts";
import { openRung, type Outcome, type Rung } from "./rungs.ts";

/** A thread opens each rung once. A build that was replaced by another has another hash. */
const opened = new Map<string, Promise<Rung>>();

/** Runs samples on one rung of a build. */
export async function runSamples(task: SamplesTask): Promise<readonly Outcome[]> {
  const key = `${task.rung} ${task.hash} ${task.build}`;
  const rung = await (opened.get(key) ?? keep(key, open(task)));
  const outcomes: Outcome[] = [];
  for (const sample of task.samples) outcomes.push(await rung(sample));
  return outcomes;
}

function keep(key: string, rung: Promise<Rung>): Promise<Rung> {
  opened.set(key, rung);
  return rung;
}

async function open({ build, hash, rung }: SamplesTask): Promise<Rung> {
  const files = new Files({ cwd: build, stdout: () => {}, stderr: () => {}, isTTY: false });
  if (buildHash(files, build) !== hash) fail("queue-file", [build]);
  return openRung[rung](openBuild(files, build));
}

/** Hash of the list of a build's files with their hashes, which stands for all of them. */
export function buildHash(files: Files, folder: string): string {
  const path = `${folder}/${buildFile.about}`;
  return files.exists(path) ? sha256(files.bytes(path)) : "";
}
