import { pathToFileURL } from "node:url";
import { at } from "../compiler/base/bug.ts";
import { Failure } from "../compiler/base/diagnostic.ts";
import type { Image } from "../compiler/ir/image/types.ts";
import { Random } from "../compiler/base/random.ts";
import { context } from "../compiler/passes/pass.ts";
import { compile, job } from "../compiler/pipeline.ts";
import type { Device, TraceEvent } from "../runtime/device.ts";
import { openSession } from "../runtime/session.ts";
import type { ChipSpec } from "../targets/chip.ts";
import { targetOf } from "../targets/index.ts";
import { type FastOptions, meshFast } from "../targets/mesh/fast.ts";
import { fuzzChip } from "./fuzz.ts";
import { randomNetwork, randomSample } from "./harness/random-network.ts";

/*
 * The two time models on random networks: spikes, potentials, outputs and all counters must be
 * equal; how far the fast one's cycles are from the exact one's is measured.
 *
 *   npx tsx test/fast.ts [how many, 1000] [first seed, 1]
 */

const samples = 2;

export type Compared = {
  /** What differs; null: nothing. */
  readonly difference: string | null;
  /** Relative errors of the fast model's cycles, one a step. */
  readonly errors: readonly number[];
  /** And of a sample's. */
  readonly sampleErrors: readonly number[];
};

/** Compiles the network of a seed and runs it both ways. Throws Failure where compilation refuses it. */
export async function compareTimes(seed: number, options: Partial<FastOptions> = {}): Promise<Compared> {
  const chip = fuzzChip(new Random(seed));
  const source = randomNetwork(seed, { forMesh: true });
  const { legal, image } = compile(source, job({ target: targetOf(chip), method: "rate" }), context({ seed, chip }));
  const inputs = Array.from({ length: samples }, (_, k) => randomSample(legal, seed * samples + k));
  return compareImage(image, chip, inputs, options);
}

export async function compareImage(
  image: Image,
  chip: ChipSpec,
  inputs: readonly (readonly ArrayLike<number>[])[],
  options: Partial<FastOptions> = {},
): Promise<Compared> {
  const exact = await observe(targetOf(chip).simulate(), image, chip, inputs);
  const fast = await observe(meshFast(chip, options), image, chip, inputs);
  return {
    difference: differenceOf(exact, fast),
    errors: exact.steps.map((cycles, t) => at(fast.steps, t) / cycles - 1),
    sampleErrors: exact.samples.map((cycles, k) => at(fast.samples, k) / cycles - 1),
  };
}

type Observed = {
  /** Everything that must be equal, as lines. */
  readonly facts: readonly string[];
  /** Cycles of each step, and of each sample. */
  readonly steps: readonly number[];
  readonly samples: readonly number[];
};

const states = ["potential", "current", "fired", "accumulator"];
const counters = ["event", "row", "word", "synapse", "multiply", "gate", "update", "skip", "spike", "send", "deliver", "lost"];

async function observe(device: Device, image: Image, chip: ChipSpec, inputs: readonly (readonly ArrayLike<number>[])[]): Promise<Observed> {
  const session = await openSession(device, image);
  const facts: string[] = [];
  const begins: number[] = [];
  const spikes: TraceEvent[] = [];
  device.trace((e) => {
    if (e.event === "step-begin") begins.push(e.cycle);
    if (e.event === "spike-out" || e.event === "potential-out") spikes.push(e);
  });
  const cycles: number[] = [];
  for (const [k, sample] of inputs.entries()) {
    const r = await session.run(sample);
    cycles.push(r.cycles);
    facts.push(`sample ${k} raw ${r.raw.map((v) => [...v].join(" ")).join(" | ")}`);
    facts.push(`sample ${k} counts ${JSON.stringify(Object.fromEntries(Object.entries(r.counts).sort()))}`);
    facts.push(...spikes.map((e) => `${e.step} ${e.event} core ${e.core} slot ${e.a} payload ${e.b}`).sort());
    spikes.length = 0;
    for (let c = 0; c < chip.columns * chip.rows; c++) {
      const core = `core(${c % chip.columns},${Math.floor(c / chip.columns)})`;
      for (const state of states) facts.push(`${core}/${state} ${(await device.peek(`${core}/${state}`)).join(" ")}`);
    }
    for (const name of counters) facts.push(`${name} by core ${(await device.peek(`chip/counters/${name}`)).join(" ")}`);
    facts.push(`links ${(await device.peek("chip/links")).join(" ")}`);
  }
  const ends = [...begins.slice(1), device.now().cycle];
  await session.close();
  return { facts, steps: begins.map((b, i) => at(ends, i) - b), samples: cycles };
}

function differenceOf(exact: Observed, fast: Observed): string | null {
  for (let i = 0; i < Math.max(exact.facts.length, fast.facts.length); i++) {
    if (exact.facts[i] !== fast.facts[i]) return `exact: ${exact.facts[i] ?? "nothing"}\nfast:  ${fast.facts[i] ?? "nothing"}`;
  }
  return null;
}

export function showErrors(errors: readonly number[]): string {
  const sizes = errors.map(Math.abs);
  const mean = sizes.reduce((a, b) => a + b, 0) / Math.max(1, sizes.length);
  const percent = (x: number): string => `${(100 * x).toFixed(2)} %`;
  return `mean ${percent(mean)}, worst ${percent(sizes.reduce((a, b) => Math.max(a, b), 0))} of ${sizes.length}`;
}

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? 1000);
  const from = Number(process.argv[3] ?? 1);
  const threads = Number(process.argv[4] ?? 1);
  const errors: number[] = [];
  const sampleErrors: number[] = [];
  let refused = 0;
  let wrong = 0;
  for (let seed = from; seed < from + count; seed++) {
    try {
      const c = await compareTimes(seed, { threads });
      errors.push(...c.errors);
      sampleErrors.push(...c.sampleErrors);
      if (c.difference === null) continue;
      wrong++;
      console.log(`seed ${seed}: ${c.difference.slice(0, 600)}`);
    } catch (error) {
      if (error instanceof Failure) refused++;
      else {
        wrong++;
        console.log(`seed ${seed}: ${error instanceof Error ? error.stack : error}`);
      }
    }
  }
  console.log(`seeds ${from} … ${from + count - 1}: ${count - refused - wrong} agree, ${refused} refused by the compiler, ${wrong} wrong`);
  console.log(`cycles of a step: ${showErrors(errors)}; of a sample: ${showErrors(sampleErrors)}`);
  if (wrong > 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
