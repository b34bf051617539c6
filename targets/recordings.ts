import { replayOdin, replayTinyOdin } from "./odin/replay.ts";
import { replayRanc } from "./ranc/replay.ts";
import { replay as replayReckon } from "./reckon/replay.ts";

/*
 * Recordings of chips' RTL (configuration, stimulus, answers) as JSON, replayed on our simulators.
 * Each chip's reader checks every field that the recording has.
 */

/** The first thing that differs; null where all agrees. */
export type ReplayResult = {
  /** Values compared. */
  readonly compared: number;
  readonly difference: { readonly where: string; readonly expected: string; readonly got: string } | null;
};

export type Replay = (recording: Readonly<Record<string, unknown>>) => ReplayResult;

/** By what a recording's `chip` says. */
export const recordings: Readonly<Record<string, Replay>> = {
  RANC: replayRanc,
  ReckOn: replayReckon,
  ODIN: replayOdin,
  tinyODIN: replayTinyOdin,
};
