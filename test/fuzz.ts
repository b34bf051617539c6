import { pathToFileURL } from "node:url";
import { at } from "../compiler/base/bug.ts";
import { Failure } from "../compiler/base/diagnostic.ts";
import { Random } from "../compiler/base/random.ts";
import { sizeOf } from "../compiler/base/tensor.ts";
import type { Image } from "../compiler/ir/image/types.ts";
import { prepareNetwork } from "../compiler/ir/network/run.ts";
import type { Network } from "../compiler/ir/network/types.ts";
import { context } from "../compiler/passes/pass.ts";
import { compile, job } from "../compiler/pipeline.ts";
import type { TraceEvent } from "../runtime/device.ts";
import { openSession, type SampleRun } from "../runtime/session.ts";
import type { ChipSpec } from "../targets/chip.ts";
import { knownChips } from "../targets/chip-yaml.ts";
import { targetOf } from "../targets/index.ts";
import { randomNetwork, randomSample } from "./harness/random-network.ts";

/*
 * Rungs 2 and 3 of the ladder on random networks: the network's run and the simulator on
 * the compiled image must agree spike for spike and potential for potential.
 *
 *   npx tsx test/fuzz.ts [how many, 1000] [first seed, 1]
 */

const samples = 3;

/** Compiles the network of a seed for a chip of odd sizes, and runs both witnesses. Returns what differs, or null. Throws where compilation fails. */
export async function fuzzOnce(seed: number): Promise<string | null> {
  const r = new Random(seed);
  const chip = fuzzChip(r);
  const source = randomNetwork(seed, { forMesh: true });
  const { legal, image } = compile(source, job({ target: targetOf(chip), method: "rate" }), context({ seed, chip }));
  return compare(legal, image, chip, seed);
}

const base = at(Object.values(knownChips()), 0);

/** A small mesh whose cores hold few neurons, so that even small networks are split, and whose buffers are short. */
export function fuzzChip(r: Random): ChipSpec {
  const neurons = r.pick([12, 40, 200, 1024]);
  return {
    ...base,
    name: "fuzz",
    columns: 10,
    rows: 10,
    core: { ...base.core, neurons },
    fifo: r.int(1, 4),
    cycles: { ...base.cycles, hop: r.int(1, 3), send: r.int(0, 2), update: r.int(0, 2) },
  };
}

export async function compare(legal: Network, image: Image, chip: ChipSpec, seed: number): Promise<string | null> {
  const inputs = new Set(legal.inputs.map((i) => i.pop));
  const record = legal.pops.filter((p) => !inputs.has(p.id)).map((p) => p.id);
  const half = 2 ** (chip.potential.bits - 1);
  const prepared = prepareNetwork(legal, { record, seed, limits: { low: -half, high: half - 1 } });
  const session = await openSession(targetOf(chip).simulate(), image);
  for (let k = 0; k < samples; k++) {
    const sample = randomSample(legal, seed * samples + k);
    const wanted = prepared.run(sample);
    const trace: TraceEvent[] = [];
    session.device.trace((e) => trace.push(e));
    const found = await session.run(sample);
    const where = `seed ${seed}, sample ${k}`;
    const trains = trainsOf(trace, image, legal, chip, session.device.now().step - image.steps);
    for (const id of record) {
      const difference = firstUnequal(wanted.trains.get(id) ?? [], at(trains, id));
      if (difference !== null) {
        const pop = at(legal.pops, id);
        const count = sizeOf(pop.shape);
        const { index, left, right } = difference;
        return `${where}: ${pop.name}, step ${Math.floor(index / count)}, neuron ${index % count}: network ${left}, chip ${right}`;
      }
    }
    const output = differentOutput(wanted.raw, found);
    if (output !== null) return `${where}: ${output}`;
  }
  return null;
}

/** Payloads of every population, [steps × neurons], as the chip sent them in a sample that began in step `first`. */
export function trainsOf(trace: readonly TraceEvent[], image: Image, legal: Network, chip: ChipSpec, first: number): Float64Array[] {
  const trains = legal.pops.map((p) => new Float64Array(image.steps * sizeOf(p.shape)));
  const names = new Map(legal.pops.map((p) => [p.name, p]));
  const places = new Map<string, { readonly train: Float64Array; readonly neuron: number; readonly count: number }>();
  for (const core of image.map?.cores ?? []) {
    for (const g of core.groups) {
      const pop = names.get(g.pop);
      if (pop === undefined) continue;
      g.indices.forEach((neuron, k) => {
        places.set(`${core.y * chip.columns + core.x} ${g.first + k}`, { train: at(trains, pop.id), neuron, count: sizeOf(pop.shape) });
      });
    }
  }
  for (const e of trace) {
    if (e.event !== "spike-out") continue;
    const place = places.get(`${e.core} ${e.a}`);
    if (place !== undefined && e.step >= first) place.train[(e.step - first) * place.count + place.neuron] = e.b;
  }
  return trains;
}

export function firstUnequal(a: ArrayLike<number>, b: ArrayLike<number>): { index: number; left: number; right: number } | null {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const left = a[i] ?? Number.NaN;
    const right = b[i] ?? Number.NaN;
    if (left !== right) return { index: i, left, right };
  }
  return null;
}

function differentOutput(wanted: readonly Float64Array[], found: SampleRun): string | null {
  for (const [o, raw] of wanted.entries()) {
    const d = firstUnequal(raw, at(found.raw, o));
    if (d !== null) return `output ${o}, line ${d.index}: network ${d.left}, chip ${d.right}`;
  }
  return null;
}

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? 1000);
  const from = Number(process.argv[3] ?? 1);
  let refused = 0;
  let wrong = 0;
  for (let seed = from; seed < from + count; seed++) {
    try {
      const difference = await fuzzOnce(seed);
      if (difference === null) continue;
      wrong++;
      console.log(difference);
    } catch (error) {
      if (error instanceof Failure) refused++;
      else wrong++;
      console.log(
        `seed ${seed}: ${
          error instanceof Error
            ? (error.stack ?? error.message)
                .split("\n")
                .slice(0, error instanceof Failure ? 1 : 4)
                .join("\n")
            : error
        }`,
      );
    }
  }
  console.log(`seeds ${from} … ${from + count - 1}: ${count - refused - wrong} agree, ${refused} refused by the compiler, ${wrong} wrong`);
  if (wrong > 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
