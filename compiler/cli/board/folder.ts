import { printLog } from "../../../runtime/tape/log.ts";
import { printTape } from "../../../runtime/tape/text.ts";
import type { Pins, Target } from "../../../targets/target.ts";
import { sha256 } from "../../base/hash.ts";
import type { Image } from "../../ir/image/types.ts";
import type { Run } from "../command.ts";
import { version } from "../version.ts";
import { imageHash, networkMark } from "./pins.ts";
import { rtlCommands, rtlFiles } from "./own-rtl.ts";
import { type CosimOptions, type CosimPlan, planCosim, predict, type PredictedSample } from "./plan.ts";

/* The folder that `ganglion cosim` writes. */

export const cosimFile = {
  manifest: "manifest.json",
  expected: "expected.txt",
  tape: "tape.hex",
  script: "tape.txt",
  bench: "bench.v",
} as const;
export const cosimKind = "ganglion-cosim";

export type CosimManifest = {
  readonly kind: typeof cosimKind;
  readonly version: 1;
  readonly ganglion: string;
  readonly chip: string;
  /** Which state of the chip's description the bench and the cycles are of. */
  readonly revision: string;
  /** SHA-256 of the image, and the first mark of the log, which is made of it. */
  readonly image: string;
  readonly network: number;
  readonly backDoor: boolean;
  readonly readBack: boolean;
  readonly operations: number;
  readonly samples: readonly PredictedSample[];
  readonly notes: readonly string[];
  /** With RTL of ours in the folder `rtl`: how it is built and run, by simulator. */
  readonly commands?: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
};

export async function writeCosim(
  run: Run,
  folder: string,
  { target, pins }: { readonly target: Target; readonly pins: Pins },
  image: Image,
  options: CosimOptions,
): Promise<{ readonly manifest: CosimManifest; readonly plan: CosimPlan }> {
  const plan = planCosim(pins, image, options);
  const tape = pins.tapeHex(plan.tape);
  const rtl = rtlFiles(run, pins);
  const files = new Map<string, string>([
    [cosimFile.tape, tape],
    [cosimFile.script, printTape(plan.tape)],
    [cosimFile.expected, printLog(plan.expected)],
    [cosimFile.bench, pins.bench()],
    ...pins.backDoor(image),
    ...rtl,
  ]);
  const manifest: CosimManifest = {
    kind: cosimKind,
    version: 1,
    ganglion: version(),
    chip: target.chip.name,
    revision: pins.revision,
    image: imageHash(image),
    network: networkMark(image),
    backDoor: options.backDoor,
    readBack: options.readBack,
    operations: plan.tape.length,
    samples: await predict(target, image, options.samples),
    notes: pins.notes,
    ...(rtl.size === 0 ? {} : { commands: rtlCommands(tape, options.backDoor) }),
    files: Object.fromEntries([...files].map(([name, text]) => [name, sha256(text)])),
  };
  files.set(cosimFile.manifest, `${JSON.stringify(manifest, null, 2)}\n`);
  files.set("README.md", readme(manifest, [...files.keys()]));
  run.files.writeFolder(folder, files, cosimFile.expected);
  return { manifest, plan };
}

function readme(m: CosimManifest, files: readonly string[]): string {
  const images = files.filter((f) => f.endsWith(".hex") && f !== cosimFile.tape);
  const statements = files.filter((f) => f.endsWith(".vh") && !f.includes("/"));
  return [
    `# Co-simulation of ${m.chip}`,
    "",
    `Made by ganglion ${m.ganglion} for ${m.revision}. ${m.commands === undefined ? `Nothing here is part of the chip: build \`${cosimFile.bench}\` together with your own copy of its RTL, run it in this folder, and keep what it prints.` : "Build the bench with the chip's Verilog, which is in `rtl`, and keep what it prints:"}`,
    ...Object.entries(m.commands ?? {}).flatMap(([tool, command]) => ["", `With ${tool}:`, "", "```sh", command, "```"]),
    "",
    "| file | content |",
    "| --- | --- |",
    `| \`${cosimFile.tape}\` | the tape as the bench reads it: ${m.operations} operations |`,
    `| \`${cosimFile.script}\` | the same to read, and for boards |`,
    `| \`${cosimFile.expected}\` | what must come out, with cycles |`,
    `| \`${cosimFile.bench}\` | test bench; it knows the chip's port names only |`,
    `| \`${cosimFile.manifest}\` | what this is of, the simulator's answers, hashes |`,
    ...images.map((f) => `| \`${f}\` | memory image for \`$readmemh\` |`),
    ...statements.map((f) => `| \`${f}\` | the statements that load them, for the macro \`BACK_DOOR\` |`),
    ...(m.commands === undefined ? [] : ["| `rtl` | the chip in Verilog |"]),
    "",
    m.backDoor
      ? "The memories are loaded by the back door: the bench reads the memory images before the tape begins."
      : "The chip is programmed through its pins; the memory images are not needed.",
    ...m.notes.flatMap((n) => ["", n]),
    "",
    "Compare with `ganglion verify BUILD --against LOG`, LOG being what the bench printed. Cycles count from the log's first mark.",
    "",
  ].join("\n");
}
