import { at } from "../../base/bug.ts";
import type { Image, ImageMap, Section } from "./types.ts";
import { hex } from "./word.ts";

/**
 * How a chip's memories are read: for each word of a section its text, and, where a
 * record begins, what it is. `sections` are those of the same core.
 */
export type MemoryListing = (
  section: Section,
  sections: readonly Section[],
) => readonly { readonly text: string; readonly note: string | null }[];

/**
 * An image as text: every section with addresses, words in hexadecimal, decoded fields, and
 * where the neurons came from.
 *
 *   core(3,1)/neurons
 *     0000  8000 0000  profile=0 routeStart=0 routeCount=0 used=1      slot 0: conv1[17] from "Conv_0"
 */
export function listing(image: Image, show: MemoryListing): string {
  const lines: string[] = [
    `image ${image.name} for ${image.target}, format ${image.format}, ${image.steps} steps, interval ${image.interval}`,
  ];
  const byPlace = new Map<string, Section[]>();
  for (const s of image.sections) {
    const place = placeOf(s);
    const list = byPlace.get(place);
    if (list === undefined) byPlace.set(place, [s]);
    else list.push(s);
  }
  for (const [place, sections] of byPlace) {
    const names = namesOf(image.map, place);
    for (const s of sections) {
      lines.push("", names === null ? s.name : `${s.name}    ${names.origin}`);
      const texts = show(s, sections);
      s.words.forEach((w, i) => {
        const { text, note } = at(texts, i);
        const remark = note === null ? "" : `    ${noteWithName(note, names)}`;
        lines.push(`  ${(s.base + i).toString(16).padStart(4, "0")}  ${hex(w, s.wordBits)}  ${text}${remark}`);
      });
    }
  }
  return `${lines.join("\n")}\n`;
}

function placeOf(s: Section): string {
  return s.name.slice(0, s.name.indexOf("/"));
}

type CoreNames = ImageMap["cores"][number];

function namesOf(map: ImageMap | null, place: string): CoreNames | null {
  return map?.cores.find((c) => `core(${c.x},${c.y})` === place) ?? null;
}

/** Adds population and index to a note `slot N`. */
function noteWithName(note: string, names: CoreNames | null): string {
  const slot = /^slot (\d+)$/.exec(note);
  if (slot === null || names === null) return note;
  const n = Number(slot[1]);
  const group = names.groups.find((g) => n >= g.first && n < g.first + g.count);
  return group === undefined ? note : `${note}: ${group.pop}[${group.indices[n - group.first]}] from ${group.origin}`;
}
