import type { Target } from "../../../targets/target.ts";
import { at } from "../../base/bug.ts";
import { type Diagnostic, diagnostic } from "../../base/diagnostic.ts";
import type { Image, Section } from "../../ir/image/types.ts";

/* Rules about the words of an image that need no knowledge of what they do. */

/** Words written twice, holes between sections of one memory, words that mean nothing. */
export function lintWords(image: Image, target: Target): readonly Diagnostic[] {
  return [...overlaps(image), ...reserved(image, target)];
}

function overlaps(image: Image): Diagnostic[] {
  const out: Diagnostic[] = [];
  const byName = new Map<string, Section[]>();
  for (const s of image.sections) byName.set(s.name, [...(byName.get(s.name) ?? []), s]);
  for (const [name, sections] of byName) {
    const sorted = [...sections].sort((p, q) => p.base - q.base);
    const holes: { readonly from: number; readonly to: number }[] = [];
    let end = at(sorted, 0).base;
    for (const s of sorted) {
      if (s.base < end) out.push(diagnostic("lint-overlap", [name, s.base, Math.min(end, s.base + s.words.length) - 1], { at: name }));
      if (s.base > end) holes.push({ from: end, to: s.base - 1 });
      end = Math.max(end, s.base + s.words.length);
    }
    const [first] = holes;
    const words = holes.reduce((n, h) => n + h.to - h.from + 1, 0);
    if (first !== undefined) out.push(diagnostic("lint-unwritten", [name, words, first.from, first.to], { at: name }));
  }
  return out;
}

/** Most words that are reported one by one. */
const most = 16;

/** The listing marks with ?? what a word's table cannot read. */
function reserved(image: Image, target: Target): Diagnostic[] {
  const out: Diagnostic[] = [];
  let section = "";
  for (const line of target.listing(image).split("\n")) {
    if (/^\S+\/\S+/.test(line)) section = /^\S+/.exec(line)?.[0] ?? "";
    const problem = /^\s+([0-9a-f]+)\s.*\?\? (.*)$/.exec(line);
    if (problem === null || out.length >= most) continue;
    const address = Number.parseInt(problem[1] ?? "", 16);
    out.push(diagnostic("lint-reserved", [`${section} word ${address}`, (problem[2] ?? "").trim()], { at: `${section} word ${address}` }));
  }
  return out;
}
