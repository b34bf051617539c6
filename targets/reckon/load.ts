import { fail } from "../../compiler/base/diagnostic.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import { loadSections } from "../../runtime/parts/memory.ts";
import { type MemoryName, memorySizes, ReckonCore } from "./core.ts";
import * as words from "./words.ts";

/** Words of the register space. */
const registerSpace = 128;

export type Loaded = { readonly core: ReckonCore; readonly words: number };

/** A core with the image's registers and memories, ready for its first sample. */
export function loadCore(image: Image): Loaded {
  if (image.format !== words.formatVersion) fail("image-chip", ["format", image.format, words.formatVersion], { at: image.name });
  const { memories, words: count } = loadSections(image.sections, {
    columns: 1,
    rows: 1,
    chip: { registers: registerSpace },
    core: memorySizes,
  });
  const core = new ReckonCore();
  memories.get("chip/registers")?.forEach((data, address) => core.writeRegister(address, data));
  for (const name of Object.keys(memorySizes) as MemoryName[])
    memories.get(`core(0,0)/${name}`)?.forEach((data, address) => core.write(name, address, data));
  const lacking = core.settings.lacking;
  if (lacking !== null) fail("reckon-settings", [lacking], { at: "chip/registers" });
  return { core, words: count };
}
