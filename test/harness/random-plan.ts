import { Random } from "../../compiler/base/random.ts";
import { buildMachine, type Machine } from "../../runtime/fast/build.ts";
import { Engine } from "../../runtime/fast/engine.ts";
import { flowRoom, MeshFlow } from "../../runtime/fast/flow.ts";
import { Kind, Mode, type Plan, type PlanCore, type PlanInput, type Row, type Run } from "../../runtime/fast/plan.ts";
import * as l from "../../runtime/kernels/layout.ts";
import type { Profile } from "../../runtime/kernels/neurons.ts";
import { shapeSize } from "../../runtime/kernels/rows.ts";

/*
 * Machines of the fast model drawn by chance, without a network or an image behind them: every kind of row, axon, neuron
 * and route, several cores on a router, cores that are absent. They run with the compiled kernels and with their
 * twins, and all bytes of their memories are compared after each step; and again in several shares, whose
 * states and counts are compared with those of one.
 */

const axonBits = 10;
const interval = 7;
const small = (r: Random): number => r.pick([r.int(-9, 9), r.int(-9, 9), r.int(-127, 127), 127, -127]);

export function randomPlan(r: Random): Plan {
  const columns = r.int(1, 5);
  const rows = r.int(1, 4);
  const direct = r.chance(0.7);
  const count = direct ? columns * rows : r.int(1, 9);
  const routerOf = Int32Array.from({ length: count }, (_, d) => (direct ? d : r.int(0, columns * rows - 1)));
  const axonsOf = Array.from({ length: count }, () => (r.chance(0.1) ? 0 : r.int(1, 12)));
  const target = (): readonly [number, number] => {
    const to = r.int(0, count - 1);
    return [to, r.int(0, Math.max(0, axonsOf[to]! - 1)) | (r.int(0, 15) << axonBits)];
  };
  const sparse = r.chance(0.5);
  const cores = axonsOf.map((n): PlanCore | null => (n === 0 ? null : randomCore(r, n, target, sparse)));
  const inputs = Array.from({ length: r.int(0, 2) }, (): PlanInput => {
    const channels = r.int(1, 6);
    const start = Uint32Array.from({ length: channels + 1 }, (_, c) => 2 * c);
    const to = Array.from({ length: 2 * channels }, () => (r.chance(0.1) ? ([-1, r.int(0, 3)] as const) : target()));
    return { channels, start, to: Int32Array.from(to, (t) => t[0]), what: Int32Array.from(to, (t) => t[1]) };
  });
  return { columns, rows, routerOf, cores, inputs, interval, seed: r.u32(), axonBits, eventsMax: 4096 };
}

