import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../compiler/base/diagnostic.ts";
import { TensorStore } from "../compiler/base/store.ts";
import { printNetwork } from "../compiler/ir/network/print.ts";
import type { Build } from "../compiler/cli/build/build.ts";
import { Run } from "../compiler/cli/command.ts";
import { verifyAgainstRtl } from "../compiler/cli/run/rtl.ts";
import type { Image } from "../compiler/ir/image/types.ts";
import { rtlDevice } from "../runtime/rtl/device.ts";
import { targets } from "../targets/index.ts";
import { meshRtl } from "../targets/mesh/rtl/design.ts";
import { paramsHeader, wordsHeader } from "../targets/mesh/rtl/generate.ts";
import * as words from "../targets/mesh/words.ts";
import { type HandChip, handImage, hostEvents } from "./harness/mesh-image.ts";
import { Workshop } from "./harness/command.ts";
import { randomNetwork } from "./harness/random-network.ts";
import { smallMesh } from "./harness/rtl.ts";

/* The Verilog of the mesh without any simulator for Verilog: its headers, its language, and what happens when tools misbehave. */

const chip = smallMesh(1, 1);
const sources = [...meshRtl(chip).files].filter(([name]) => name.endsWith(".v"));

describe("headers", () => {
  const header = wordsHeader(chip);

  it("have the bit range of every field, as words.ts has it", () => {
    const missing = Object.values(words).flatMap((w) =>
      typeof w !== "object"
        ? []
        : Object.entries(w.fields as Readonly<Record<string, { high: number; low: number }>>).filter(([key, f]) => {
            const name = `${w.name}_${key}`.toUpperCase().replaceAll("-", "_");
            return !header.includes(`\`define ${name} ${f.high === f.low ? f.high : `${f.high}:${f.low}`}\n`);
          }),
    );
    expect(missing).toEqual([]);
    expect(header).toContain("`define AXON0_ROW 15:0\n");
    expect(header).toContain("`define AXON0_MODE_GATE 2'd2\n");
    // A packet is a route word above a payload of 24 bits.
    expect(header).toContain("`define PACKET_AXON 35:24\n");
  });

  it("have the chip's sizes and cycles", () => {
    const params = paramsHeader({ ...chip, columns: 3, fifo: 3, cycles: { ...chip.cycles, update: 7 } });
    expect(params).toContain("`define MESH_COLUMNS 3\n");
    expect(params).toContain("`define MESH_FIFO_LAST 2'd2\n");
    expect(params).toContain("`define MESH_CYCLES_UPDATE 8'd7\n");
    expect(params).toContain("`define MESH_AXON_BITS 6\n");
  });

  it("are refused for a chip whose barrier is shorter than the pipelines (rtl-unsupported)", () => {
    expect(() => paramsHeader({ ...chip, cycles: { ...chip.cycles, barrier: 4 } })).toThrow(/barrier in 4 cycles; it takes 28 to 65535/);
  });
});

