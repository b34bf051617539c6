import { marchOps } from "../../runtime/tape/march.ts";
import type { Tape, TapeOp } from "../../runtime/tape/types.ts";
import type { BringupTest } from "../target.ts";
import { spaces } from "./board.ts";
import { type MemoryName, memorySizes } from "./core.ts";
import * as words from "./words.ts";

/*
 * Vectors that bring up a chip: every memory bit, every input line, and every branch of what a
 * step does. They read potentials over SPI between ticks and the labels or readouts at a sample's end.
 */

export const branches = {
  "input-row": "an input event adds its row",
  "recurrent-row": "a spike adds its row",
  "both-rows": "an event and a spike of one number add both rows at once",
  "output-row": "a spike adds to the readouts",
  "first-tick": "a sample's first tick does not update neurons",
  "threshold-below": "a potential one below the threshold does not fire",
  "threshold-at": "a potential at the threshold fires",
  "leak-positive": "a positive potential leaks",
  "leak-negative": "a negative potential leaks, rounded down",
  "leak-none": "a factor of one keeps the potential",
  "leak-growth": "a factor above one lets the potential grow",
  "leak-wrap": "growth past the range wraps around",
  "reset-subtract": "a spike takes the threshold away, after the leak",
  "reset-zero": "a spike clears the potential",
  "reset-wrap": "the subtraction wraps around",
  "saturate-high": "a sum is held at 32767",
  "saturate-low": "a sum is held at -32768",
  "output-saturate-high": "a readout is held at 32767",
  "output-saturate-low": "a readout is held at -32768",
  "output-leak": "readouts leak, rounded down",
  shifts: "each weight memory has its own shift",
  "odd-pair": "with an odd count the pair's other neuron gathers too",
  "odd-update": "with an odd count the last neuron is never updated",
  ghost: "a neuron beyond the count fires and adds its row",
  "not-live": "after a sample, potentials read as 0 to the chip",
  "input-twice": "two events on a line in a step count once",
  "input-beyond": "an event on a line beyond the count is lost",
  "label-first": "of equal readouts the lowest is the label",
  "label-most": "the label is what was largest in most ticks",
  "infer-off": "ticks without INFER_ACC do not count",
  "output-bytes": "readouts leave as two bytes each",
  configure: "a tick with the register config set stops in the configuration state",
  "reset-run": "RST in the middle of a tick",
  "tick-early": "a tick before the chip is ready halts it",
  "tick-early-on": "with errorHalt clear, a tick before the chip is ready takes its events and does nothing else",
} as const satisfies Readonly<Record<string, string>>;

type Branch = keyof typeof branches;

const set = words.registers;
const write = (space: number, address: number, data: number): TapeOp => ({ op: "write", space, address, data: data >>> 0, mask: 0 });
const register = (name: keyof typeof set, data: number): TapeOp => write(spaces.registers, set[name].address, data);
const read = (space: number, address: number): TapeOp => ({ op: "read", space, address, expect: null });
const event = (channel: number): TapeOp => ({ op: "event", word: words.inputEvent.encode({ channel }) });
const pin = (name: string, value: number): TapeOp => ({ op: "pin", name, value });
const tick: Tape = [{ op: "tick" }, { op: "quiet", cycles: 1 }];

/** A configuration; what is absent takes the value that disturbs least. */
type Setup = {
  readonly inputs: number;
  readonly neurons: number;
  readonly outputs?: number;
  readonly zero?: boolean;
  readonly label?: boolean;
  readonly shifts?: readonly [input: number, recurrent: number, output: number];
  readonly kappa?: number;
  /** By pair; the last is that of all further pairs. `alpha` has 16 bits. */
  readonly pairs: readonly { readonly threshold: number; readonly alpha: number }[];
  readonly input?: (source: number, target: number) => number;
  readonly recurrent?: (source: number, target: number) => number;
  readonly output?: (source: number, target: number) => number;
  /** Of each weight row, so many targets are written; all, if absent. */
  readonly targets?: number;
  /** So many weight rows are written; all, if absent. */
  readonly rows?: number;
};

