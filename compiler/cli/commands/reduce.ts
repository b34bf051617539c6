import { Option } from "commander";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { potentialLimits } from "../../analysis/answer.ts";
import { firstDifferenceOf } from "../../analysis/divergence/first.ts";
import { shrinkSample } from "../../analysis/divergence/shrink.ts";
import { compareFresh } from "../../analysis/divergence/traced.ts";
import { networkWitness, simulatorWitness } from "../../analysis/divergence/witness.ts";
import type { Shown } from "../../analysis/reduce/edit.ts";
import { reduceNetwork, type Shows } from "../../analysis/reduce/index.ts";
import { Failure, fail } from "../../base/diagnostic.ts";
import { at } from "../../base/bug.ts";
import { showNumber } from "../../base/text.ts";
import type { Image } from "../../ir/image/types.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import type { Network } from "../../ir/network/types.ts";
import { context } from "../../passes/pass.ts";
import { compile, defaultMapping } from "../../pipeline.ts";
import type { Device } from "../../../runtime/device.ts";
import type { RtlTool } from "../../../runtime/rtl/design.ts";
import { openSession } from "../../../runtime/session.ts";
import { targetOf } from "../../../targets/index.ts";
import type { Target } from "../../../targets/target.ts";
import { artifactFiles, readArtifact, writeArtifact } from "../artifacts.ts";
import { type BoardSample, samplesOf } from "../board/samples.ts";
import type { Build } from "../build/build.ts";
import { openBuild } from "../build/read.ts";
import { chipOf } from "../chips.ts";
import type { Register, Run, SharedFlags } from "../command.ts";
import { readSampleLines } from "../data/text.ts";
import { whole } from "../flags.ts";
import { openRtl, rtlTools } from "../run/rtl.ts";
import { inputLengths } from "../run/network.ts";

type Flags = SharedFlags & {
  readonly output?: string;
  readonly samples: string;
  readonly while?: string;
  readonly target?: string;
  readonly chip?: string;
  readonly trials: number;
  readonly against?: RtlTool;
};

/** `ganglion reduce build/ | m.snet`: the smallest input, and network, that still shows a failure. */
export const reduceCommand: Register = (program, runner) => {
  program
    .command("reduce")
    .summary("shrink a sample, and a network, as long as they still show a failure")
    .description(
      "Of a build: the smallest sample on which network and simulator disagree. Of a .snet: the smallest network and sample for which a command still ends with 0 (--while), or on which the network and its image for a chip disagree (--target). With --against: on which the simulator and the chip's Verilog disagree, in an output, an event or a cycle.",
    )
    .argument("<what>", "a build folder or m.snet")
    .requiredOption("--samples <file>", "text with the sample on its first line (of a build also a number: so many random ones)")
    .option("-o, --output <stem>", "where to write the result: STEM.snet and STEM.txt")
    .option("--while <command>", "keep what makes this end with 0; {network} and {sample} stand for the files")
    .option("-t, --target <name>", "of a .snet: the chip it is compiled for")
    .option("--chip <file>", "the same, for a chip.yaml")
    .addOption(new Option("--against <tool>", "the simulator against our Verilog of the chip").choices(rtlTools))
    .option("--trials <n>", "most runs to spend", whole(1, 1e7), 2000)
    .action((what: string, flags: Flags) =>
      runner(flags, (run) => (run.files.isFolder(what) ? reduceBuild(run, what, flags) : reduceFile(run, what, flags))),
    );
};

async function reduceBuild(run: Run, folder: string, flags: Flags): Promise<void> {
  const build = openBuild(run.files, folder);
  const { shows, close } = await witnessesOf(run, build, flags.against);
  try {
    const bad = await firstShown(samplesOf(run, build.image, flags.samples), shows);
    const small = await shrinkSample(bad, shows, { trials: flags.trials, progress: (n) => run.progress.show("runs", n, flags.trials) });
    finish(run, flags, { network: null, sample: small });
  } finally {
    await close();
  }
}

/** Whether two witnesses disagree on a sample: network and simulator, or simulator and Verilog. */
async function witnessesOf(
  run: Run,
  build: Build,
  against: RtlTool | undefined,
): Promise<{ readonly shows: (s: BoardSample) => Promise<boolean>; readonly close: () => Promise<void> }> {
  const { network, image } = build;
  const target = targetOf(build.chip);
  if (against === undefined) {
    const left = networkWitness(network, target, build.seed);
    const right = await simulatorWitness(network, target, image);
    return { shows: async (s) => firstDifferenceOf(network, await left(s), await right(s)) !== null, close: async () => {} };
  }
  const rtl = await openRtl(run, target, against);
  const sessions = [await openSession(target.simulate(), image), await openSession(rtl, image)] as const;
  return { shows: async (s) => (await compareFresh(sessions, target, s)) !== null, close: () => rtl.close() };
}

