import type { Tape, TapeOp } from "../../runtime/tape/types.ts";
import type { BringupTest } from "../target.ts";
import { sizesOf, spaces } from "./board.ts";
import { type Parameters, tickClocks } from "./parameters.ts";
import { encodePacket, type NeuronField, neuronWord, type Packet, writeBit, writeField } from "./words.ts";

/*
 * Vectors for a grid in front of somebody. Memories cannot be read at the pins, so every bit of them is
 * made to show in what leaves: each test is a configuration and the ticks that tell.
 */

/** The branches of README.md that vectors go through. */
export const branches = {
  "axon-line": "a packet at each axon acts in the tick that it is for",
  connection: "each connection adds its weight, each missing one nothing",
  "type-weight": "each type chooses its own weight",
  "weight-bits": "each bit of each weight",
  "potential-bits": "each bit of the first potential",
  "threshold-edge": "fires at the threshold, not below it",
  "negative-edge": "resets below the negative threshold, not at it",
  "leak-bits": "the leak is added in every tick, each bit of it",
  "reset-set": "set to the reset potential, or below to its negative",
  "reset-subtract": "the threshold that was passed is subtracted",
  wrap: "potentials wrap at both ends",
  delay: "delays of 0 to 14 ticks",
  "set-like": "two packets for one axon and tick act once",
  "route-pairs": "packets between all pairs of cells",
  "route-from-host": "packets of the host to every cell",
  "back-pressure": "cores wait for a full router and lose nothing",
  "tick-busy": "a tick while cores are busy raises the error output",
  "reset-mid-run": "a reset clears routers and the slot in use, and keeps potentials",
} as const satisfies Readonly<Record<string, string>>;

type Branch = keyof typeof branches;

/** One neuron's numbers; what is not said is 0, the threshold 1. */
type Numbers = Partial<Record<NeuronField, number>> & { readonly axons?: (axon: number) => boolean };

/** Memories of the grid under test. */
class Setup {
  readonly #p: Parameters;
  readonly #neurons: Uint32Array[];
  readonly #types: Uint32Array[];

  constructor(p: Parameters) {
    this.#p = p;
    const cells = p.columns * p.rows;
    const sizes = sizesOf(p);
    this.#neurons = Array.from({ length: cells }, () => new Uint32Array(sizes.neurons));
    this.#types = Array.from({ length: cells }, () => new Uint32Array(sizes.types));
    for (let cell = 0; cell < cells; cell++) for (let n = 0; n < p.neurons; n++) this.neuron(cell, n, {});
  }

