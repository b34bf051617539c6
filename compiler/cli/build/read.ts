import { z } from "zod";
import type { ChipSpec } from "../../../targets/chip.ts";
import { manifestFile } from "../../../targets/sanafe/files.ts";
import { fail } from "../../base/diagnostic.ts";
import { sha256 } from "../../base/hash.ts";
import { TensorStore } from "../../base/store.ts";
import type { Preprocessing } from "../../frontends/samples.ts";
import { parseGraph } from "../../ir/graph/parse.ts";
import type { Graph } from "../../ir/graph/types.ts";
import { readImage } from "../../ir/image/files.ts";
import { parseNetwork } from "../../ir/network/parse.ts";
import type { Network } from "../../ir/network/types.ts";
import type { Files } from "../files.ts";
import { parsed } from "../json.ts";
import { type About, type Build, buildFile } from "./build.ts";

/** Reads a build folder back; every file is checked against the manifests' hashes. */
export function openBuild(files: Files, folder: string): Build {
  if (!files.exists(folder)) fail("file-missing", [folder]);
  refuseSanafe(files, folder);
  const about = readAbout(files, folder);
  const read = (name: string): Uint8Array => checked(files, folder, name, about);
  const text = (name: string): string => new TextDecoder().decode(read(name));
  const store = (name: string): TensorStore | null => (name in about.files ? TensorStore.decode(read(name)) : null);
  const image = readImage((name) => (files.exists(`${folder}/${name}`) ? files.bytes(`${folder}/${name}`) : null));
  const graph = (name: string, tensors: string): Graph | null =>
    name in about.files ? parseGraph(text(name), store(tensors), `${folder}/${name}`) : null;
  const network = (name: string, tensors: string): Network => parseNetwork(text(name), store(tensors), `${folder}/${name}`);
  return {
    image,
    chip: JSON.parse(text(buildFile.chip)) as ChipSpec,
    network: network(buildFile.network, buildFile.networkTensors),
    converted: network(buildFile.converted, buildFile.convertedTensors),
    model: graph(buildFile.model, buildFile.modelTensors),
    lowered: graph(buildFile.lowered, buildFile.loweredTensors),
    passOptions: about.passOptions,
    preprocessing: JSON.parse(text(buildFile.preprocessing)) as Preprocessing,
    seed: about.seed,
  };
}

/** A network from SANA-FE's files has a build of its own kind. */
export function refuseSanafe(files: Files, folder: string): void {
  if (files.exists(`${folder}/${manifestFile}`)) fail("sanafe-command", [folder]);
}

function readAbout(files: Files, folder: string): About {
  const path = `${folder}/${buildFile.about}`;
  if (!files.exists(path)) fail("build-incomplete", [folder, buildFile.about]);
  return parsed(aboutSchema, files.text(path)) ?? fail("build-changed", [folder, buildFile.about]);
}

const texts = z.record(z.string(), z.string());

/** Nothing vouches for build.json itself, so that its form is checked. */
const aboutSchema = z.object({
  ganglion: z.string(),
  seed: z.number(),
  passOptions: z.record(z.string(), texts),
  files: texts,
});

function checked(files: Files, folder: string, name: string, about: About): Uint8Array {
  const path = `${folder}/${name}`;
  if (!files.exists(path)) fail("build-incomplete", [folder, name]);
  const bytes = files.bytes(path);
  if (sha256(bytes) !== about.files[name]) fail("build-changed", [folder, name]);
  return bytes;
}
