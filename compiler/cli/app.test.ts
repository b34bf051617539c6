import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Workshop } from "../../test/harness/command.ts";
import { InternalError } from "../base/bug.ts";
import { errors } from "../base/errors.ts";
import { runCommand } from "./app.ts";
import { openBuild } from "./build/read.ts";
import { Run } from "./command.ts";
import { findMnist } from "./demo/mnist.ts";
import { withThreads } from "./evaluate/pool.ts";
import { buildHash } from "./evaluate/worker.ts";
import type { RungName } from "./evaluate/rungs.ts";
import { Files } from "./files.ts";
import { compareOnRandom } from "./run/compare.ts";

const lenet = resolve(import.meta.dirname, "../../test/models/lenet/lenet.onnx");
const shop = new Workshop();
afterAll(() => shop.remove());

/** Images 28x28 as an IDX file: pixels from a small generator, the same ones every time. */
function idxImages(count: number): Uint8Array {
  const out = new Uint8Array(16 + count * 784);
  out.set([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28]);
  for (let i = 16, s = 7; i < out.length; i++) {
    s = (Math.imul(s, 1103515245) + 12345) >>> 0;
    out[i] = s >>> 24 > 180 ? s >>> 24 : 0;
  }
  return out;
}

function idxLabels(labels: readonly number[]): Uint8Array {
  return Uint8Array.from([0, 0, 8, 1, 0, 0, 0, labels.length, ...labels]);
}

const bareNetwork =
  "network n steps 2\n  input x 2 binary code direct\n  pop y 1 binary if(threshold=1)\n  link x -> y dense f64[1x2]{1 1}\n  output z of y code spikes\n";
const poolGraph = `graph pool
  input x f32[1x1x28x28]
  node a = relu(x) -> r f32[1x1x28x28]
  node p = max-pool(r) kernelShape=[4 4] strides=[14 14] pads=[0 0 0 0] dilations=[1 1] -> y f32[1x1x2x2]
  node f = reshape(y) shape=[1 4] -> z f32[1x4]
  constant w = f32[4x2]{1 0 -1 0.5 0.25 1 -1 0}
  node g = gemm(z, w) -> o f32[1x2]
  output o
`;
const poolArgs = [
  "compile",
  "pool.graph",
  "-t",
  "mesh-1x1",
  "-m",
  "rate",
  "--steps",
  "8",
  "--calibration",
  "images",
  "--scale",
  "1/255",
  "-o",
  "pool",
];
const compileArgs = (output: string): string[] => [
  "compile",
  lenet,
  "--target",
  "mesh-4x4",
  "--method",
  "qcfs",
  "--steps",
  "8",
  "--calibration",
  "images",
  "--scale",
  "1/255",
  "-o",
  output,
];

beforeAll(async () => {
  shop.write("images", idxImages(4));
  shop.write("labels", idxLabels([1, 2, 3, 4]));
  const { code, err } = await shop.run(...compileArgs("build"));
  expect(err.includes("error"), err).toBe(false);
  expect(code).toBe(0);
}, 60_000);

/** The command ends with 1 (or 2, if a flag is missing), these codes, and no stack trace. */
async function refuses(codes: readonly string[], ...argv: readonly string[]): Promise<void> {
  const { code, out, err } = await shop.run(...argv);
  expect(
    [...err.matchAll(/^error\[([\w-]+)\]/gm)].map((m) => m[1]),
    err,
  ).toEqual(codes);
  expect(code).toBe(codes.includes("option-missing") || codes.includes("options-contradict") ? 2 : 1);
  expect(out).toBe("");
  expect(err).not.toMatch(/\n\s+at .*\.ts:\d+/);
}

it.each(["--stop-after", "--print-after"])("%s of a pass that does not exist is refused", async (flag) => {
  const { code, err } = await shop.run(...compileArgs("unstopped"), flag, "fold-amplitdue");
  expect(code).toBe(1);
  expect(err).toContain('there is no pass "fold-amplitdue"; did you mean "fold-amplitude"?');
});