const none = (): number => 0;
const keep = 0x8000;
const deaf = { threshold: 32767, alpha: keep };

function setup(s: Setup): TapeOp[] {
  const [input, recurrent, output] = s.shifts ?? [0, 0, 0];
  const sources = Math.max(s.inputs, s.neurons);
  const updates = Math.max(sources, s.outputs ?? 1);
  const pairOf = (p: number) => s.pairs[Math.min(p, s.pairs.length - 1)] ?? deaf;
  const ops: TapeOp[] = [
    { op: "reset" },
    register("config", 1),
    register("targetOnMiso", 0),
    register("reset", set.reset.word.encode({ mode: s.zero === true ? "zero" : "subtract" })),
    register("learning", 0),
    register("inputShift", input),
    register("recurrentShift", recurrent),
    register("outputShift", output),
    register("sendLabel", s.label === false ? 0 : 1),
    register("kappa", s.kappa ?? 128),
    register("inputs", s.inputs - 1),
    register("neurons", s.neurons - 1),
    register("outputs", (s.outputs ?? 1) - 1),
  ];
  (["growth0", "growth1", "growth2", "growth3"] as const).forEach((name, k) => {
    let bits = 0;
    for (let b = 0; b < 32; b++) if (pairOf(32 * k + b).alpha >= keep) bits |= 1 << b;
    ops.push(register(name, bits >>> 0));
  });
  for (let p = 0; 2 * p < updates; p++) {
    const { threshold, alpha } = pairOf(p);
    for (let c = 0; c < 3; c++) ops.push(write(spaces.neurons, p * words.chunks + c, 0));
    ops.push(write(spaces.neurons, p * words.chunks + 3, words.neuron3.encode({ outputTrace1High: 0, threshold, alpha: alpha & 0xfff })));
  }
  const rows = (
    space: number,
    count: number,
    targets: number,
    place: typeof words.weightPlace,
    w: (s: number, t: number) => number,
  ): void => {
    for (let i = 0; i < count; i++)
      for (let t = 0; t < targets; t += words.bytes)
        ops.push(
          write(space, place(i, t).address, words.weights.encode({ w0: w(i, t), w1: w(i, t + 1), w2: w(i, t + 2), w3: w(i, t + 3) })),
        );
  };
  const written = s.rows ?? sources;
  rows(spaces.inputWeights, written, s.targets ?? s.neurons, words.weightPlace, s.input ?? none);
  rows(spaces.recurrentWeights, written, s.targets ?? s.neurons, words.weightPlace, s.recurrent ?? none);
  rows(spaces.outputWeights, written, s.outputs ?? 1, words.outputWeightPlace, s.output ?? none);
  ops.push(register("config", 0));
  return ops;
}

/** Potentials of the first pairs and the first readouts, while the chip waits for a tick. */
function look(pairs: number, outputs: number): TapeOp[] {
  const ops: TapeOp[] = [register("config", 1)];
  for (let p = 0; p < pairs; p++) for (let c = 0; c < 3; c++) ops.push(read(spaces.neurons, p * words.chunks + c));
  for (let k = 0; k < outputs; k++) ops.push(read(spaces.outputs, k));
  ops.push(register("config", 0));
  return ops;
}

/** A sample: events before each tick, a look after it, and the end. */
function sample(
  steps: readonly (readonly number[])[],
  pairs: number,
  outputs: number,
  infer: (t: number) => boolean = () => false,
): TapeOp[] {
  const ops: TapeOp[] = [pin("SAMPLE", 1)];
  steps.forEach((events, t) => {
    ops.push(...events.map(event), pin("INFER_ACC", Number(infer(t))), ...tick);
    if (pairs + outputs > 0) ops.push(...look(pairs, outputs));
  });
  ops.push(pin("SAMPLE", 0), ...tick);
  return ops;
}

