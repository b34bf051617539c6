import { z } from "zod";
import { cHeader, tapeJson } from "../../../runtime/tape/render.ts";
import { parseLog, printLog } from "../../../runtime/tape/log.ts";
import { printTape } from "../../../runtime/tape/text.ts";
import type { LogEntry, Tape } from "../../../runtime/tape/types.ts";
import type { Pins, Target } from "../../../targets/target.ts";
import { type Coverage, CoverageCount } from "../../analysis/bringup/coverage.ts";
import { isTestMark, play, type Vectors, vectorsOf } from "../../analysis/bringup/vectors.ts";
import { fail } from "../../base/diagnostic.ts";
import { sha256 } from "../../base/hash.ts";
import type { Run } from "../command.ts";
import { parsed } from "../json.ts";
import { nearest } from "../names.ts";
import { version } from "../version.ts";
import { kitCommands, rtlFiles } from "./own-rtl.ts";

/* The folder that `ganglion bringup` writes: a folder for each test, and what they are about. */

export const kitFile = "kit.json";
const kitKind = "ganglion-kit";

type KitTest = {
  readonly name: string;
  readonly summary: string;
  readonly covers: readonly string[];
  readonly mark: number;
  readonly operations: number;
  readonly lines: number;
  readonly cycles: number;
  readonly files: Readonly<Record<string, string>>;
};

export type KitManifest = {
  readonly kind: typeof kitKind;
  readonly version: 1;
  readonly ganglion: string;
  readonly chip: string;
  readonly revision: string;
  readonly notes: readonly string[];
  /** With RTL of ours in the folder `rtl`: how it is built, and plays every test, by simulator. */
  readonly commands?: Readonly<Record<string, string>>;
  readonly coverage: Coverage;
  readonly tests: readonly KitTest[];
};

/** Which chip a kit is of. */
export type KitMark = Pick<KitManifest, "chip" | "revision">;

type Format = (pins: Pins, name: string, tape: Tape) => readonly [file: string, text: string];

const formats: Readonly<Record<string, Format>> = {
  hex: (pins, _, tape) => ["tape.hex", pins.tapeHex(tape)],
  script: (_, __, tape) => ["tape.txt", printTape(tape)],
  c: (_, name, tape) => ["tape.h", cHeader(name, tape)],
  json: (_, __, tape) => ["tape.json", tapeJson(tape)],
};
export const kitFormats = Object.keys(formats);
/** Longer tapes, marches of whole memories, are written as header and JSON only when asked for: they would be tens of megabytes. */
const longTape = 100_000;

export type KitOptions = { readonly only: readonly string[] | null; readonly formats: readonly string[] | null };

