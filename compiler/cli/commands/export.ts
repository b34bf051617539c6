import { extname } from "node:path";
import { Option } from "commander";
import { targetOf } from "../../../targets/index.ts";
import { at } from "../../base/bug.ts";
import { diagnostic, Failure, fail } from "../../base/diagnostic.ts";
import { sizeOf } from "../../base/tensor.ts";
import { architectureLines } from "../../export/architecture.ts";
import { hmetisLines, hypergraphOf, partitionLines, snnBytes } from "../../export/hypergraph.ts";
import { sanafeNetwork } from "../../export/sanafe.ts";
import { nirOf } from "../../frontends/nir/export.ts";
import { writeNir } from "../../frontends/nir/write.ts";
import { sampleLength } from "../../ir/codes/index.ts";
import type { Cores } from "../../ir/cores/types.ts";
import type { Image } from "../../ir/image/types.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import type { Network, PopId } from "../../ir/network/types.ts";
import { verifyNetwork } from "../../ir/network/verify.ts";
import type { ChipSpec } from "../../../targets/chip.ts";
import { readArtifact } from "../artifacts.ts";
import { nativeChips } from "../build/foreign.ts";
import { openBuild } from "../build/read.ts";
import type { Register, Run, SharedFlags } from "../command.ts";
import { readSampleLines } from "../data/text.ts";
import { durationOption } from "../nir/flags.ts";

type Flags = SharedFlags & {
  readonly output?: string;
  readonly format: string;
  readonly dt: number;
  readonly metadata?: boolean;
  readonly samples?: string;
};

/** A network, and where it sits when it comes from a build. */
type Subject = { readonly network: Network; readonly mapped: Mapped | null };
type Mapped = { readonly image: Image; readonly cores: Cores; readonly chip: ChipSpec; readonly inputLengths: readonly number[] };
type Written = { readonly output: string; readonly [what: string]: string | number };

const formats = {
  nir: { ending: ".nir", write: writeNirFile },
  sanafe: { ending: "", write: writeSanafe },
  native: { ending: "", write: writeNative },
  hgr: { ending: ".hgr", write: writeHypergraph },
  snn: { ending: ".snn", write: writeHypergraph },
} as const;

/** `ganglion export m.snet -o m.nir --dt 1ms`, `ganglion export build/ --format sanafe -o DIR`: a network for other tools. */
export const exportCommand: Register = (program, runner) => {
  program
    .command("export")
    .summary("write a network for other tools: NIR, SANA-FE, the chip's own, or a hypergraph")
    .description(
      "Writes a network as NIR; a build also as a chip and a mapped network of the simulator SANA-FE, or as the files of the chip's own tools (`native`: PAICORE's frames, RANC's memory images). `hgr` and `snn` are hypergraphs of the synapses, with the partition beside them when they come from a build. What a format cannot say is refused, or reported.",
    )
    .argument("<what>", "m.snet, or a build folder")
    .option("-o, --output <path>", "the file to write; the folder, for sanafe and native")
    .addOption(new Option("--format <name>", "what to write").choices(Object.keys(formats)).default("nir"))
    .addOption(
      durationOption("--dt <time>", "nir: duration of a step, which time constants are made from: 1ms, 100us").default(1e-3, "1ms"),
    )
    .option("--metadata", "nir: say in the metadata what NIR cannot: comparison, soft reset, several spikes a step")
    .option("--samples <file>", "sanafe: text whose first line is the sample that the inputs send; without it they are silent")
    .action((path: string, flags: Flags) =>
      runner(flags, async (run) => {
        const format = formats[flags.format as keyof typeof formats];
        const output = flags.output ?? fail("option-missing", ["export", `-o ${format.ending === "" ? "FOLDER" : `FILE${format.ending}`}`]);
        if (extname(output) !== format.ending) fail("artifact-unknown", [output, [`*${format.ending}`]]);
        run.files.checkWritable(output);
        const subject = subjectOf(run, path);
        const wrong = verifyNetwork(subject.network).filter((d) => d.severity === "error");
        if (wrong.length > 0) throw new Failure(wrong);
        const { output: written, ...counts } = await format.write(run, subject, output, flags);
        run.print(
          `${written}: ${Object.entries(counts)
            .map(([what, n]) => `${n} ${what}`)
            .join(", ")}`,
        );
        run.json({ output: written, ...counts });
      }),
    );
};

