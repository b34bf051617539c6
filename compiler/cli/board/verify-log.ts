import { dirname } from "node:path";
import { compareLogs, type CycleRule, type LogDifference, showLogDifference } from "../../../runtime/tape/compare.ts";
import { parseLog, showEntry } from "../../../runtime/tape/log.ts";
import type { LogEntry } from "../../../runtime/tape/types.ts";
import type { Pins } from "../../../targets/target.ts";
import { type Diagnostic, diagnostic, fail } from "../../base/diagnostic.ts";
import type { Image } from "../../ir/image/types.ts";
import type { Build } from "../build/build.ts";
import type { Run } from "../command.ts";
import { cosimFile, cosimKind, type CosimManifest } from "./folder.ts";
import { readEventLog } from "./event-log.ts";
import { imageHash, networkMark, pinsOf } from "./pins.ts";
import { planCosim } from "./plan.ts";
import { coneOfEntry, memoryLine } from "./explain-log.ts";
import { type BoardSample, samplesOf } from "./samples.ts";

export type LogFlags = {
  /** What `ganglion cosim` wrote; null: the log's folder, if it is one, else the tape is made again. */
  readonly folder: string | null;
  readonly samples: string;
  readonly backDoor?: boolean;
  readonly readBack?: boolean;
  readonly ordered?: boolean;
};

/** Compares a log of the chip with what the simulator says of the same tape. Reports the first difference. */
export async function verifyAgainstLog(run: Run, build: Build, file: string, flags: LogFlags): Promise<void> {
  const { pins } = pinsOf(build.chip);
  const { expected, log, rule, samples } = readBoth(run, build, file, pins, flags);
  checkNetwork(log, build.image, file);
  const difference = compareLogs(expected, log, rule);
  if (difference === null) {
    const spikes = log.filter((e) => e.kind === "spike").length;
    const reads = log.filter((e) => e.kind === "read").length;
    run.print(
      `${file}: ${log.length} lines agree (${spikes} events, ${reads} words read back), cycles ${rule === "exact" ? "included" : "not compared"}`,
    );
    return;
  }
  run.report(reportOf(difference, file, build.image, pins));
  const sample = samples[difference.marks - 1];
  const why = sample === undefined ? memoryLine(build, difference) : await coneOfEntry(build, difference, sample);
  if (why !== null) run.print(why);
}

type Both = Expected & { readonly log: readonly LogEntry[]; readonly rule: CycleRule };

type Expected = { readonly expected: readonly LogEntry[]; readonly samples: readonly BoardSample[] };

/** A recording of events knows nothing of marks and has a clock of its own, so only events and their order are compared. */
function readBoth(run: Run, build: Build, file: string, pins: Pins, flags: LogFlags): Both {
  const events = readEventLog(run, file, build.chip.clockHz);
  const log = events ?? parseLog(run.files.text(file), file);
  const { expected, samples } = expectedLog(run, build, file, pins, flags);
  // Without marks nobody can say which sample an event belongs to.
  if (events !== null) return { expected: expected.filter((e) => e.kind === "spike"), samples: [], log, rule: "ordered" };
  return { expected, samples, log, rule: flags.ordered === true ? "ordered" : "exact" };
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

function readManifest(run: Run, folder: string): CosimManifest {
  const path = `${folder}/${cosimFile.manifest}`;
  if (!run.files.exists(path)) fail("cosim-manifest", [folder, `it has no ${cosimFile.manifest}`]);
  try {
    const manifest = JSON.parse(run.files.text(path)) as CosimManifest;
    if (manifest.kind === cosimKind && typeof manifest.image === "string") return manifest;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return fail("cosim-manifest", [folder, `its ${cosimFile.manifest} is of something else`]);
}

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