const once = (events: readonly number[], ticks: number): number[][] => [[...events], ...Array.from({ length: ticks - 1 }, () => [])];
const weight =
  (...list: readonly number[]) =>
  (source: number, target: number): number =>
    target === 0 ? (list[source] ?? 0) : 0;

const test = (name: string, summary: string, covers: readonly Branch[], ...parts: readonly Tape[]): BringupTest => ({
  name,
  summary,
  tape: [...parts.flat(), { op: "mark", id: 1 }],
  covers,
});

export function bringupTests(): readonly BringupTest[] {
  return [
    ...marches(),
    ...registerBits(),
    lines(),
    rows(),
    thresholds(),
    ...leaks(),
    ...resets(),
    ...saturations(),
    shifts(),
    ...counts(),
    ...labels(),
    ...control(),
  ];
}

function marches(): BringupTest[] {
  return (Object.keys(memorySizes) as MemoryName[]).map((name) =>
    test(
      `march-${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`,
      `every bit of the memory ${name} holds 0 and 1, and no two addresses are one word`,
      [],
      [{ op: "reset" }, register("config", 1), register("learning", 0), register("targetOnMiso", 0)],
      marchOps({ space: spaces[name], base: 0, stride: 1, words: memorySizes[name], wordBits: 32 }),
    ),
  );
}

/** Registers cannot be read: each bit is seen at 0 and at 1 by what the chip does. */
function registerBits(): BringupTest[] {
  // Each neuron gets the same potential, and keeps it or loses an eighth of it, as its pair's bit says.
  const growing = (odd: number): Tape => [
    ...setup({
      inputs: 1,
      neurons: 256,
      rows: 1,
      shifts: [7, 0, 0],
      pairs: Array.from({ length: 128 }, (_, p) => ({ threshold: 32767, alpha: (p & 1) === odd ? 0x8000 : 0x7000 })),
      input: () => 100,
    }),
    ...sample([[0], []], 0, 0),
  ];
  const grown = (odd: number): Tape => {
    const tape = growing(odd);
    // Before the sample's end, which makes the chip forget.
    const end = tape.length - 3;
    const reads = Array.from({ length: 128 }, (_, p) => read(spaces.neurons, p * words.chunks));
    return [...tape.slice(0, end), register("config", 1), ...reads, register("config", 0), ...tape.slice(end)];
  };
  // An event on every line, each of weight 1: neuron 0 counts the lines that the chip looks at.
  const all = Array.from({ length: 256 }, (_, i) => event(i));
  const counting = (inputs: number, neurons: number): Tape => [
    ...setup({ inputs, neurons, pairs: [deaf], rows: 256, targets: 1, input: (_, t) => (t === 0 ? 1 : 0) }),
    pin("SAMPLE", 1),
    ...all,
    ...tick,
    ...look(1, 0),
    { op: "reset" },
    pin("SAMPLE", 0),
  ];
  return [
    test("growth", "each neuron's leak with its pair's growth bit clear and set", ["leak-growth"], grown(0), grown(1)),
    test(
      "counted",
      "how many lines and neurons are looked at, with each bit of both counts at 0 and 1",
      ["input-row", "input-beyond"],
      ...[0x55, 0xaa].flatMap((last) => [counting(last + 1, 2), counting(2, last + 1)]),
    ),
  ];
}

function lines(): BringupTest {
  const ops = setup({ inputs: 256, neurons: 2, pairs: [deaf], input: (s, t) => (t === 0 ? 1 : (s % 127) + 1) });
  const steps = Array.from({ length: 256 }, (_, i) => [i]);
  return test(
    "input-lines",
    "an event on each of the 256 input lines, one a step, each with a weight of its own",
    ["input-row", "first-tick", "leak-none"],
    ops,
    sample(steps, 1, 0),
  );
}

