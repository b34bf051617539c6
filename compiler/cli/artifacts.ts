import { basename, extname } from "node:path";
import { bug } from "../base/bug.ts";
import { type Diagnostic, fail } from "../base/diagnostic.ts";
import { TensorStore } from "../base/store.ts";
import type { Tensor } from "../base/tensor.ts";
import { importOnnx } from "../frontends/onnx/index.ts";
import { parseCores } from "../ir/cores/parse.ts";
import { printCores } from "../ir/cores/print.ts";
import type { Cores } from "../ir/cores/types.ts";
import { verifyCores } from "../ir/cores/verify.ts";
import { parseGraph } from "../ir/graph/parse.ts";
import { printGraph } from "../ir/graph/print.ts";
import type { Graph } from "../ir/graph/types.ts";
import { verifyGraph } from "../ir/graph/verify.ts";
import { parseNetwork } from "../ir/network/parse.ts";
import { printNetwork } from "../ir/network/print.ts";
import type { Network } from "../ir/network/types.ts";
import { verifyNetwork } from "../ir/network/verify.ts";
import type { ChipSpec } from "../../targets/chip.ts";
import type { Run } from "./command.ts";

/* Reading and writing the artifacts that have a text form, by the ending of the file's name. */

export type Artifact = Graph | Network | Cores;

const endings: Readonly<Record<Artifact["kind"], string>> = { graph: ".graph", network: ".snet", cores: ".cores" };

/** The text for a terminal: whole while it is small enough to read, else with big tensors by their hash only. */
export function showArtifact(ir: Artifact): string {
  const store = new CountingStore();
  const text = print(ir, store);
  return store.elements === 0 || store.elements > readableElements ? text : print(ir, null);
}

const readableElements = 2048;

class CountingStore extends TensorStore {
  elements = 0;
  override put(t: Tensor): string {
    this.elements += t.data.length;
    return super.put(t);
  }
}

function print(ir: Artifact, store: TensorStore | null): string {
  switch (ir.kind) {
    case "graph":
      return printGraph(ir, store);
    case "network":
      return printNetwork(ir, store);
    case "cores":
      return printCores(ir, store);
  }
}

export function verifyArtifact(ir: Artifact, chip: ChipSpec | null): readonly Diagnostic[] {
  switch (ir.kind) {
    case "graph":
      return verifyGraph(ir);
    case "network":
      return verifyNetwork(ir);
    case "cores":
      return verifyCores(ir, chip);
  }
}

/** The text and, where it names big tensors, its side file. */
export function artifactFiles(ir: Artifact, stem: string): Map<string, Uint8Array | string> {
  const store = new TensorStore();
  const text = print(ir, store);
  const files = new Map<string, Uint8Array | string>([[stem + endings[ir.kind], text]]);
  if (store.size > 0) files.set(`${stem}.tensors`, store.encode());
  return files;
}

/** The path a text artifact's side file has: the same name with `.tensors`. */
function sideFile(path: string): string {
  return `${path.slice(0, path.length - extname(path).length)}.tensors`;
}

/** Writes the artifact; the ending of the name must be that of its kind. */
export function writeArtifact(run: Run, ir: Artifact, path: string): void {
  const ending = endings[ir.kind];
  if (extname(path) !== ending) fail("artifact-unknown", [path, [`*${ending}`]]);
  const store = new TensorStore();
  const text = print(ir, store);
  if (store.size > 0) run.files.write(sideFile(path), store.encode());
  run.files.write(path, text);
}

/** Reads .onnx, .graph, .snet or .cores. */
export function readArtifact(run: Run, path: string, expected: readonly string[] = Object.values(endings)): Artifact {
  const ending = extname(path);
  if (!run.files.exists(path)) fail("file-missing", [path]);
  if (!expected.includes(ending)) fail("artifact-unknown", [path, expected.map((e) => `*${e}`)]);
  if (ending === ".onnx") return readOnnx(run, path);
  const text = run.files.text(path);
  const side = sideFile(path);
  const store = run.files.exists(side) ? TensorStore.decode(run.files.bytes(side)) : null;
  switch (ending) {
    case ".graph":
      return parseGraph(text, store, path);
    case ".snet":
      return parseNetwork(text, store, path);
    case ".cores":
      return parseCores(text, store, path);
  }
  return bug(`there is no reader for ${ending}`);
}

/** A trained model: .onnx, or a .graph made from one. */
export function readGraph(run: Run, path: string): Graph {
  const ir = readArtifact(run, path, [".onnx", ".graph"]);
  return ir.kind === "graph" ? ir : bug("a .graph file was read as something else");
}

function readOnnx(run: Run, path: string): Graph {
  const bytes = run.files.bytes(path);
  const folder = path.slice(0, path.length - basename(path).length);
  return importOnnx(
    bytes,
    basename(path, ".onnx"),
    (location, offset, length) => run.files.range(folder + location, offset, length),
    run.context(),
  );
}