describe("the language is Verilog-2001", () => {
  const bare = (text: string): string =>
    text
      .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")
      .replace(/"[^"]*"/g, '""')
      .replace(/`\w+/g, "");
  const later =
    /\b(logic|bit|byte|int|always_ff|always_comb|always_latch|enum|struct|union|typedef|interface|package|import|unique|priority|return|break|continue|final|assert|void|string|class|do|inside|with|before|bind|byte|chandle|clocking|const|constraint|context|cover|dist|expect|export|extends|extern|foreach|global|ignore_bins|implements|iff|join_any|local|matches|modport|new|null|program|property|protected|pure|rand|ref|restrict|sequence|solve|static|strong|super|tagged|this|throughout|type|until|uwire|var|virtual|weak|within|checker|eventually|nexttime|let)\b/;

  it.each(sources.filter(([name]) => name !== "bench.v"))(
    "%s: no word of SystemVerilog, one clock edge, no hierarchical name, no delay",
    (_, text) => {
      const code = bare(text);
      expect(later.exec(code)?.[0] ?? "").toBe("");
      expect(code.match(/@\(?[^)*]*\)/g)?.filter((e) => e !== "@(posedge clk)") ?? []).toEqual([]);
      // A name followed by a dot and a name: ports are named after a dot that follows a space or a bracket.
      expect(code.match(/\w\.\w/g) ?? []).toEqual([]);
      expect(code).not.toMatch(/#\d/);
    },
  );

  it.each(sources)("%s: no variable is assigned both at once and at the clock", (_, text) => {
    const code = bare(text);
    const clocked = new Set([...code.matchAll(/^\s*(?:if \(.*?\) |else |[\w']+: )*(\w+)(?:\[[^\]]*\])* <= /gm)].map((m) => m[1]));
    const atOnce = new Set([...code.matchAll(/^\s*(?:if \(.*?\) |else |[\w']+: )*(\w+)(?:\[[^\]]*\])* = /gm)].map((m) => m[1]));
    expect([...clocked].filter((name) => atOnce.has(name))).toEqual([]);
  });

  it("no bit of a word is named by its number", () => {
    const wordNames = /\b(axon[01]|neuron[0-5]|profile[0-3]|shape[01]|header[01]|route|word_in|load_data)\[\d+(:\d+)?\]/g;
    const found = sources.flatMap(([name, text]) => [...bare(text).matchAll(wordNames)].map((m) => `${name}: ${m[0]}`));
    // Words of a neuron beyond the first are numbers of 24 bits as a whole.
    expect(found.filter((f) => f !== "mesh_core.v: word_in[23:0]")).toEqual([]);
  });
});

/** A chip with one neuron that fires at once, and a host that asks it to. */
const hand: HandChip = {
  steps: 2,
  cycles: { event: 2, barrier: 28 },
  cores: [
    { neurons: [{ routes: [{ line: 0 }] }], axons: [{ row: 0 }], rows: [{ kind: "dense", bits: 8, base: 0, weights: Int32Array.of(1) }] },
  ],
  inputs: [[[{ x: 0, y: 0, axon: 0 }]]],
};

describe("tools that misbehave", () => {
  let folder = "";
  const environment = { path: process.env["PATH"], tmp: process.env["TMPDIR"] };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rtl-test-"));
  });
  afterEach(() => {
    process.env["PATH"] = environment.path;
    if (environment.tmp === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = environment.tmp;
    rmSync(folder, { recursive: true });
  });

  /** A program called verilator that says its version, and "compiles" a script. */
  function pretend(version: string, simulation: string | null): string {
    const program = join(folder, "verilator");
    writeFileSync(join(folder, "simulation"), `#!/bin/sh\n${simulation ?? ""}\n`);
    const compile =
      simulation === null
        ? "echo 'cannot' >&2; exit 1"
        : `mkdir build && cp ${folder}/simulation build/simulation && chmod +x build/simulation`;
    writeFileSync(program, `#!/bin/sh\nif [ "$1" = --version ]; then echo "Verilator ${version} 2023-01-22"; exit 0; fi\n${compile}\n`);
    chmodSync(program, 0o755);
    return program;
  }

  const open = (program: string, patience = 5) =>
    rtlDevice(meshRtl(chip), "verilator", { program, cache: join(folder, "cache"), patience });
  const codeOf = async (work: () => Promise<unknown>): Promise<string> => {
    try {
      await work();
      return "no failure";
    } catch (error) {
      if (error instanceof Failure) return error.diagnostics.map((d) => d.code).join();
      throw error;
    }
  };

  /** Answers every command as a chip would in which nothing happens. */
  const idle = `while read op rest; do case $op in z) echo z;; s) echo "q 3 0";; x) echo x;; esac; done`;

  it("missing: rtl-tool-missing", async () => {
    expect(await codeOf(() => open(join(folder, "no-such-program")))).toBe("rtl-tool-missing");
  });

  it("too old: rtl-tool-old", async () => {
    expect(await codeOf(() => open(pretend("4.038", idle)))).toBe("rtl-tool-old");
  });

  it("that cannot compile: rtl-build names the log, which has what it said", async () => {
    const failure = await open(pretend("5.006", null)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    const [problem] = (failure as Failure).diagnostics;
    expect(problem?.code).toBe("rtl-build");
    expect(readFileSync(/\S+log\.txt/.exec(problem?.message ?? "")?.[0] ?? "", "utf8")).toContain("cannot");
  });

  it("that end in the middle: rtl-stopped", async () => {
    const device = await open(pretend("5.006", "read op; echo 'out of memory' >&2; exit 3"));
    const failure = await device.reset().catch((error: unknown) => error);
    expect((failure as Failure).diagnostics[0]?.message).toContain("it ended with code 3: out of memory");
    expect(await codeOf(() => device.reset())).toBe("rtl-stopped");
  });

  it("that say a step never ends: rtl-stopped", async () => {
    const device = await open(pretend("5.006", `while read op rest; do case $op in z) echo z;; s) echo "! 99";; esac; done`));
    await device.load(handImage(hand) satisfies Image);
    const failure = await device.run(1).catch((error: unknown) => error);
    expect((failure as Failure).diagnostics[0]?.message).toContain("a step did not end within 99 cycles");
  });

  it("that say nothing: rtl-timeout", async () => {
    const device = await open(pretend("5.006", "exec sleep 60"), 0.2);
    expect(await codeOf(() => device.reset())).toBe("rtl-timeout");
  });

  it("are compiled once", async () => {
    const program = pretend("5.006", idle);
    const said: string[] = [];
    for (let k = 0; k < 2; k++) {
      const device = await rtlDevice(meshRtl(chip), "verilator", {
        program,
        cache: join(folder, "cache"),
        progress: (what) => said.push(what),
      });
      await device.close();
    }
    expect(said.length).toBe(1);
    expect(readdirSync(join(folder, "cache")).length).toBe(1);
  });

  it("a host payload that a packet cannot carry is refused: rtl-unsupported", async () => {
    const device = await open(pretend("5.006", idle));
    await device.load(handImage(hand));
    await device.send([hostEvents(0, { 0: 2 ** 23 })]);
    expect(await codeOf(() => device.run(1))).toBe("rtl-unsupported");
    await device.close();
  });

  const runOf = (lines: string[]): Run =>
    new Run({ cwd: folder, stdout: (t) => lines.push(t), stderr: (t) => lines.push(t), isTTY: false }, {});

  it("a witness in which nothing happens differs, and the first event is shown: rtl-differs", async () => {
    pretend("5.006", idle);
    process.env["PATH"] = `${folder}:${environment.path}`;
    process.env["TMPDIR"] = folder;
    const lines: string[] = [];
    const run = runOf(lines);
    await verifyAgainstRtl(run, { chip, image: handImage(hand) } as Build, "b", "verilator", 1);
    expect(run.diagnostics.map((d) => d.code)).toEqual(["rtl-differs"]);
    expect(lines.join("")).toMatch(/simulator - c0*0 core\(0,0\) integrate-begin +events=0\nverilator \+ \(nothing more\)/);
  });

  it("what led to the difference is told, and `reduce` makes the sample small", async () => {
    pretend("5.006", idle);
    const store = new TensorStore();
    const shop = new Workshop();
    shop.write("n.snet", printNetwork(randomNetwork(3, { forMesh: true }), store));
    if (store.size > 0) shop.write("n.tensors", store.encode());
    expect(await shop.run("compile", "n.snet", "--target", "mesh-1x1", "-o", "b")).toMatchObject({ code: 0, err: "" });
    process.env["PATH"] = `${folder}:${environment.path}`;
    process.env["TMPDIR"] = folder;
    const { out, err, code } = await shop.run("verify", "b", "--against", "verilator");
    expect(code).toBe(1);
    expect(err).toContain("error[rtl-differs]");
    expect(out).toContain("input that shows it: ");
    expect(out).toMatch(/the neuron of this event, or of the last one before it in its core: \w+\[\d+\], in step \d+|no neuron's event/);
    expect(out).toContain("`ganglion reduce b --samples 2 --seed 1 --against verilator -o small`");
    expect(await shop.run("reduce", "b", "--samples", "2", "--against", "verilator", "-o", "small")).toMatchObject({ code: 0 });
    // A chip in which nothing happens differs without any input.
    expect(readFileSync(shop.path("small.txt"), "utf8")).toMatch(/^0( 0)*\n$/);
    const reduced = await shop.run("reduce", "n.snet", "--samples", "small.txt", "--against", "verilator", "-t", "mesh-1x1", "-o", "less");
    expect(reduced).toMatchObject({ code: 0, err: "" });
    shop.remove();
  });

  it("a chip without Verilog of ours: rtl-absent", async () => {
    const other = Object.values(targets)
      .map((make) => make())
      .find((t) => t.rtl === undefined);
    if (other === undefined) return;
    expect(await codeOf(() => verifyAgainstRtl(runOf([]), { chip: other.chip } as Build, "b", "icarus", 1))).toBe("rtl-absent");
  });

  it("leave no half-compiled design in the cache's place", async () => {
    await codeOf(() => open(pretend("5.006", null)));
    expect(existsSync(join(folder, "cache")) ? readdirSync(join(folder, "cache")).filter((n) => n.startsWith("verilator-")) : []).toEqual(
      [],
    );
  });
});
