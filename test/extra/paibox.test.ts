import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { at } from "../../compiler/base/bug.ts";
import { Random } from "../../compiler/base/random.ts";
import { parseNetwork } from "../../compiler/ir/network/parse.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { openSession } from "../../runtime/session.ts";
import { targetNamed } from "../../targets/index.ts";
import { pythonWith } from "./python.ts";

/*
 * The authors' own tools as witnesses of the target paicore: PAIBox's simulator gives the same spikes,
 * and its configuration frames read back as the same weights and thresholds. Skipped aloud without the Python package.
 */

const python = pythonWith("paibox");
const script = resolve(import.meta.dirname, "../tools/paibox-witness.py");

type Layer = { readonly weights: number[][]; readonly threshold: number; readonly reset: "subtract" | number };

function randomLayers(r: Random, sizes: readonly number[], most: number): Layer[] {
  return sizes.slice(1).map((out, i) => ({
    weights: Array.from({ length: at(sizes, i) }, () => Array.from({ length: out }, () => r.int(-most, most - 1))),
    threshold: r.int(most, 4 * most),
    reset: r.chance(0.5) ? "subtract" : r.int(0, 3),
  }));
}

function textOf(layers: readonly Layer[], steps: number): string {
  const lines = [`network t steps ${steps}`, `  input x ${at(layers, 0).weights.length} binary code events`];
  layers.forEach(({ weights, threshold, reset }, i) => {
    const [from, to] = [weights.length, at(weights, 0).length];
    const flat = Array.from({ length: to }, (_, o) => weights.map((w) => at(w, o))).flat();
    const how = reset === "subtract" ? "reset=subtract" : `reset=set resetValue=${reset}`;
    lines.push(`  pop p${i} ${to} binary if(threshold=${threshold} ${how})`);
    lines.push(`  link ${i === 0 ? "x" : `p${i - 1}`} -> p${i} dense i8[${to}x${from}]{${flat.join(" ")}} delay=1`);
  });
  lines.push(`  output y of p${layers.length - 1} code spikes`);
  return `${lines.join("\n")}\n`;
}

it.skipIf(python === null).each([
  ["an MLP, 4 bits", [40, 20, 10], 8],
  ["an MLP of several cores, 8 bits", [200, 150, 70, 10], 128],
  ["an extended fan-in, 4 bits", [1500, 30, 5], 8],
])("%s: PAIBox's spikes and frames are ours", { timeout: 300_000 }, async (_, sizes, most) => {
  const r = new Random(at(sizes, 0));
  const layers = randomLayers(r, sizes, most);
  const active = 12;
  const inputs = Array.from({ length: active }, () => Array.from({ length: at(sizes, 0) }, () => (r.chance(0.3) ? 1 : 0)));
  const folder = mkdtempSync(join(tmpdir(), "ganglion-paibox-"));
  try {
    const run = spawnSync(python ?? "", [script, folder], { input: JSON.stringify({ layers, inputs }), encoding: "utf8" });
    expect(run.status, run.stderr).toBe(0);
    const theirs = JSON.parse(run.stdout.trim().split("\n").at(-1) ?? "") as { spikes: number[][][] };

    const target = targetNamed("paicore");
    const steps = active + 1;
    const { legal, image, cores } = compile(
      parseNetwork(textOf(layers, steps), null, "t.snet"),
      job({ target, method: "rate" }),
      context({ chip: target.chip }),
    );
    const sample = Float64Array.from(Array.from({ length: steps }, (_, t) => inputs[t] ?? at(inputs, 0).map(() => 0)).flat());
    const pops = legal.pops.filter((p) => p.neuron.model !== "input");
    const { trains, raw } = prepareNetwork(legal, { record: pops.map((p) => p.id) }).run([sample]);
    // What the input sends in a step acts in the same tick there, in the next step here.
    pops.forEach((p, i) => {
      const train = trains.get(p.id) ?? expect.unreachable();
      const count = at(p.shape, 0);
      for (let t = 0; t < active; t++)
        expect(Array.from(train.subarray((t + 1) * count, (t + 2) * count)), `${p.name} step ${t}`).toEqual(at(at(theirs.spikes, i), t));
    });
    const session = await openSession(target.simulate(), image);
    expect((await session.run([sample])).raw.map((v) => [...v])).toEqual(raw.map((v) => [...v]));

    // Their frames hold the same neurons with the same weights, wherever they put them.
    const frames = target.native?.read(new Map([["config_all.bin", readFileSync(join(folder, "config_all.bin"))]])) ?? expect.unreachable();
    const found = target.decode(frames);
    const summary = (list: typeof cores.cores, axons: (core: (typeof list)[number]) => number): string[] =>
      list
        .flatMap((core) =>
          Array.from({ length: at(core.groups, 0).count }, (_, n) => {
            const g = at(core.groups, 0);
            const threshold = g.params["threshold"];
            const column = core.axons.slice(0, axons(core)).map((a) => core.rows[a.row]?.weights[n] ?? 0);
            while (column.at(-1) === 0) column.pop();
            return JSON.stringify([typeof threshold === "object" ? Number(threshold.data[n]) : threshold, g.params["reset"], column]);
          }),
        )
        .sort();
    // The first layer's axons are not sent to in their configuration: the host does that.
    const hidden = (list: typeof cores.cores): typeof cores.cores =>
      list.filter((c) => c.axons.length > 0 && c.axons.length < 1152 && c.axons.length !== at(sizes, 0));
    expect(summary(hidden(found.cores), (c) => c.axons.length)).toEqual(summary(hidden(cores.cores), (c) => c.axons.length));
    expect(hidden(found.cores).length).toBeGreaterThan(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
