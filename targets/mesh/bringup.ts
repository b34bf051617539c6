import { at } from "../../compiler/base/bug.ts";
import type { Row, Shape } from "../../compiler/ir/cores/types.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import type { Tape, TapeOp } from "../../runtime/tape/types.ts";
import type { ChipSpec } from "../chip.ts";
import type { BringupTest, PinMemory } from "../target.ts";
import { packetWord } from "./board.ts";
import { marchOps } from "../../runtime/tape/march.ts";
import {
  dense,
  routeWord,
  smallImage,
  type SmallAxon,
  type SmallCore,
  type SmallNeuron,
  type SmallProfile,
  type SmallRoute,
} from "./small.ts";
import { memoriesOf, spaceOf } from "./spaces.ts";

/* Vectors that exercise the chip one thing at a time, through its host port only. */

/** The branches of README.md, section A step, that vectors go through. */
const branches = {
  "memory-bit": "every bit of every memory is written and read both ways",
  "memory-address": "no two words of a memory are the same word",
  "axon-line": "an event at each axon acts",
  "neuron-slot": "each slot updates and sends",
  "host-line": "output lines reach the host",
  "compare-ge": "fires at the threshold",
  "compare-gt": "fires above the threshold only",
  "leak-none": "keeps its potential",
  "leak-shift": "loses a power of two of it",
  "leak-multiply": "is multiplied, rounding toward zero",
  "leak-double": "is doubled",
  "reset-subtract": "keeps what is above the threshold",
  "reset-set": "is set to a value",
  "reset-none": "keeps all",
  "negative-none": "never sends a negative payload",
  "negative-free": "sends it below minus the threshold",
  "negative-latched": "after a positive one only",
  "negative-counted": "as often as positive ones",
  "negative-at-zero": "below zero",
  "emit-unit": "sends one",
  "emit-value": "sends the potential",
  "emit-count": "sends how often the threshold fits",
  "emit-digit": "sends the place value of the step, by which threshold and reset are multiplied",
  "saturate-potential": "potentials stop at the ends of 24 bits",
  "saturate-payload": "payloads stop at the ends of their range",
  "boundary-preload": "a sample begins with the initial potential",
  "boundary-clear": "a sample begins at zero",
  "boundary-keep": "a sample begins where the last ended",
  "bias-first": "the bias is added in the first step only",
  window: "before its start and after its length a neuron does nothing",
  silent: "in its silent steps a neuron integrates and does not fire",
  touched: "a neuron that nothing reached is skipped",
  current: "a current decays and drives",
  "noise-uniform": "uniform noise at the comparison",
  "noise-gauss": "the sum of four at the comparison",
  "output-potential": "an output neuron sends its potential at its end",
  "row-dense": "weights of 1 to 16 bits side by side",
  "row-sparse": "entries with a slot each",
  "row-conv": "taps of a kernel by position, stride and dilation",
  gain: "payloads times gain and shift",
  delay: "events act up to 63 steps later",
  "pool-at-least": "acts when enough events arrived",
  "pool-gate": "passes the member that came most often",
  "route-pairs": "packets between cores, each direction",
  "back-pressure": "full FIFOs hold back routers, cores and the host",
  "lost-packet": "a packet to an unused axon or core is dropped",
  "reset-mid-run": "a reset clears the state and keeps the memories",
} as const satisfies Readonly<Record<string, string>>;

type Branch = keyof typeof branches;

/** Branches that a chip lacks, by what its file leaves out. */
function lacks({ unit, pools, sharedKernels, lists, gain, spikes }: ChipSpec, branch: Branch): boolean {
  const setting: Readonly<Record<string, readonly [key: string, prefix: string]>> = {
    compare: ["compare", "compare-"],
    leak: ["leak", "leak-"],
    reset: ["reset", "reset-"],
    negative: ["negative", "negative-"],
    emit: ["emit", "emit-"],
    boundary: ["boundary", "boundary-"],
    noise: ["noise", "noise-"],
  };
  const single: Partial<Record<Branch, boolean>> = {
    "reset-mid-run": true,
    "negative-at-zero": unit["negativeAt"]?.includes("zero") ?? true,
    "bias-first": unit["biasAt"]?.includes("first") ?? true,
    touched: unit["update"]?.includes("touched") ?? true,
    current: unit["current"]?.includes("on") ?? true,
    "output-potential": unit["output"]?.includes("yes") ?? true,
    "saturate-payload": spikes.includes("graded"),
    "pool-at-least": pools.includes("or") || pools.includes("and"),
    "pool-gate": pools.includes("gate"),
    "row-conv": sharedKernels,
    "row-dense": lists.includes("dense"),
    "row-sparse": lists.includes("sparse"),
    gain: gain.bits > 0,
  };
  const known = single[branch];
  if (known !== undefined) return !known;
  for (const [key, prefix] of Object.values(setting))
    if (branch.startsWith(prefix)) return !(unit[key]?.includes(branch.slice(prefix.length)) ?? true);
  return false;
}

