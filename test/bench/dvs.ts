import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { at } from "../../compiler/base/bug.ts";
import { readArchitecture } from "../../compiler/frontends/sanafe/architecture.ts";
import { readMappedNetwork } from "../../compiler/frontends/sanafe/network.ts";
import { readSanafeImage, sanafeFiles } from "../../targets/sanafe/files.ts";
import { buildImage, type SanafeImage } from "../../targets/sanafe/image.ts";
import { SanafeMachine } from "../../targets/sanafe/machine.ts";
import { stepTime, type Timing } from "../../targets/sanafe/timing.ts";
import { type Figures, peakBytes } from "./measure.ts";

/*
 * The DVS-gesture network mapped to Loihi, from SANA-FE's files, beside SANA-FE where it is installed (the Python that PYTHON names).
 * Rates are steps in a second of the processor, one thread, the best of several runs: the same measure for both.
 */

const data = resolve(import.meta.dirname, "../../../shared/peers/groundtruth/sanafe_dvs_reference");
const steps = 100;

const peer = `
import sys, time, sanafe
arch = sanafe.load_arch(sys.argv[1] + "/loihi.yaml")
net = sanafe.load_net(sys.argv[1] + "/dvs.yaml", arch)
chip = sanafe.SpikingChip(arch)
chip.load(net)
best = 1e9
for _ in range(3):
    begin = time.process_time()
    chip.sim(${steps}, timing_model="simple")
    best = min(best, time.process_time() - begin)
print("\\nrate", ${steps} / best)
`;

export async function dvs(): Promise<Figures> {
  if (!existsSync(data)) return { comparedWith: "nothing: there is no ../shared with the network" };
  const text = (name: string): string => readFileSync(join(data, name), "utf8");
  const folder = mkdtempSync(join(tmpdir(), "ganglion-dvs-"));
  const begin = performance.now();
  const chip = readArchitecture(text("loihi.yaml"), "loihi.yaml");
  const files = sanafeFiles(
    buildImage(
      chip,
      await readMappedNetwork(
        text("dvs.yaml"),
        "dvs.yaml",
        chip,
        () => null,
        () => {},
      ),
    ),
  );
  const importSeconds = (performance.now() - begin) / 1000;
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
  const loaded = performance.now();
  const image = readSanafeImage((name) => readFileSync(join(folder, name)));
  const machine = new SanafeMachine(image);
  const loadSeconds = (performance.now() - loaded) / 1000;
  rmSync(folder, { recursive: true });
  const fast = rate(machine, "fast");
  const exact = rate(machine, "exact");
  const simple = rate(machine, "simple");
  const errors = latencyErrors(image);
  const sanafe = peerRate();
  return {
    importSeconds,
    loadSeconds,
    bytesPerSynapse: [...files.values()].reduce((n, f) => n + f.length, 0) / image.arrays.synapses.length,
    stepsPerSecond: fast.steps,
    synapticEventsPerSecond: fast.events,
    exactStepsPerSecond: exact.steps,
    simpleStepsPerSecond: simple.steps,
    fastErrorMean: errors.mean,
    fastErrorWorst: errors.worst,
    comparedWith: sanafe === null ? "nothing: SANA-FE is not installed" : "SANA-FE, timing model simple",
    ...(sanafe === null ? {} : { sanafeStepsPerSecond: sanafe, fastToSanafe: fast.steps / sanafe }),
    peakBytes: peakBytes(),
  };
}

function rate(machine: SanafeMachine, timing: Timing): { readonly steps: number; readonly events: number } {
  const time = stepTime(machine, timing);
  let [best, events] = [Infinity, 0];
  for (let run = 0; run < 8; run++) {
    machine.reset();
    events = 0;
    const before = process.cpuUsage();
    for (let t = 0; t < steps; t++) {
      machine.step();
      time();
      events += machine.counts.synapticEvents;
    }
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1e6);
  }
  return { steps: steps / best, events: events / best };
}

/** Of the fast model's latency of each step against the exact one's. */
function latencyErrors(image: SanafeImage): { readonly mean: number; readonly worst: number } {
  const machine = new SanafeMachine(image);
  const [fast, exact] = [stepTime(machine, "fast"), stepTime(machine, "exact")];
  const errors = Array.from({ length: steps }, () => {
    machine.step();
    return Math.abs(fast() / exact() - 1);
  });
  return { mean: errors.reduce((a, b) => a + b, 0) / steps, worst: Math.max(...errors) };
}

function peerRate(): number | null {
  const env = { ...process.env, OMP_NUM_THREADS: "1", OMP_WAIT_POLICY: "passive" };
  const { stdout } = spawnSync(process.env["PYTHON"] ?? "python3", ["-c", peer, data], { encoding: "utf8", env, maxBuffer: 2 ** 26 });
  const found = /\nrate (\S+)/.exec(stdout ?? "");
  return found === null ? null : Number(at(found, 1));
}