/** `sparse`: mostly short sparse rows and plain axons and neurons, so that most packets are fused. */
function randomCore(r: Random, axons: number, target: () => readonly [number, number], sparse: boolean): PlanCore {
  const slots = r.int(18, 60);
  const profiles = Array.from({ length: r.int(1, 3) }, () => randomProfile(r, sparse ? 0 : 0.15));
  const runs: Run[] = [];
  for (let first = 0; first < slots; ) {
    const end = Math.min(slots, first + r.int(1, slots));
    runs.push({ first, end, profile: r.chance(0.1) ? -1 : r.int(0, profiles.length - 1) });
    first = end;
  }
  const byTouch = profiles.some((p) => p.touched);
  const made: Row[] = [];
  const weights: number[] = [];
  const sparseSlots: number[] = [];
  const shapes: number[] = [];
  const put = (n: number, weight: () => number): number => {
    for (let i = 0; i < n; i++) {
      weights.push(weight());
      sparseSlots.push(r.int(0, slots - 1));
    }
    return weights.length - n;
  };
  const common = { base: 0, count: r.int(16, slots) };
  const wide = !sparse && r.chance(0.2);
  for (let k = r.int(1, 6); k > 0; k--) {
    const weight = (): number => (wide ? r.int(-32768, 32767) : small(r));
    const kind = sparse && r.chance(0.9) ? Kind.sparse : r.pick([Kind.sparse, Kind.sparse, Kind.dense, Kind.dense, Kind.conv]);
    if (kind === Kind.sparse) {
      const n = r.pick([0, 1, 1, 1, 2, 3, 16, 17, 25]);
      made.push({ kind, base: 0, count: n, from: put(n, weight), shape: 0, words: n });
    } else if (kind === Kind.dense) {
      const { base, count } = r.chance(0.6) ? common : { base: r.int(0, 10), count: r.int(1, slots - 10) };
      made.push({ kind, base, count, from: put(count, weight), shape: 0, words: (count + 3) >> 2 });
    } else {
      const [kernelY, kernelX] = [r.int(1, 3), r.int(1, 3)];
      const [height, width, channels] = [r.int(1, 3), r.int(1, 2), r.int(1, 2)];
      const pitch = channels + r.int(0, 1);
      const shape = shapes.push(kernelY, kernelX, r.int(1, 2), r.int(1, 2), r.int(1, 2), r.int(1, 2), height, width, pitch) - shapeSize;
      const from = put(kernelY * kernelX * channels, weight);
      made.push({ kind, base: r.int(0, Math.max(0, slots - height * width * pitch)), count: channels, from, shape, words: 1 });
    }
  }
  const column = (draw: () => number, n = axons): Int32Array => Int32Array.from({ length: n }, draw);
  const number24 = (): number => r.pick([0, r.int(-30, 30), r.int(-30, 30), r.int(-(2 ** 23), 2 ** 23 - 1)]);
  const routeCount = column(() => r.pick([0, 0, 1, 2, 5]), slots);
  const routeFirst = new Int32Array(slots);
  for (let k = 1; k < slots; k++) routeFirst[k] = routeFirst[k - 1]! + routeCount[k - 1]!;
  const total = routeFirst[slots - 1]! + routeCount[slots - 1]!;
  const routes = Array.from({ length: total }, () => (r.chance(0.05) ? ([-1, r.int(0, 3)] as const) : target()));
  const isOutput = new Uint8Array(slots);
  for (const run of runs) if (profiles[run.profile]?.output === true) isOutput.fill(1, run.first, run.end);
  const biased = r.chance(0.5);
  return {
    slots,
    profiles,
    neurons: {
      threshold: column(() => r.pick([r.int(1, 40), r.int(1, 400), number24()]), slots),
      reset: column(number24, slots),
      bias: column(() => (biased ? r.int(-5, 9) : 0), slots),
      initial: column(number24, slots),
      noiseKey: column(() => r.u32() | 0, slots),
      byTouch,
    },
    runs,
    routeFirst,
    routeCount,
    routeTo: Int32Array.from(routes, (x) => x[0]),
    routeWhat: Int32Array.from(routes, (x) => x[1]),
    isOutput,
    axons: {
      used: column(() => (r.chance(0.95) ? 1 : 0)),
      mode: column(() => (sparse && r.chance(0.9) ? Mode.each : r.pick([Mode.each, Mode.each, Mode.each, Mode.atLeast, Mode.gate]))),
      need: column(() => r.int(0, profiles.length - 1)),
      delay: column(() => (sparse && r.chance(0.9) ? 0 : r.pick([0, 0, 0, 1, 4]))),
      factor: column(() => r.pick([1, 1, 1, -1, 4])),
      y: column(() => r.int(0, 4)),
      x: column(() => r.int(0, 4)),
      row: column(() => r.int(0, made.length - 1)),
    },
    rows: made,
    shapes: Int32Array.from(shapes),
    weights: Int16Array.from(weights),
    sparseSlots: Uint16Array.from(sparseSlots),
  };
}

function randomProfile(r: Random, seldom: number): Profile {
  const signed = r.chance(0.5);
  const rare = (): boolean => r.chance(seldom);
  return {
    leak: r.int(0, 3),
    leakArgument: r.pick([1, 4, 23, 4000]),
    current: rare(),
    greater: r.chance(0.5),
    reset: r.int(0, 2),
    negative: rare() ? r.int(1, 3) : 0,
    negativeAtZero: rare(),
    biasFirst: r.chance(0.3),
    touched: rare(),
    emit: rare() ? r.int(1, 2) : 0,
    boundary: r.int(0, 2),
    output: rare(),
    noise: rare() ? r.int(1, 2) : 0,
    currentDecay: r.int(0, 4095),
    noiseBits: r.int(0, 6),
    payloadLow: signed ? -128 : 0,
    payloadHigh: signed ? 127 : 255,
    start: r.int(0, 3),
    silent: r.int(0, 2),
    length: r.int(0, interval),
  };
}