async function firstShown(samples: readonly BoardSample[], shows: (s: BoardSample) => Promise<boolean>): Promise<BoardSample> {
  for (const s of samples) if (await shows(s)) return s;
  return fail("reduce-nothing", [samples.length]);
}

async function reduceFile(run: Run, path: string, flags: Flags): Promise<void> {
  const ir = readArtifact(run, path, [".snet"]);
  if (ir.kind !== "network") fail("artifact-unknown", [path, ["*.snet"]]);
  const samples = readSampleLines(run.files.text(flags.samples), flags.samples, inputLengths(ir));
  const target = flags.while === undefined ? targetOf(chipOf(run, flags)) : null;
  const rtl = target === null || flags.against === undefined ? null : await openRtl(run, target, flags.against);
  try {
    const shows =
      target === null ? command(run, flags.while ?? "") : rtl === null ? disagreement(run, target) : rtlDisagreement(run, target, rtl);
    const starts = samples.map((sample): Shown => ({ network: ir, sample }));
    let start: Shown | null = null;
    for (const s of starts) if (start === null && (await shows(s))) start = s;
    if (start === null) fail("reduce-nothing", [samples.length]);
    const small = await reduceNetwork(start, shows, { trials: flags.trials, progress: (n) => run.progress.show("runs", n, flags.trials) });
    finish(run, flags, small);
  } finally {
    await rtl?.close();
  }
}

/** Simulator and Verilog disagree on what the network compiles to, in anything that happens or its cycle. */
function rtlDisagreement(run: Run, target: Target, rtl: Device): Shows {
  return async ({ network, sample }) => {
    const image = compiled(run, network, target)?.image;
    if (image === undefined) return false;
    return (await compareFresh([await openSession(target.simulate(), image), await openSession(rtl, image)], target, sample)) !== null;
  };
}

/** The network as it runs, and the image it compiles to, differ in what an output reads. */
function disagreement(run: Run, target: Target): Shows {
  return async ({ network, sample }) => {
    const image = compiled(run, network, target);
    if (image === null) return false;
    const expected = prepareNetwork(image.network, { limits: potentialLimits(target.chip), seed: run.seed }).run(sample).raw;
    const session = await openSession(target.simulate(), image.image);
    const { raw } = await session.run(sample);
    return expected.some((e, o) => e.some((v, i) => v !== at(raw, o)[i]));
  };
}

/** Null where the smaller network does not compile. */
function compiled(run: Run, network: Network, target: Target): { readonly network: Network; readonly image: Image } | null {
  try {
    const job = { target, method: "", options: {}, calibration: [], passOptions: {}, mapping: defaultMapping };
    const { legal, image } = compile(network, job, { ...context(), chip: target.chip, seed: run.seed });
    return { network: legal, image };
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

/** A shell command that ends with 0 while the files show what is looked for. */
function command(run: Run, text: string): Shows {
  return async ({ network, sample }) => {
    const folder = mkdtempSync(join(tmpdir(), "ganglion-reduce-"));
    try {
      for (const [name, content] of artifactFiles(network, "network")) writeFileSync(join(folder, name), content);
      writeFileSync(join(folder, "sample.txt"), lineOf(sample));
      const line = text.replaceAll("{network}", join(folder, "network.snet")).replaceAll("{sample}", join(folder, "sample.txt"));
      return spawnSync(line, { shell: true, cwd: run.files.path("."), stdio: "ignore" }).status === 0;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

function lineOf(sample: readonly Float64Array[]): string {
  return `${sample.flatMap((s) => [...s].map(showNumber)).join(" ")}\n`;
}

function finish(
  run: Run,
  flags: Flags,
  { network, sample }: { readonly network: Network | null; readonly sample: readonly Float64Array[] },
): void {
  const left = sample.reduce((n, s) => n + s.filter((v) => v !== 0).length, 0);
  const numbers = `${left} ${left === 1 ? "number" : "numbers"} of the sample`;
  const size =
    network === null ? numbers : `${numbers}, ${network.pops.length} populations, ${network.links.length} links, ${network.steps} steps`;
  if (flags.output !== undefined) {
    if (network !== null) writeArtifact(run, network, `${flags.output}.snet`);
    run.files.write(`${flags.output}.txt`, lineOf(sample));
  }
  run.print(`${size}\n${flags.output === undefined ? lineOf(sample) : `written ${flags.output}`}`);
  run.json({
    sample: sample.map((s) => [...s]),
    left,
    steps: network?.steps ?? null,
    populations: network?.pops.map((p) => p.name) ?? null,
  });
}
