import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
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
import { kernelBytes } from "../targets/kernels.ts";
import { fuzzChip } from "./fuzz.ts";
import { compareKernels } from "./harness/random-plan.ts";
import { randomNetwork, randomSample } from "./harness/random-network.ts";
import { buildKernels } from "./tools/kernels.mjs";

/*
 * The two time models on random networks: spikes, potentials, outputs and all counters must be
 * equal; how far the fast one's cycles are from the exact one's is measured.
 *
 *   npx tsx test/fast.ts [how many, 1000] [first seed, 1] [--threads N] [--state FILE] [--seconds N]
 *   npx tsx test/fast.ts --kernels [how many] [first seed] [--state FILE] [--seconds N]
 *
 * With --kernels, whole machines drawn by chance (harness/random-plan.ts), the compiled kernels against their twins, all
 * bytes after each step. With --state, what has been run is kept in a file, a line for each 50 seeds, and a later call with the
 * same file goes on; --seconds ends a call early. Networks are small, so most of their time is compiling them: the
 * exact and the fast machine run the same image, the fast one with kernels and, every tenth seed, with the twins too.
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

type Tally = {
  ran: number;
  refused: number;
  wrong: string[];
  sum: number;
  count: number;
  worst: number;
  sampleSum: number;
  sampleWorst: number;
};

function addTo(t: Tally, more: Tally): void {
  for (const k of ["ran", "refused", "sum", "count", "sampleSum"] as const) t[k] += more[k];
  t.wrong.push(...more.wrong);
  t.worst = Math.max(t.worst, more.worst);
  t.sampleWorst = Math.max(t.sampleWorst, more.sampleWorst);
}

const nothing = (): Tally => ({ ran: 0, refused: 0, wrong: [], sum: 0, count: 0, worst: 0, sampleSum: 0, sampleWorst: 0 });

async function oneSeed(seed: number, threads: number): Promise<Tally> {
  const t = nothing();
  t.ran = 1;
  try {
    const c = await compareTimes(seed, { threads });
    if (c.difference !== null) t.wrong.push(`seed ${seed}: ${c.difference.slice(0, 600)}`);
    if (seed % 10 === 0) {
      const twins = await compareTimes(seed, { kernels: null });
      if (twins.difference !== null) t.wrong.push(`seed ${seed}, twins: ${twins.difference.slice(0, 600)}`);
    }
    const sizes = c.errors.map(Math.abs);
    const samplesSizes = c.sampleErrors.map(Math.abs);
    t.count = sizes.length;
    t.sum = sizes.reduce((a, b) => a + b, 0);
    t.worst = sizes.reduce((a, b) => Math.max(a, b), 0);
    t.sampleSum = samplesSizes.reduce((a, b) => a + b, 0) / samplesSizes.length;
    t.sampleWorst = samplesSizes.reduce((a, b) => Math.max(a, b), 0);
  } catch (error) {
    if (error instanceof Failure) t.refused = 1;
    else t.wrong.push(`seed ${seed}: ${error instanceof Error ? error.stack : error}`);
  }
  return t;
}

function oneMachine(seed: number, kernels: Uint8Array): Tally {
  const t = nothing();
  t.ran = 1;
  const difference = compareKernels(seed, kernels);
  if (difference !== null) t.wrong.push(difference.slice(0, 600));
  return t;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      kernels: { type: "boolean", default: false },
      threads: { type: "string", default: "1" },
      state: { type: "string" },
      seconds: { type: "string", default: "0" },
    },
  });
  const [count = 1000, from = 1] = positionals.map(Number);
  const block = 50;
  const kind = values.kernels ? "machines" : `networks, ${values.threads} threads`;
  const total = nothing();
  const done = new Set<number>();
  if (values.state !== undefined && existsSync(values.state)) {
    for (const text of readFileSync(values.state, "utf8").split("\n")) {
      if (text === "") continue;
      const entry = JSON.parse(text) as { kind: string; first: number; tally: Tally };
      if (entry.kind !== kind || entry.first < from || entry.first >= from + count) continue;
      done.add(entry.first);
      addTo(total, entry.tally);
    }
  }
  buildKernels();
  const bytes = kernelBytes() ?? new Uint8Array(0);
  const begun = performance.now();
  let left = 0;
  for (let first = from; first < from + count; first += block) {
    if (done.has(first)) continue;
    if (Number(values.seconds) > 0 && performance.now() - begun > 1000 * Number(values.seconds)) {
      left += Math.min(block, from + count - first);
      continue;
    }
    const part = nothing();
    for (let seed = first; seed < Math.min(first + block, from + count); seed++)
      addTo(part, values.kernels ? oneMachine(seed, bytes) : await oneSeed(seed, Number(values.threads)));
    for (const w of part.wrong) console.log(w);
    addTo(total, part);
    // A part that is cut short by the number of seeds would be taken for a whole one later.
    if (values.state !== undefined && part.ran === block) appendFileSync(values.state, `${JSON.stringify({ kind, first, tally: part })}\n`);
    if (process.stdout.isTTY) process.stdout.write(`${total.ran} of ${count}\r`);
  }
  const percent = (x: number): string => `${(100 * x).toFixed(2)} %`;
  const agree = total.ran - total.refused - total.wrong.length;
  console.log(
    `${kind}, seeds ${from} … ${from + count - 1}: ${agree} agree, ${total.refused} refused by the compiler, ${total.wrong.length} wrong, ${left} left`,
  );
  if (!values.kernels && total.count > 0) {
    console.log(`cycles of a step: mean ${percent(total.sum / total.count)}, worst ${percent(total.worst)} of ${total.count}`);
    console.log(`of a sample: mean ${percent(total.sampleSum / (total.ran - total.refused))}, worst ${percent(total.sampleWorst)}`);
  }
  if (total.wrong.length > 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