/** What vectors of this chip can go through. */
export function branchesOf(chip: ChipSpec): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(branches).filter(([name]) => !lacks(chip, name as Branch)));
}

/** Whether a chip has all that a profile asks of it. */
function canDo(chip: ChipSpec, p: SmallProfile): boolean {
  const asks: readonly (Branch | false | undefined)[] = [
    p.leak && `leak-${p.leak}`,
    p.compare && `compare-${p.compare}`,
    p.reset && `reset-${p.reset}`,
    p.negative && `negative-${p.negative}`,
    p.negativeAtZero && "negative-at-zero",
    p.emit && `emit-${p.emit}`,
    p.boundary && `boundary-${p.boundary}`,
    p.biasFirst && "bias-first",
    p.touched && "touched",
    p.current && "current",
    p.output && "output-potential",
    p.noise !== undefined && p.noise !== "none" && `noise-${p.noise}`,
  ];
  return asks.every((b) => !b || !lacks(chip, b));
}

type Test = BringupTest & { readonly covers: readonly Branch[] };

export function bringupTests(chip: ChipSpec): readonly BringupTest[] {
  return [
    march("march-registers", memoriesOf(chip).slice(0, 1)),
    ...eachCore(chip, (x, y) =>
      march(
        `march-${x}-${y}`,
        memoriesOf(chip).filter((m) => m.section.startsWith(`core(${x},${y})/`)),
      ),
    ),
    ...eachCore(chip, (x, y) => axonLines(chip, x, y)),
    ...thresholdEdges(chip),
    ...leaks(chip),
    ...firing(chip),
    ...saturation(chip),
    ...samples(chip),
    ...noise(chip),
    ...rows(chip),
    axonWork(chip),
    routing(chip),
    backPressure(chip),
    resetMidRun(chip),
  ];
}

function eachCore<T>(chip: ChipSpec, make: (x: number, y: number) => T): T[] {
  return Array.from({ length: chip.columns * chip.rows }, (_, i) => make(i % chip.columns, Math.floor(i / chip.columns)));
}

/** The march of one or more memories, made when it is asked for: it has as many operations as words. */
function march(name: string, memories: readonly PinMemory[]): Test {
  return {
    name,
    summary: `every bit of ${memories.length === 1 ? at(memories, 0).section : `${memories.length} memories`} written and read both ways`,
    covers: ["memory-bit", "memory-address"],
    get tape(): Tape {
      return [{ op: "reset" }, ...memories.flatMap((m) => marchOps(m)), { op: "reset" }];
    },
  };
}

/** Loads an image, does the work, and leaves the memories empty again. */
function imageTest(chip: ChipSpec, name: string, summary: string, covers: readonly Branch[], image: Image, work: Tape): Test {
  const writes: TapeOp[] = [];
  const clears: TapeOp[] = [];
  for (const s of image.sections) {
    const space = spaceOf(s.name, chip) as number;
    s.words.forEach((data, i) => {
      writes.push({ op: "write", space, address: s.base + i, data, mask: 0 });
      clears.push({ op: "write", space, address: s.base + i, data: 0, mask: 0 });
    });
  }
  return {
    name,
    summary,
    covers,
    image,
    tape: [{ op: "reset" }, ...writes, { op: "reset" }, ...work, { op: "mark", id: 1 }, ...clears, { op: "reset" }],
  };
}

const tick: TapeOp = { op: "tick" };

function packet(to: SmallRoute, payload = 1): TapeOp {
  return { op: "event", word: packetWord(routeWord(to), payload) };
}

function ticks(count: number): TapeOp[] {
  return Array.from({ length: count }, () => tick);
}

