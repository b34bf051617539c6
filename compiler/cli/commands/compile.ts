import { extname } from "node:path";
import type { Register } from "../command.ts";
import { compileJob, type Report } from "../job/compile-job.ts";
import { addChipFlags, addLegalizationFlags, addMethodFlags, addNirFlags, type CompileFlags, jobOf } from "../job/flags.ts";
import { readJob } from "../job/read.ts";
import { compileSanafe } from "../sanafe/compile.ts";
import { showPairs, showTable } from "../tables.ts";
import { showSeconds } from "../units.ts";

/** `ganglion compile MODEL --target NAME --method NAME … -o build/`, or `ganglion compile job.yaml`. */
export const compileCommand: Register = (program, runner) => {
  const command = program
    .command("compile")
    .summary("compile a model for a chip: writes a build folder")
    .description(
      "Compiles a trained model (.onnx, .graph) or a network (.snet) for a chip and writes the image and all that `ganglion evaluate` needs.",
    )
    .argument("<model>", "model.onnx, model.nir, m.graph, m.snet or job.yaml")
    .option("-o, --output <folder>", "the build folder; an earlier build there is replaced")
    .option("--arch <file>", "the model is a mapped network of SANA-FE (YAML), and this its architecture file");
  addChipFlags(command);
  addMethodFlags(command);
  addLegalizationFlags(command);
  addNirFlags(command);
  command.action((model: string, flags: CompileFlags & { readonly arch?: string }) =>
    runner(flags, async (run) => {
      if (flags.arch !== undefined) return compileSanafe(run, model, flags.arch, flags.output);
      const file = [".yaml", ".yml"].includes(extname(model)) ? readJob(run.files.text(model), model) : null;
      const job = jobOf(model, flags, file);
      const report = await compileJob(run, job);
      run.print(showReport(report, job.output ?? ""));
      run.json(report);
    }),
  );
};

function showReport(r: Report, folder: string): string {
  const percent = (used: number, available: number): string => `${((100 * used) / Math.max(1, available)).toFixed(0)} %`;
  const fullest = new Map<string, { used: number; available: number; core: number | null; total: number }>();
  for (const b of r.budget) {
    const old = fullest.get(b.resource);
    const total = (old?.total ?? 0) + b.used;
    const better = old === undefined || b.used / b.available > old.used / old.available;
    fullest.set(b.resource, better ? { ...b, total } : { ...old, total });
  }
  const rows = [...fullest].map(([resource, b]) => ({
    resource,
    total: b.total,
    "fullest core": b.core ?? "chip",
    used: b.used,
    available: b.available,
    "%": percent(b.used, b.available),
  }));
  return [
    showPairs([
      ["target", r.target],
      ["method", r.method ?? "none: the source is a network"],
      ["steps", String(r.steps)],
      ["cores", `${r.cores.used} of ${r.cores.available}`],
      ["load", `${r.load.words} words, ${showSeconds(r.load.seconds)}`],
      ["written", folder],
    ]),
    ...r.tables.filter((t) => t.title === "NIR import").map(showTable),
    showTable({ title: "budget", rows }),
  ].join("\n");
}
