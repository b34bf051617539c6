import { describe, expect, it } from "vitest";
import { Failure } from "../../base/diagnostic.ts";
import { readJob } from "./read.ts";

function problems(text: string): readonly string[] {
  try {
    readJob(text, "jobs/job.yaml");
  } catch (error) {
    if (error instanceof Failure) return error.diagnostics.map((d) => `${d.code} ${d.at} ${d.message}`);
    throw error;
  }
  return [];
}

describe("a job file", () => {
  it("is read with fractions, lists and paths from its own folder", () => {
    const job = readJob(
      `model: lenet.onnx
target: mesh-4x4
method: qcfs
steps: 8
maxPool: gate
weightBits: 4
calibration: { data: images.gz, limit: 50 }
preprocessing: { scale: 1/255, mean: [0.5], std: 0.25, layout: nhwc }
output: out
`,
      "jobs/job.yaml",
    );
    expect(job).toMatchObject({
      model: "jobs/lenet.onnx",
      options: { steps: "8", maxPool: "gate" },
      passOptions: { "quantize-weights": { bits: "4" } },
      calibration: { data: "jobs/images.gz" },
      calibrationLimit: 50,
      preprocessing: { scale: 1 / 255, mean: [0.5], std: [0.25], layout: "nhwc", raw: null },
      output: "jobs/out",
    });
  });

  it("reports every mistake with its line and column", () => {
    expect(problems("model: m.onnx\nsteps: many\nwieghtBits: 4\npreprocessing:\n  scale: 1/x\n")).toEqual([
      "job-key jobs/job.yaml:2:8 steps: expected number, received string",
      "job-key jobs/job.yaml:5:10 preprocessing.scale: a number, or a fraction like 1/255, is wanted",
      "job-key jobs/job.yaml:3:1 wieghtBits: there is no such key",
    ]);
  });

  it("reports text that is no YAML", () => {
    expect(problems("model: [a\n")[0]).toMatch(/^job-syntax jobs\/job.yaml:\d+:\d+ the file cannot be read/);
  });
});
