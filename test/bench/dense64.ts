import { Random } from "../../compiler/base/random.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import { compileKernels, viewsOf, wasmKernels, wasmMemory } from "../../runtime/kernels/kernels.ts";
import { targetNamed } from "../../targets/index.ts";
import { kernelBytes } from "../../targets/kernels.ts";
import { type BenchCore, benchImage, denseRow, routeTo } from "./images.ts";
import { type Figures, machineLoad, peakBytes, secondsSince, threadSeconds } from "./measure.ts";

/*
 * dense64: 64 cores, each a full crossbar of 256 × 256 weights of 8 bits. Neuron k of core c sends to
 * axon k of core c + 1; half of the neurons, drawn by chance, fire in every step. Compared with the
 * kernel that does most of the work, called in a bare loop on the same weights: all rows of a
 * core's step added up by one call, core after core.
 */

const cores = 64;
const size = 256;
const seed = 64;
const top = 2 ** 23 - 1;

function crossbars(): { readonly image: Image; readonly weights: Int8Array[]; readonly active: number[][] } {
  const { chip } = targetNamed("mesh-32x32");
  const r = new Random(seed);
  const weights: Int8Array[] = [];
  const fires = Array.from({ length: cores }, () => Uint8Array.from({ length: size }, () => (r.chance(0.5) ? 1 : 0)));
  const place = (c: number): { x: number; y: number } => ({ x: c % 8, y: Math.floor(c / 8) });
  const made = Array.from({ length: cores }, (_, c): BenchCore => {
    const table = Int8Array.from({ length: size * size }, () => r.int(-127, 127));
    weights.push(table);
    const rows = Array.from({ length: size }, (_, a) => denseRow(Int32Array.from(table.subarray(a * size, (a + 1) * size)), 8));
    const synapses = new Uint32Array(rows.reduce((n, row) => n + row.length, 0));
    rows.forEach((row, a) => synapses.set(row, a * row.length));
    const next = place((c + 1) % cores);
    return {
      ...place(c),
      profile: { leak: "shift", leakArgument: 4, compare: "gt", reset: "set" },
      neurons: Array.from({ length: size }, (_, k) => ({
        threshold: fires[c]![k] === 1 ? -top - 1 : top,
        reset: 0,
        bias: 0,
        routes: [routeTo(next.x, next.y, k)],
      })),
      axons: Int32Array.from({ length: size }, (_, a) => a * rows[a]!.length),
      synapses,
    };
  });
  const active = fires.map((_, c) => [...fires[(c + cores - 1) % cores]!.entries()].filter(([, f]) => f === 1).map(([k]) => k));
  return { image: benchImage(chip, "dense64", 1000, made), weights, active };
}

/** Synaptic events a second of the kernel alone on the same tables and rows; null without compiled kernels. */
function bareKernel(weights: readonly Int8Array[], active: readonly (readonly number[])[]): (() => number) | null {
  const bytes = kernelBytes();
  const module = bytes === null ? null : compileKernels(bytes);
  const shared = module === null ? null : wasmMemory(64 * 2 ** 20);
  if (module === null || shared === null) return null;
  const kernels = wasmKernels(module, shared);
  const memory = viewsOf(shared.buffer);
  let at = 65536;
  const calls = weights.map((table, c) => {
    const from = at;
    memory.i8.set(table, from);
    const sums = from + size * size;
    const list = sums + 4 * size;
    active[c]!.forEach((a, k) => (memory.i32[(list >>> 2) + k] = from + a * size));
    at = list + 4 * size;
    return { sums, list, n: active[c]!.length };
  });
  const events = calls.reduce((n, c) => n + c.n * size, 0);
  const rounds = 200;
  const one = (): void => {
    for (const c of calls) kernels.addRows8(c.sums, c.list, c.n, size);
  };
  for (let k = 0; k < 200; k++) one();
  return () => {
    const from = performance.now();
    for (let k = 0; k < rounds; k++) one();
    return (rounds * events) / ((performance.now() - from) / 1000);
  };
}

const median = (list: number[]): number => list.sort((a, b) => a - b)[list.length >> 1]!;

export async function dense64(options: { readonly threads: number }): Promise<Figures> {
  const { image, weights, active } = crossbars();
  const target = targetNamed("mesh-32x32");
  const bare = bareKernel(weights, active);
  const threads = options.threads;
  const devices = [target.simulate({ time: "fast" }), ...(threads > 1 ? [target.simulate({ time: "fast", threads })] : [])];
  const before = peakBytes();
  const from = performance.now();
  await devices[0]!.load(image);
  const loadSeconds = (performance.now() - from) / 1000;
  const peak = peakBytes();
  for (const d of devices.slice(1)) await d.load(image);
  const steps = 200;
  const rates = devices.map((): number[] => []);
  const bareRates: number[] = [];
  /** By device: seconds, processor seconds of the whole process, and of each of its threads. */
  const wall = devices.map(() => 0);
  const used = devices.map(() => 0);
  const byThread = devices.map((): number[] => []);
  for (const d of devices) await d.run(400);
  const start = await devices[0]!.counts();
  const rounds = 15;
  // One after another within each round, so that all meet the same machine.
  for (let k = 0; k < rounds; k++) {
    if (bare !== null) bareRates.push(bare());
    for (const [i, d] of devices.entries()) {
      const threadsBefore = threadSeconds();
      const cpu = process.cpuUsage();
      const t = performance.now();
      await d.run(steps);
      const seconds = (performance.now() - t) / 1000;
      rates[i]!.push(steps / seconds);
      wall[i] = wall[i]! + seconds;
      const { user, system } = process.cpuUsage(cpu);
      used[i] = used[i]! + (user + system) / 1e6;
      secondsSince(threadsBefore).forEach((s, k) => (byThread[i]![k] = (byThread[i]![k] ?? 0) + s));
    }
  }
  const end = await devices[0]!.counts();
  for (const d of devices) await d.close();
  const events = ((end["synapse"] ?? 0) - (start["synapse"] ?? 0)) / (rounds * steps);
  const stepsPerSecond = median(rates[0]!);
  const bareEvents = median(bareRates);
  const synapses = cores * size * size;
  return {
    seed,
    stepsPerSecond,
    synapticEventsPerSecond: stepsPerSecond * events,
    synapticEventsPerStep: events,
    loadSeconds,
    bytesPerSynapse: (peak - before) / synapses,
    peakBytes: peakBytes(),
    ...(bareRates.length === 0
      ? {}
      : {
          comparedWith: "the same kernel in a bare loop on the same tables",
          bareSynapticEventsPerSecond: bareEvents,
          ofBareKernel: (stepsPerSecond * events) / bareEvents,
        }),
    // A thread that has its processor uses as many seconds as pass: 1 for each thread, or the ratio of rates says nothing.
    processorsHad: used[0]! / wall[0]!,
    ...(threads > 1
      ? {
          threads,
          threadStepsPerSecond: median(rates[1]!),
          threadsToOne: median(rates[1]!) / stepsPerSecond,
          fastestToFastest: Math.max(...rates[1]!) / Math.max(...rates[0]!),
          threadProcessorsHad: byThread[1]!.map((s) => (s / wall[1]!).toFixed(2)).join(" "),
        }
      : {}),
    ...machineLoad(),
  };
}