type Running = { readonly machine: Machine; readonly engine: Engine; readonly flow: MeshFlow };

function start(plan: Plan, kernels: Uint8Array | null, threads: number): Running {
  const machine = buildMachine(plan, { kernels, threads, room: flowRoom(plan) });
  // Shares one after another, the last one first: they must not see each other.
  const step = (t: number): number[] => {
    const ends = Array.from({ length: threads }, () => 0);
    for (let k = threads - 1; k >= 0; k--) ends[k] = machine.kernels.runShare(machine.built.machine, k, t);
    return ends;
  };
  const engine = new Engine(machine, plan, plan.inputs, { step, close: async () => {} });
  engine.reset();
  const all = Array.from({ length: plan.columns * plan.rows }, (_, r) => r);
  return { machine, engine, flow: new MeshFlow(machine, plan, 2, 4, all) };
}

/** Runs some steps and returns a line for each step and for what is left at the end; `look` sees the machine after each step. */
function run({ machine, engine, flow }: Running, plan: Plan, seed: number, look: (m: Machine) => void): string[] {
  const r = new Random(seed);
  const facts: string[] = [];
  for (let t = 0; t < 2 * interval; t++) {
    plan.inputs.forEach((input, k) => {
      if (r.chance(0.3)) return;
      const channel = Int32Array.from({ length: input.channels }, (_, c) => c).filter(() => r.chance(0.6));
      engine.queue({ input: k, step: t, channel, payload: Int32Array.from(channel, () => r.pick([1, 1, -1, 7])) }, t);
    });
    engine.step(t);
    for (let s = 0; s < plan.cores.length; s++) {
      flow.begins[s] = r.int(1, 40);
      flow.ends[s] = flow.begins[s]! + r.int(0, 90);
    }
    flow.ends[plan.cores.length] = r.int(0, 9);
    const { byColumn, byLine, toHost, fromHost, ...work } = engine.work;
    const outputs = JSON.stringify(engine.outputs);
    const done = flow.finish();
    facts.push(`${t} ${done} ${outputs} ${fromHost} ${[...byColumn, ...byLine, ...toHost].join(" ")} ${Object.values(work).join("|")}`);
    look(machine);
  }
  facts.push(Object.values(engine.counts).join("|"), `${engine.held}`, `${flow.traffic}`);
  for (let d = 0; d < plan.cores.length; d++) for (const name of ["potential", "current", "fired"]) facts.push(`${engine.state(d, name)}`);
  return facts;
}

/** Memory without what is room to work in. */
function image(m: Machine): Uint8Array {
  const { i32, u8 } = m.memory;
  for (const core of m.built.cores) {
    const word = (field: number): number => i32[(core.at + field) >>> 2]!;
    const list = word(l.coreEmissions);
    u8.fill(0, list + l.emissionBytes * word(l.coreEmitted), list + l.emissionBytes * (core.slots + 4));
  }
  const out = u8.slice(0, m.built.bytes);
  for (const t of m.built.tables) out.fill(0, t.scratch, t.scratch + 4 * m.built.eventsMax);
  return out;
}

/** What differs between kernels and twins, or between numbers of shares, on the plan of a seed; null: nothing. */
export function compareKernels(seed: number, kernels: Uint8Array): string | null {
  const plan = randomPlan(new Random(seed));
  const threads = 1 + (seed % 3);
  const images: Uint8Array[] = [];
  const compiled = run(start(plan, kernels, threads), plan, seed, (m) => images.push(image(m)));
  let t = 0;
  let found: string | null = null;
  run(start(plan, null, threads), plan, seed, (m) => {
    if (found === null && Buffer.compare(image(m), images[t]!) !== 0) {
      const mine = image(m);
      const at = mine.findIndex((b, i) => b !== images[t]![i]);
      found = `seed ${seed}, step ${t}: memory differs at ${at}: twin ${mine[at]}, compiled ${images[t]![at]}`;
    }
    t++;
  });
  if (found !== null || threads === 1) return found;
  const alone = run(start(plan, kernels, 1), plan, seed, () => {});
  const k = alone.findIndex((fact, i) => fact !== compiled[i]);
  return k < 0 ? null : `seed ${seed}: one share and ${threads} differ:\n${alone[k]}\n${compiled[k]}`;
}
