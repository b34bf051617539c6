import type { ChipSpec } from "../../../targets/chip.ts";
import type { Preprocessing } from "../../frontends/samples.ts";
import type { Graph } from "../../ir/graph/types.ts";
import type { Image } from "../../ir/image/types.ts";
import type { Network } from "../../ir/network/types.ts";

/** What a build folder holds, read back. */
export type Build = {
  readonly image: Image;
  readonly chip: ChipSpec;
  /** The legal network, which the image was made from. */
  readonly network: Network;
  /** The same before anything was rounded. */
  readonly converted: Network;
  /** The trained model; null when the build was made from a network. */
  readonly model: Graph | null;
  /** The model as the method rewrote it (max pooling); null where it took it as it is. */
  readonly lowered: Graph | null;
  /** Options of the passes between `converted` and `network`. */
  readonly passOptions: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly preprocessing: Preprocessing;
  /** Seed of everything drawn by chance while the network runs. */
  readonly seed: number;
};

/** Names of the files beside those of the image. */
export const buildFile = {
  about: "build.json",
  chip: "chip.json",
  network: "network.snet",
  networkTensors: "network.tensors",
  converted: "converted.snet",
  convertedTensors: "converted.tensors",
  model: "model.graph",
  modelTensors: "model.tensors",
  lowered: "lowered.graph",
  loweredTensors: "lowered.tensors",
  preprocessing: "preprocessing.json",
  report: "report.json",
} as const;

/**
 * build.json: the tool's version, and a hash of every file that is not the image's. What the
 * image was made from stands in its manifest.json. No clock time: same inputs, same bytes.
 */
export type About = {
  readonly ganglion: string;
  readonly seed: number;
  readonly passOptions: Build["passOptions"];
  readonly files: Readonly<Record<string, string>>;
};
