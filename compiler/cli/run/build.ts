import { openSession } from "../../../runtime/session.ts";
import type { Trace } from "../../../runtime/trace/record.ts";
import { recorder } from "../../../runtime/trace/record.ts";
import { perfettoLines } from "../../../runtime/trace/perfetto.ts";
import { traceLines } from "../../../runtime/trace/text.ts";
import { vcdLines } from "../../../runtime/trace/vcd.ts";
import { targetOf } from "../../../targets/index.ts";
import { at } from "../../base/bug.ts";
import { diagnostic, fail } from "../../base/diagnostic.ts";
import { sizeOf } from "../../base/tensor.ts";
import { showNumber } from "../../base/text.ts";
import { sampleLength } from "../../ir/codes/index.ts";
import { openBuild } from "../build/read.ts";
import type { Run } from "../command.ts";
import { withSamples } from "../profile.ts";
import { simulatorOf, type ThreadFlags } from "../time.ts";
import { readEventSample, writeEventStream } from "./events.ts";
import { readSampleLines } from "../data/text.ts";

const formats: Readonly<Record<string, (trace: Trace) => Iterable<string>>> = { txt: traceLines, vcd: vcdLines, json: perfettoLines };

/** Runs samples on the simulated chip; prints answers and cycles, and writes a trace if asked. */
export async function runBuild(
  run: Run,
  folder: string,
  flags: ThreadFlags & {
    readonly samples?: string;
    readonly trace?: string;
    readonly traceLimit: number;
    readonly eventsIn?: string;
    readonly eventsOut?: string;
    readonly stepUs: number;
  },
): Promise<void> {
  const build = openBuild(run.files, folder);
  const { image, chip } = build;
  const target = targetOf(chip);
  const lengths = image.inputs.map((i) => sampleLength(i.code, sizeOf(i.shape), i.window.stop - i.window.start, i.params));
  const samples =
    flags.eventsIn !== undefined
      ? [readEventSample(run, image, flags.eventsIn, flags.stepUs)]
      : readSampleLines(run.files.text(flags.samples ?? ""), flags.samples ?? "", lengths);
  if (flags.eventsOut !== undefined) writeEventStream(run, build, samples, flags.eventsOut);
  const device = simulatorOf(target, flags);
  const record =
    flags.trace === undefined
      ? null
      : {
          path: flags.trace,
          format: formatOf(flags.trace),
          recorder: recorder(target.events, chip.columns, chip.clockHz, flags.traceLimit),
        };
  device.trace(record?.recorder.sink ?? null);
  const session = await openSession(device, image);
  const results = await withSamples(run, () => session.runMany(samples));
  await session.close();
  results.forEach((r, i) => {
    run.print(
      [
        `sample ${i}`,
        ...image.outputs.map((o, k) => `  output ${o.name}: ${[...at(r.answers, k)].map(showNumber).join(" ")}`),
        `  cycles ${r.cycles}${flags.time === "fast" ? " (estimated)" : ""}`,
      ].join("\n"),
    );
  });
  if (record !== null) {
    const trace = record.recorder.finish();
    if (trace.dropped > 0) run.report(diagnostic("trace-full", [trace.dropped, flags.traceLimit]));
    run.files.write(record.path, [...record.format(trace), ""].join("\n"));
  }
  run.json({
    samples: results.map((r) => ({
      outputs: Object.fromEntries(image.outputs.map((o, k) => [o.name, [...at(r.answers, k)]])),
      raw: Object.fromEntries(image.outputs.map((o, k) => [o.name, [...at(r.raw, k)]])),
      cycles: r.cycles,
      counts: r.counts,
    })),
  });
}

function formatOf(path: string): (trace: Trace) => Iterable<string> {
  const ending = path.split(".").at(-1) ?? "";
  return formats[ending] ?? fail("artifact-unknown", [path, ["*.txt", "*.vcd", "*.json"]]);
}