/** An event at each axon, sixteen a step; axon a adds 1 to slot a modulo the slots, and the slot's line names it. */
function axonLines(chip: ChipSpec, x: number, y: number): Test {
  const { neurons, axons } = chip.core;
  const image = smallImage(`axons-${x}-${y}`, chip, [
    {
      x,
      y,
      profiles: [{}],
      neurons: Array.from({ length: neurons }, (_, line): SmallNeuron => ({ routes: [{ line }] })),
      rows: Array.from({ length: neurons }, (_, slot) => dense([1], 2, slot)),
      axons: Array.from({ length: axons }, (_, a): SmallAxon => ({ row: a % neurons })),
    },
  ]);
  const work: TapeOp[] = [];
  for (let a = 0; a < axons; a++) {
    work.push(packet({ x, y, axon: a }));
    if (a % 16 === 15) work.push(tick);
  }
  return imageTest(
    chip,
    `axons-${x}-${y}`,
    `an event at each of the ${axons} axons of core (${x},${y}); each fires one of its ${neurons} neurons`,
    ["axon-line", "neuron-slot", "host-line", "row-dense", "compare-ge"],
    image,
    [...work, tick, tick],
  );
}

/** One core at (0,0), each neuron with a line of its own. */
function single(
  chip: ChipSpec,
  name: string,
  core: Pick<SmallCore, "profiles" | "neurons" | "axons" | "rows" | "shapes">,
  run: { readonly steps?: number; readonly interval?: number; readonly seed?: number } = {},
): Image {
  const neurons = core.neurons.map((n, line): SmallNeuron => ({ routes: [{ line }], ...n }));
  return smallImage(name, chip, [{ x: 0, y: 0, ...core, neurons }], run);
}

type Neurons = {
  readonly profiles: readonly SmallProfile[];
  readonly neurons: readonly SmallNeuron[];
  /** What an event at axon 0 adds to each neuron; absent: there is no axon. */
  readonly weights?: readonly number[];
  readonly bits?: number;
  readonly axon?: Omit<SmallAxon, "row">;
};

/** Neurons of one core that do not know of each other, as one test, or several where the core has no room for all. What the chip cannot do is left out. */
function parted(
  chip: ChipSpec,
  name: string,
  summary: string,
  covers: readonly Branch[],
  { profiles, neurons, weights, bits = 8, axon = {} }: Neurons,
  work: Tape,
  run: Parameters<typeof single>[3] = {},
): Test[] {
  const able = [...neurons.keys()].filter((n) => canDo(chip, profiles[at(neurons, n).profile ?? 0] ?? {}));
  const groups: number[][] = [];
  for (const n of able) {
    const last = groups.at(-1);
    const used = new Set((last ?? []).map((m) => at(neurons, m).profile ?? 0)).add(at(neurons, n).profile ?? 0);
    const full = last === undefined || last.length >= Math.min(chip.core.neurons, chip.core.routes) || used.size > chip.core.profiles;
    if (full) groups.push([n]);
    else last.push(n);
  }
  const known = covers.filter((b) => !lacks(chip, b));
  return groups.map((group, k) => {
    const own = [...new Set(group.map((n) => at(neurons, n).profile ?? 0))];
    const title = groups.length === 1 ? name : `${name}-${k + 1}`;
    const core = {
      profiles: own.map((p) => at(profiles, p)),
      neurons: group.map((n) => ({
        ...at(neurons, n),
        profile: own.indexOf(at(neurons, n).profile ?? 0),
        noiseKey: at(neurons, n).noiseKey ?? n,
      })),
      axons: weights === undefined ? [] : [{ row: 0, ...axon }],
      rows:
        weights === undefined
          ? []
          : [
              dense(
                group.map((n) => at(weights, n)),
                bits,
              ),
            ],
    };
    const part = groups.length === 1 ? summary : `${summary}; part ${k + 1} of ${groups.length}`;
    return imageTest(chip, title, part, known, single(chip, title, core, run), work);
  });
}

const largest = 2 ** 23 - 1;
const least = -(2 ** 23);

