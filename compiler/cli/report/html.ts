import type { ReportData } from "../../../runtime/report/data.ts";
import { price } from "../../../runtime/report/energy.ts";
import { htmlReport } from "../../../runtime/report/html.ts";
import { distributionOf } from "../../../runtime/report/latency.ts";
import { targetOf } from "../../../targets/index.ts";
import { at } from "../../base/bug.ts";
import type { SampleSet } from "../../frontends/samples.ts";
import type { Build } from "../build/build.ts";
import type { Run } from "../command.ts";
import { mean, meanCounts, type Outcomes, type Summary, summarize } from "../evaluate/summary.ts";
import { version } from "../version.ts";
import { observe } from "./activity.ts";
import { meshOf } from "./mesh.ts";
import { networkOf } from "./network.ts";
import { rasterOf } from "./raster.ts";

/** Writes the self-contained report of an evaluation. */
export async function writeHtml(
  run: Run,
  path: string,
  build: Build,
  data: SampleSet,
  outcomes: Outcomes,
  summary: Summary,
): Promise<void> {
  run.files.write(path, htmlReport(await reportData(run, build, data, outcomes, summary)));
}

/** Writes the page of a build that has not run: what it consists of and where it sits. */
export function writeBuildHtml(run: Run, path: string, build: Build): void {
  const summary = summarize(build, { ann: null, snn: null, chip: null }, () => null);
  run.files.write(path, htmlReport(stillData(run, build, summary)));
}

/** What is known of a build without running it. */
function stillData(run: Run, build: Build, summary: Summary): ReportData {
  const { chip, image } = build;
  const target = targetOf(chip);
  return {
    title: `${image.name} on ${chip.name}`,
    subtitle: `${image.steps} steps a sample, ${summary.cores.used} of ${summary.cores.available} cores, ${chip.clockHz / 1e6} MHz`,
    generator: `ganglion ${version()}`,
    summary: { ...summary, spikes: null, synapticEvents: null },
    network: networkOf(build.network, []),
    mesh: meshOf(build, null),
    raster: null,
    energy: null,
    latency: null,
    budget: target.mapping
      .budget(target.decode(image), chip)
      .map((b) => ({ ...b, core: b.core === null ? null : coreName(build, b.core) })),
    diagnostics: run.diagnostics,
  };
}

async function reportData(run: Run, build: Build, data: SampleSet, outcomes: Outcomes, summary: Summary): Promise<ReportData> {
  const { chip } = build;
  const onChip = outcomes.chip;
  const activity = await observe(run, build, data);
  return {
    ...stillData(run, build, summary),
    // The page states how many samples the chip ran.
    summary: {
      ...summary,
      samples: onChip?.length ?? summary.samples,
      spikes: summary.spikes.perSample,
      synapticEvents: summary.synapticEvents.perSample,
    },
    network: networkOf(build.network, activity.spikes),
    mesh: meshOf(build, activity),
    raster: rasterOf(build, data),
    energy: onChip === null ? null : price(meanCounts(onChip), mean(onChip.map((o) => o.cycles)), chip),
    latency:
      onChip === null
        ? null
        : {
            cycles: distributionOf(onChip.map((o) => o.cycles)),
            clockHz: chip.clockHz,
            ...(summary.latency.range === undefined ? {} : { range: summary.latency.range }),
          },
  };
}

/** Cores are numbered in the order in which the image writes them. */
function coreName({ image }: Build, core: number): string {
  const places = [...new Set(image.sections.flatMap((s) => /^core\([^)]*\)/.exec(s.name)?.[0] ?? []))];
  return at(places, core);
}
