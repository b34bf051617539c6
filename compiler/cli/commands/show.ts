import { fail } from "../../base/diagnostic.ts";
import { readArtifact, showArtifact } from "../artifacts.ts";
import { openBuild } from "../build/read.ts";
import type { Register, Run, SharedFlags } from "../command.ts";
import { showImage } from "../build/listing.ts";
import { writeBuildHtml } from "../report/html.ts";

type Flags = SharedFlags & { readonly core?: string; readonly html?: string };

/** `ganglion show build/ [--core 3,1] [--html FILE]`: an artifact, or the listing of an image, as text; or a build as a page. */
export const showCommand: Register = (program, runner) => {
  program
    .command("show")
    .summary("print an artifact, or the words of a build's image with their meaning")
    .description(
      "Prints a model, network or mapping in its text form; of a build every word of the image with its meaning, or a page with the network, the mesh and the budget.",
    )
    .argument("<what>", "model.onnx, m.graph, m.snet, m.cores or a build folder")
    .option("--core <x,y>", "of a build: only this core")
    .option("--html <file>", "of a build: write a self-contained page instead")
    .action((what: string, flags: Flags) => runner(flags, (run) => show(run, what, flags)));
};

function show(run: Run, path: string, flags: Flags): void {
  if (flags.html !== undefined) return showPage(run, path, flags.html);
  const text = run.files.isFolder(path) ? showImage(openBuild(run.files, path), flags.core ?? null) : showFile(run, path);
  run.print(text);
  run.json({ text });
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

function showFile(run: Run, path: string): string {
  return showArtifact(readArtifact(run, path, [".onnx", ".graph", ".snet", ".cores"]));
}
