import { extname } from "node:path";
import { parseDocument } from "yaml";
import { diagnostic } from "../../base/diagnostic.ts";
import { type Fit, fitCosts } from "../../analysis/fit/fit.ts";
import { chipOf } from "../chips.ts";
import type { Register, SharedFlags } from "../command.ts";
import { readMeasurements } from "../fit/measurements.ts";
import { fittedChip } from "../fit/chip.ts";
import { showTable } from "../tables.ts";

type Flags = SharedFlags & { readonly target?: string; readonly chip?: string; readonly output?: string };

/** `ganglion fit-costs measurements.yaml --target mesh-4x4 [-o fitted.yaml]`. */
export const fitCostsCommand: Register = (program, runner) => {
  program
    .command("fit-costs")
    .summary("fit a chip's prices to energies measured on a board")
    .description(
      "Finds the prices and the static power that explain measured energies best (least squares, within the tolerances of the chip's file), says how well each one is determined, and writes a chip file with those that are.",
    )
    .argument("<measurements>", "YAML or CSV: counts, seconds or cycles, and joules of each run (see docs/how-to/fit-costs.md)")
    .option("-t, --target <name>", "the chip whose prices are fitted")
    .option("--chip <file>", "the same, for a chip.yaml of your own")
    .option("-o, --output <file>", "write a chip.yaml with the fitted prices")
    .action((file: string, flags: Flags) =>
      runner(flags, async (run) => {
        if (flags.output !== undefined) run.files.checkWritable(flags.output);
        const chip = chipOf(run, flags);
        const fit = fitCosts(chip, await readMeasurements(run, file, chip));
        const vague = fit.prices.filter((p) => p.determined < 0.5).map((p) => p.name);
        if (vague.length > 0) run.report(diagnostic("fit-undetermined", [vague], { at: file }));
        if (flags.output !== undefined) {
          const own = flags.chip === undefined ? null : parseDocument(run.files.text(flags.chip));
          run.files.write(
            flags.output,
            fittedChip(chip, fit, own, `${file.replace(extname(file), "")}: ${fit.measurements.length} measurements`),
          );
        }
        run.print(show(fit));
        run.json(fit);
      }),
    );
};

function show(fit: Fit): string {
  const number = (x: number): string => String(Number(x.toPrecision(4)));
  const unit = (name: string): string => (name === "static" ? "W" : "pJ");
  const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
  const prices = fit.prices.map((p) => ({
    price: p.name,
    unit: unit(p.name),
    "in the file": number(p.before),
    fitted: number(p.value),
    "±": p.error === null ? "" : number(p.error),
    determined: percent(p.determined),
    "at its bound": p.bound ?? "",
  }));
  const rows = fit.measurements.map((m) => ({
    measurement: m.name,
    joules: number(m.measured),
    "by the file": percent(m.before / m.measured - 1),
    "by the fit": percent(m.fitted / m.measured - 1),
  }));
  return [
    showTable({ title: "prices", rows: prices }),
    showTable({ title: "measured energy, and how far off the estimates are", rows }),
    `mean deviation (root mean square): ${percent(fit.deviation.before)} by the file, ${percent(fit.deviation.fitted)} by the fit`,
  ].join("\n");
}
