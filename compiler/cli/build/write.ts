import { sha256 } from "../../base/hash.ts";
import { imageFiles } from "../../ir/image/files.ts";
import type { Compiled } from "../../pipeline.ts";
import { artifactFiles } from "../artifacts.ts";
import type { Run } from "../command.ts";
import { version } from "../version.ts";
import { type About, type Build, buildFile } from "./build.ts";

export type Made = {
  readonly compiled: Compiled;
  readonly build: Build;
  /** SHA-256 of the files it was made from, by role. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly options: object;
  readonly report: unknown;
};

/** Writes a whole build folder, or nothing. */
export function writeBuild(run: Run, folder: string, made: Made): void {
  const files = new Map<string, Uint8Array | string>([
    ...artifactFiles(made.compiled.legal, "network"),
    ...artifactFiles(made.compiled.converted, "converted"),
    ...(made.build.model === null ? [] : artifactFiles(made.build.model, "model")),
    ...(made.build.lowered === null ? [] : artifactFiles(made.build.lowered, "lowered")),
    [buildFile.chip, json(made.build.chip)],
    [buildFile.preprocessing, json(made.build.preprocessing)],
    [buildFile.report, json(made.report)],
  ]);
  const about: About = {
    ganglion: version(),
    seed: made.build.seed,
    passOptions: made.build.passOptions,
    files: Object.fromEntries([...files].map(([name, content]) => [name, sha256(content)])),
  };
  files.set(buildFile.about, json(about));
  const { compiled } = made;
  const facts = { cores: compiled.cores, inputs: made.inputs, options: { ganglion: version(), ...made.options } };
  for (const [name, bytes] of imageFiles(compiled.image, facts)) files.set(name, bytes);
  run.files.writeFolder(folder, files, buildFile.about);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
