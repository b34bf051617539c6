import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../../compiler/base/diagnostic.ts";
import type { Random } from "../../compiler/base/random.ts";
import { rtlDevice } from "../../runtime/rtl/device.ts";
import type { ChipSpec } from "../../targets/chip.ts";
import { meshRtl } from "../../targets/mesh/rtl/design.ts";
import { handImage } from "./mesh-image.ts";
import { randomImage } from "./random-image.ts";
import { compareWithSimulator, smallMesh } from "./rtl.ts";

/*
 * Mistakes in the Verilog of the mesh, one at a time: an operator, a constant or a width is changed, and the
 * comparison with the simulator has to see it.
 */

export type Mutant = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly from: string;
  readonly to: string;
  readonly text: string;
};

/** What is looked for, and what takes its place. Operators stand between blanks in all our Verilog, and ` <= ` is an assignment. */
const changes: readonly (readonly [RegExp, (found: string) => string])[] = [
  [/ == /g, () => " != "],
  [/ != /g, () => " == "],
  [/ >= /g, () => " > "],
  [/ > /g, () => " >= "],
  [/ < /g, () => " <= "],
  [/ \+ /g, () => " - "],
  [/ - /g, () => " + "],
  [/ & /g, () => " | "],
  [/ \| /g, () => " & "],
  [/ \^ /g, () => " | "],
  [/ && /g, () => " || "],
  [/ << /g, () => " >> "],
  [/ >>> /g, () => " >> "],
  [/ >> /g, () => " << "],
  [/~(?=[\w(])/g, () => ""],
  [/\b1'b[01]\b/g, (found) => (found === "1'b0" ? "1'b1" : "1'b0")],
  // Not the zeros that only widen a number: most of what such a bit would change is cut off again.
  [/\b\d+'d\d+\b(?<!\{\d+'d0)/g, (found) => found.replace(/\d+$/, (n) => String(Number(n) + 1))],
  // A register that is a bit too narrow.
  [/(?<=^ *reg (?:signed )?\[)\d+(?=:0\])/g, (found) => String(Number(found) - 1)],
];

/** Files that are not the chip's work: benches, the host port (`ganglion cosim` compares that), headers. */
const left = /^(bench|mesh_chip)\.v$|\.(vh|cpp)$/;

/** Every place of the design's Verilog that can be changed, but what only tells the trace. */
function places(files: ReadonlyMap<string, string>): Mutant[] {
  const out: Mutant[] = [];
  for (const [file, content] of files) {
    if (left.test(file)) continue;
    let tracing = false;
    content.split("\n").forEach((line, i) => {
      if (line.startsWith("`ifdef MESH_TRACE")) tracing = true;
      if (line.startsWith("`endif")) tracing = false;
      const code = line.replace(/\/\/.*$/, "").replace(/\/\*.*?\*\//g, (c) => " ".repeat(c.length));
      if (tracing || code.includes("`include") || /^\s*(localparam|genvar|for|parameter)\b/.test(code)) return;
      for (const [pattern, change] of changes)
        for (const m of code.matchAll(pattern)) {
          const to = change(m[0]);
          const text = line.slice(0, m.index) + to + line.slice(m.index + m[0].length);
          out.push({ file, line: i + 1, column: m.index, from: m[0], to, text });
        }
    });
  }
  return out;
}

/** Odd numbers of cycles and short buffers. Mistakes of routers need several cores, the others are found sooner in one. */
const over = { fifo: 2, cycles: { hop: 3, send: 2, event: 3, update: 3 } };
const one = smallMesh(1, 1, over);
const four = smallMesh(2, 2, over);
const chipFor = (file: string): ChipSpec => (/^mesh(_router|_fifo|_exit|_turn|_barrier)?\.v$/.test(file) ? four : one);
const steps = 24;

/** Some mutants of the Verilog. */
export function mutantsOf(count: number, random: Random): readonly Mutant[] {
  const all = places(meshRtl(one).files);
  const chosen: Mutant[] = [];
  while (chosen.length < count && all.length > 0) chosen.push(...all.splice(random.int(0, all.length - 1), 1));
  return chosen;
}

export type Fate = { readonly fate: "killed" | "survived" | "refused"; readonly images: number; readonly how: string };

/** Runs random images until one differs. A mutant that the tool refuses is no mutant. */
export async function fateOf(mutant: Mutant, images: number): Promise<Fate> {
  const chip = chipFor(mutant.file);
  const design = meshRtl(chip);
  const lines = (design.files.get(mutant.file) ?? "").split("\n");
  lines[mutant.line - 1] = mutant.text;
  const cache = mkdtempSync(join(tmpdir(), "rtl-mutant-"));
  const files = new Map([...design.files, [mutant.file, lines.join("\n")]]);
  let seed = 0;
  try {
    const device = await rtlDevice({ ...design, files }, "icarus", { cache, patience: 30 });
    try {
      while (seed < images) {
        const image = randomImage(++seed, chip, steps);
        const { difference } = await compareWithSimulator(chip, device, handImage(image.chip), image.events);
        if (difference !== null) return { fate: "killed", images: seed, how: difference };
      }
    } finally {
      await device.close();
    }
    return { fate: "survived", images: seed, how: "" };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const code = error.diagnostics[0]?.code ?? "";
    // The chip hangs, ends or is late. Anything else is no word of the Verilog's.
    if (!code.startsWith("rtl-")) throw error;
    return { fate: code === "rtl-build" ? "refused" : "killed", images: seed, how: error.message };
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}