function rows(): BringupTest {
  // Neuron n is driven by line n, fires once, and adds to neuron 0 and the readouts.
  const ops = setup({
    inputs: 256,
    neurons: 256,
    outputs: 16,
    zero: true,
    pairs: [deaf, { threshold: 100, alpha: 0x7000 }],
    input: (s, t) => (s === t ? 100 : 0),
    recurrent: (s, t) => (t === 0 ? (s % 100) + 1 : 0),
    output: (s, k) => ((s * 7 + k * 13) % 255) - 127,
  });
  const steps = Array.from({ length: 64 }, (_, i) => [i, i + 64, i + 128, i + 192].filter((n) => n > 1));
  const order = test(
    "spike-rows",
    "each neuron fires once and adds its rows to a neuron and to the 16 readouts",
    ["recurrent-row", "both-rows", "output-row", "input-twice"],
    ops,
    [...sample([...steps, []], 1, 16), ...sample([[2, 2, 3], [2, 3], [2], []], 2, 4)],
  );
  return order;
}

function thresholds(): BringupTest {
  const edge = (threshold: number, first: number): Tape => [
    ...setup({
      inputs: 4,
      neurons: 4,
      pairs: [{ threshold, alpha: keep }, deaf],
      shifts: [0, 0, 0],
      input: weight(first, 1, -1),
      recurrent: (s, t) => (s === 0 && t === 2 ? 1 : 0),
    }),
    ...sample([[0], [1], [1], [1], [2], []], 2, 0),
  ];
  return test(
    "threshold-edges",
    "potentials one below, at and one above the threshold",
    ["threshold-below", "threshold-at", "reset-subtract"],
    edge(101, 99),
    edge(1, -1),
    edge(127, 126),
  );
}

function leaks(): BringupTest[] {
  const alphas = [0x7000, 0x7001, 0x7800, 0x7fff, 0x8000, 0x8001, 0x8fff, 0x7abc];
  const decay = (sign: number): Tape =>
    setup({
      inputs: 2,
      neurons: 16,
      outputs: 2,
      shifts: [7, 0, 0],
      pairs: [...alphas.map((alpha) => ({ threshold: 32767, alpha })), deaf],
      input: (s, t) => sign * (s === 0 ? 100 - t : 3),
    });
  const kappas = [0, 1, 64, 127, 128, 129, 255].map(
    (kappa): Tape => [
      ...setup({
        inputs: 2,
        neurons: 4,
        outputs: 2,
        kappa,
        zero: true,
        pairs: [{ threshold: 1, alpha: keep }, deaf],
        input: (s, t) => (t === s ? 1 : 0),
        shifts: [0, 0, 7],
        output: (s, k) => (k === 0 ? 101 : -101) - s,
      }),
      ...sample(once([0, 1], 8), 1, 2),
    ],
  );
  return [
    test(
      "leak",
      "potentials of both signs with the least, the greatest and other factors",
      ["leak-positive", "leak-negative", "leak-none", "leak-growth"],
      [...decay(1), ...sample(once([0, 1], 12), 8, 0), ...decay(-1), ...sample(once([0, 1], 12), 8, 0)],
    ),
    test(
      "leak-wrap",
      "a factor above one takes a potential past the range",
      ["leak-wrap"],
      setup({
        inputs: 2,
        neurons: 2,
        shifts: [7, 0, 0],
        pairs: [{ threshold: 32767, alpha: 0x8fff }],
        input: (_s, t) => (t === 0 ? -127 : -120),
      }),
      sample([[0], [1], [0], [1], [0], []], 1, 0),
    ),
    test("output-leak", "readouts of both signs with the least, the greatest and other factors", ["output-leak"], ...kappas),
  ];
}

function resets(): BringupTest[] {
  const both = [false, true].map(
    (zero): Tape => [
      ...setup({
        inputs: 4,
        neurons: 4,
        outputs: 1,
        zero,
        shifts: [3, 0, 0],
        pairs: [
          { threshold: 300, alpha: 0x7800 },
          { threshold: 301, alpha: keep },
        ],
        input: (s, t) => 30 * (s + 1) - t,
      }),
      ...sample([[0, 1], [2], [3], [], [0], [], []], 2, 1),
    ],
  );
  return [
    test("resets", "spikes with the reset by subtraction and to zero", ["reset-subtract", "reset-zero"], ...both),
    test(
      "reset-wrap",
      "a negative threshold, subtracted from a large potential, wraps",
      ["reset-wrap"],
      setup({ inputs: 2, neurons: 2, shifts: [7, 0, 0], pairs: [{ threshold: -20000, alpha: keep }], input: () => 127 }),
      sample([[0], [1], [], []], 1, 0),
    ),
  ];
}

