import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { RtlTool } from "../runtime/rtl/design.ts";
import { rtlDevice } from "../runtime/rtl/device.ts";
import { meshRtl } from "../targets/mesh/rtl/design.ts";
import { handImage } from "./harness/mesh-image.ts";
import { randomImage } from "./harness/random-image.ts";
import { compareWithSimulator, smallMesh } from "./harness/rtl.ts";

/*
 * The Verilog of the mesh in real tools: random images in Icarus and Verilator against the simulator, and
 * synthesis. Tools that are not installed are skipped; the full form is test/rtl-fuzz.ts.
 */

const has = (program: string, flag: string): boolean => spawnSync(program, [flag]).error === undefined;
const absent = (program: string, flag: string): boolean => {
  if (has(program, flag)) return false;
  console.warn(`SKIPPED: ${program} is not installed, so the Verilog of the mesh is not run in it`);
  return true;
};

const steps = 24;
/** Odd numbers of cycles and short buffers, so that FIFOs fill. */
const chips = {
  "1x1": smallMesh(1, 1, { cycles: { hop: 1, send: 1, update: 1, barrier: 28 } }),
  "2x2": smallMesh(2, 2, { fifo: 2, cycles: { hop: 3, send: 2, event: 3, update: 3 } }),
};

const runs: readonly {
  readonly tool: RtlTool;
  readonly program: string;
  readonly flag: string;
  readonly size: keyof typeof chips;
  readonly images: number;
}[] = [
  { tool: "icarus", program: "iverilog", flag: "-V", size: "1x1", images: 10 },
  { tool: "icarus", program: "iverilog", flag: "-V", size: "2x2", images: 4 },
  { tool: "verilator", program: "verilator", flag: "--version", size: "1x1", images: 100 },
  { tool: "verilator", program: "verilator", flag: "--version", size: "2x2", images: 60 },
];

describe.each(runs)("$images random images on $size cores in $tool", ({ tool, program, flag, size, images }) => {
  it.skipIf(absent(program, flag))("agree with the simulator in every event and its cycle", async () => {
    const chip = chips[size];
    const device = await rtlDevice(meshRtl(chip), tool);
    const differences: string[] = [];
    let events = 0;
    for (let seed = 1; seed <= images; seed++) {
      const image = randomImage(seed, chip, steps);
      const found = await compareWithSimulator(chip, device, handImage(image.chip), image.events);
      events += found.events;
      if (found.difference !== null) differences.push(`seed ${seed}: ${found.difference}`);
    }
    await device.close();
    expect(differences).toEqual([]);
    expect(events).toBeGreaterThan(100 * images);
  });
});

describe("synthesis", () => {
  const folder = mkdtempSync(join(tmpdir(), "rtl-yosys-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.skipIf(absent("yosys", "-V")).each(["mesh_router", "mesh_core", "mesh"])(
    "Yosys reads and checks %s, and every memory has a clocked port",
    (top) => {
      const files = meshRtl(smallMesh(2, 2)).files;
      for (const [name, text] of files) writeFileSync(join(folder, name), text);
      const sources = [...files.keys()].filter((n) => n.endsWith(".v") && n !== "bench.v").join(" ");
      const script = `read_verilog ${sources}; hierarchy -check -top ${top}; proc; check -assert; opt; memory_dff; opt_clean; stat`;
      const said = execFileSync("yosys", ["-p", script], { cwd: folder, encoding: "utf8", maxBuffer: 2 ** 28 });
      const complaints = said.split("\n").filter((line) => /^Latch inferred|Warning:/.test(line));
      expect(complaints).toEqual([]);
      expect(said).toContain("End of script");
      const last = (what: string): string => [...said.matchAll(new RegExp(`Number of ${what}: +(\\d+)`, "g"))].at(-1)?.[1] ?? "";
      console.info(`${top}: ${last("cells")} word-level cells, ${last("memory bits")} memory bits`);
      expect(Number(last("memory bits"))).toBeGreaterThan(0);
    },
  );
});
