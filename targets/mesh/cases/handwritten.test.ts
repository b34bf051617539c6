import { expect, it } from "vitest";
import { id } from "../../../compiler/base/id.ts";
import { origin } from "../../../compiler/base/origin.ts";
import { i32 } from "../../../compiler/base/tensor.ts";
import type { Core, Cores, NeuronGroup } from "../../../compiler/ir/cores/types.ts";
import { decode } from "../decode.ts";
import { emit } from "../emit.ts";

/*
 * Words worked out by hand from README.md and the bit ranges in words.ts, to catch a
 * table that emitter, decoder and simulator would all read wrongly in the same way.
 * Never regenerate these: when they differ, either the format has a new version or
 * something is broken.
 */

const group: NeuronGroup = {
  first: 0,
  count: 10,
  model: "unit",
  params: {
    leak: "shift",
    current: "off",
    compare: "gt",
    reset: "set",
    negative: "latched",
    negativeAt: "zero",
    biasAt: "first",
    update: "every",
    emit: "value",
    boundary: "keep",
    noise: "gauss",
    output: "no",
    leakArgument: 4,
    currentDecay: 2048,
    noiseBits: 5,
    threshold: i32([10], [9, -5, 0, 0, 0, 0, 0, 0, 0, -8388608]),
    resetValue: 3,
    bias: -1,
    noiseKey: 0xabcdef,
  },
  initial: { v: 127 },
  spike: { kind: "graded", bits: 8, signed: true },
  start: 2,
  silent: 1,
  stop: 8,
  pop: "a",
  indices: Int32Array.from({ length: 10 }, (_, i) => i),
  origin: origin("a"),
};

const first: Core = {
  id: id<"core">(0),
  at: { x: 0, y: 0 },
  groups: [group],
  // Slot 0 sends to output line 4099; slot 1 to axon 5 of the core at (1,2) as member 3, and to output line 0.
  sends: {
    start: Int32Array.of(0, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3),
    core: Int32Array.of(-1, 1, -1),
    axon: Int32Array.of(4099, 5, 0),
    member: Int32Array.of(0, 3, 0),
  },
  axons: [
    { row: 1, mode: "gate", need: 0, delay: 63, gain: -2, shift: 7, y: 3, x: 5 },
    { row: 3, mode: "at-least", need: 63, delay: 0, gain: 1, shift: 0, y: 0, x: 0 },
  ],
  shapes: [{ kernelY: 1, kernelX: 2, strideY: 1, strideX: 2, dilationY: 1, dilationX: 3, height: 2, width: 2, pitch: 2 }],
  rows: [
    { kind: "dense", bits: 4, base: 1, weights: Int32Array.of(1, -1, 7, -8, 0, 2, -2, 3, 5) },
    { kind: "conv", bits: 2, base: 0, shape: 0, channels: 2, weights: Int32Array.of(1, -2, -1, 0) },
    { kind: "sparse", bits: 16, slots: Int32Array.of(9, 0), weights: Int32Array.of(-32768, 32767) },
    { kind: "dense", bits: 1, base: 0, weights: Int32Array.of(1, -1, -1) },
  ],
  origin: origin("a"),
};

const second: Core = {
  ...first,
  id: id<"core">(1),
  at: { x: 1, y: 2 },
  groups: [{ ...group, count: 1, params: { ...group.params, threshold: 1 }, indices: Int32Array.of(0) }],
  sends: { start: Int32Array.of(0, 0), core: new Int32Array(), axon: new Int32Array(), member: new Int32Array() },
  axons: [],
  shapes: [],
  rows: [],
};

const cores: Cores = {
  kind: "cores",
  name: "hand",
  chip: "mesh-4x4",
  columns: 4,
  rows: 4,
  steps: 8,
  interval: 9,
  seed: 0xdeadbeef,
  cores: [first, second],
  inputs: [],
  outputs: [],
};

