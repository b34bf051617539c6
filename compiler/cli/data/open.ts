import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { ByteSource } from "../../frontends/events/bytes.ts";
import type { Preprocessing, SampleSet } from "../../frontends/samples.ts";
import { type DataFile, openSamples } from "../../frontends/samples.ts";
import type { Run } from "../command.ts";
import { reading } from "../files.ts";
import type { FormatFlags } from "./flags.ts";

export type DataPlace = FormatFlags & { readonly data: string; readonly labels?: string | undefined };

/** Opens a file, a folder or an archive of samples for a model whose input has this shape, without the batch. */
export function openData(
  run: Run,
  place: DataPlace,
  p: Preprocessing,
  shape: readonly number[],
  classes: number | null,
): Promise<SampleSet> {
  return openSamples(
    {
      files: filesAt(run, place.data),
      labels: place.labels === undefined ? null : fileAt(run, place.labels),
      format: place.format ?? "auto",
      array: place.array ?? null,
    },
    p,
    shape,
    classes,
  );
}

/** The first samples, at most `limit` of them, each when asked for. */
export function* firstSamples(set: SampleSet, limit: number): Iterable<Float32Array> {
  for (let i = 0; i < Math.min(limit, set.count); i++) yield set.sample(i);
}

export function fileAt(run: Run, name: string): DataFile {
  return { name, bytes: run.files.bytes(name) };
}

export function filesAt(run: Run, name: string): readonly DataFile[] {
  return placesAt(run, name).map(([short, path]) => ({ name: short, bytes: run.files.bytes(path) }));
}

/** Files that are read a piece at a time. */
export function sourcesAt(run: Run, name: string): readonly ByteSource[] {
  return placesAt(run, name).map(([short, path]) => ({ name: short, chunks: () => run.files.chunks(path) }));
}

/** A file, or the files of a folder: the name for messages, and the path. */
function placesAt(run: Run, name: string): readonly (readonly [string, string])[] {
  if (!run.files.isFolder(name)) return [[name, name]];
  const root = run.files.path(name);
  const found = reading(name, () => readdirSync(root, { recursive: true, withFileTypes: true }));
  const paths = found
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name))
    .sort();
  return paths.map((path) => [path.slice(root.length + 1), path]);
}