/** Drives of threshold - 1, threshold and threshold + 1 for each comparison. */
function thresholdEdges(chip: ChipSpec): Test[] {
  const thresholds = [1, 2, 7, 100, 32767, largest - 1];
  const profiles: SmallProfile[] = [
    { compare: "ge", reset: "set" },
    { compare: "gt", reset: "set" },
  ];
  const neurons = profiles.flatMap((_, profile) =>
    thresholds.flatMap((threshold) => [-1, 0, 1].map((d): SmallNeuron => ({ profile, threshold, reset: 0, bias: threshold + d }))),
  );
  return parted(
    chip,
    "threshold-edges",
    "potentials one below, at and one above the threshold",
    ["compare-ge", "compare-gt", "reset-set", "emit-unit"],
    { profiles, neurons },
    ticks(2),
  );
}

/** Potentials after 1, 2, 5 and 9 steps of each leak, read as outputs. */
function leaks(chip: ChipSpec): Test[] {
  const kinds: readonly SmallProfile[] = [
    { leak: "none" },
    ...[0, 1, 3, 23, 31].map((leakArgument): SmallProfile => ({ leak: "shift", leakArgument })),
    ...[0, 1, 2048, 3686, 4095].map((leakArgument): SmallProfile => ({ leak: "multiply", leakArgument })),
    { leak: "double" },
  ];
  const profiles = kinds.flatMap((kind) => [1, 2, 5, 9].map((length): SmallProfile => ({ ...kind, output: true, reset: "none", length })));
  const neurons = profiles.flatMap((_, profile) =>
    [3, 1000, -1000, -7].map((initial): SmallNeuron => ({ profile, initial, threshold: largest })),
  );
  return parted(
    chip,
    "leak",
    "potentials after 1, 2, 5 and 9 steps of every leak, from positive and negative values",
    ["leak-none", "leak-shift", "leak-multiply", "leak-double", "output-potential", "window", "reset-none", "boundary-preload"],
    { profiles, neurons },
    ticks(10),
    { steps: 10 },
  );
}

/** Every combination of reset, emission, negative spikes and comparison under one pattern of drive. */
function firing(chip: ChipSpec): Test[] {
  const drives = [5, -3, 12, -20, 0, 7, 7, -9, -9, 3, 40, -60, 1];
  return (["unit", "value", "count", "digit"] as const).flatMap((emit): Test[] => {
    const profiles: SmallProfile[] = [];
    for (const reset of ["subtract", "set", "none"] as const)
      for (const negative of ["none", "free", "latched", "counted"] as const)
        for (const negativeAtZero of [false, true])
          for (const compare of ["ge", "gt"] as const) {
            // Places from 2^12 down to 1.
            const window = emit === "digit" ? { length: drives.length } : {};
            profiles.push({ emit, reset, negative, negativeAtZero, compare, payloadBits: 4, ...window });
          }
    const neurons = profiles.flatMap((_, profile) =>
      [5, 7].map((threshold): SmallNeuron => ({ profile, threshold, reset: threshold - 1 })),
    );
    return parted(
      chip,
      `firing-${emit}`,
      `every reset, negative spike and comparison, payloads as ${emit}`,
      [
        `emit-${emit}`,
        "reset-subtract",
        "reset-set",
        "reset-none",
        "negative-none",
        "negative-free",
        "negative-latched",
        "negative-counted",
        "negative-at-zero",
        "compare-ge",
        "compare-gt",
        "saturate-payload",
      ],
      { profiles, neurons, weights: neurons.map(() => 1), bits: 2 },
      [...drives.flatMap((d) => (d === 0 ? [tick] : [packet({ x: 0, y: 0, axon: 0 }, d), tick])), tick],
      { steps: drives.length + 1 },
    );
  });
}

/** Potentials driven past both ends of 24 bits, and payloads past theirs. */
function saturation(chip: ChipSpec): Test[] {
  const profiles: SmallProfile[] = [
    { output: true, reset: "none", length: 6 },
    { output: true, reset: "none", length: 6, leak: "double" },
    { emit: "value", reset: "none", payloadBits: 15, payloadSigned: true, negative: "free" },
    { emit: "value", reset: "none", payloadBits: 7, payloadSigned: false, negative: "free" },
    { emit: "count", reset: "subtract", payloadBits: 3, payloadSigned: true },
  ];
  const neurons: SmallNeuron[] = [
    ...[0, 1].flatMap((profile) => [largest - 5, least + 5].map((initial) => ({ profile, initial, threshold: largest }))),
    ...[2, 3, 4].flatMap((profile) => [100_000, -100_000].map((initial) => ({ profile, initial, threshold: 3 }))),
  ];
  const signs = neurons.map((n) => ((n.initial ?? 0) < 0 ? -100 : 100));
  return parted(
    chip,
    "saturation",
    "potentials and payloads driven past their ends",
    ["saturate-potential", "saturate-payload", "leak-double", "output-potential"],
    { profiles, neurons, weights: signs, axon: lacks(chip, "gain") ? {} : { gain: 127, shift: 7 } },
    Array.from({ length: 7 }, () => [packet({ x: 0, y: 0, axon: 0 }, 32767), tick]).flat(),
    { steps: 7 },
  );
}