/** Section → words, each with what it is made of. */
const expected: Readonly<Record<string, readonly number[]>> = {
  "chip/registers": [
    0x00040401, // format 1, columns 4 << 8, rows 4 << 16
    0x00090008, // steps 8, interval 9 << 16
    0xdeadbeef,
  ],
  "core(0,0)/profiles": [
    // leak shift 1 | argument 4 << 2 | gt 1 << 16 | set 1 << 17 | latched 2 << 19 | at zero 1 << 21 | bias first 1 << 22 | value 1 << 24 | keep 2 << 26 | gauss 2 << 29
    0x49730011,
    0x005ca800, // decay 0x800 | noise bits 5 << 13 | payload 8 bits: 7 << 18 | signed 1 << 22
    0x00010002, // start 2, silent 1 << 16
    0x00000006, // length 8 - 2
  ],
  "core(0,0)/neurons": [
    [0x80100000, 9, 3, 0x00ffffff, 127, 0x00abcdef], // used, one route from 0; bias -1 in 24 bits
    [0x80200040, 0x00fffffb, 3, 0x00ffffff, 127, 0x00abcdef], // used, 2 routes << 20 from 1 << 6; threshold -5
    ...Array.from({ length: 7 }, () => [0x80000000, 0, 3, 0x00ffffff, 127, 0x00abcdef]),
    [0x80000000, 0x00800000, 3, 0x00ffffff, 127, 0x00abcdef], // threshold -2^23
  ].flat(),
  "core(0,0)/routes": [
    0x04400003, // host 1 << 26 | line 4099: 3, and 1 << 22
    0x00c41005, // axon 5 | x 1 << 12 | y 2 << 17 | member 3 << 22
    0x04000000, // host, line 0
  ],
  "core(0,0)/shapes": [
    0x00c48441, // kernel 1 | 2 << 5, stride 1 << 10 | 2 << 14, dilation 1 << 18 | 3 << 22
    0x00401002, // height 2 | width 2 << 11 | pitch 2 << 21
  ],
  "core(0,0)/synapses": [
    0x0002024c, // 0: dense 0 | 4 bits: 3 << 2 | count 9 << 6 | base 1 << 17
    0x3e2087f1, // 1: nibbles from the low end: 1 f 7 8 0 2 e 3
    0x00000005, // 2: the ninth weight
    0x00000085, // 3: conv 1 | 2 bits: 1 << 2 | 2 channels << 6
    0x00000000, // 4: shape 0
    0x00000009, // 5: tap 0: 01 and 10
    0x00000003, // 6: tap 1: 11 and 00
    0x000000be, // 7: sparse 2 | 16 bits: 15 << 2 | count 2 << 6
    0x02000009, // 8: slot 9 | 0x8000 << 10
    0x01fffc00, // 9: slot 0 | 0x7fff << 10
    0x000000c0, // 10: dense 0 | 1 bit: 0 | count 3 << 6
    0x00000006, // 11: +1 is 0, -1 is 1: 0, 1, 1 from the low end
  ],
  "core(0,0)/axons": [
    0xbf020003, // row at 3 | gate 2 << 16 | delay 63 << 24 | used
    0x7fe01403, // y 3 | x 5 << 10 | gain -2: 0xfe << 20 | shift 7 << 28
    0x80fd000a, // row at 10 | at-least 1 << 16 | need 63 << 18 | used
    0x00100000, // gain 1 << 20
  ],
  "core(0,0)/control": [0x8000000a],
  "core(1,2)/profiles": [0x49730011, 0x005ca800, 0x00010002, 0x00000006],
  "core(1,2)/neurons": [0x80000000, 1, 3, 0x00ffffff, 127, 0x00abcdef],
  "core(1,2)/control": [0x80000001],
};

it("emits the words that the format says, and only those", () => {
  const image = emit(cores);
  const text = (words: ArrayLike<number>): string[] => Array.from(words, (w) => `0x${w.toString(16).padStart(8, "0")}`);
  expect(image.sections.map((s) => s.name)).toEqual(Object.keys(expected));
  for (const s of image.sections) expect(text(s.words), s.name).toEqual(text(expected[s.name] ?? []));
});

it("decodes them to the same cores", () => {
  expect(decode(emit(cores))).toEqual(cores);
});