it("--stop-after prints the artifact, with --json in one object", async () => {
  const args = [...compileArgs("unstopped"), "--stop-after", "fold-amplitude"];
  const text = await shop.run(...args);
  expect(text).toMatchObject({ code: 0, out: expect.stringMatching(/^network /) });
  const { code, out } = await shop.run(...args, "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({ after: "fold-amplitude", text: text.out, diagnostics: [] });
});

it("show --html makes one page of a build that has not run", async () => {
  expect(await shop.run("show", "build", "--html", "page.html")).toMatchObject({ code: 0, err: "" });
  const page = readFileSync(shop.path("page.html"), "utf8");
  for (const title of ["Network", "Chip", "Budget"]) expect(page).toContain(`<h2>${title}</h2>`);
  for (const title of ["Energy", "Latency", "Spikes"]) expect(page).not.toContain(`<h2>${title}</h2>`);
  expect(page).toContain("events (worst case)");
  expect(page).not.toMatch(/NaN|null|undefined/);
});

describe("usage", () => {
  it("ends with 2", async () => {
    for (const argv of [
      [],
      ["compil"],
      ["compile"],
      ["compile", lenet, "-m", "qcfs", "-o", "x"],
      ["evaluate", "build"],
      ["list", "passes", "--seed", "x"],
      ["compile", "m.onnx", "--weight-bits", "99"],
    ]) {
      const { code, out } = await shop.run(...argv);
      expect(code, argv.join(" ")).toBe(2);
      expect(out).toBe("");
    }
  });

  it("help and version are fine", async () => {
    expect(await shop.run("--version")).toMatchObject({ code: 0, err: "" });
    expect(await shop.run("compile", "--help")).toMatchObject({ code: 0, err: "" });
  });
});

describe("a mistake of ours", () => {
  it("ends with 70, a stack, and what to report", async () => {
    let err = "";
    const stdout = () => {
      throw new InternalError("a sentence that holds");
    };
    const code = await runCommand(["targets"], { cwd: shop.folder, stdout, stderr: (t) => (err += t), isTTY: false });
    expect(code).toBe(70);
    expect(err).toMatch(
      /^internal error: an assertion of ganglion does not hold\. This is our mistake, not yours\.\n.*a sentence that holds\n\s+at /,
    );
    expect(err).toContain("command ganglion targets");
  });
});

describe("list and explain", () => {
  it.each(["passes", "targets", "methods", "neurons", "errors", "codes", "ops"])(
    "list %s prints names, and one object with --json",
    async (what) => {
      const { code, out } = await shop.run("list", what);
      expect(code).toBe(0);
      const json = JSON.parse((await shop.run("list", what, "--json")).out);
      expect(json[what].length).toBeGreaterThan(0);
      for (const { name } of json[what]) expect(out).toContain(name);
    },
  );

  it("explains every error code, and guesses what was meant", async () => {
    for (const code of Object.keys(errors)) expect((await shop.run("explain", code)).out).toContain(code);
    const { err } = await shop.run("explain", "file-mising");
    expect(err).toContain('did you mean "file-missing"?');
    await refuses(["name-unknown"], "explain", "nothing-like-it");
  });

  it("`targets` is `list targets`", async () => {
    expect((await shop.run("targets")).out).toBe((await shop.run("list", "targets")).out);
  });
});

describe("compile and evaluate", () => {
  it("gives the same bytes for the same inputs", async () => {
    await shop.run(...compileArgs("again"));
    for (const file of ["manifest.json", "build.json", "network.snet", "report.json"]) {
      expect(readFileSync(shop.path(`again/${file}`), "utf8")).toBe(readFileSync(shop.path(`build/${file}`), "utf8"));
    }
  });

  it("prints exactly the stated object with --json, everything else on standard error", async () => {
    const { code, out, err } = await shop.run("evaluate", "build", "--data", "images", "--labels", "labels", "--json");
    expect(code, err).toBe(0);
    const summary = JSON.parse(out);
    expect(Object.keys(summary)).toEqual([
      "samples",
      "accuracy",
      "agreement",
      "steps",
      "latency",
      "energy",
      "spikes",
      "synapticEvents",
      "cores",
    ]);
    expect(summary).toMatchObject({ samples: 4, agreement: { snnVsChip: 1 }, cores: { available: 16 } });
    expect(Object.keys(summary.latency.cycles)).toEqual(["mean", "p50", "p99"]);
    expect(summary.energy.joules.low).toBeLessThanOrEqual(summary.energy.joules.typical);
    expect(summary.latency.seconds.mean).toBeGreaterThan(0);
  });

  it("gives the same results for any number of threads", async () => {
    shop.write("many", idxImages(70));
    const args = ["evaluate", "build", "--data", "many", "--rungs", "snn,chip", "--chip-limit", "6", "--json"];
    const [one, two] = [await shop.run(...args, "--workers", "1"), await shop.run(...args, "--workers", "2")];
    expect(one.code, one.err).toBe(0);
    expect(two).toEqual(one);
  });

  it("tells what a thread died of", async () => {
    const files = new Files({ cwd: shop.folder, stdout: () => {}, stderr: () => {}, isTTY: false });
    const samples = { count: 1, sample: () => new Float32Array(784) };
    const broken = withThreads({ build: shop.path("build"), hash: buildHash(files, "build") }, 2, (runs) =>
      runs("none" as RungName, samples, () => {}),
    );
    await expect(broken).rejects.toThrow(InternalError);
    await expect(broken).rejects.toThrow("a worker thread ended: ");
  });

  it("does without labels, with a warning, and with fewer rungs", async () => {
    const { code, out, err } = await shop.run("evaluate", "build", "--data", "images", "--rungs", "ann,snn", "--limit", "2", "--json");
    expect(code).toBe(0);
    expect(err).toContain("warning[labels-absent]");
    expect(JSON.parse(out)).toMatchObject({
      samples: 2,
      accuracy: { ann: null, chip: null },
      agreement: { snnVsChip: null },
      latency: { cycles: null },
    });
  });

  it("takes a job file, relative to its folder", async () => {
    shop.write(
      "job.yaml",
      `model: ${lenet}\ntarget: mesh-4x4\nmethod: qcfs\nsteps: 8\ncalibration: {data: images}\npreprocessing: {scale: 1/255}\noutput: from-job\n`,
    );
    expect(await shop.run("compile", "job.yaml")).toMatchObject({ code: 0 });
    expect(readFileSync(shop.path("from-job/network.snet"), "utf8")).toBe(readFileSync(shop.path("build/network.snet"), "utf8"));
  });

  it("runs single samples on the chip, with a trace that can be cut", async () => {
    shop.write("one", Array.from({ length: 784 }, (_, i) => (i % 7) / 7).join(" "));
    const { code, out, err } = await shop.run("run", "build", "--samples", "one", "--trace", "trace.txt", "--trace-limit", "100");
    expect(code, err).toBe(0);
    expect(out).toMatch(/^sample 0\n {2}output .*\n {2}cycles \d+\n$/);
    expect(err).toContain("warning[trace-full]");
    expect(readFileSync(shop.path("trace.txt"), "utf8").trimEnd().split("\n").length).toBe(100);
    expect(await shop.run("run", "build", "--samples", "one", "--trace", "trace.json")).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(shop.path("trace.json"), "utf8"))).toBeTruthy();
  });

  it("verifies a build: hashes, decoding, and network against chip", async () => {
    expect(await shop.run("verify", "build")).toMatchObject({ code: 0, out: "build: a valid build\n" });
  });

  it("prints one object also when it fails", async () => {
    const { code, out } = await shop.run("evaluate", "nowhere", "--data", "images", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ diagnostics: [{ code: "file-missing" }] });
  });
});