/** Three samples of four steps: what each begins with, windows, silent steps, touched updates, currents. */
function samples(chip: ChipSpec): Test[] {
  const profiles: SmallProfile[] = [
    ...(["preload", "clear", "keep"] as const).map((boundary): SmallProfile => ({ boundary, reset: "none", emit: "value" })),
    { biasFirst: true, emit: "value", reset: "none" },
    { start: 1, length: 2, emit: "value", reset: "none" },
    { silent: 2, emit: "value", reset: "subtract" },
    { touched: true, emit: "value", reset: "none" },
    { current: true, currentDecay: 3000, emit: "value", reset: "none" },
    { current: true, currentDecay: 3000, emit: "value", reset: "none", negative: "free" },
  ];
  const neurons = profiles.map((_, profile): SmallNeuron => ({ profile, bias: 3, initial: 10, threshold: 1 }));
  const work: TapeOp[] = [];
  for (let step = 0; step < 12; step++) {
    if (step % 3 === 1) work.push(packet({ x: 0, y: 0, axon: 0 }, step % 2 === 0 ? 4 : -6));
    work.push(tick);
  }
  return parted(
    chip,
    "samples",
    "three samples of four steps: what each begins with, windows, silent steps, touched updates and currents",
    ["boundary-preload", "boundary-clear", "boundary-keep", "bias-first", "window", "silent", "touched", "current", "emit-value"],
    { profiles, neurons, weights: neurons.map(() => 2) },
    work,
    { steps: 4, interval: 4 },
  );
}

function noise(chip: ChipSpec): Test[] {
  const profiles = (["uniform", "gauss"] as const).flatMap((kind) =>
    [0, 1, 4, 10, 20].map((noiseBits): SmallProfile => ({ noise: kind, noiseBits, reset: "none", compare: "ge" })),
  );
  const neurons = profiles.flatMap((p, profile) =>
    [0, 1, 2, 3].map((k): SmallNeuron => ({ profile, threshold: Math.ceil(2 ** ((p.noiseBits ?? 0) - 1)), noiseKey: 4096 * k + profile })),
  );
  return parted(
    chip,
    "noise",
    "both kinds of noise in five widths over 16 steps",
    ["noise-uniform", "noise-gauss"],
    { profiles, neurons },
    ticks(16),
    { steps: 16, seed: 0x9a7c15 },
  );
}

