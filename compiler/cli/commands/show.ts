import { extname } from "node:path";
import { fail } from "../../base/diagnostic.ts";
import { readArtifact, showArtifact } from "../artifacts.ts";
import { openAnyImage } from "../build/foreign.ts";
import { openBuild } from "../build/read.ts";
import type { Register, Run, SharedFlags } from "../command.ts";
import { showImage } from "../build/listing.ts";
import { isSanafe, showSanafe } from "../sanafe/show.ts";
import { writeBuildHtml } from "../report/html.ts";

type Flags = SharedFlags & {
  readonly core?: string;
  readonly html?: string;
  readonly cores?: boolean;
  readonly target?: string;
  readonly chip?: string;
};

/** `ganglion show build/ [--core 3,1] [--html FILE]`: an artifact, or the listing of an image, as text; or a build as a page. */
export const showCommand: Register = (program, runner) => {
  program
    .command("show")
    .summary("print an artifact, or the words of a build's image with their meaning")
    .description(
      "Prints a model, network or mapping in its text form; of a build every word of the image with its meaning, or a page with the network, the mesh and the budget.",
    )
    .argument("<what>", "model.onnx, m.graph, m.snet, m.cores, a build or image folder, or files of a chip's own tools")
    .option("--core <x,y>", "of a build: only this core; of a network from SANA-FE's files TILE.CORE, with its neurons and synapses")
    .option("--cores", "of a build or image: the cores that its words say, not the words")
    .option("-t, --target <name>", "of files of a chip's own tools: the chip; prints the cores they say")
    .option("--chip <file>", "the same, for a chip.yaml")
    .option("--html <file>", "of a build: write a self-contained page instead")
    .action((what: string, flags: Flags) => runner(flags, (run) => show(run, what, flags)));
};

function show(run: Run, path: string, flags: Flags): void {
  if (flags.html !== undefined) return showPage(run, path, flags.html);
  if (isSanafe(run, path)) return showSanafe(run, path, flags.core ?? null);
  const text = textOf(run, path, flags);
  run.print(text);
  run.json({ text });
}

const textForms = [".onnx", ".graph", ".snet", ".cores"];

function textOf(run: Run, path: string, flags: Flags): string {
  if (!run.files.exists(path)) fail("file-missing", [path]);
  if (!run.files.isFolder(path) && textForms.includes(extname(path))) return showArtifact(readArtifact(run, path, textForms));
  const named = flags.target !== undefined || flags.chip !== undefined;
  if (!run.files.isFolder(path) && !named) fail("artifact-unknown", [path, textForms.map((e) => `*${e}`)]);
  const any = openAnyImage(run, path, flags);
  const foreign = named && !run.files.exists(`${path}/manifest.json`);
  return flags.cores === true || foreign ? showArtifact(any.target.decode(any.image)) : showImage(any, flags.core ?? null);
}

function showPage(run: Run, path: string, page: string): void {
  if (!run.files.exists(path)) fail("file-missing", [path]);
  if (!run.files.isFolder(path)) fail("artifact-unknown", [path, ["a build folder"]]);
  const build = openBuild(run.files, path);
  run.files.checkWritable(page);
  writeBuildHtml(run, page, build);
  run.print(`written ${page}`);
  run.json({ html: page });
}