describe("what the user may get wrong", () => {
  it("files that are not there, not complete, or of no known kind", async () => {
    await refuses(["file-missing"], "import", "absent.onnx");
    await refuses(["artifact-unknown"], "import", "images");
    await refuses(["file-missing"], "evaluate", "build", "--data", "absent");
    await refuses(["file-missing"], "evaluate", "build", "--data", "images", "--labels", "absent");
    await refuses(["file-missing"], "show", "absent");
    // Told before the work, of which the calibration would be the first part to fail.
    await refuses(["output-occupied"], ...compileArgs("."), "--calibration", "absent");
    expect((await shop.run("compile", "images", "-t", "mesh-4x4", "-o", "other")).err).toContain(
      "none of *.onnx, *.graph, *.snet, *.nir, *.net",
    );
    await refuses(["file-unwritable"], ...compileArgs("images/below"));
  });

  it("a truncated model", async () => {
    shop.write("short.onnx", readFileSync(lenet).subarray(0, 5000));
    const { code, err } = await shop.run("import", "short.onnx");
    expect(code).toBe(1);
    expect(err).toMatch(/^error\[onnx-not-a-model\]: short\.onnx is not/);
  });

  it("labels of another length, data of another shape", async () => {
    shop.write("three", idxLabels([1, 2, 3]));
    await refuses(["labels-length"], "evaluate", "build", "--data", "images", "--labels", "three");
    shop.write("small", Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4]));
    await refuses(["data-shape"], "evaluate", "build", "--data", "small");
  });

  it("names and flags", async () => {
    await refuses(["option-missing"], "compile", lenet, "--method", "qcfs", "-o", "x");
    await refuses(["option-missing"], "compile", lenet, "--target", "mesh-4x4", "-o", "x");
    await refuses(["option-missing"], "compile", lenet, "--target", "mesh-4x4", "--method", "qcfs");
    shop.write("chip.yaml", "extends: mesh-1x1\n");
    await refuses(["options-contradict"], ...compileArgs("x"), "--chip", "chip.yaml");
    shop.write("chip.yaml", "extends: mesh-4x4\n");
    expect(await shop.run(...compileArgs("x"), "--chip", "chip.yaml")).toMatchObject({ code: 0 });
    await refuses(["core-unused"], "show", "build", "--core", "9,9");
    await refuses(["artifact-unknown"], "show", lenet, "--html", "page.html");
    await refuses(["name-unknown"], "compile", lenet, "--target", "mesh-4x5", "--method", "qcfs", "-o", "x");
    await refuses(["name-unknown"], "compile", lenet, "--target", "mesh-4x4", "--method", "qcsf", "-o", "x");
    await refuses(
      ["option-unknown"],
      "compile",
      lenet,
      "--target",
      "mesh-4x4",
      "--method",
      "qcfs:colour=blue",
      "--calibration",
      "images",
      "-o",
      "x",
    );
    await refuses(
      ["option-value"],
      "compile",
      lenet,
      "--target",
      "mesh-4x4",
      "--method",
      "qcfs:steps=many",
      "--calibration",
      "images",
      "-o",
      "x",
    );
    await refuses(["pass-unused"], ...compileArgs("x"), "--option", "fold-constants:a=b");
    await refuses(["pass-kind"], "pass", "fold-constants", "build/network.snet");
  });

  it("a job file with mistakes", async () => {
    shop.write("bad.yaml", "model: [\n");
    await refuses(["job-syntax"], "compile", "bad.yaml");
    shop.write("bad.yaml", "model: m.onnx\ncolour: blue\n");
    await refuses(["job-key"], "compile", "bad.yaml");
  });

  it("a build that was changed", async () => {
    const spoil = (name: string, change: (bytes: Uint8Array) => Uint8Array | string) => {
      cpSync(shop.path("build"), shop.path("spoilt"), { recursive: true });
      writeFileSync(shop.path(`spoilt/${name}`), change(readFileSync(shop.path(`build/${name}`))));
    };
    spoil("network.snet", (b) => b.subarray(1));
    await refuses(["build-changed"], "verify", "spoilt");
    spoil("build.json", () => "{");
    await refuses(["build-changed"], "verify", "spoilt");
    for (const text of ["null", "{}", "[]", '{"files":null}']) {
      spoil("build.json", () => text);
      await refuses(["build-changed"], "verify", "spoilt");
    }
    await refuses(["build-incomplete"], "verify", shop.folder);
  });

  it("a model with two inputs, a build without a model, a demo without data", async () => {
    shop.write("two.graph", "graph two\n  input a f32[1x2]\n  input b f32[1x2]\n  node s = add(a, b) -> y f32[1x2]\n  output y\n");
    await refuses(["convert-inputs"], "compile", "two.graph", "-t", "mesh-1x1", "-m", "rate", "--calibration", "images", "-o", "x");
    shop.write("bare.snet", bareNetwork);
    expect(await shop.run("compile", "bare.snet", "-t", "mesh-1x1", "-o", "bare")).toMatchObject({ code: 0 });
    await refuses(["build-rung"], "evaluate", "bare", "--data", "images", "--rungs", "ann");
    expect(() => findMnist("file:///nowhere/x.js")).toThrow("demo-data");
  });

  it("network and chip that differ: the first output that does", async () => {
    const files = new Files({ cwd: shop.folder, stdout: () => {}, stderr: () => {}, isTTY: false });
    const build = openBuild(files, "build");
    const pops = build.network.pops.map((p) => (p.neuron.model === "input" ? p : { ...p, initial: { ...p.initial, v: 5 } }));
    let err = "";
    const run = new Run({ cwd: shop.folder, stdout: () => {}, stderr: (t) => (err += t), isTTY: false }, {});
    await compareOnRandom(run, { ...build, network: { ...build.network, pops } }, 1);
    expect(err).toMatch(
      /^error\[snn-chip-differ\]: network and chip differ at random sample 0 \(seed 1\), output .*\[\d+\]: the network has -?\d+, the chip -?\d+/,
    );
  });

  it("max pooling that is lowered inexactly: the measured loss", async () => {
    shop.write("pool.graph", poolGraph);
    await refuses(["convert-max-pool"], ...poolArgs);
    const { code, err } = await shop.run(...poolArgs, "--max-pool", "gate");
    expect(code, err).toBe(0);
    expect(err).toMatch(
      /warning\[max-pool-loss\]: max pooling was lowered inexactly \(gate\): on 4 calibration samples network and model choose the same class for \d/,
    );
  });

  it("samples in text", async () => {
    shop.write("n.snet", bareNetwork);
    shop.write("good", "1 0\n0,1\n");
    expect(await shop.run("run", "network", "n.snet", "--samples", "good")).toMatchObject({ code: 0 });
    shop.write("word", "1 one\n");
    await refuses(["samples-text"], "run", "n.snet", "--samples", "word");
    shop.write("three", "1 0 1\n");
    await refuses(["samples-length"], "run", "n.snet", "--samples", "three");
  });
});