/** Rows of every kind and weight width; what they add is read as potentials. */
function rows(chip: ChipSpec): Test[] {
  const size = 36;
  const { neurons: room, axons: lines, shapes } = chip.core;
  if (room < size) return [];
  const shape: Shape = { kernelY: 3, kernelX: 3, strideY: 1, strideX: 2, dilationY: 2, dilationX: 1, height: 4, width: 3, pitch: 3 };
  const list: Row[] = [];
  const dense1 = !lacks(chip, "row-dense");
  const conv = !lacks(chip, "row-conv") && shapes > 0;
  for (let bits = chip.weight.bitsMin; dense1 && bits <= chip.weight.bitsMax; bits++) {
    const half = 2 ** (bits - 1);
    const weight = (i: number): number => (bits === 1 ? 1 - 2 * (i % 2) : ((i * 7919) % (2 * half)) - half);
    list.push(
      dense(
        Array.from({ length: size }, (_, i) => weight(i)),
        bits,
      ),
    );
  }
  if (!lacks(chip, "row-sparse"))
    list.push({
      kind: "sparse",
      bits: 16,
      slots: Int32Array.from([35, 0, 17, 17, 3]),
      weights: Int32Array.from([-32768, 32767, 5, 6, -1]),
    });
  const whole = list.length;
  if (conv)
    list.push({ kind: "conv", bits: 5, base: 0, shape: 0, channels: 3, weights: Int32Array.from({ length: 27 }, (_, i) => i - 13) });
  const positions = [0, 1, 2, 3, 5, 7].flatMap((y) => [0, 1, 4, 6].map((x): SmallAxon => ({ row: whole, y, x })));
  const axons = [...list.slice(0, whole).map((_, row): SmallAxon => ({ row })), ...(conv ? positions : [])].slice(0, lines);
  const neurons = Array.from({ length: size }, (): SmallNeuron => ({ threshold: 1 }));
  const work = axons.flatMap((_, a) => [packet({ x: 0, y: 0, axon: a }, a % 2 === 0 ? 1 : -1), tick]);
  // Each step shows what the step before it added: the potential is sent and set to 0.
  const profiles: SmallProfile[] = [{ emit: "value", reset: "set", negative: "free", negativeAtZero: true }];
  const covers: readonly Branch[] = ["row-dense", "row-sparse", "row-conv", "emit-value", "negative-free"];
  return [
    imageTest(
      chip,
      "rows",
      `dense rows of ${chip.weight.bitsMin} to ${chip.weight.bitsMax} bits, a sparse row, and a kernel at ${conv ? positions.length : 0} positions`,
      covers.filter((b) => !lacks(chip, b)),
      single(chip, "rows", {
        profiles,
        neurons: neurons.map((n) => ({ ...n, reset: 0 })),
        axons,
        rows: list,
        shapes: conv ? [shape] : [],
      }),
      [...work, tick],
    ),
  ];
}

/** Gains, delays and pools of axons, and packets that nobody takes. */
function axonWork(chip: ChipSpec): Test {
  const gained = [1, -1, 127, -128, 3].flatMap((gain) => [0, 1, 7].map((shift): SmallAxon => ({ row: 0, gain, shift })));
  const gains: readonly SmallAxon[] = lacks(chip, "gain") ? [{ row: 0 }] : gained;
  // A pool that the chip lacks is an ordinary axon here, so that the packets are the same.
  const pools: SmallAxon[] = [
    ...[1, 2, 4].map((need): SmallAxon => (lacks(chip, "pool-at-least") ? { row: 2 } : { row: 2, mode: "at-least", need })),
    lacks(chip, "pool-gate") ? { row: 3 } : { row: 3, mode: "gate", need: 0 },
  ];
  // As many delays as there are axons for, the longest among them.
  const room = chip.core.axons - gains.length - pools.length - 1;
  const apart = Math.ceil((chip.core.delayMax + 1) / Math.max(1, room));
  const delays: SmallAxon[] = [];
  for (let delay = chip.core.delayMax; delay >= 0; delay -= apart) delays.unshift({ row: 1, delay });
  const axons = [...gains, ...delays, ...pools];
  const to = (axon: number, member = 0): SmallRoute => ({ x: 0, y: 0, axon, member });
  const work: TapeOp[] = [];
  gains.forEach((_, a) => work.push(packet(to(a), 5), tick));
  delays.forEach((_, d) => work.push(packet(to(gains.length + d))));
  work.push(...ticks(chip.core.delayMax + 2));
  const first = gains.length + delays.length;
  for (let count = 1; count <= 4; count++) {
    for (let k = 0; k < 3; k++) for (let n = 0; n < count; n++) work.push(packet(to(first + k)));
    for (const member of [count % 3, 15, count % 2]) work.push(packet(to(first + 3, member)));
    work.push(tick);
  }
  work.push(packet(to(chip.core.axons - 1)), tick);
  if (chip.columns > 1) work.push(packet({ x: 1, y: 0, axon: 0 }), tick);
  const rowsOf = [0, 1, 2, 3].map((slot) => dense([1], 2, slot));
  const neurons = Array.from({ length: 4 }, (): SmallNeuron => ({ threshold: 1, reset: 0 }));
  return imageTest(
    chip,
    "axon-work",
    `gains, delays of 0 to ${chip.core.delayMax} steps, pools, and packets that nobody takes`,
    (["gain", "delay", "pool-at-least", "pool-gate", "lost-packet"] as const).filter((b) => !lacks(chip, b)),
    single(chip, "axon-work", {
      profiles: [{ emit: "value", reset: "set", negative: "free", negativeAtZero: true }],
      neurons,
      axons,
      rows: rowsOf,
    }),
    [...work, tick, tick],
  );
}

