import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { potentialLimits } from "../../compiler/analysis/answer.ts";
import { at } from "../../compiler/base/bug.ts";
import { quiet } from "../../compiler/base/context.ts";
import { Random } from "../../compiler/base/random.ts";
import { f32, sizeOf, tensor } from "../../compiler/base/tensor.ts";
import { architectureLines } from "../../compiler/export/architecture.ts";
import { sanafeNetwork } from "../../compiler/export/sanafe.ts";
import { importNir } from "../../compiler/frontends/nir/index.ts";
import type { NirNode, NirValue } from "../../compiler/frontends/nir/types.ts";
import { writeNir } from "../../compiler/frontends/nir/write.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import type { Network } from "../../compiler/ir/network/types.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { targets } from "../../targets/index.ts";
import { frames } from "./netx.ts";
import { sharedFile } from "./onnx-files.ts";
import { pythonWith } from "./python.ts";

/* Networks mapped to the chip, exported, and run by SANA-FE: the same neurons fire in the same steps. */

const python = pythonWith("sanafe");

/** Prints every spike as [step, group, neuron]. */
const program = `
import json, sys, sanafe
arch = sanafe.load_arch(sys.argv[1] + "/architecture.yaml")
chip = sanafe.SpikingChip(arch)
chip.load(sanafe.load_net(sys.argv[1] + "/network.yaml", arch))
trace = chip.sim(int(sys.argv[2]), timing_model="simple", spike_trace=True)["spike_trace"]
print(json.dumps([[step, *str(n).split(".")] for step, fired in enumerate(trace) for n in fired]))
`;

type Spikes = ReadonlySet<string>;

/** The spikes of each population by population, neuron and step, here and in SANA-FE. */
function bothWays(network: Network, chip: string, sample: ArrayLike<number>): { readonly ours: Spikes; readonly theirs: Spikes } {
  const target = targets[chip]?.() ?? expect.fail("no target");
  const { legal, cores } = compile(network, job({ target, method: "" }), context({ chip: target.chip }));
  const run = prepareNetwork(legal, { limits: potentialLimits(target.chip), record: legal.pops.map((p) => p.id) }).run([sample]);
  const inputs = new Set<number>(legal.inputs.map((i) => i.pop));
  const { lines, notes } = sanafeNetwork(legal, cores, run.trains);
  // SANA-FE has no windows: its neurons may fire outside of them, where nothing is compared.
  expect(notes.map((n) => n.what).filter((what) => !what.startsWith("window"))).toEqual([]);
  const folder = mkdtempSync(join(tmpdir(), "sanafe-"));
  const channels = legal.inputs.reduce((sum, i) => sum + sizeOf(at(legal.pops, i.pop).shape), 0);
  writeFileSync(join(folder, "architecture.yaml"), `${architectureLines(target.chip, channels).join("\n")}\n`);
  writeFileSync(join(folder, "network.yaml"), `${lines.join("\n")}\n`);
  const got = spawnSync(python ?? "", ["-c", program, folder, String(legal.steps)], { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (got.status !== 0) expect.fail(got.stderr);
  const ours = new Set<string>();
  for (const [pop, train] of run.trains) {
    if (inputs.has(pop)) continue;
    const count = sizeOf(at(legal.pops, pop).shape);
    train.forEach((v, i) => void (v !== 0 && ours.add(`p${pop} ${i % count} ${Math.floor(i / count)}`)));
  }
  const last = got.stdout.trim().split("\n").at(-1) ?? "";
  const theirs = new Set<string>();
  for (const [step, group, neuron] of JSON.parse(last) as [number, string, string][]) {
    const [name = ""] = group.split("_");
    const { id, start, stop } = at(legal.pops, Number(name.slice(1)));
    if (!inputs.has(id) && step >= start && step < (stop ?? legal.steps)) theirs.add(`p${id} ${neuron} ${step}`);
  }
  return { ours, theirs };
}

function node(name: string, type: string, params: Readonly<Record<string, NirValue>>): NirNode {
  return { name, type, params, metadata: {}, graph: null };
}

const dims = (n: number) => tensor("i64", [1], BigInt64Array.of(BigInt(n)));
const dt = 1e-3;

/** Layers of LIF neurons of these sizes, with random weights; the last hidden one also hears itself. */
async function layers(sizes: readonly number[], recurrent: boolean, reset: string, random: Random): Promise<Network> {
  const nodes: NirNode[] = [node("input", "Input", { shape: dims(at(sizes, 0)) })];
  const edges: [string, string][] = [];
  const weights = (to: number, from: number) =>
    f32(
      [to, from],
      Array.from({ length: to * from }, () => Math.round((random.unit() * 2 - 0.6) * 100) / 100),
    );
  const filled = (n: number, v: number) => f32([n], new Array<number>(n).fill(v));
  let before = "input";
  sizes.slice(1).forEach((n, i) => {
    const [fc, lif] = [`fc${i}`, `lif${i}`];
    nodes.push(node(fc, "Linear", { weight: weights(n, at(sizes, i)) }));
    const params = { tau: filled(n, 8 * dt), r: filled(n, 8), v_leak: filled(n, 0), v_threshold: filled(n, 1.5), v_reset: filled(n, 0) };
    nodes.push(node(lif, "LIF", params));
    edges.push([before, fc], [fc, lif]);
    before = lif;
    if (recurrent && i === 0) {
      nodes.push(node("rec", "Linear", { weight: weights(n, n) }));
      edges.push([lif, "rec"], ["rec", lif]);
    }
  });
  nodes.push(node("output", "Output", { shape: dims(at(sizes, sizes.length - 1)) }));
  edges.push([before, "output"]);
  const bytes = await writeNir({ version: "1.0", graph: { nodes, edges, metadata: {} } });
  return importNir(bytes, "random", { profile: { name: "lava", given: { reset } }, dt, steps: 64, input: "one" }, quiet());
}

const spikes = (random: Random, count: number): Float64Array => Float64Array.from({ length: count }, () => Number(random.unit() < 0.3));

describe.skipIf(python === null)("SANA-FE runs an export as it runs here", () => {
  it.each([
    ["feed-forward, reset to zero", false, "hard"],
    ["feed-forward, threshold subtracted", false, "soft"],
    ["recurrent, reset to zero", true, "hard"],
    ["recurrent, threshold subtracted", true, "soft"],
  ] as const)("LIF neurons, %s", async (_, recurrent, reset) => {
    const random = new Random(5);
    const network = await layers([12, 20, 6], recurrent, reset, random);
    const { ours, theirs } = bothWays(network, "mesh-4x4", spikes(random, 64 * 12));
    expect(ours.size).toBeGreaterThan(100);
    expect(theirs).toEqual(ours);
  });

  const oxford = sharedFile("data/lava_dl/oxford_network.net");
  it.skipIf(oxford === null)("the Oxford network of lava-dl on several cores", async () => {
    const steps = 1900;
    const bytes = new Uint8Array(readFileSync(oxford ?? ""));
    const network = await importNir(bytes, "oxford.net", { profile: null, dt: null, steps, input: "one" }, quiet());
    const { ours, theirs } = bothWays(network, "mesh-4x4", frames("oxford_input.npy", 200, steps));
    expect(ours.size).toBe(1878 + 10178);
    expect(theirs).toEqual(ours);
  });
});