function saturations(): BringupTest[] {
  const far = (sign: number): Tape => [
    ...setup({
      inputs: 8,
      neurons: 4,
      outputs: 1,
      shifts: [7, 7, 0],
      pairs: [deaf],
      input: (s, t) => (s < 4 ? sign * 127 : -sign * (t + 1)),
    }),
    ...sample(
      [
        [0, 1, 2, 3, 4],
        [4, 5],
        [0, 6],
        [0, 1],
      ],
      2,
      0,
    ),
  ];
  const out = (sign: number): Tape => [
    ...setup({
      inputs: 8,
      neurons: 8,
      outputs: 2,
      zero: true,
      shifts: [0, 0, 7],
      pairs: [{ threshold: 1, alpha: keep }],
      input: (s, t) => (s === t ? 1 : 0),
      output: (s, k) => (k === 0 ? sign * 127 : s < 4 ? sign * 127 : -sign * 3),
    }),
    ...sample([[0, 1, 2, 3, 4, 5], [0, 1, 2, 6], [7], []], 1, 2),
  ];
  return [
    test(
      "saturation",
      "sums of neurons that are held at both ends, in order of their sources",
      ["saturate-high", "saturate-low"],
      far(1),
      far(-1),
    ),
    test(
      "output-saturation",
      "sums of readouts that are held at both ends",
      ["output-saturate-high", "output-saturate-low"],
      out(1),
      out(-1),
    ),
  ];
}

function shifts(): BringupTest {
  const tapes = Array.from(
    { length: 8 },
    (_, s): Tape => [
      ...setup({
        inputs: 4,
        neurons: 4,
        outputs: 1,
        zero: true,
        shifts: [s, (s + 3) % 8, (s + 5) % 8],
        pairs: [{ threshold: 1, alpha: 0x7000 }, deaf],
        input: (i, t) => (i === 0 && t === 0 ? 1 : t === 2 ? 5 : 0),
        recurrent: (i, t) => (i === 0 && t > 1 ? -3 : 0),
        output: () => 7,
      }),
      ...sample([[0], [1], []], 2, 1),
    ],
  );
  return test("shifts", "each of the three shifts with each of its values", ["shifts"], ...tapes);
}

function counts(): BringupTest[] {
  const odd = [3, 5].map(
    (neurons): Tape => [
      ...setup({
        inputs: 2,
        neurons,
        outputs: 1,
        pairs: [{ threshold: 10, alpha: 0x7000 }],
        input: (s, t) => 11 + s + t,
        recurrent: () => -2,
      }),
      ...sample([[0], [1], [0, 1], []], 3, 1),
    ],
  );
  const ghost = setup({
    inputs: 8,
    neurons: 2,
    outputs: 2,
    pairs: [deaf, { threshold: 0, alpha: keep }],
    recurrent: (s, t) => s + t,
    output: (s, k) => s - k,
  });
  return [
    test("odd-counts", "three and five neurons: pairs that are not whole", ["odd-pair", "odd-update"], ...odd),
    test(
      "ghosts",
      "neurons beyond the count fire when their threshold is not above zero, and events beyond it do nothing",
      ["ghost", "input-beyond"],
      ghost,
      sample([[9, 200], [], []], 4, 2),
    ),
    test(
      "next-sample",
      "potentials, readouts and counts of one sample are gone in the next",
      ["not-live"],
      setup({ inputs: 2, neurons: 4, outputs: 2, pairs: [{ threshold: 50, alpha: 0x7fff }], input: () => 30, output: (s, k) => s + k }),
      sample([[0], [1], []], 2, 2),
      sample([[], [0], [1]], 2, 2),
    ),
  ];
}