  neuron(cell: number, n: number, numbers: Numbers): void {
    const word = neuronWord(this.#p);
    const memory = this.#neurons[cell]!;
    const base = n * word.chunks;
    memory.fill(0, base, base + word.chunks);
    const { axons, ...fields } = { positive: 1, ...numbers };
    for (const [name, value] of Object.entries(fields)) writeField(memory, base, word.field(name as NeuronField), value as number);
    if (axons !== undefined) for (let a = 0; a < this.#p.axons; a++) if (axons(a)) writeBit(memory, base, word.connections.low + a);
  }

  types(cell: number, type: (axon: number) => number): void {
    const memory = this.#types[cell]!;
    for (let a = 0; a < memory.length; a++) memory[a] = type(a);
  }

  writes(): TapeOp[] {
    const out: TapeOp[] = [];
    const sizes = sizesOf(this.#p);
    this.#neurons.forEach((memory, cell) => {
      if (cell === outputOf(this.#p)) return;
      for (const name of ["neurons", "types"] as const)
        (name === "neurons" ? memory : this.#types[cell]!).forEach((data, i) => {
          if (data !== 0) out.push({ op: "write", space: spaces[name], address: cell * sizes[name] + i, data, mask: 0 });
        });
    });
    return out;
  }
}

function outputOf(p: Parameters): number {
  return p.outputX + p.outputY * p.columns;
}

function cellsOf(p: Parameters): number[] {
  return Array.from({ length: p.columns * p.rows }, (_, c) => c).filter((c) => c !== outputOf(p));
}

const xOf = (p: Parameters, cell: number): number => cell % p.columns;
const yOf = (p: Parameters, cell: number): number => Math.floor(cell / p.columns);

/** Fields that send a neuron's spikes to an output line. */
function toOutput(p: Parameters, cell: number, line: number): Pick<Required<Record<NeuronField, number>>, "dx" | "dy" | "axon" | "delay"> {
  return { dx: p.outputX - xOf(p, cell), dy: p.outputY - yOf(p, cell), axon: line % p.axons, delay: 0 };
}

/** Packet of the host. */
function toCell(p: Parameters, cell: number, axon: number, delay = 0): TapeOp {
  const packet: Packet = { dx: xOf(p, cell), dy: yOf(p, cell), axon, delay };
  return { op: "event", word: encodePacket(p, packet) };
}

/** Clocks in which every packet of an idle grid arrives, and so many more. */
function settle(p: Parameters, packets: number): number {
  return 16 + 8 * (p.columns + p.rows) + 4 * packets;
}

/** Packets, a tick, and the wait for all that it sends. */
function step(p: Parameters, packets: readonly TapeOp[], mark: number): TapeOp[] {
  return [
    ...packets,
    { op: "wait", cycles: settle(p, packets.length) },
    { op: "tick" },
    { op: "wait", cycles: tickClocks(p) },
    { op: "quiet", cycles: settle(p, p.neurons) },
    { op: "mark", id: mark },
  ];
}

export function bringupTests(p: Parameters): readonly BringupTest[] {
  const cells = cellsOf(p);
  return [
    ...cells.flatMap((cell) => [
      crossbar(p, cell, false),
      crossbar(p, cell, true),
      axonTypes(p, cell, false),
      axonTypes(p, cell, true),
      ...numberTests(p, cell),
      destinations(p, cell, false),
      destinations(p, cell, true),
      ...[5, 10].flatMap((d) => [delays(p, cell, false, d), delays(p, cell, true, d)]),
      ...addressBits(p, cell),
    ]),
    everyDelay(p),
    thresholds(p),
    resets(p),
    routes(p),
    fromHost(p),
    backPressure(p),
    busyTick(p),
    resetMidRun(p),
  ];
}

function test(name: string, summary: string, covers: readonly Branch[], tape: Tape, more: Partial<BringupTest> = {}): BringupTest {
  return { name, summary, covers, tape, ...more };
}

const nameOf = (p: Parameters, cell: number): string => `${xOf(p, cell)}-${yOf(p, cell)}`;

/**
 * Every connection there and (`odd` the other way round) not there: neuron n has the axons a with a + n even. One
 * axon a tick; what fires names the connections. Neurons forget, so ticks do not mix.
 */
function crossbar(p: Parameters, cell: number, odd: boolean): BringupTest {
  const s = new Setup(p);
  const ones = Object.fromEntries(Array.from({ length: p.weights }, (_, k) => [`weight${k}`, 1]));
  for (let n = 0; n < p.neurons; n++)
    s.neuron(cell, n, { ...toOutput(p, cell, n), ...ones, negative: 1, axons: (a) => (a + n + (odd ? 1 : 0)) % 2 === 0 });
  return test(
    `crossbar-${nameOf(p, cell)}-${odd ? "odd" : "even"}`,
    `Each axon of core (${xOf(p, cell)},${yOf(p, cell)}) alone; every second connection is there.`,
    ["axon-line", "connection"],
    [...s.writes(), ...eachAxon(p, cell)],
  );
}

/** The type of each axon: of the neurons, all connected, those fire whose only weight is of that type. */
function axonTypes(p: Parameters, cell: number, inverse: boolean): BringupTest {
  const s = new Setup(p);
  for (let n = 0; n < p.neurons; n++)
    s.neuron(cell, n, { ...toOutput(p, cell, n), [`weight${n % p.weights}`]: 1, negative: 1, axons: () => true });
  s.types(cell, (a) => (inverse ? p.weights - 1 - (a % p.weights) : a % p.weights));
  return test(
    `types-${nameOf(p, cell)}-${inverse ? "inverse" : "pattern"}`,
    `Each axon of core (${xOf(p, cell)},${yOf(p, cell)}) alone; what fires names its type.`,
    ["axon-line", "type-weight"],
    [...s.writes(), ...eachAxon(p, cell)],
  );
}

function eachAxon(p: Parameters, cell: number): TapeOp[] {
  return Array.from({ length: p.axons }, (_, a) => step(p, [toCell(p, cell, a)], a + 1)).flat();
}

/** Two's complement. */
function wrapped(value: number, bits: number): number {
  return (value << (32 - bits)) >> (32 - bits);
}

/** A number for neuron n in which every bit is 1 for about half of the neurons; its inverse has the others. */
function pattern(n: number, inverse: boolean, bits: number): number {
  const raw = Math.imul(n + 1, 0x9e3779b1) >>> 7;
  return wrapped(inverse ? ~raw : raw, bits);
}

/**
 * The numbers of each neuron, bit by bit. With the threshold at the greatest potential a neuron fires if its sum, which
 * wraps, is exactly that, so one tick tells whether all that was added is right.
 */
function numberTests(p: Parameters, cell: number): BringupTest[] {
  const where = `core (${xOf(p, cell)},${yOf(p, cell)})`;
  return [false, true].flatMap((inverse) => {
    const name = `${nameOf(p, cell)}-${inverse ? "inverse" : "pattern"}`;
    const drive = Array.from({ length: p.weights }, (_, k) => toCell(p, cell, k));
    return [
      test(
        `sums-${name}`,
        `First potential, leak and weights of ${where} add up to one number.`,
        ["potential-bits", "leak-bits", "weight-bits", "wrap"],
        [...sums(p, cell, inverse).writes(), ...step(p, drive, 1)],
      ),
      test(
        `threshold-at-${name}`,
        `Each neuron of ${where} is at its threshold.`,
        ["threshold-edge"],
        [...atThreshold(p, cell, inverse, 0).writes(), ...step(p, [], 1)],
      ),
      test(
        `threshold-below-${name}`,
        `Each neuron of ${where} is one below its threshold.`,
        ["threshold-edge"],
        [...atThreshold(p, cell, inverse, 1).writes(), ...step(p, [], 1)],
      ),
      ...(["stays", "reset", "subtract"] as const).map((what) =>
        test(
          `negative-${what}-${name}`,
          `Each neuron of ${where} ${negativeText[what]}.`,
          [what === "subtract" ? "reset-subtract" : "negative-edge", "reset-set"],
          [...atNegative(p, cell, inverse, what).writes(), ...step(p, [], 1), ...step(p, [toCell(p, cell, 0)], 2)],
        ),
      ),
    ];
  });
}

const negativeText = {
  stays: "is at its negative threshold and keeps its potential",
  reset: "falls below its negative threshold and is set to minus its reset potential",
  subtract: "falls below its negative threshold, which is subtracted",
} as const;

/** Potentials that a threshold can be compared with: the narrower of the two ranges. */
function most(p: Parameters): number {
  return 2 ** (Math.min(p.potentialBits, p.thresholdBits) - 1) - 1;
}

function sums(p: Parameters, cell: number, inverse: boolean): Setup {
  const s = new Setup(p);
  s.types(cell, (a) => a % p.weights);
  for (let n = 0; n < p.neurons; n++) {
    const weights = Array.from({ length: p.weights }, (_, k) => pattern(7 * n + k + 1, inverse, p.weightBits));
    const leak = pattern(5 * n + 2, inverse, p.leakBits);
    // The inverse of all parts adds up to another number; the first potential makes up for it, so its own bits need a second look.
    const current = wrapped(most(p) - leak - weights.reduce((a, b) => a + b, 0), p.potentialBits);
    s.neuron(cell, n, {
      ...toOutput(p, cell, n),
      ...Object.fromEntries(weights.map((w, k) => [`weight${k}`, w])),
      leak,
      current,
      positive: most(p),
      negative: -most(p) - 1,
      axons: (a) => a < p.weights,
    });
  }
  return s;
}

/** The threshold is a pattern, and the first potential is that, or one less. */
function atThreshold(p: Parameters, cell: number, inverse: boolean, below: number): Setup {
  const s = new Setup(p);
  for (let n = 0; n < p.neurons; n++) {
    const positive = Math.max(pattern(n, inverse, p.thresholdBits), -most(p));
    s.neuron(cell, n, { ...toOutput(p, cell, n), positive, current: wrapped(positive - below, p.potentialBits), negative: -most(p) - 1 });
  }
  return s;
}

/** The negative threshold is a pattern; what the potential became is told by a second tick, in which a weight takes it to the greatest. */
function atNegative(p: Parameters, cell: number, inverse: boolean, what: keyof typeof negativeText): Setup {
  const s = new Setup(p);
  const top = most(p);
  for (let n = 0; n < p.neurons; n++) {
    const negative = Math.min(Math.max(pattern(n, inverse, p.thresholdBits), -top), top - 1);
    const current = what === "stays" ? negative : negative - 1;
    const reset = pattern(3 * n + 1, inverse, p.potentialBits);
    const after = what === "stays" ? current : what === "reset" ? -reset : -1;
    s.neuron(cell, n, {
      ...toOutput(p, cell, n),
      current,
      negative,
      positive: top,
      // Neither -reset nor what subtracting gives may be what is expected by chance.
      reset: what === "reset" ? reset : what === "stays" ? wrapped(~current, p.potentialBits) : 5,
      mode: what === "subtract" ? 1 : 0,
      weight0: wrapped(top - after, p.weightBits),
      axons: (a) => a === 0,
    });
  }
  return s;
}

/** The output line of each neuron; with the inverse each bit of its axon field is 0 and 1. */
function destinations(p: Parameters, cell: number, inverse: boolean): BringupTest {
  const s = new Setup(p);
  const lines = 2 ** Math.floor(Math.log2(Math.min(p.neurons, p.axons)));
  for (let n = 0; n < p.neurons; n++)
    s.neuron(cell, n, { ...toOutput(p, cell, inverse ? lines - 1 - (n % lines) : n % lines), positive: 0 });
  return test(
    `destinations-${nameOf(p, cell)}-${inverse ? "inverse" : "pattern"}`,
    `Each neuron of core (${xOf(p, cell)},${yOf(p, cell)}) sends to a line of its own, in order.`,
    ["back-pressure"],
    [...s.writes(), ...step(p, [], 1)],
    { routes: [`core(${xOf(p, cell)},${yOf(p, cell)}) core(${p.outputX},${p.outputY})`] },
  );
}

/**
 * Bits of dx and dy that no way on the grid needs: with one of them set, a packet for the output goes
 * astray, and reaches it only where the bit is stuck at 0. A few neurons a tick, and a reset after
 * each, because packets that leave the grid stay in its last FIFO.
 */
function addressBits(p: Parameters, cell: number): BringupTest[] {
  const right = toOutput(p, cell, 0);
  const fields = [
    ["dx", right.dx, p.dxBits],
    ["dy", right.dy, p.dyBits],
  ] as const;
  const each = Math.max(Math.ceil(p.neurons / p.axons), p.fifo - 1);
  return fields.flatMap(([field, value, bits]) =>
    Array.from({ length: bits }, (_, bit) => bit)
      .filter((bit) => ((value >> bit) & 1) === 0)
      .map((bit) => {
        const s = new Setup(p);
        for (let n = 0; n < p.neurons; n++)
          s.neuron(cell, n, {
            ...toOutput(p, cell, n),
            [field]: wrapped(value + 2 ** bit, bits),
            weight0: 1,
            negative: 1,
            axons: (a) => a === Math.floor(n / each),
          });
        const tape: TapeOp[] = [...s.writes()];
        for (let a = 0; a * each < p.neurons; a++) tape.push(...step(p, [toCell(p, cell, a)], a + 1), { op: "reset" });
        return test(
          `address-${nameOf(p, cell)}-${field}-${bit}`,
          `Bit ${bit} of ${field} of each neuron of core (${xOf(p, cell)},${yOf(p, cell)}) leads its packet away from the output.`,
          ["route-pairs", "reset-mid-run"],
          tape,
        );
      }),
  );
}

/** Neurons of one half of the core send to its axons with a delay, those of the other answer; then the other way round. */
function delays(p: Parameters, cell: number, swap: boolean, delay: number): BringupTest {
  const s = new Setup(p);
  const half = Math.min(Math.floor(p.neurons / 2), p.axons - 1);
  const [sender, answer] = swap ? [half, 0] : [0, half];
  for (let n = 0; n < half; n++) {
    s.neuron(cell, sender + n, { dx: 0, dy: 0, axon: n + 1, delay, weight0: 1, negative: 1, axons: (a) => a === 0 });
    s.neuron(cell, answer + n, { ...toOutput(p, cell, n), weight0: 1, negative: 1, axons: (a) => a === n + 1 });
  }
  const tape: TapeOp[] = [...s.writes(), ...step(p, [toCell(p, cell, 0), toCell(p, cell, 0)], 1)];
  for (let t = 2; t < 18; t++) tape.push(...step(p, [], t));
  return test(
    `delays-${nameOf(p, cell)}-${delay}-${swap ? "upper" : "lower"}`,
    `Packets of core (${xOf(p, cell)},${yOf(p, cell)}) to itself with delay ${delay}; two packets for one axon act once.`,
    ["delay", "set-like"],
    tape,
  );
}

/** Packets of the host with every delay. */
function everyDelay(p: Parameters): BringupTest {
  const s = new Setup(p);
  const cell = cellsOf(p)[0] ?? 0;
  const count = Math.min(15, p.axons, p.neurons);
  for (let n = 0; n < count; n++) s.neuron(cell, n, { ...toOutput(p, cell, n), weight0: 1, negative: 1, axons: (a) => a === n });
  const packets = Array.from({ length: count }, (_, d) => toCell(p, cell, d, d));
  const tape: TapeOp[] = [...s.writes(), ...step(p, packets, 1)];
  for (let t = 2; t < 18; t++) tape.push(...step(p, [], t));
  return test("every-delay", "Packets of the host with delays of 0 to 14 ticks.", ["delay"], tape);
}

/** Potentials one below, at and above both thresholds, in both modes. */
function thresholds(p: Parameters): BringupTest {
  const cell = cellsOf(p)[0] ?? 0;
  const s = new Setup(p);
  const most = 2 ** (p.thresholdBits - 1) - 1;
  const edges = [-most, -1, 0, 1, most - 1];
  let n = 0;
  for (const edge of edges)
    for (const by of [-1, 0, 1])
      for (const mode of [0, 1]) {
        if (n >= p.neurons) break;
        s.neuron(cell, n, {
          ...toOutput(p, cell, n),
          current: Math.max(-most, edge + by),
          positive: edge,
          negative: edge,
          reset: edge < 0 ? 3 : -3,
          mode,
        });
        n++;
      }
  const tape: TapeOp[] = [...s.writes()];
  for (let t = 1; t <= 6; t++) tape.push(...step(p, [], t));
  return test("threshold-edges", "Potentials one below, at and above the thresholds.", ["threshold-edge", "negative-edge"], tape);
}

/** Both resets on both sides, and wrapping sums. */
function resets(p: Parameters): BringupTest {
  const cell = cellsOf(p).at(-1) ?? 0;
  const s = new Setup(p);
  const half = 2 ** (p.potentialBits - 1);
  for (let n = 0; n < p.neurons; n++)
    s.neuron(cell, n, {
      ...toOutput(p, cell, n),
      current: (n * 37) % half,
      leak: n % 4 < 2 ? 91 % half : -(77 % half),
      positive: (n * 13) % Math.min(half, 2 ** (p.thresholdBits - 1)),
      negative: -((n * 11) % Math.min(half, 2 ** (p.thresholdBits - 1))),
      reset: (n * 5) % half,
      mode: n % 2,
    });
  const tape: TapeOp[] = [...s.writes()];
  for (let t = 1; t <= 12; t++) tape.push(...step(p, [], t));
  return test(
    "resets",
    "Large leaks through thresholds of both signs, in both modes, past the ends of the range.",
    ["reset-set", "reset-subtract", "wrap"],
    tape,
  );
}

/** A packet from every core to every core, which answers on a line. */
function routes(p: Parameters): BringupTest {
  const s = new Setup(p);
  const cells = cellsOf(p);
  const named: string[] = [];
  const last = p.neurons - 1;
  cells.forEach((from) => {
    // Neuron k sends to cell k; the last neuron answers what arrives at axon 1.
    cells.forEach((to, k) => {
      if (k >= last) return;
      s.neuron(from, k, {
        dx: xOf(p, to) - xOf(p, from),
        dy: yOf(p, to) - yOf(p, from),
        axon: 1,
        weight0: 1,
        negative: 1,
        axons: (a) => a === 2 + (k % (p.axons - 2)) || (k >= p.axons - 2 && a === 2),
      });
      named.push(`core(${xOf(p, from)},${yOf(p, from)}) core(${xOf(p, to)},${yOf(p, to)})`);
    });
    s.neuron(from, last, { ...toOutput(p, from, from % p.axons), weight0: 1, negative: 1, axons: (a) => a === 1 });
    named.push(`core(${xOf(p, from)},${yOf(p, from)}) core(${p.outputX},${p.outputY})`);
  });
  const tape: TapeOp[] = [...s.writes()];
  let mark = 1;
  for (const from of cells)
    for (let k = 0; k < Math.min(cells.length, last); k++) {
      tape.push(...step(p, [toCell(p, from, 2 + (k % (p.axons - 2)))], mark++), ...step(p, [], mark++));
    }
  return test("route-pairs", "A packet from every core to every core, one at a time.", ["route-pairs"], tape, {
    routes: [...new Set(named)],
  });
}

/** The host to every cell, the output cell included. */
function fromHost(p: Parameters): BringupTest {
  const s = new Setup(p);
  for (const cell of cellsOf(p))
    s.neuron(cell, 0, { ...toOutput(p, cell, cell % p.axons), weight0: 1, negative: 1, axons: (a) => a === 0 });
  const tape: TapeOp[] = [...s.writes()];
  let mark = 1;
  for (let cell = 0; cell < p.columns * p.rows; cell++) tape.push(...step(p, [toCell(p, cell, 0)], mark++));
  tape.push(
    ...step(
      p,
      Array.from({ length: p.columns * p.rows }, (_, cell) => toCell(p, cell, 0)),
      mark,
    ),
  );
  const named = Array.from({ length: p.columns * p.rows }, (_, c) => `core(0,0) core(${xOf(p, c)},${yOf(p, c)})`);
  return test("route-from-host", "A packet of the host to every cell, then to all.", ["route-from-host"], tape, { routes: named });
}

/** All neurons of all cores at once to one core and to the output. */
function backPressure(p: Parameters): BringupTest {
  const s = new Setup(p);
  const cells = cellsOf(p);
  const target = cells[0] ?? 0;
  for (const cell of cells)
    for (let n = 0; n < p.neurons; n++)
      s.neuron(cell, n, {
        ...(n % 2 === 0
          ? toOutput(p, cell, n)
          : { dx: xOf(p, target) - xOf(p, cell), dy: yOf(p, target) - yOf(p, cell), axon: n % p.axons, delay: 0 }),
        positive: 0,
        negative: 0,
      });
  return test(
    "back-pressure",
    "Every neuron of every core fires in every tick.",
    ["back-pressure"],
    [
      ...s.writes(),
      ...[1, 2, 3].flatMap((t): TapeOp[] => [
        { op: "tick" },
        { op: "wait", cycles: 2 * tickClocks(p) },
        { op: "quiet", cycles: settle(p, p.neurons * cells.length) },
        { op: "mark", id: t },
      ]),
    ],
  );
}

/** A tick in the middle of one. */
function busyTick(p: Parameters): BringupTest {
  const s = new Setup(p);
  const cell = cellsOf(p)[0] ?? 0;
  s.neuron(cell, 0, { ...toOutput(p, cell, 0), positive: 0, negative: 0 });
  const half = Math.floor(tickClocks(p) / 2);
  return test(
    "tick-busy",
    "A tick while cores are busy is an error and is not heard.",
    ["tick-busy"],
    [
      ...s.writes(),
      { op: "tick" },
      { op: "wait", cycles: half },
      { op: "tick" },
      { op: "wait", cycles: tickClocks(p) },
      { op: "mark", id: 1 },
      { op: "reset" },
      ...step(p, [], 2),
    ],
  );
}

/** A reset while packets wait and cores work. */
function resetMidRun(p: Parameters): BringupTest {
  const s = new Setup(p);
  const cells = cellsOf(p);
  for (const cell of cells)
    for (let n = 0; n < p.neurons; n++)
      s.neuron(cell, n, { ...toOutput(p, cell, n), weight0: 1, positive: 3, negative: -9, leak: n % 2, axons: (a) => a % 2 === 0 });
  const first = cells[0] ?? 0;
  return test(
    "reset-mid-run",
    "A reset in the middle of a tick: packets and the slot are gone, potentials stay.",
    ["reset-mid-run"],
    [
      ...s.writes(),
      ...[0, 2].map((a) => toCell(p, first, a % p.axons)),
      { op: "wait", cycles: settle(p, 2) },
      { op: "tick" },
      { op: "wait", cycles: Math.floor(tickClocks(p) / 3) },
      { op: "reset" },
      { op: "wait", cycles: tickClocks(p) },
      { op: "mark", id: 1 },
      ...[2, 3, 4, 5].flatMap((t) => step(p, [], t)),
    ],
  );
}
