import { at, bug } from "../../base/bug.ts";
import { fail, Failure } from "../../base/diagnostic.ts";
import { verifyCores } from "../../ir/cores/verify.ts";
import { sameCores } from "../../ir/cores/same.ts";
import { verifyNetwork } from "../../ir/network/verify.ts";
import { targetOf } from "../../../targets/index.ts";
import { readArtifact, verifyArtifact } from "../artifacts.ts";
import { openBuild } from "../build/read.ts";
import { chipOf } from "../chips.ts";
import type { Register, Run, SharedFlags } from "../command.ts";
import { compareOnRandom } from "../run/compare.ts";
import { positive, whole } from "../flags.ts";
import { verifyAgainstLog } from "../board/verify-log.ts";
import { isSanafe } from "../sanafe/show.ts";
import { verifySanafe } from "../sanafe/verify.ts";
import { rtlTools, verifyAgainstRtl } from "../run/rtl.ts";

type Flags = SharedFlags & {
  readonly target?: string;
  readonly chip?: string;
  readonly random: number;
  readonly against?: string;
  readonly cosim?: string;
  readonly samples: string;
  readonly backDoor?: boolean;
  readonly readBack?: boolean;
  readonly ordered?: boolean;
  readonly withinUs?: number;
};

const kinds = ["graph", "network", "cores", "chip", "build"];

/** `ganglion verify FILE`: checks an artifact against its rules; of a build also that network and chip agree. */
export const verifyCommand: Register = (program, runner) => {
  program
    .command("verify")
    .summary("check a .graph, .snet, .cores, chip.yaml or build against its rules")
    .description(
      "Checks the rules of an artifact. Of a build it checks every hash, decodes the image, and runs random samples on network and chip.",
    )
    .argument("<what...>", `[${kinds.join("|")}] and a file or folder`)
    .option("-t, --target <name>", "check a .cores also against this chip")
    .option("--chip <file>", "check a .cores also against this chip.yaml")
    .option("--random <n>", "of a build: how many random samples to run on network and chip", whole(0, 1e6), 2)
    .option("--against <log|verilator|icarus>", "of a build: compare with a log of the chip, or with our Verilog of it")
    .option("--cosim <folder>", "what `ganglion cosim` wrote for the log (default: the log's own folder, if it is one)")
    .option("--samples <n|file>", "without such a folder: the samples that the tape presented", "2")
    .option("--back-door", "without such a folder: the memories were not loaded through the pins")
    .option("--read-back", "without such a folder: the tape reads the memories back")
    .option("--ordered", "compare with a log's events and their order, not their cycles")
    .option("--within-us <us>", "of a recording of events: compare times, too, from the first event on", positive)
    .action((what: readonly string[], flags: Flags) =>
      runner(flags, async (run) => {
        const path = at(what, what.length - 1);
        const kind = what.length > 1 ? at(what, 0) : null;
        if (kind !== null && !kinds.includes(kind)) fail("name-unknown", ["kind of artifact", kind, null]);
        const found = await verifyAny(run, path, flags);
        if (kind !== null && kind !== found) fail("pass-kind", ["verify", kind, found], { at: path });
        if (flags.against !== undefined) await verifyAgainst(run, path, found, flags.against, flags);
        run.check();
        run.print(`${path}: a valid ${found}`);
        run.json({ kind: found, valid: true });
      }),
    );
};

/** Compares a build with what the chip, or its Verilog, did. */
async function verifyAgainst(run: Run, path: string, kind: string, against: string, flags: Flags): Promise<void> {
  if (kind !== "build") fail("pass-kind", ["verify --against", "build", kind], { at: path });
  const build = openBuild(run.files, path);
  const tool = rtlTools.find((t) => t === against);
  if (tool !== undefined) return verifyAgainstRtl(run, build, path, tool, flags.random);
  await verifyAgainstLog(run, build, against, { ...flags, folder: flags.cosim ?? null });
}

/** Throws what is wrong; returns the kind of what is right. */
async function verifyAny(run: Run, path: string, flags: Flags): Promise<string> {
  if (isSanafe(run, path)) {
    verifySanafe(run, path);
    return "build";
  }
  if (run.files.isFolder(path)) {
    await verifyBuild(run, path, flags.random);
    return "build";
  }
  if (/\.ya?ml$/.test(path)) {
    chipOf(run, { chip: path });
    return "chip";
  }
  if (!run.files.exists(path)) fail("file-missing", [path]);
  const chip = flags.target === undefined && flags.chip === undefined ? null : chipOf(run, flags);
  const ir = readArtifact(run, path, [".onnx", ".graph", ".snet", ".cores"]);
  for (const d of verifyArtifact(ir, chip)) run.report(d);
  return ir.kind;
}

async function verifyBuild(run: Run, folder: string, random: number): Promise<void> {
  const build = openBuild(run.files, folder);
  const target = targetOf(build.chip);
  const cores = target.decode(build.image);
  const wrong = [...verifyNetwork(build.network), ...verifyCores(cores, build.chip)].filter((d) => d.severity === "error");
  if (wrong.length > 0) throw new Failure(wrong);
  if (!sameCores(target.decode(target.emit(cores)), cores)) bug("what is emitted of the decoded cores decodes to the same cores");
  await compareOnRandom(run, build, random);
}
