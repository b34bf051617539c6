import { readArtifact, showArtifact } from "../artifacts.ts";
import { openBuild } from "../build/read.ts";
import type { Register, Run, SharedFlags } from "../command.ts";
import { showImage } from "../build/listing.ts";

type Flags = SharedFlags & { readonly core?: string };

/** `ganglion show build/ [--core 3,1]`: an artifact, or the listing of an image, as text. */
export const showCommand: Register = (program, runner) => {
  program
    .command("show")
    .summary("print an artifact, or the words of a build's image with their meaning")
    .argument("<what>", "model.onnx, m.graph, m.snet, m.cores or a build folder")
    .option("--core <x,y>", "of a build: only this core")
    .action((what: string, flags: Flags) => runner(flags, (run) => show(run, what, flags)));
};

function show(run: Run, path: string, flags: Flags): void {
  const text = run.files.isFolder(path) ? showImage(openBuild(run.files, path), flags.core ?? null) : showFile(run, path);
  run.print(text);
  run.json({ text });
}

function showFile(run: Run, path: string): string {
  return showArtifact(readArtifact(run, path, [".onnx", ".graph", ".snet", ".cores"]));
}