function labels(): BringupTest[] {
  // Neuron k votes for readout k; readouts do not last.
  const voting = (outputs: number, label: boolean): Tape =>
    setup({
      inputs: 16,
      neurons: 16,
      outputs,
      label,
      zero: true,
      kappa: 64,
      pairs: [{ threshold: 1, alpha: keep }],
      input: (s, t) => (s === t ? 1 : 0),
      output: (s, k) => (s === k ? 10 : 0),
    });
  const votes = [[3], [3], [5], [5], [7], [7], []];
  return [
    test(
      "labels",
      "the label, its ties, and the ticks that count",
      ["label-first", "label-most", "infer-off"],
      [
        ...voting(16, true),
        // All equal: readout 0. Then 3 and 5 twice each, and 5 three times.
        ...sample([[], []], 0, 0, () => true),
        ...sample(votes, 0, 0, (t) => t < 6),
        ...sample([[5], ...votes, []], 0, 0, () => true),
        ...sample(votes, 0, 0, () => false),
        ...sample([[15], [15], []], 0, 0, () => true),
      ],
    ),
    test(
      "output-bytes",
      "readouts as bytes: 1, 2 and 16 of them",
      ["output-bytes"],
      ...[1, 2, 16].map(
        (n): Tape => [
          ...voting(n, false),
          register("config", 1),
          register("kappa", 130),
          register("config", 0),
          ...sample([[0, 1, 2], [15], [0], [1, 14], []], 0, 0),
        ],
      ),
    ),
  ];
}

function control(): BringupTest[] {
  const busy = setup({
    inputs: 32,
    neurons: 32,
    outputs: 2,
    pairs: [{ threshold: 40, alpha: 0x7abc }],
    input: (s, t) => (s * 5 + t * 3) % 41,
    recurrent: (s, t) => (s + t) % 5,
    output: (s, k) => s - 8 * k,
  });
  const all = Array.from({ length: 32 }, (_, i) => i);
  const start: Tape = [pin("SAMPLE", 1), ...all.map(event)];
  const cut = [5, 36, 37, 70, 71, 200, 641].map(
    (cycles): Tape => [
      ...busy,
      ...start,
      ...tick,
      { op: "tick" },
      { op: "wait", cycles },
      { op: "reset" },
      ...look(16, 2),
      pin("SAMPLE", 0),
    ],
  );
  return [
    test("reset-in-run", "RST at several clocks of a tick: in the update, between rows and within one", ["reset-run"], ...cut),
    test(
      "configuration-state",
      "a tick with config set stops after the update, until config is cleared",
      ["configure"],
      [
        ...busy,
        ...start,
        ...tick,
        register("config", 1),
        { op: "tick" },
        { op: "wait", cycles: 40 },
        ...look(2, 2),
        { op: "quiet", cycles: 1 },
        pin("SAMPLE", 0),
        ...tick,
      ],
    ),
    test(
      "early-tick",
      "a tick before the chip is ready halts it until RST",
      ["tick-early"],
      [
        ...busy,
        ...start,
        ...tick,
        { op: "tick" },
        { op: "wait", cycles: 100 },
        { op: "tick" },
        { op: "wait", cycles: 3000 },
        { op: "tick" },
        { op: "wait", cycles: 3000 },
        ...look(16, 2),
        { op: "reset" },
        pin("SAMPLE", 0),
      ],
    ),
    test(
      "early-tick-on",
      "a tick before the chip is ready, with errorHalt clear: the next ones go on",
      ["tick-early-on"],
      [
        ...busy,
        register("config", 1),
        register("errorHalt", 0),
        register("config", 0),
        ...start,
        ...tick,
        { op: "tick" },
        { op: "wait", cycles: 20 },
        { op: "tick" },
        { op: "wait", cycles: 3000 },
        ...look(16, 2),
        event(3),
        ...tick,
        ...look(16, 2),
        pin("SAMPLE", 0),
        ...tick,
      ],
    ),
  ];
}
