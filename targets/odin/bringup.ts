import { marchOps } from "../../runtime/tape/march.ts";
import type { Tape, TapeOp } from "../../runtime/tape/types.ts";
import type { BringupTest } from "../target.ts";
import { holdPin, neuronByte, spaces } from "./board.ts";
import { neuronWord, referenceEvent, spikeEvent } from "./emit.ts";
import { potentialBytes, settle } from "./host.ts";
import type { Variant } from "./variant.ts";
import * as words from "./words.ts";

/* Vectors that exercise the chip one thing at a time, through its pins only. */

/** The branches of README.md, section A visit and Order, that vectors go through. */
export const branches = {
  "memory-bit": "every bit of both memories is written and read both ways",
  "memory-mask": "masked bits of a byte stay",
  "register-open-loop": "with the loop open the chip's spikes are not queued",
  "register-gate": "the gate freezes the network",
  "register-output-source": "events are reported as they are processed",
  "register-signs": "each source has its own sign (ODIN)",
  "register-propagate-unmapped": "synapses without the map bit act if told so (ODIN)",
  "register-max-neuron": "a sweep ends at its last neuron (tinyODIN)",
  "axon-line": "a spike of every row reaches its target",
  "neuron-slot": "every neuron spikes and is told apart",
  "weight-value": "each weight adds what it says",
  "threshold-at": "fires at the threshold and not below",
  "leak-step": "a time reference takes the leak",
  "leak-floor": "leak stops at zero",
  "leak-off": "no leak where it is switched off",
  "saturate-high": "potentials stop at the top",
  "saturate-low": "potentials stop at the bottom",
  "reset-zero": "a neuron that spikes goes back to zero",
  disabled: "a disabled neuron integrates, resets and does not spike",
  "reference-one": "a time reference of one neuron",
  virtual: "a virtual event adds to one neuron",
  "single-synapse": "a single-synapse event (ODIN)",
  "bistability-row": "bistability moves the weights of a row (ODIN)",
  "register-update-unmapped": "bistability moves weights without the map bit if told so (ODIN)",
  "register-monitor": "states are shown at the output pins instead of spikes (ODIN)",
  "queue-order": "spikes spread in the order in which they came",
  "queue-full": "spikes are lost inside when the queue is full",
  "input-precedence": "inputs and queued spikes take turns",
  "back-pressure": "the network stands while an output event is not taken",
  "reset-mid-run": "a reset drops what is queued and keeps the memories",
} as const;

type Branch = keyof typeof branches;

/** Clocks in which anything that these vectors cause is over, spikes being the sign of life. */
const silence = 1100;

export function bringupTests(variant: Variant): BringupTest[] {
  const kit = new Kit(variant);
  const odin = variant.signBySource;
  return [
    kit.test(
      "march-neurons",
      "Every bit of the neuron memory, every address.",
      ["memory-bit"],
      kit.march(spaces.neurons, 256 * 4 * variant.neuronParts),
    ),
    kit.test("march-synapses", "Every bit of the synapse memory, every address.", ["memory-bit"], kit.march(spaces.synapses, 32768)),
    kit.test("masks", "Bits under a mask stay.", ["memory-mask"], kit.masks()),
    kit.test("weights", "Every weight, by the number of events to the threshold.", ["weight-value", "threshold-at"], kit.weights()),
    kit.test("threshold-edges", "Potentials one below, at and above thresholds.", ["threshold-at", "reset-zero"], kit.thresholds()),
    kit.test(
      "leak",
      "Leaks of several strengths, to zero and no further.",
      ["leak-step", "leak-floor", "leak-off", "reference-one"],
      kit.leak(),
    ),
    kit.test(
      "saturation",
      "Potentials at both ends of their range.",
      odin ? ["saturate-high", "saturate-low", "register-signs"] : ["saturate-high", "saturate-low"],
      kit.saturation(),
    ),
    kit.test("disabled", "Disabled neurons reset and say nothing.", ["disabled"], kit.disabled()),
    kit.test("virtual-events", "Virtual events of every weight.", ["virtual"], kit.virtual()),
    kit.test(
      "loop",
      "Spikes spread through the network in order; not with the loop open.",
      ["queue-order", "register-open-loop"],
      kit.loop(),
    ),
    kit.test("overflow", "More spikes than the queue holds.", ["queue-full", "input-precedence"], kit.overflow()),
    kit.test("back-pressure", "A host that does not take output events for a while.", ["back-pressure"], kit.backPressure()),
    kit.test("reset", "A reset in the middle of a cascade.", ["reset-mid-run"], kit.resetMidRun()),
    kit.test(
      "registers",
      "What the registers do, one after the other.",
      odin
        ? ["register-gate", "register-output-source", "register-propagate-unmapped"]
        : ["register-gate", "register-output-source", "register-max-neuron"],
      kit.registers(),
    ),
    ...(odin
      ? [
          kit.test("single-synapse", "Single-synapse events, with and without the map bit.", ["single-synapse"], kit.singleSynapse()),
          kit.test("signs", "Every sign register, each bit as 0 and as 1, by what the source does.", ["register-signs"], kit.signs()),
          kit.test("monitor", "States of one neuron and one synapse at the output pins.", ["register-monitor"], kit.monitor()),
          kit.test(
            "bistability",
            "Bistability of a row with weights of every kind.",
            ["bistability-row", "register-update-unmapped"],
            kit.bistability(),
          ),
        ]
      : []),
    kit.test(
      "axon-lines",
      "Each row excites one neuron, each neuron is excited by one row.",
      ["axon-line", "neuron-slot", "reset-zero"],
      kit.axons(),
    ),
  ];
}

