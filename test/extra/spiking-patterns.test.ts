import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { at } from "../../compiler/base/bug.ts";
import { Failure } from "../../compiler/base/diagnostic.ts";
import { Random } from "../../compiler/base/random.ts";
import { sizeOf, tensor } from "../../compiler/base/tensor.ts";
import { prepareSteps } from "../../compiler/convert/as-is/run.ts";
import { importOnnx } from "../../compiler/frontends/onnx/index.ts";
import type { Graph } from "../../compiler/ir/graph/types.ts";
import { prepareGraph } from "../../compiler/ir/graph/run.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import { graphPipeline } from "../../compiler/passes/graph/index.ts";
import { context } from "../../compiler/passes/pass.ts";
import { runSteps } from "../../compiler/passes/run.ts";
import { convert } from "../../compiler/pipeline.ts";

/* Spiking layers as PyTorch's exporter writes them, in files made by others: the network runs as the file does. */

const folder = resolve(import.meta.dirname, "../../../shared/data/models/patterns");
const present = existsSync(folder);
if (!present) console.warn(`skipped: no ${folder}`);

function read(name: string): Graph {
  return importOnnx(readFileSync(join(folder, `${name}.onnx`)), name, () => null, context());
}

describe.skipIf(!present)("spiking patterns", () => {
  it.each(["real_layer", "real_channel", "real_element", "atif_plain", "atif_custom"])("%s", (name) => {
    const g = runSteps(read(name), graphPipeline, context());
    const neurons = g.nodes.filter((n) => n.op === "neuron-step");
    expect(neurons).toHaveLength(2);
    const steps = 8;
    const n = convert(g, { method: "as-is", options: { steps: String(steps), inputRange: "0:8" }, calibration: [] }, context());
    const pops = neurons.map(
      (x) =>
        at(
          n.pops.filter((p) => p.origin === x.origin),
          0,
        ).id,
    );
    const file = prepareSteps(
      g,
      neurons.map((x) => at(x.outputs, 0)),
    );
    const network = prepareNetwork(n, { record: pops });
    const r = new Random(11);
    const spikes = [0, 0];
    for (let s = 0; s < 50; s++) {
      const x = Float32Array.from({ length: sizeOf(at(g.values, at(g.inputs, 0)).shape) }, () => 8 * r.unit());
      const [wanted, got] = [file.run(x, steps), network.run([x])];
      pops.forEach((p, k) => {
        const train = [...(got.trains.get(p) ?? [])];
        expect(train).toEqual(wanted.kept.flatMap((step) => [...at(step, k)]));
        spikes[k] = at(spikes, k) + train.reduce((a, b) => a + b, 0);
      });
      wanted.outputs.forEach((y, o) => {
        y.forEach((v, i) => {
          expect(Math.abs(v - at(at(got.outputs, o), i))).toBeLessThan(1e-5);
        });
      });
    }
    for (const count of spikes) expect(count).toBeGreaterThan(0);
  });

  it("multi_T3: three steps written out become one, with the number of steps in its metadata", () => {
    const whole = read("multi_T3");
    const g = runSteps(whole, graphPipeline, context());
    expect(g.metadata).toEqual({ "ganglion.steps": "3" });
    const n = convert(g, { method: "as-is", options: { inputRange: "0:8" }, calibration: [] }, context());
    expect(n.steps).toBe(3);
    const [file, network] = [prepareGraph(whole), prepareNetwork(n)];
    const r = new Random(12);
    let spoke = 0;
    for (let s = 0; s < 50; s++) {
      const x = Float32Array.from({ length: 72 }, () => 8 * r.unit());
      const wanted = at(file.run([tensor("f32", [1, 2, 6, 6], x)]).outputs, 0).data as Float32Array;
      const got = at(network.run([x]).outputs, 0);
      wanted.forEach((v, i) => expect(Math.abs(v - at(got, i))).toBeLessThan(1e-5));
      spoke += wanted.filter((v) => v !== 0).length;
    }
    expect(spoke).toBeGreaterThan(0);
  });

  it("atif_custom_ft: a Python function left in the file is refused, with the way to export it", () => {
    try {
      read("atif_custom_ft");
      expect.unreachable("it was imported");
    } catch (e) {
      if (!(e instanceof Failure)) throw e;
      expect(e.diagnostics.map((d) => d.code)).toEqual(["onnx-unsupported-op", "onnx-unsupported-op"]);
      expect(at(e.diagnostics, 0).help.join()).toContain("custom function");
    }
  });
});
