import { join } from "node:path";
import { Failure } from "../base/diagnostic.ts";
import { passes } from "../passes/index.ts";
import type { Kind, Of, Step } from "../passes/pass.ts";
import type { Watcher } from "../passes/run.ts";
import { artifactFiles, showArtifact, verifyArtifact } from "./artifacts.ts";
import type { Run } from "./command.ts";
import { lookUp } from "./names.ts";

/** Thrown to end a command after --stop-after's step. Not an error. */
export class StopAfter extends Error {
  override readonly name = "StopAfter";
}

/** What can be watched: passes, and the lowerings between them. */
const steps: Readonly<Record<string, unknown>> = { ...passes, convert: null, map: null };

/** What watches the steps, as the shared flags ask for it. The order matters only for what is printed first. */
export function watchersOf(run: Run): readonly Watcher[] {
  const { flags } = run;
  const watchers: Watcher[] = [];
  for (const name of [...(flags.printAfter ?? []), ...(flags.stopAfter === undefined ? [] : [flags.stopAfter])])
    lookUp("pass", name, steps);
  if (flags.timings === true) watchers.push(timing(run));
  if (flags.verifyEach === true) watchers.push(verifying());
  if (flags.dump !== undefined) watchers.push(dumping(run, flags.dump));
  if (flags.printChanged === true) watchers.push(printing(run, (_, changed) => changed));
  const after = flags.printAfter;
  if (after !== undefined) watchers.push(printing(run, (step) => after.includes(step.name)));
  if (flags.stopAfter !== undefined) watchers.push(stopping(run, flags.stopAfter));
  return watchers;
}

function printing(run: Run, when: (step: Step, changed: boolean) => boolean): Watcher {
  return {
    after: (step, ir, changed) => {
      if (when(step, changed)) run.say(`// after ${step.text}${changed ? "" : " (unchanged)"}\n${showArtifact(ir)}`);
    },
  };
}

function verifying(): Watcher {
  return {
    after: (step, ir) => {
      const wrong = verifyArtifact(ir, null).filter((d) => d.severity === "error");
      if (wrong.length > 0)
        throw new Failure(wrong.map((d) => ({ ...d, notes: [...d.notes, `found by --verify-each after ${step.text}`] })));
    },
  };
}

function dumping(run: Run, folder: string): Watcher {
  let number = 0;
  const dump = (name: string, ir: Of<Kind>) => {
    const stem = `${String(number++).padStart(2, "0")}-${name}`;
    for (const [file, content] of artifactFiles(ir, stem)) run.files.write(join(folder, file), content);
  };
  return {
    before: (step, ir) => {
      if (number === 0) dump(`before-${step.name}`, ir);
    },
    after: (step, ir, changed) => {
      if (changed) dump(step.name, ir);
    },
  };
}

function timing(run: Run): Watcher {
  const now = run.io.now ?? (() => 0);
  let since = now();
  return {
    before: () => {
      since = now();
    },
    after: (step, _, changed) => run.say(`${(now() - since).toFixed(1).padStart(9)} ms  ${step.text}${changed ? "" : " (unchanged)"}`),
  };
}

function stopping(run: Run, name: string): Watcher {
  return {
    after: (step, ir) => {
      if (step.name !== name) return;
      const text = showArtifact(ir);
      run.print(text);
      run.json({ after: step.name, text, diagnostics: run.diagnostics });
      throw new StopAfter();
    },
  };
}