export function writeKit(run: Run, folder: string, target: Target, pins: Pins, options: KitOptions): KitManifest {
  if (run.files.isFolder(folder) && !run.files.exists(`${folder}/${kitFile}`) && run.files.names(folder).length > 0)
    fail("output-occupied", [folder]);
  const coverage = new CoverageCount(pins);
  const vectors = chosenTests(pins, options.only);
  const rtl = rtlFiles(run, pins);
  let longest = 0;
  const tests = vectors.map((v, i): KitTest => {
    run.progress.show("vectors", i + 1, vectors.length);
    const { tape } = v;
    const expected = play(pins, tape);
    coverage.add(v, expected);
    const wanted = options.formats ?? kitFormats.filter((f) => tape.length <= longTape || f === "hex" || f === "script");
    const files: (readonly [string, string])[] = [
      ["expected.txt", printLog(expected)],
      ...wanted.map((f) => (formats[f] as Format)(pins, v.test.name, tape)),
    ];
    files.push(...(pins.elaboration?.(tape) ?? []));
    for (const [file, text] of files) if (file === "tape.hex") longest = Math.max(longest, text.split("\n").length - 1);
    for (const [file, text] of files) run.files.write(`${folder}/${v.test.name}/${file}`, text);
    return {
      name: v.test.name,
      summary: v.test.summary,
      covers: v.test.covers,
      mark: v.mark,
      operations: tape.length,
      lines: expected.length,
      cycles: expected.at(-1)?.cycle ?? 0,
      files: Object.fromEntries(files.map(([file, text]) => [file, sha256(text)])),
    };
  });
  const manifest: KitManifest = {
    kind: kitKind,
    version: 1,
    ganglion: version(),
    chip: target.chip.name,
    revision: pins.revision,
    notes: pins.notes,
    ...(rtl.size === 0 || longest === 0 ? {} : { commands: kitCommands(longest) }),
    coverage: coverage.result(),
    tests,
  };
  run.files.write(`${folder}/bench.v`, pins.bench());
  for (const [file, text] of rtl) run.files.write(`${folder}/${file}`, text);
  run.files.write(`${folder}/README.md`, readme(manifest));
  run.files.write(`${folder}/${kitFile}`, `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** The tests with their places in the whole list, which their marks are of. */
function chosenTests(pins: Pins, only: readonly string[] | null): readonly Vectors[] {
  const all = pins.bringup().map(vectorsOf);
  if (only === null) return all;
  const names = all.map((v) => v.test.name);
  for (const name of only)
    if (!names.includes(name)) fail("name-unknown", ["test", name, nearest(name, names)], { help: [`the tests are ${names.join(", ")}`] });
  return all.filter((v) => only.includes(v.test.name));
}

function readme(m: KitManifest): string {
  return [
    `# Bring-up kit of ${m.chip}`,
    "",
    `Made by ganglion ${m.ganglion} for ${m.revision}. Each folder is one test, played on a chip that was just powered up: \`tape.hex\` for \`bench.v\`, \`tape.txt\` as a script for a board, \`tape.h\` for a microcontroller, \`tape.json\`, and \`expected.txt\`, what must come out with cycles from the test's first mark.`,
    "",
    "Keep what the board answers, as lines like those of `expected.txt`, one file for each test or all in one; `ganglion diagnose LOG --kit .` names the likely fault.",
    ...(m.commands === undefined ? [] : ["", "The folder `rtl` has the chip in Verilog. To play every test in it:"]),
    ...Object.entries(m.commands ?? {}).flatMap(([tool, command]) => ["", `With ${tool}:`, "", "```sh", command, "```"]),
    ...(m.commands === undefined ? [] : ["", "Then `ganglion diagnose */log.txt --kit . --cycles` compares all answers, cycles included."]),
    ...m.notes.flatMap((n) => ["", n]),
    "",
    "| test | operations | shows |",
    "| --- | --- | --- |",
    ...m.tests.map((t) => `| \`${t.name}\` | ${t.operations} | ${t.summary} |`),
    "",
  ].join("\n");
}

export function readKit(run: Run, folder: string): KitMark {
  const path = `${folder}/${kitFile}`;
  if (!run.files.exists(path)) fail("kit-unreadable", [folder, `it has no ${kitFile}`]);
  return parsed(readSchema, run.files.text(path)) ?? fail("kit-unreadable", [folder, `its ${kitFile} is damaged, or of something else`]);
}

/** What is read of a kit again. */
const readSchema = z.object({ kind: z.literal(kitKind), chip: z.string(), revision: z.string() });

/** The answers in one log, cut at the tests' marks. Each ends with its line E. */
export function answersIn(run: Run, file: string): ReadonlyMap<number, readonly LogEntry[]> {
  const out = new Map<number, LogEntry[]>();
  let open: LogEntry[] | null = null;
  for (const e of parseLog(run.files.text(file), file)) {
    if (e.kind === "mark" && isTestMark(e.id)) {
      open = [];
      out.set(e.id, open);
    }
    open?.push(e);
    if (e.kind === "end") open = null;
  }
  if (out.size === 0) fail("kit-no-test", [file]);
  return out;
}