function subjectOf(run: Run, path: string): Subject {
  if (run.files.isFolder(path)) {
    const { network, image, chip } = openBuild(run.files, path);
    const inputLengths = image.inputs.map((i) => sampleLength(i.code, sizeOf(i.shape), i.window.stop - i.window.start, i.params));
    return { network, mapped: { image, cores: targetOf(chip).decode(image), chip, inputLengths } };
  }
  const network = readArtifact(run, path, [".snet"]);
  if (network.kind !== "network") fail("artifact-unknown", [path, ["*.snet"]]);
  return { network, mapped: null };
}

async function writeNirFile(run: Run, { network }: Subject, output: string, flags: Flags): Promise<Written> {
  const file = nirOf(network, { dt: flags.dt, metadata: flags.metadata === true }, run.context());
  run.files.write(output, await writeNir(file));
  return { output, nodes: file.graph.nodes.length, edges: file.graph.edges.length };
}

/** Two files: the chip and what runs on it. */
function writeSanafe(run: Run, { network, mapped }: Subject, output: string, flags: Flags): Written {
  if (mapped === null) fail("option-missing", ["export --format sanafe", "a build folder: it says which core a neuron is in"]);
  const channels = network.inputs.reduce((sum, i) => sum + sizeOf(at(network.pops, i.pop).shape), 0);
  const { lines, notes } = sanafeNetwork(network, mapped.cores, inputTrains(run, network, mapped, flags.samples));
  for (const n of notes) run.context().report(diagnostic("export-approximate", [n.of, "SANA-FE", n.what]));
  const text = (l: readonly string[]): string => `${l.join("\n")}\n`;
  const files = new Map([
    ["architecture.yaml", text(architectureLines(mapped.chip, channels))],
    ["network.yaml", text(lines)],
  ]);
  run.files.writeFolder(output, files, "network.yaml");
  return { output, populations: network.pops.length, cores: mapped.cores.cores.length, steps: network.steps };
}

/** The files in which the chip's own tools keep a configuration. */
function writeNative(run: Run, { mapped }: Subject, output: string): Written {
  if (mapped === null) fail("option-missing", ["export --format native", "a build folder: it has the chip's image"]);
  const { native } = targetOf(mapped.chip);
  if (native === undefined) fail("native-missing", [mapped.chip.name, nativeChips()]);
  const files = native.files(mapped.image);
  const first = at([...files.keys()], 0);
  run.files.writeFolder(output, files, first);
  return { output, files: files.size, bytes: [...files.values()].reduce((n, b) => n + b.length, 0) };
}

/** What the inputs send in the first sample of a file. */
function inputTrains(run: Run, network: Network, mapped: Mapped, samples: string | undefined): ReadonlyMap<PopId, Float64Array> {
  if (samples === undefined) return new Map();
  const [first] = readSampleLines(run.files.text(samples), samples, mapped.inputLengths);
  if (first === undefined) fail("samples-length", [0, 0, mapped.inputLengths.reduce((a, b) => a + b, 0)], { at: samples });
  return prepareNetwork(network, { record: network.inputs.map((i) => i.pop) }).run(first).trains;
}

function writeHypergraph(run: Run, { network, mapped }: Subject, output: string, flags: Flags): Written {
  const graph = hypergraphOf(network);
  run.files.write(output, flags.format === "snn" ? snnBytes(graph) : `${hmetisLines(graph).join("\n")}\n`);
  if (mapped !== null) run.files.write(`${output}.part`, `${partitionLines(network, mapped.cores).join("\n")}\n`);
  return { output, vertices: graph.vertices, hyperedges: graph.edges.length };
}
