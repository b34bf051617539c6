import { Random } from "../../compiler/base/random.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import { price } from "../../runtime/report/energy.ts";
import { targetNamed } from "../../targets/index.ts";
import { type BenchCore, benchImage, denseRow, routeTo } from "./images.ts";
import { type Figures, peakBytes } from "./measure.ts";

/*
 * scale300m: all 1,024 cores of mesh-32x32 with all 1,024 neurons, 287 rows of 1,024 weights of 3 bits in each:
 * 300.9 million synapses. The first 287 neurons of a core send, each to one axon of a core drawn by chance;
 * a tenth of them fires in every step.
 */

const rowsPerCore = 287;
const seed = 300;
const bits = 3;
const top = 2 ** 23 - 1;

function fullChip(): { readonly image: Image; readonly synapses: number } {
  const { chip } = targetNamed("mesh-32x32");
  const r = new Random(seed);
  const size = chip.core.neurons;
  const cores = chip.columns * chip.rows;
  // Where each core's axons come from: a permutation of cores, a different one for each axon.
  const routes = Array.from({ length: cores }, () => new Uint32Array(rowsPerCore));
  for (let a = 0; a < rowsPerCore; a++) {
    const order = Int32Array.from({ length: cores }, (_, c) => c);
    for (let i = cores - 1; i > 0; i--) {
      const j = r.int(0, i);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    order.forEach((to, from) => (routes[from]![a] = routeTo(to % chip.columns, Math.floor(to / chip.columns), a)));
  }
  const half = 2 ** (bits - 1);
  function* made(): Iterable<BenchCore> {
    for (let c = 0; c < cores; c++) {
      const length = 1 + Math.ceil(size / Math.floor(32 / bits));
      const synapses = new Uint32Array(rowsPerCore * length);
      for (let a = 0; a < rowsPerCore; a++)
        synapses.set(
          denseRow(
            Int32Array.from({ length: size }, () => r.int(-half, half - 1)),
            bits,
          ),
          a * length,
        );
      yield {
        x: c % chip.columns,
        y: Math.floor(c / chip.columns),
        profile: { leak: "shift", leakArgument: 4, compare: "gt", reset: "set" },
        neurons: Array.from({ length: size }, (_, k) => ({
          threshold: k < rowsPerCore && r.chance(0.1) ? -top - 1 : top,
          reset: 0,
          bias: 0,
          routes: k < rowsPerCore ? [routes[c]![k]!] : [],
        })),
        axons: Int32Array.from({ length: rowsPerCore }, (_, a) => a * length),
        synapses,
      };
    }
  }
  return { image: benchImage(chip, "scale300m", 1000, made()), synapses: cores * rowsPerCore * size };
}

export async function scale300m(options: { readonly threads: number }): Promise<Figures> {
  const target = targetNamed("mesh-32x32");
  const { image, synapses } = fullChip();
  const imageBytes = image.sections.reduce((n, s) => n + s.words.byteLength, 0);
  const before = peakBytes();
  const device = target.simulate({ time: "fast", threads: options.threads });
  let from = performance.now();
  await device.load(image);
  const loadSeconds = (performance.now() - from) / 1000;
  await device.run(5);
  const rounds = 5;
  const steps = 10;
  const rates: number[] = [];
  const start = { counts: await device.counts(), cycle: device.now().cycle };
  for (let k = 0; k < rounds; k++) {
    from = performance.now();
    await device.run(steps);
    rates.push(steps / ((performance.now() - from) / 1000));
  }
  const end = { counts: await device.counts(), cycle: device.now().cycle };
  await device.close();
  const all = rounds * steps;
  const counts = Object.fromEntries(Object.keys(end.counts).map((n) => [n, ((end.counts[n] ?? 0) - (start.counts[n] ?? 0)) / all]));
  const stepsPerSecond = rates.sort((a, b) => a - b)[rounds >> 1]!;
  const cycles = (end.cycle - start.cycle) / all;
  return {
    seed,
    threads: options.threads,
    cores: 1024,
    neurons: 1024 * 1024,
    synapses,
    imageBytes,
    loadSeconds,
    stepsPerSecond,
    synapticEventsPerSecond: stepsPerSecond * (counts["synapse"] ?? 0),
    bytesPerSynapse: (peakBytes() - before) / synapses,
    peakBytes: peakBytes(),
    cyclesPerStep: cycles,
    joulesPerStep: price(counts, cycles, target.chip).joules.typical,
  };
}
