import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../compiler/base/random.ts";
import { TensorStore } from "../compiler/base/store.ts";
import { printNetwork } from "../compiler/ir/network/print.ts";
import type { RtlTool } from "../runtime/rtl/design.ts";
import { rtlDevice } from "../runtime/rtl/device.ts";
import { meshRtl } from "../targets/mesh/rtl/design.ts";
import { Workshop } from "./harness/command.ts";
import { handImage } from "./harness/mesh-image.ts";
import { randomImage } from "./harness/random-image.ts";
import { randomNetwork } from "./harness/random-network.ts";
import { compareWithSimulator, smallMesh } from "./harness/rtl.ts";
import { fateOf, mutantsOf } from "./harness/rtl-mutants.ts";

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

  it.skipIf(absent("yosys", "-V")).each(["mesh_router", "mesh_core", "mesh", "mesh_chip"])(
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

describe("mistakes in the Verilog", () => {
  // One at a time: an operator, a constant or a width. Some change nothing that can be seen, or only rows of one width and an
  // unlucky length (test/bench/results.md); test/rtl-mutants.ts tries many. Which six are tried changes with the Verilog.
  it.skipIf(absent("iverilog", "-V"))("are mostly found by random images", async () => {
    const fates: string[] = [];
    for (const m of mutantsOf(6, new Random(1))) fates.push(`${(await fateOf(m, 20)).fate} ${m.file}:${m.line}: ${m.text.trim()}`);
    console.log(fates.join("\n"));
    expect(fates.filter((f) => f.startsWith("killed")).length, fates.join("\n")).toBeGreaterThanOrEqual(3);
  });
});

/** A chip that a simulator of Verilog clears quickly. */
const chipFile = `extends: mesh-1x1
name: small
core:
  neurons: { value: 64, source: "assumed: small" }
  axons: { value: 64, source: "assumed: small" }
  synapses: { value: 1024 words, source: "assumed: small" }
  routes: { value: 512, source: "assumed: small" }
  profiles: { value: 8, source: "assumed: small" }
  shapes: { value: 16, source: "assumed: small" }
  events: { value: 512, source: "assumed: small" }
`;

describe("the folder that `ganglion cosim` writes, as its README says", () => {
  const shop = new Workshop();
  const text = (file: string): string => readFileSync(shop.path(file), "utf8");
  /** Runs the folder's own command for a simulator. */
  const play = (folder: string, tool: "Icarus Verilog 11" | "Verilator 5"): void => {
    const command = JSON.parse(text(`${folder}/manifest.json`)).commands[tool];
    execFileSync("sh", ["-c", command], { cwd: shop.path(folder), stdio: "pipe" });
  };
  const compare = (folder: string) => shop.run("verify", "build", "--against", `${folder}/log.txt`);

  beforeAll(async () => {
    shop.write("chip.yaml", chipFile);
    const store = new TensorStore();
    shop.write("n.snet", printNetwork(randomNetwork(3, { forMesh: true }), store));
    if (store.size > 0) shop.write("n.tensors", store.encode());
    expect(await shop.run("compile", "n.snet", "--chip", "chip.yaml", "-o", "build")).toMatchObject({ code: 0, err: "" });
    for (const [folder, ...flags] of [["pins", "--read-back"], ["back", "--back-door", "--read-back"], ["bad"], ["wrong", "--read-back"]])
      expect((await shop.run("cosim", "build", "-o", folder as string, "--samples", "3", ...flags)).code).toBe(0);
  });
  afterAll(() => shop.remove());

  it.skipIf(absent("iverilog", "-V")).each(["pins", "back"])(
    "%s: Icarus gives the expected log, words read back and cycles included",
    async (folder) => {
      play(folder, "Icarus Verilog 11");
      const r = await compare(folder);
      expect(r).toMatchObject({ code: 0, err: "" });
      expect(r.out).toMatch(/ lines agree \([1-9]\d* events, \d{3,} words read back\), cycles included/);
    },
  );

  it.skipIf(absent("verilator", "--version")).each(["pins", "back"])("%s: Verilator does, too", async (folder) => {
    play(folder, "Verilator 5");
    expect(await compare(folder)).toMatchObject({ code: 0, err: "" });
  });

  it.skipIf(absent("iverilog", "-V"))("a word that was written wrongly is named with what it holds", async () => {
    const tape = text("wrong/tape.hex").split("\n");
    // Space 7 are the synapses; the word at address 2 has weights.
    const write = tape.findIndex((l) => l === "1000000700000002");
    tape[write + 1] = (BigInt(`0x${tape[write + 1]}`) ^ 4n).toString(16).padStart(16, "0");
    shop.write("wrong/tape.hex", tape.join("\n"));
    play("wrong", "Icarus Verilog 11");
    const r = await compare("wrong");
    expect(r.code).toBe(1);
    expect(r.err).toContain("error[log-value]");
    expect(r.out).toMatch(/the word: core\(0,0\)\/synapses word 2: .*weights/);
  });

  it.skipIf(absent("iverilog", "-V"))("a mistake in the Verilog shows, with what led to the first event that differs", async () => {
    const verilog = text("bad/rtl/mesh_update.v");
    const bad = verilog.replace("{{16{m_threshold[23]}}, m_threshold}", "{{16{m_threshold[23]}}, m_threshold} + 40'sd1");
    shop.write("bad/rtl/mesh_update.v", bad);
    expect(bad).not.toBe(verilog);
    play("bad", "Icarus Verilog 11");
    const r = await compare("bad");
    expect(r.code).toBe(1);
    expect(r.err).toMatch(/error\[log-(lost|extra|late|wrong)\]/);
    expect(r.out).toMatch(/\w+\[\d+\] sends it, in step \d+/);
  });
});
