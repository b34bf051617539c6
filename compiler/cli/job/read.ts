import { dirname, isAbsolute, join } from "node:path";
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { type Diagnostic, diagnostic, Failure } from "../../base/diagnostic.ts";
import { preprocessingOf } from "../data/flags.ts";
import type { JobSpec } from "./job.ts";
import { jobSchema } from "./schema.ts";

/** Reads a job file. Every mistake is reported with its line and column. `file` names it; paths inside count from its folder. */
export function readJob(text: string, file: string): JobSpec {
  return jobFrom(readYaml(text, file, jobSchema), file);
}

/** A YAML file checked against a schema. */
export function readYaml<S extends z.ZodType>(text: string, file: string, schema: S): z.output<S> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0)
    throw new Failure(document.errors.map((e) => diagnostic("job-syntax", [e.message], { at: place(e.pos[0]) })));
  const parsed = schema.safeParse(document.toJS());
  if (!parsed.success) throw new Failure(parsed.error.issues.flatMap((issue) => problemsOf(issue as Issue, document, place)));
  return parsed.data;
}

/** A path in a file counts from that file's folder. */
export function besideFile(file: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(file), path);
}

/** What the keys of a job file mean. */
export function jobFrom(job: z.output<typeof jobSchema>, file: string): JobSpec {
  const beside = (path: string): string => besideFile(file, path);
  const p = job.preprocessing;
  return {
    model: beside(job.model),
    target: job.target,
    chip: job.chip === undefined ? undefined : beside(job.chip),
    method: job.method,
    options: {
      ...textual(job.options ?? {}),
      ...(job.steps === undefined ? {} : { steps: String(job.steps) }),
      ...(job.maxPool === undefined ? {} : { maxPool: job.maxPool }),
    },
    passOptions: {
      ...Object.fromEntries(Object.entries(job.passes ?? {}).map(([k, v]) => [k, textual(v)])),
      ...(job.weightBits === undefined
        ? {}
        : { "quantize-weights": { ...textual(job.passes?.["quantize-weights"] ?? {}), bits: String(job.weightBits) } }),
      ...(job.inputBits === undefined
        ? {}
        : { "quantize-inputs": { ...textual(job.passes?.["quantize-inputs"] ?? {}), bits: String(job.inputBits) } }),
    },
    calibration:
      job.calibration === undefined
        ? undefined
        : {
            ...defined(job.calibration),
            data: beside(job.calibration.data),
            labels: job.calibration.labels && beside(job.calibration.labels),
          },
    calibrationLimit: job.calibration?.limit ?? 200,
    preprocessing:
      p === undefined
        ? null
        : preprocessingOf(
            defined({ ...p, raw: p.raw?.type, shape: p.raw?.shape, zeroPoint: p.raw?.zeroPoint, rawScale: p.raw?.scale }),
            null,
          ),
    partition: job.mapping?.partition,
    place: job.mapping?.place,
    output: job.output === undefined ? undefined : beside(job.output),
    seed: job.seed ?? 1,
  };
}

type Issue = { readonly code: string; readonly path: readonly PropertyKey[]; readonly message: string; readonly keys?: readonly string[] };

function problemsOf(issue: Issue, document: Document, place: (offset: number) => string): readonly Diagnostic[] {
  const path = issue.path.join(".");
  if (issue.code !== "unrecognized_keys") {
    const message = issue.message.replace(/^Invalid input: /, "");
    return [diagnostic("job-key", [path === "" ? "job" : path, message], { at: place(offsetOfValue(document, issue.path)) })];
  }
  return (issue.keys ?? []).map((k) => {
    const name = [...issue.path, k].join(".");
    return diagnostic("job-key", [name, "there is no such key"], { at: place(offsetOfKey(document, issue.path, k)) });
  });
}

/** Where the value at a path begins; of the nearest value around it when it is missing. */
function offsetOfValue(document: Document, path: readonly PropertyKey[]): number {
  for (let n = path.length; n > 0; n--) {
    const node = document.getIn(path.slice(0, n), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function offsetOfKey(document: Document, path: readonly PropertyKey[], key: string): number {
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  const pair = isMap(map) ? map.items.find((p) => isScalar(p.key) && p.key.value === key) : undefined;
  return isScalar(pair?.key) && pair.key.range ? pair.key.range[0] : 0;
}

function textual(options: Readonly<Record<string, string | number | boolean>>): Record<string, string> {
  return Object.fromEntries(Object.entries(options).map(([k, v]) => [k, String(v)]));
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> } & { [K in keyof T as undefined extends T[K] ? never : K]: T[K] };

/** Without the keys that are undefined, which optional properties do not admit. */
function defined<T extends object>(o: T): Defined<T> {
  return Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined)) as Defined<T>;
}
