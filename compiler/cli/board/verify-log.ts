import { dirname } from "node:path";
import { z } from "zod";
import { compareLogs, type CycleRule, type LogDifference, showLogDifference } from "../../../runtime/tape/compare.ts";
import { parseLog, showEntry } from "../../../runtime/tape/log.ts";
import type { LogEntry } from "../../../runtime/tape/types.ts";
import type { Pins } from "../../../targets/target.ts";
import { type Diagnostic, diagnostic, fail } from "../../base/diagnostic.ts";
import type { Image } from "../../ir/image/types.ts";
import type { Build } from "../build/build.ts";
import type { Run } from "../command.ts";
import { parsed } from "../json.ts";
import { cosimFile, cosimKind } from "./folder.ts";
import { readEventLog } from "./event-log.ts";
import { imageHash, networkMark, pinsOf } from "./pins.ts";
import { planCosim } from "./plan.ts";
import { sameWord } from "../../../runtime/tape/word.ts";
import { coneOfEntry, memoryLine } from "./explain-log.ts";
import { type BoardSample, samplesOf } from "./samples.ts";

export type LogFlags = {
  /** What `ganglion cosim` wrote; null: the log's folder, if it is one, else the tape is made again. */
  readonly folder: string | null;
  readonly samples: string;
  readonly backDoor?: boolean;
  readonly readBack?: boolean;
  readonly ordered?: boolean;
  /** Of a recording of events: microseconds by which one may be early or late, all counted from the first. */
  readonly withinUs?: number;
};

/** Compares a log of the chip with what the simulator says of the same tape. Reports the first difference. */
export async function verifyAgainstLog(run: Run, build: Build, file: string, flags: LogFlags): Promise<void> {
  const { pins } = pinsOf(build.chip);
  const { expected, log, rule, samples, whole } = readBoth(run, build, file, pins, flags);
  checkNetwork(log, build.image, file);
  const found = compareLogs(expected, log, rule);
  const difference = found === null || whole === null ? found : placedIn(found, whole);
  if (difference === null) {
    const spikes = log.filter((e) => e.kind === "spike").length;
    const reads = log.filter((e) => e.kind === "read").length;
    run.print(
      `${file}: ${log.length} lines agree (${spikes} events, ${reads} words read back), ${rule === "exact" ? "cycles included" : rule === "ordered" ? "cycles not compared" : `each within ${flags.withinUs} µs`}`,
    );
    return;
  }
  run.report(reportOf(difference, file, build.image, pins));
  const foreign = strangers(expected, log);
  if (foreign !== null) run.print(foreign);
  const sample = samples[difference.marks - 1];
  const why = sample === undefined ? memoryLine(build, difference) : await coneOfEntry(build, difference, sample);
  if (why !== null) run.print(why);
}

/** `whole`: the expected log with its marks, where only its events are compared. */
type Both = Expected & { readonly log: readonly LogEntry[]; readonly rule: CycleRule; readonly whole: readonly LogEntry[] | null };

type Expected = { readonly expected: readonly LogEntry[]; readonly samples: readonly BoardSample[] };

/** A recording of events knows nothing of marks and has a clock of its own, so only events and their order are compared. */
function readBoth(run: Run, build: Build, file: string, pins: Pins, flags: LogFlags): Both {
  const events = readEventLog(run, file, build.chip.clockHz);
  const log = events ?? parseLog(run.files.text(file), file);
  const { expected, samples } = expectedLog(run, build, file, pins, flags);
  if (events === null) return { expected, samples, log, rule: flags.ordered === true ? "ordered" : "exact", whole: null };
  const only = expected.filter((e) => e.kind === "spike");
  if (flags.withinUs === undefined) return { expected: only, samples, log, rule: "ordered", whole: expected };
  const rule = (flags.withinUs * build.chip.clockHz) / 1e6;
  return { expected: fromFirst(only), samples, log: fromFirst(log), rule, whole: expected };
}

/** Cycles since the first event. */
function fromFirst(log: readonly LogEntry[]): readonly LogEntry[] {
  const first = log[0]?.cycle ?? 0;
  return log.map((e) => ({ ...e, cycle: e.cycle - first }));
}

/** A difference between events only, told by the marks of the log that they were expected in. */
function placedIn(d: LogDifference, whole: readonly LogEntry[]): LogDifference {
  let spikes = 0;
  let marks = 0;
  let from = 0;
  let since = 0;
  let earlier = 0;
  let entry: LogEntry | null = null;
  const sought = d.expected?.kind === "spike" ? d.expected : d.got;
  for (const e of whole) {
    if (e.kind === "mark") {
      marks++;
      from = e.cycle;
      since = 0;
      earlier = 0;
    } else if (e.kind === "spike") {
      if (spikes++ === d.index) {
        entry = e;
        break;
      }
      since++;
      if (sought?.kind === "spike" && sameWord(e.word, sought.word)) earlier++;
    }
  }
  return { ...d, expected: d.expected === null ? null : entry, marks, from, since, earlier };
}

