import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../compiler/base/random.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import { price } from "../../runtime/report/energy.ts";
import { targetNamed } from "../../targets/index.ts";
import * as words from "../../targets/mesh/words.ts";
import type { BenchCore, BenchNeuron } from "./images.ts";
import { benchImage, routeTo } from "./images.ts";
import { type Figures, machineLoad, peakBytes } from "./measure.ts";

/*
 * r100k: 100,000 neurons, each with 32 synapses to uniformly random targets; a fixed random
 * tenth of the neurons fires in every step. On mesh-32x32 with 98 neurons a core, so that the
 * axons suffice; nearly every packet carries one synapse. The fast model with energy and latency.
 *
 * With BRIAN_PYTHON naming a Python that has Brian2, the same network runs there, before and after.
 */

const count = 100_000;
const fanOut = 32;
const perCore = 98;
const seed = 20261121;
const top = 2 ** 23 - 1;

function networkImage(): { readonly image: Image; readonly synapses: number } {
  const target = targetNamed("mesh-32x32");
  const { columns } = target.chip;
  const r = new Random(seed);
  const cores = Math.ceil(count / perCore);
  const firing = firingTenth(r);
  /** Entries of each core's next rows: axons are made in the order in which sources name them. */
  const axons = Array.from({ length: cores }, (): number[] => []);
  const rows = Array.from({ length: cores }, (): number[] => []);
  const routes: number[][] = [];
  const header = new Map<number, number>();
  const headerOf = (entries: number): number => {
    let h = header.get(entries);
    if (h === undefined) {
      h = words.row.encode({ kind: "sparse", bits: 7, count: entries, base: 0 });
      header.set(entries, h);
    }
    return h;
  };
  for (let n = 0; n < count; n++) {
    const targets = Int32Array.from({ length: fanOut }, () => r.int(0, count - 1)).sort();
    const own: number[] = [];
    for (let i = 0; i < fanOut; ) {
      const core = Math.floor(targets[i]! / perCore);
      const list = rows[core]!;
      own.push(routeTo(core % columns, Math.floor(core / columns), axons[core]!.length));
      axons[core]!.push(list.length);
      const at = list.push(0) - 1;
      for (; i < fanOut && Math.floor(targets[i]! / perCore) === core; i++)
        list.push(words.entry.encode({ slot: targets[i]! % perCore, weight: r.int(-8, 8) || 1 }));
      list[at] = headerOf(list.length - at - 1);
    }
    routes.push(own);
  }
  const made = Array.from({ length: cores }, (_, c): BenchCore => {
    const neurons = routes.slice(c * perCore, (c + 1) * perCore).map(
      (list, k): BenchNeuron => ({
        // Above the lowest potential always, above the highest never.
        threshold: firing[c * perCore + k] === 1 ? -top - 1 : top,
        reset: 0,
        bias: 0,
        routes: list,
      }),
    );
    return {
      x: c % columns,
      y: Math.floor(c / columns),
      profile: { leak: "shift", leakArgument: 4, compare: "gt", reset: "set" },
      neurons,
      axons: Int32Array.from(axons[c]!),
      synapses: Uint32Array.from(rows[c]!),
    };
  });
  return { image: benchImage(target.chip, "r100k", 1000, made), synapses: count * fanOut };
}

function firingTenth(r: Random): Uint8Array {
  const out = new Uint8Array(count);
  for (let left = count / 10; left > 0; ) {
    const n = r.int(0, count - 1);
    if (out[n] === 1) continue;
    out[n] = 1;
    left--;
  }
  return out;
}

export async function r100k(options: { readonly threads: number; readonly exact: boolean }): Promise<Figures> {
  const target = targetNamed("mesh-32x32");
  const { image, synapses } = networkImage();
  const brianBefore = brianSteps();
  const device = target.simulate({ time: "fast", threads: options.threads });
  const before = peakBytes();
  let from = performance.now();
  await device.load(image);
  const loadSeconds = (performance.now() - from) / 1000;
  await device.run(50);
  const rates: number[] = [];
  const cpu = process.cpuUsage();
  const steps = 100;
  const start = { counts: await device.counts(), cycle: device.now().cycle };
  const rounds = 9;
  for (let k = 0; k < rounds; k++) {
    from = performance.now();
    await device.run(steps);
    rates.push(steps / ((performance.now() - from) / 1000));
  }
  const used = process.cpuUsage(cpu);
  const end = { counts: await device.counts(), cycle: device.now().cycle };
  const peak = peakBytes();
  await device.close();
  const all = rounds * steps;
  const per = (name: string): number => ((end.counts[name] ?? 0) - (start.counts[name] ?? 0)) / all;
  const cycles = (end.cycle - start.cycle) / all;
  const counts = Object.fromEntries(Object.keys(end.counts).map((name) => [name, per(name)]));
  const stepsPerSecond = rates.sort((a, b) => a - b)[rounds >> 1]!;
  const brianAfter = brianSteps();
  const brian = Math.max(brianBefore.wall, brianAfter.wall);
  const brianCpu = Math.max(brianBefore.cpu, brianAfter.cpu);
  const stepsPerCpuSecond = all / ((used.user + used.system) / 1e6);
  return {
    seed,
    threads: options.threads,
    neurons: count,
    synapses,
    stepsPerSecond,
    slowestStepsPerSecond: rates[0]!,
    fastestStepsPerSecond: rates.at(-1)!,
    stepsPerCpuSecond,
    synapticEventsPerSecond: stepsPerSecond * per("synapse"),
    packetsPerStep: per("send"),
    spikesPerStep: per("spike"),
    loadSeconds,
    bytesPerSynapse: (peak - before) / synapses,
    peakBytes: peak,
    cyclesPerStep: cycles,
    joulesPerStep: price(counts, cycles, target.chip).joules.typical,
    ...(options.exact ? await exactCycles(image, cycles) : {}),
    ...(brian > 0
      ? {
          comparedWith: "Brian2 (cython, one thread), the better of two runs around ours",
          brianStepsPerSecond: brian,
          timesBrian: stepsPerSecond / brian,
          brianStepsPerCpuSecond: brianCpu,
          timesBrianByCpu: stepsPerCpuSecond / brianCpu,
        }
      : {}),
    ...machineLoad(),
  };
}

/** Steps of the exact machine, for the error of the estimate. */
async function exactCycles(image: Image, cycles: number): Promise<Figures> {
  const device = targetNamed("mesh-32x32").simulate();
  await device.load(image);
  await device.run(2);
  const start = device.now().cycle;
  const from = performance.now();
  await device.run(3);
  const exactStepsPerSecond = 3 / ((performance.now() - from) / 1000);
  const exact = (device.now().cycle - start) / 3;
  return { exactCyclesPerStep: exact, cycleError: cycles / exact - 1, exactStepsPerSecond };
}

/** The same network in Brian2, steps a second and a second of processor time; 0 without it. */
function brianSteps(): { readonly wall: number; readonly cpu: number } {
  const python = process.env["BRIAN_PYTHON"];
  if (python === undefined || !existsSync(python)) return { wall: 0, cpu: 0 };
  const r = spawnSync(python, [join(import.meta.dirname, "r100k-brian.py")], { encoding: "utf8" });
  if (r.status !== 0) throw new Error(`Brian2 did not run:\n${r.stderr}`);
  const [wall, cpu] = r.stdout.trim().split("\n").at(-1)!.split(" ").map(Number);
  return { wall: wall ?? 0, cpu: cpu ?? 0 };
}
