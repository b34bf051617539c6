import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { buildKernels } from "../tools/kernels.mjs";
import { demo } from "./demo.ts";
import { dense64 } from "./dense64.ts";
import { dvs } from "./dvs.ts";
import type { Figures } from "./measure.ts";
import { r100k } from "./r100k.ts";
import { scale300m } from "./scale300m.ts";

/*
 * Benchmarks of the simulators.
 *
 *   npm run bench [-- demo|dense64|dvs|r100k|scale300m] [--json] [--images N] [--threads N] [--exact]
 *
 * Without a name all of them run, each in a process of its own. Machines differ and are noisy, so every
 * rate stands beside something measured in the same run: compare the ratios.
 */

const args = process.argv.slice(2);
const number = (flag: string, preset: number): number => (args.includes(flag) ? Number(args[args.indexOf(flag) + 1]) : preset);
const threads = number("--threads", 1);

const benchmarks: Readonly<Record<string, () => Promise<Figures>>> = {
  demo: () => demo(number("--images", 100)),
  dense64: () => dense64({ threads: number("--threads", 2) }),
  dvs: () => dvs(),
  r100k: () => r100k({ threads, exact: args.includes("--exact") }),
  scale300m: () => scale300m({ threads }),
};

const name = args[0] ?? "";
const benchmark = benchmarks[name];
if (benchmark === undefined && name !== "" && !name.startsWith("--")) {
  console.error(`there is no benchmark "${name}"; known: ${Object.keys(benchmarks).join(", ")}`);
  process.exitCode = 2;
} else if (benchmark === undefined) {
  for (const each of Object.keys(benchmarks)) {
    if (!args.includes("--json")) console.log(`\n${each}`);
    spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), each, ...args], { stdio: "inherit" });
  }
} else {
  buildKernels();
  const figures = await benchmark();
  if (args.includes("--json")) console.log(JSON.stringify(figures));
  else for (const [key, v] of Object.entries(figures)) console.log(`${key.padEnd(34)} ${typeof v === "number" ? v.toPrecision(5) : v}`);
}