type NeuronSetting = { readonly threshold: number; readonly leak?: number; readonly potential?: number; readonly disabled?: boolean };
type Synapse = { readonly row: number; readonly neuron: number; readonly weight: number; readonly unmapped?: boolean };

class Kit {
  readonly #v: Variant;
  readonly #odin: boolean;
  constructor(variant: Variant) {
    this.#v = variant;
    this.#odin = variant.signBySource;
  }

  test(name: string, summary: string, covers: readonly Branch[], tape: Tape): BringupTest {
    return { name, summary, tape: [...tape, { op: "mark", id: 999 }], covers };
  }

  /** Registers, all neurons, and the synapses that are not zero; `rows` are cleared first. */
  #load(
    neurons: readonly NeuronSetting[],
    synapses: readonly Synapse[],
    registers: Readonly<Record<number, number>> = {},
    closed = false,
  ): TapeOp[] {
    const out: TapeOp[] = [{ op: "reset" }, register(words.odinRegisters.gate, 1), register(words.odinRegisters.openLoop, 1)];
    for (let r = 2; r < this.#v.registers; r++)
      out.push(register(r, registers[r] ?? (!this.#odin && r === words.tinyRegisters.maxNeuron ? 255 : 0)));
    out.push({ op: "reset" }, { op: "wait", cycles: settle });
    for (let byte = 0; byte < 4 * this.#v.neuronParts; byte++)
      for (let n = 0; n < 256; n++) {
        const s = neurons[n] ?? { threshold: this.#v.thresholdMax, disabled: true };
        const word = neuronWord(this.#v, {
          threshold: s.threshold,
          leak: s.leak ?? 0,
          potential: s.potential ?? 0,
          disabled: s.disabled ?? false,
        });
        out.push(write(spaces.neurons, neuronByte(n, byte), (word[byte >> 2]! >>> (8 * (byte & 3))) & 0xff));
      }
    out.push(...this.#synapses(synapses));
    out.push(register(words.odinRegisters.openLoop, closed ? 0 : 1), { op: "reset" }, register(words.odinRegisters.gate, 0), {
      op: "wait",
      cycles: settle,
    });
    return out;
  }

  /** Whole rows of those that have synapses. */
  #synapses(list: readonly Synapse[]): TapeOp[] {
    const rows = new Map<number, Uint8Array>();
    for (const { row, neuron, weight, unmapped } of list) {
      const bytes = rows.get(row) ?? new Uint8Array(128);
      rows.set(row, bytes);
      const nibble = this.#odin
        ? words.odinNibble.encode({ weight: Math.abs(weight), map: unmapped !== true })
        : words.tinyNibble.encode({ weight });
      bytes[neuron >> 1] = bytes[neuron >> 1]! | (nibble << (words.nibbleBits * (neuron & 1)));
    }
    return [...rows].flatMap(([row, bytes]) =>
      Array.from(bytes, (data, i) => write(spaces.synapses, words.spiSynapse.encode({ word: row * 32 + (i >> 2), byte: i & 3 }), data)),
    );
  }

  #spike(row: number): TapeOp[] {
    return [
      { op: "event", word: spikeEvent(row, this.#v) },
      { op: "quiet", cycles: silence },
    ];
  }

  #reference(): TapeOp[] {
    return [
      { op: "event", word: referenceEvent(this.#v) },
      { op: "quiet", cycles: silence },
    ];
  }

  #potentials(neurons: readonly number[]): TapeOp[] {
    return [
      register(words.odinRegisters.gate, 1),
      { op: "wait", cycles: settle },
      ...neurons.flatMap((n) =>
        potentialBytes(this.#v).map(
          ({ byte }): TapeOp => ({ op: "read", space: spaces.neurons, address: neuronByte(n, byte), expect: null }),
        ),
      ),
      register(words.odinRegisters.gate, 0),
      { op: "wait", cycles: settle },
    ];
  }

  march(space: number, count: number): Tape {
    return [
      { op: "reset" },
      register(words.odinRegisters.gate, 1),
      register(words.odinRegisters.openLoop, 1),
      ...Array.from({ length: this.#v.registers - 2 }, (_, i) => register(i + 2, 0)),
      { op: "reset" },
      { op: "wait", cycles: settle },
      ...marchOps({ space, base: 0, stride: 1, words: count, wordBits: 8 }),
    ];
  }

  masks(): Tape {
    const out: TapeOp[] = [...this.march(spaces.neurons, 0)];
    for (const space of [spaces.neurons, spaces.synapses])
      for (const mask of [0x0f, 0xf0, 0x55, 0xaa, 0xff, 0x00]) {
        out.push(write(space, 5, 0x3c), { op: "write", space, address: 5, data: 0xa5, mask });
        out.push({ op: "read", space, address: 5, expect: (0xa5 & ~mask) | (0x3c & mask) });
      }
    return out;
  }

  /** Row r to neuron 255 - r, so that neither numbers nor order can be mistaken. */
  axons(): Tape {
    const synapses = Array.from({ length: 256 }, (_, row): Synapse => ({ row, neuron: 255 - row, weight: 7 }));
    const neurons = Array.from({ length: 256 }, (): NeuronSetting => ({ threshold: 7 }));
    return [...this.#load(neurons, synapses), ...Array.from({ length: 256 }, (_, row) => this.#spike(row)).flat()];
  }

  /** Neuron k is reached with weight k; those that inhibit start high. */
  weights(): Tape {
    const weights = Array.from({ length: 15 }, (_, k) => (this.#odin ? (k % 7) + 1 : k - 7));
    const neurons = weights.map((w): NeuronSetting => ({ threshold: 20, potential: w < 0 ? 19 : 0 }));
    const synapses = weights.map((weight, neuron): Synapse => ({ row: 3, neuron, weight }));
    return [
      ...this.#load(neurons, synapses),
      ...Array.from({ length: 8 }, () => [...this.#spike(3), ...this.#potentials(weights.map((_, k) => k))]).flat(),
    ];
  }

  thresholds(): Tape {
    const levels = [1, 2, 3, 127, 128, this.#v.thresholdMax - 1, this.#v.thresholdMax];
    const neurons = levels.flatMap((threshold): NeuronSetting[] =>
      [0, 1, 2].map((below) => ({ threshold, potential: Math.max(0, threshold - 1 - below) })),
    );
    const synapses = neurons.map((_, neuron): Synapse => ({ row: 9, neuron, weight: 2 }));
    return [...this.#load(neurons, synapses), ...this.#spike(9), ...this.#potentials(neurons.map((_, k) => k)), ...this.#spike(9)];
  }

  leak(): Tape {
    const leaks = [0, 1, 2, 64, 127];
    const starts = this.#odin ? [3, 100, 254] : [3, -3, 100, -100, 2000, -2000];
    const neurons = leaks.flatMap((leak) =>
      starts.map((potential): NeuronSetting => ({ threshold: this.#v.thresholdMax, leak, potential })),
    );
    const all = neurons.map((_, k) => k);
    const one = this.#odin
      ? words.odinEvent.encode({ synapse: false, row: 4, low: words.odinLow.referenceOne })
      : words.tinyEvent.encode({ address: 4, reference: true, virtual: false });
    return [
      ...this.#load(neurons, []),
      ...[1, 2, 3].flatMap(() => [...this.#reference(), ...this.#potentials(all)]),
      { op: "event", word: one },
      { op: "wait", cycles: settle },
      ...this.#potentials(all),
    ];
  }

  saturation(): Tape {
    const { high, low } = this.#v;
    // A neuron at the largest threshold of ODIN fires at the top, so its row stops one below.
    const neurons: NeuronSetting[] = [
      { threshold: this.#odin ? 255 : 0xfff, potential: high - 3, disabled: true },
      { threshold: this.#odin ? 255 : 0xfff, potential: low + 3, disabled: true },
    ];
    const synapses: Synapse[] = [0, 1].flatMap((neuron): Synapse[] => [
      { row: 20, neuron, weight: 7 },
      { row: 21, neuron, weight: -7 },
    ]);
    const signs = { [words.odinRegisters.signs + 1]: 1 << (21 - words.signsPerRegister) };
    return [
      ...this.#load(neurons, synapses, this.#odin ? signs : {}),
      ...[21, 21, 20, 20, 20, 21].flatMap((row) => [...this.#spike(row), ...this.#potentials([0, 1])]),
    ];
  }

  disabled(): Tape {
    const neurons: NeuronSetting[] = [{ threshold: 5, disabled: true }, { threshold: 5 }];
    const synapses: Synapse[] = [0, 1].map((neuron) => ({ row: 40, neuron, weight: 3 }));
    return [...this.#load(neurons, synapses), ...[1, 2, 3, 4].flatMap(() => [...this.#spike(40), ...this.#potentials([0, 1])])];
  }

  virtual(): Tape {
    const neurons = Array.from({ length: 16 }, (): NeuronSetting => ({ threshold: 30, potential: 12, leak: 5 }));
    const events = this.#odin
      ? Array.from({ length: 31 }, (_, k) =>
          words.odinEvent.encode({
            synapse: false,
            row: k % 16,
            low: words.odinVirtual.encode({
              mark: words.odinVirtualMark,
              leak: ((k + 1) & 1) === 1,
              inhibitory: ((k + 1) & 2) !== 0,
              weight: (k + 1) >> 2,
            }),
          }),
        )
      : Array.from({ length: 15 }, (_, k) =>
          words.tinyEvent.encode({
            address: words.tinyVirtual.encode({ neuron: k, weight: k < 7 ? k + 1 : k - 15 }),
            reference: false,
            virtual: true,
          }),
        );
    return [
      ...this.#load(neurons, []),
      ...[1, 2, 3].flatMap(() =>
        events.flatMap((word): TapeOp[] => [
          { op: "event", word },
          { op: "wait", cycles: settle },
        ]),
      ),
      ...this.#potentials(neurons.map((_, k) => k)),
    ];
  }

  /** A ring of six neurons with side branches. */
  loop(): Tape {
    const neurons = Array.from({ length: 12 }, (_, k): NeuronSetting => ({ threshold: k === 5 ? 14 : 7 }));
    const synapses = [0, 1, 2, 3, 4].flatMap((k): Synapse[] => [
      { row: k, neuron: k + 1, weight: 7 },
      { row: k, neuron: k + 6, weight: 4 },
    ]);
    synapses.push({ row: 200, neuron: 0, weight: 7 });
    const runs = [1, 2, 3].flatMap(() => [...this.#spike(200)]);
    return [...this.#load(neurons, synapses, {}, true), ...runs, ...this.#load(neurons, synapses, {}, false), ...runs];
  }

  /** One row makes all neurons spike, several times over. */
  overflow(): Tape {
    const neurons = Array.from({ length: 256 }, (): NeuronSetting => ({ threshold: 7 }));
    const synapses = [0, 1].flatMap((row) =>
      Array.from({ length: 255 - row }, (_, n): Synapse => ({ row: 255 - row, neuron: n, weight: 7 })),
    );
    const events = [255, 254, 255, 254].map((row): TapeOp => ({ op: "event", word: spikeEvent(row, this.#v) }));
    return [...this.#load(neurons, synapses, {}, true), ...events, { op: "wait", cycles: 600_000 }, ...this.#potentials([0, 100, 255])];
  }

  backPressure(): Tape {
    const neurons = Array.from({ length: 20 }, (): NeuronSetting => ({ threshold: 7 }));
    const synapses = neurons.map((_, neuron): Synapse => ({ row: 77, neuron, weight: 7 }));
    const hold = (value: number): TapeOp => ({ op: "pin", name: holdPin, value });
    return [
      ...this.#load(neurons, synapses),
      hold(1),
      { op: "event", word: spikeEvent(77, this.#v) },
      { op: "wait", cycles: 500 },
      hold(0),
      { op: "wait", cycles: 7 },
      hold(1),
      { op: "wait", cycles: 100 },
      hold(0),
      { op: "quiet", cycles: silence },
    ];
  }

  resetMidRun(): Tape {
    const neurons = Array.from({ length: 12 }, (): NeuronSetting => ({ threshold: 7 }));
    const synapses = [0, 1, 2, 3, 4, 5].map((k): Synapse => ({ row: k, neuron: k + 1, weight: 7 }));
    synapses.push({ row: 100, neuron: 0, weight: 7 });
    return [
      ...this.#load(neurons, synapses, {}, true),
      { op: "event", word: spikeEvent(100, this.#v) },
      { op: "wait", cycles: 1200 },
      { op: "reset" },
      { op: "quiet", cycles: silence },
      ...this.#potentials([0, 1, 2, 3]),
      ...this.#spike(100),
      { op: "quiet", cycles: 8 * silence },
    ];
  }

  registers(): Tape {
    const neurons = Array.from({ length: this.#odin ? 24 : 256 }, (): NeuronSetting => ({ threshold: 7 }));
    const synapses = neurons.map((_, neuron): Synapse => ({ row: 30, neuron, weight: 7, unmapped: neuron % 2 === 1 }));
    const source = this.#odin ? words.odinRegisters.outputSource : words.tinyRegisters.outputSource;
    const gated: TapeOp[] = [
      register(words.odinRegisters.gate, 1),
      { op: "wait", cycles: settle },
      { op: "wait", cycles: silence },
      register(words.odinRegisters.gate, 0),
      { op: "wait", cycles: settle },
    ];
    const out: TapeOp[] = [...this.#load(neurons, synapses), ...this.#spike(30), ...gated, ...this.#spike(30)];
    out.push(register(source, 1), { op: "wait", cycles: settle }, ...this.#spike(30), register(source, 0), { op: "wait", cycles: settle });
    if (!this.#odin) {
      for (const last of [0, 5, 0x55, 0xaa, 255])
        out.push(register(words.tinyRegisters.maxNeuron, last), { op: "wait", cycles: settle }, ...this.#spike(30));
      return out;
    }
    out.push(register(words.odinRegisters.propagateUnmapped, 1), { op: "wait", cycles: settle }, ...this.#spike(30));
    return out;
  }

  /**
   * The same for few neurons of ODIN: of all others only the bytes that say model and threshold and disable them are
   * written, so that nobody sees what they hold. Synapses are whole bytes, by neuron pairs.
   */
  #loadFew(
    neurons: ReadonlyMap<number, NeuronSetting>,
    synapses: readonly { readonly row: number; readonly neuron: number; readonly byte: number }[],
  ): TapeOp[] {
    const out: TapeOp[] = [{ op: "reset" }, register(words.odinRegisters.gate, 1), register(words.odinRegisters.openLoop, 1)];
    for (let r = 2; r < this.#v.registers; r++) out.push(register(r, 0));
    out.push({ op: "reset" }, { op: "wait", cycles: settle });
    const bytes = 4 * this.#v.neuronParts;
    for (let n = 0; n < 256; n++) {
      const s = neurons.get(n);
      const word = neuronWord(this.#v, {
        threshold: s?.threshold ?? this.#v.thresholdMax,
        leak: s?.leak ?? 0,
        potential: s?.potential ?? 0,
        disabled: s === undefined,
      });
      for (let byte = 0; byte < bytes; byte++) {
        if (s === undefined && byte > 2 && byte < bytes - 1) continue;
        out.push(write(spaces.neurons, neuronByte(n, byte), (word[byte >> 2]! >>> (8 * (byte & 3))) & 0xff));
      }
    }
    for (const { row, neuron, byte } of synapses)
      out.push(write(spaces.synapses, words.spiSynapse.encode({ word: row * wordsPerRow + (neuron >> 3), byte: (neuron >> 1) & 3 }), byte));
    out.push({ op: "reset" }, register(words.odinRegisters.gate, 0), { op: "wait", cycles: settle });
    return out;
  }

  /** One neuron that every row takes to its threshold, or, when the row inhibits, leaves at 0. */
  signs(): Tape {
    const weight = words.odinNibble.encode({ weight: 5, map: true });
    const rows = Array.from({ length: 256 }, (_, row) => row);
    const out = this.#loadFew(
      new Map([[0, { threshold: 5 }]]),
      rows.map((row) => ({ row, neuron: 0, byte: weight })),
    );
    for (const invert of [0, 0xffff]) {
      for (let k = 0; k < 16; k++) out.push(register(words.odinRegisters.signs + k, signPattern(k) ^ invert));
      out.push({ op: "wait", cycles: settle });
      for (const row of rows) out.push(...this.#spike(row), { op: "mark", id: firstRowMark + row });
    }
    return out;
  }

  /** Neurons and rows whose numbers differ from the watched one's in one bit, one after the other. */
  monitor(): Tape {
    const r = words.odinRegisters;
    const near = (n: number): number[] => [n, ...Array.from({ length: 8 }, (_, bit) => n ^ (1 << bit))];
    const watched = [0x00, 0xff, 0x5a];
    const all = [...new Set(watched.flatMap(near))];
    const weight = words.odinNibble.encode({ weight: 3, map: true });
    const pair = weight | (weight << words.nibbleBits);
    const out = this.#loadFew(
      new Map(all.map((n) => [n, { threshold: 20, potential: n & 7 }])),
      watched.flatMap((n) => near(n).map((row) => ({ row, neuron: n, byte: pair }))),
    );
    let mark = firstRowMark;
    const virtual = (row: number): number =>
      words.odinEvent.encode({
        synapse: false,
        row,
        low: words.odinVirtual.encode({ mark: words.odinVirtualMark, leak: false, inhibitory: false, weight: 7 }),
      });
    const offer = (word: number): void => void out.push({ op: "event", word }, { op: "wait", cycles: 100 }, { op: "mark", id: mark++ });
    for (const source of [0, 1])
      for (const n of watched) {
        out.push(register(r.monitorNeuron, n), register(r.monitorSynapse, n), register(r.outputSource, source), register(r.monitor, 1));
        out.push({ op: "wait", cycles: settle });
        for (const m of near(n)) offer(virtual(m));
        for (const row of near(n)) offer(words.odinEvent.encode({ synapse: true, row, low: n }));
        offer(words.odinEvent.encode({ synapse: false, row: n, low: words.odinLow.bistabilityRow }));
        out.push(...this.#spike(n), register(r.monitor, 0), { op: "wait", cycles: settle });
        offer(virtual(n));
      }
    return out;
  }

  singleSynapse(): Tape {
    const neurons = Array.from({ length: 8 }, (): NeuronSetting => ({ threshold: 7 }));
    const synapses = neurons.map((_, neuron): Synapse => ({ row: 60, neuron, weight: 7 - (neuron >> 1), unmapped: neuron % 2 === 1 }));
    const events = neurons.map((_, n): TapeOp[] => [
      { op: "event", word: words.odinEvent.encode({ synapse: true, row: 60, low: n }) },
      { op: "wait", cycles: settle },
    ]);
    return [...this.#load(neurons, synapses), ...events.flat(), ...events.flat(), ...this.#potentials(neurons.map((_, n) => n))];
  }

  bistability(): Tape {
    const synapses = Array.from({ length: 16 }, (_, neuron): Synapse => ({ row: 90, neuron, weight: neuron % 8, unmapped: neuron >= 8 }));
    const event: TapeOp[] = [
      { op: "event", word: words.odinEvent.encode({ synapse: false, row: 90, low: words.odinLow.bistabilityRow }) },
      { op: "wait", cycles: 80 },
    ];
    const reads = Array.from(
      { length: 8 },
      (_, i): TapeOp => ({
        op: "read",
        space: spaces.synapses,
        address: words.spiSynapse.encode({ word: 90 * 32 + (i >> 2), byte: i & 3 }),
        expect: null,
      }),
    );
    const unmapped = (value: number): TapeOp[] => [register(words.odinRegisters.updateUnmapped, value), { op: "wait", cycles: settle }];
    return [
      ...this.#load([], synapses),
      ...[0, 1, 0].flatMap((value): TapeOp[] => [
        ...unmapped(value),
        ...event,
        register(words.odinRegisters.gate, 1),
        { op: "wait", cycles: settle },
        ...reads,
        register(words.odinRegisters.gate, 0),
        { op: "wait", cycles: settle },
      ]),
    ];
  }
}

/** Marks of single events, after that of a test's end. */
const firstRowMark = 1000;
/** Synapse words of a row. */
const wordsPerRow = 32;
/** Signs that differ from register to register, and from bit to bit. */
const signPattern = (k: number): number => (((0xa5c3 << (k % 5)) | (0xa5c3 >> (16 - (k % 5)))) ^ (k * 0x1021)) & 0xffff;

const write = (space: number, address: number, data: number): TapeOp => ({ op: "write", space, address, data, mask: 0 });
const register = (address: number, value: number): TapeOp => write(spaces.registers, address, value);
