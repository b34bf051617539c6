import { targetOf } from "../../../targets/index.ts";
import { fail } from "../../base/diagnostic.ts";
import type { Image } from "../../ir/image/types.ts";
import type { Build } from "./build.ts";

/** The listing of a build's image, of all cores or of one. */
export function showImage({ image, chip }: Pick<Build, "image" | "chip">, core: string | null): string {
  const wanted = core?.replace(/[\s()]/g, "");
  const sections = wanted === undefined ? image.sections : image.sections.filter((s) => s.name.startsWith(`core(${wanted})/`));
  if (wanted !== undefined && sections.length === 0) fail("core-unused", [wanted, coresIn(image)]);
  return targetOf(chip).listing({ ...image, sections });
}

/** The cores that the image writes words into, as `x,y`. */
function coresIn(image: Image): string[] {
  return [...new Set(image.sections.flatMap((s) => /^core\(([^)]*)\)/.exec(s.name)?.[1] ?? []))];
}