/** Cores among which packets go: all, or of a large grid the edges and the middle. */
function corners(chip: ChipSpec): { readonly x: number; readonly y: number }[] {
  const some = (n: number): number[] => (n <= 4 ? [...Array(n).keys()] : [0, 1, Math.floor(n / 2), n - 1]);
  const all = some(chip.rows).flatMap((y) => some(chip.columns).map((x) => ({ x, y })));
  // Each needs two neurons and two axons of every other.
  return all.slice(0, Math.max(1, Math.floor(Math.min(chip.core.neurons, chip.core.axons) / 2)));
}

/** A packet from every core to every core, one at a time; the line says which pair it was. */
function routing(chip: ChipSpec): Test {
  const places = corners(chip);
  const n = places.length;
  // Axon and neuron d of a core send to core d; axon and neuron n + s hear from core s.
  const cores = places.map(
    (p, self): SmallCore => ({
      ...p,
      profiles: [{}],
      neurons: Array.from({ length: 2 * n }, (_, k): SmallNeuron => {
        const d = places[k];
        return { routes: d === undefined ? [{ line: n * (k - n) + self }] : [{ ...d, axon: n + self }] };
      }),
      rows: Array.from({ length: 2 * n }, (_, k) => dense([1], 2, k)),
      axons: Array.from({ length: 2 * n }, (_, row): SmallAxon => ({ row })),
    }),
  );
  const work = places.flatMap((from) => places.flatMap((_, d) => [packet({ ...from, axon: d }), tick, tick, tick]));
  const name = (p: { readonly x: number; readonly y: number }): string => `core(${p.x},${p.y})`;
  const routes = places.flatMap((from) => places.map((to) => `${name(from)} ${name(to)}`));
  const test = imageTest(
    chip,
    "routing",
    `a packet between each pair of ${n} cores, alone in the mesh`,
    ["route-pairs", "host-line"],
    smallImage("routing", chip, cores),
    [...work, tick],
  );
  return { ...test, routes };
}

/** All cores send eight times as many packets as a FIFO holds to one core, then to the host, at once. */
function backPressure(chip: ChipSpec): Test {
  const places = corners(chip);
  const many = 8 * chip.fifo;
  const victim = at(places, places.length - 1);
  const cores = places.map((p, i): SmallCore => {
    const flood = Array.from({ length: many }, (): SmallRoute => ({ ...victim, axon: 2 }));
    const toHost = Array.from({ length: many }, (_, k): SmallRoute => ({ line: many * i + k }));
    return {
      ...p,
      profiles: [{}],
      neurons: [{ routes: flood }, { routes: toHost }, { routes: [{ line: 60_000 + i }], threshold: 3 }],
      rows: [0, 1, 2].map((slot) => dense([1], 2, slot)),
      axons: [0, 1, 2].map((row): SmallAxon => ({ row })),
    };
  });
  const all = (axon: number): TapeOp[] => places.map((p) => packet({ ...p, axon }));
  return imageTest(
    chip,
    "back-pressure",
    "every core sends more packets than FIFOs hold, to one core and to the host",
    ["back-pressure", "route-pairs"],
    smallImage("back-pressure", chip, cores),
    [...all(0), ...all(0), tick, tick, tick, ...all(1), ...all(0), tick, tick, tick, tick],
  );
}

/** Some steps, a reset, and the same steps again: the second half must be as the first. */
function resetMidRun(chip: ChipSpec): Test {
  const axons: SmallAxon[] = [{ row: 0 }, { row: 0, delay: 3 }];
  const work: TapeOp[] = [packet({ x: 0, y: 0, axon: 0 }, 3), packet({ x: 0, y: 0, axon: 1 }, 5), tick, tick, tick];
  const neurons: SmallNeuron[] = [
    { threshold: 4, bias: 1 },
    { threshold: 7, initial: 2 },
  ];
  return imageTest(
    chip,
    "reset-mid-run",
    "a reset while events wait; what follows is as after loading",
    ["reset-mid-run", "delay", "boundary-preload"],
    single(
      chip,
      "reset-mid-run",
      { profiles: [{ emit: "value", reset: "subtract" }], neurons, axons, rows: [dense([2, 3], 4)] },
      { steps: 8 },
    ),
    [...work, { op: "reset" }, ...work, ...ticks(5)],
  );
}