/** Words that the chip was never expected to send: a sign of another network, or of address lines in another order. */
function strangers(expected: readonly LogEntry[], log: readonly LogEntry[]): string | null {
  const words = (list: readonly LogEntry[]) => new Set(list.flatMap((e) => (e.kind === "spike" ? [String(e.word)] : [])));
  const known = words(expected);
  const got = [...words(log)];
  const strange = got.filter((w) => !known.has(w)).length;
  if (2 * strange <= got.length) return null;
  return `${strange} of the ${got.length} different words of the log are none that was expected: it may be of another network or other samples, or its address lines are in another order`;
}

function expectedLog(run: Run, build: Build, file: string, pins: Pins, flags: LogFlags): Expected {
  const folder = flags.folder ?? (holdsCosim(run, dirname(file)) ? dirname(file) : null);
  if (folder !== null) return readExpected(run, build, folder);
  const samples = samplesOf(run, build.image, flags.samples);
  const options = { samples, backDoor: flags.backDoor === true, readBack: flags.readBack === true };
  return { expected: planCosim(pins, build.image, options).expected, samples };
}

function holdsCosim(run: Run, folder: string): boolean {
  return run.files.exists(`${folder}/${cosimFile.expected}`) && run.files.exists(`${folder}/${cosimFile.manifest}`);
}

function readExpected(run: Run, build: Build, folder: string): Expected {
  const manifest = readManifest(run, folder);
  if (manifest.chip !== build.chip.name) fail("cosim-other-image", [folder, "chip", manifest.chip, build.chip.name]);
  const hash = imageHash(build.image);
  if (manifest.image !== hash) fail("cosim-other-image", [folder, "image", manifest.image.slice(0, 12), hash.slice(0, 12)]);
  const path = `${folder}/${cosimFile.expected}`;
  const samples = manifest.samples.map((s) => s.input.map((i) => Float64Array.from(i)));
  return { expected: parseLog(run.files.text(path), path), samples };
}

function readManifest(run: Run, folder: string): z.output<typeof readSchema> {
  const path = `${folder}/${cosimFile.manifest}`;
  if (!run.files.exists(path)) fail("cosim-manifest", [folder, `it has no ${cosimFile.manifest}`]);
  return (
    parsed(readSchema, run.files.text(path)) ??
    fail("cosim-manifest", [folder, `its ${cosimFile.manifest} is damaged, or of something else`])
  );
}

/** What is read of a manifest again. */
const readSchema = z.object({
  kind: z.literal(cosimKind),
  chip: z.string(),
  image: z.string(),
  samples: z.array(z.object({ input: z.array(z.array(z.number())) })),
});

/** The first mark says which network ran. */
function checkNetwork(log: readonly LogEntry[], image: Image, file: string): void {
  const first = log.find((e) => e.kind === "mark");
  const own = networkMark(image);
  if (first?.kind === "mark" && first.id !== own) fail("log-other-network", [String(first.id), String(own)], { at: file });
}

function reportOf(d: LogDifference, file: string, image: Image, pins: Pins): Diagnostic {
  const where = placeOf(d);
  const meaning = pins.meaning?.(image);
  const what = (e: LogEntry | null): string => {
    if (e === null) return "nothing";
    return e.kind === "spike" && meaning !== undefined ? `${showEntry(e)} (${meaning(e.word).text})` : showEntry(e);
  };
  const place = { at: `${file}, entry ${d.index + 1}`, notes: showLogDifference(d).split("\n") };
  switch (d.kind) {
    case "lost":
      return diagnostic("log-lost", [d.amount, where, what(d.expected)], place);
    case "extra":
      return diagnostic("log-extra", [d.amount, where, what(d.got)], place);
    case "late":
      return diagnostic("log-late", [d.amount, where, what(d.got)], place);
    case "wrong":
      return diagnostic("log-wrong", [where, what(d.expected), what(d.got)], place);
    case "value":
      return diagnostic("log-value", [where, what(d.expected), what(d.got)], place);
  }
}

/** The network's own mark stands before the first sample, and one behind each. */
function placeOf(d: LogDifference): string {
  if (d.marks === 0) return `${d.since} ${d.since === 1 ? "entry" : "entries"} after the beginning`;
  return `in sample ${d.marks - 1}, ${d.since} ${d.since === 1 ? "entry" : "entries"} after its beginning`;
}
