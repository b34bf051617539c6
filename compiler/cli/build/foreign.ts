import { basename } from "node:path";
import type { ChipSpec } from "../../../targets/chip.ts";
import { targetOf, targets } from "../../../targets/index.ts";
import type { Target } from "../../../targets/target.ts";
import { fail } from "../../base/diagnostic.ts";
import { readImage } from "../../ir/image/files.ts";
import type { Image } from "../../ir/image/types.ts";
import { type ChipFlags, chosenTarget } from "../chips.ts";
import type { Run } from "../command.ts";
import { lookUp } from "../names.ts";
import { buildFile } from "./build.ts";
import { openBuild, refuseSanafe } from "./read.ts";

export type AnyImage = { readonly image: Image; readonly target: Target; readonly chip: ChipSpec };

/** A build folder, an image folder without a build around it, or files of a chip's own tools (then the chip must be named). */
export function openAnyImage(run: Run, path: string, flags: ChipFlags): AnyImage {
  if (!run.files.exists(path)) fail("file-missing", [path]);
  refuseSanafe(run.files, path);
  const named = flags.target !== undefined || flags.chip !== undefined ? chosenTarget(run, flags) : null;
  if (run.files.isFolder(path) && run.files.exists(`${path}/${buildFile.about}`)) {
    const { image, chip } = openBuild(run.files, path);
    checkChip(image, named);
    return { image, chip, target: targetOf(chip) };
  }
  if (run.files.isFolder(path) && run.files.exists(`${path}/manifest.json`)) {
    const file = (name: string): Uint8Array | null => (run.files.exists(`${path}/${name}`) ? run.files.bytes(`${path}/${name}`) : null);
    const image = readImage(file, named === null ? Object.keys(targets) : null);
    checkChip(image, named);
    const target = named ?? lookUp("target", image.target, targets)();
    return { image, chip: target.chip, target };
  }
  if (named === null) fail("option-missing", [`${path} (no build and no image folder)`, "--target NAME: the chip whose tools wrote it"]);
  if (named.native === undefined) fail("native-missing", [named.chip.name, nativeChips()]);
  return { image: named.native.read(filesOf(run, path)), chip: named.chip, target: named };
}

/** An image means something else on another chip. */
function checkChip(image: Image, named: Target | null): void {
  if (named !== null && image.target !== named.chip.name) fail("image-chip", ["chip", image.target, named.chip.name], { at: image.name });
}

function filesOf(run: Run, path: string): ReadonlyMap<string, Uint8Array> {
  if (!run.files.isFolder(path)) return new Map([[basename(path), run.files.bytes(path)]]);
  return new Map(
    run.files.names(path).flatMap((n) => (run.files.isFolder(`${path}/${n}`) ? [] : [[n, run.files.bytes(`${path}/${n}`)] as const])),
  );
}

/** Chips whose own tools have files. */
export function nativeChips(): readonly string[] {
  return Object.entries(targets)
    .filter(([, make]) => make().native !== undefined)
    .map(([name]) => name);
}
