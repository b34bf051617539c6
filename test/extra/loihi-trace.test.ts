import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { at } from "../../compiler/base/bug.ts";
import { numbersOf } from "../../compiler/base/tensor.ts";
import { readNir } from "../../compiler/frontends/nir/index.ts";
import { parseNetwork } from "../../compiler/ir/network/parse.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { targetNamed } from "../../targets/index.ts";
import { sharedFile } from "./onnx-files.ts";

/*
 * One neuron for 1,000 steps on a real Loihi 2 (neuromorphs/NIR, paper/01_lif). Its constants follow from the
 * NIR file by the rule of the authors' own script (_lava_nir.py): decay and weight are dt/tau in 4095ths and 256ths,
 * the threshold is in 131071 / 512ths, each rounded down. None is read off the trace.
 */

const folder = sharedFile("peers/groundtruth/nir_lif_loihi2/");
if (folder === null) console.warn("skipped: no reference data beside the project (../shared)");

const dt = 1e-4;

type Row = readonly [input: number, potential: number, spike: number];

function rowsOf(file: string): Row[] {
  const text = readFileSync(join(folder ?? "", file), "utf8").trim();
  return text.split("\n").map((line) => line.split(",").map(Number) as unknown as Row);
}

type Constants = { readonly weight: number; readonly dv: number; readonly threshold: number };

async function constants(): Promise<Constants> {
  const { graph } = await readNir(readFileSync(join(folder ?? "", "lif_norse.nir")), "lif_norse.nir");
  const param = (type: string, name: string): number => {
    const value = graph.nodes.find((n) => n.type === type)?.params[name];
    return typeof value === "number" ? value : typeof value === "object" ? at(numbersOf(value), 0) : expect.unreachable();
  };
  const rate = dt / param("LIF", "tau");
  return {
    weight: Math.floor(param("Affine", "weight") * rate * 256),
    dv: Math.floor(rate * 4095),
    threshold: Math.floor(Math.floor(param("LIF", "v_threshold") * 131071) / 512),
  };
}

/** Weights have the exponent 0, so that they are shifted by 6 bits. */
const textOf = ({ weight, dv, threshold }: Constants, steps: number): string => `network lif steps ${steps}
  input x 1 binary code events
  pop a 1 binary loihi(threshold=${threshold} dv=${dv})
  link x -> a dense i8[1x1]{${weight}} gain=64 delay=1
  output y of a code spikes
`;

type Found = { readonly potential: number[]; readonly spikes: number[] };

/** What the model in the network does. */
function networkRun(text: string, input: Float64Array): Found {
  const network = parseNetwork(text, null, "lif.snet");
  const found: Found = { potential: [], spikes: [] };
  prepareNetwork(network, {
    observe: (pop, _step, payloads, potential) => {
      if (pop !== 1) return;
      found.potential.push(at(potential ?? [], 0));
      found.spikes.push(at(payloads, 0));
    },
  }).run([input]);
  return found;
}

/** What the simulator of the chip does with the compiled image. */
async function machineRun(text: string, input: Float64Array): Promise<Found> {
  const target = targetNamed("loihi2");
  const { image } = compile(parseNetwork(text, null, "lif.snet"), job({ target, method: "rate" }), context({ chip: target.chip }));
  const device = target.simulate();
  await device.load(image);
  const found: Found = { potential: [], spikes: [] };
  for (let step = 0; step < input.length; step++) {
    if (input[step] === 1) await device.send([{ input: 0, step, channel: Int32Array.of(0), payload: Int32Array.of(1) }]);
    await device.run(1);
    found.potential.push(at(await device.peek("core(0,0)/potential"), 0));
    found.spikes.push((await device.receive()).length);
  }
  return found;
}

/** Steps in which potentials and spikes differ from a recording. */
function differences(found: Found, rows: readonly Row[]): { readonly potentials: number[]; readonly spikes: number[] } {
  const steps = rows.map((_, t) => t);
  return {
    potentials: steps.filter((t) => found.potential[t] !== at(at(rows, t), 1)),
    spikes: steps.filter((t) => found.spikes[t] !== at(at(rows, t), 2)),
  };
}

it.skipIf(folder === null)("no potential and no spike of the recorded Loihi 2 differs, in the network and on the simulator", async () => {
  const rows = rowsOf("lif_lava_loihi_fixed.csv");
  expect(rows).toHaveLength(1000);
  const found = await constants();
  expect(found).toEqual({ weight: 10, dv: 163, threshold: 25 });
  const input = Float64Array.from(rows, (r) => r[0]);
  const text = textOf(found, rows.length);
  expect(differences(networkRun(text, input), rows)).toEqual({ potentials: [], spikes: [] });
  expect(differences(await machineRun(text, input), rows)).toEqual({ potentials: [], spikes: [] });
  // A neighbour of each constant is another neuron: the recording tells them apart.
  for (const other of [{ weight: 11 }, { dv: 164 }, { threshold: 24 }]) {
    const { potentials } = differences(networkRun(textOf({ ...found, ...other }, rows.length), input), rows);
    expect(potentials.length).toBeGreaterThan(0);
  }
});

it.skipIf(folder === null)("lava's fixed point on a processor differs only in what it shows in the step of a spike", async () => {
  const rows = rowsOf("lif_lava_cpu_fixed.csv");
  const found = networkRun(
    textOf(await constants(), rows.length),
    Float64Array.from(rows, (r) => r[0]),
  );
  const { potentials, spikes } = differences(found, rows);
  expect(spikes).toEqual([]);
  expect(potentials).toEqual([461, 511, 711, 761]);
  expect(potentials.map((t) => [at(at(rows, t), 1), at(at(rows, t), 2), found.potential[t]])).toEqual(potentials.map(() => [0, 1, 128]));
});
