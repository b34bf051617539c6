import { expect, it } from "vitest";
import { id } from "../../../compiler/base/id.ts";
import { origin } from "../../../compiler/base/origin.ts";
import { i32 } from "../../../compiler/base/tensor.ts";
import type { Cores } from "../../../compiler/ir/cores/types.ts";
import { parseChip } from "../../chip-yaml.ts";
import { targetOf } from "../../index.ts";
import { parametersOf } from "../parameters.ts";
import { decodePacket, encodePacket } from "../words.ts";

/*
 * Words worked out by hand from the description of the memory files and packets (fields from the
 * most significant on; the last character of the connections is axon 0). Never regenerate these.
 */

const chip = parseChip(
  `name: ranc-hand
extends: ranc-2x1
family: ranc
core:
  neurons: { value: 4, source: "test" }
  axons: { value: 8, source: "test" }
outputs: { value: 8, source: "test" }
`,
  "hand.yaml",
);
const target = targetOf(chip);

/** One core at (0,0): three neurons on three axons of types 0, 1 and 3. */
const cores: Cores = {
  kind: "cores",
  name: "hand",
  chip: "ranc-hand",
  columns: 2,
  rows: 1,
  steps: 5,
  interval: 5,
  seed: 0,
  cores: [
    {
      id: id<"core">(0),
      at: { x: 0, y: 0 },
      groups: [
        {
          first: 0,
          count: 3,
          model: "ranc",
          params: {
            reset: "subtract",
            threshold: i32([3], [10, 255, -256]),
            negativeThreshold: i32([3], [-10, -256, 5]),
            resetValue: i32([3], [2, -1, 0]),
            leak: i32([3], [4, -3, 0]),
            bits: 9,
            weight0: i32([3], [1, -256, 0]),
            weight1: i32([3], [-1, 255, 7]),
            weight2: 3,
            weight3: -8,
          },
          initial: { v: i32([3], [-1, 100, -100]) },
          spike: { kind: "binary" },
          start: 0,
          silent: 0,
          stop: null,
          pop: "a",
          indices: Int32Array.of(0, 1, 2),
          origin: origin("a"),
        },
      ],
      // To output line 6; to axon 2, which has delay 5; to output line 1.
      sends: { start: Int32Array.of(0, 1, 2, 3), core: Int32Array.of(-1, 0, -1), axon: Int32Array.of(6, 2, 1), member: new Int32Array(3) },
      axons: [
        { row: 0, mode: "each", need: 0, delay: 0, gain: 1, shift: 0, y: 0, x: 0 },
        { row: 1, mode: "each", need: 0, delay: 14, gain: 1, shift: 0, y: 0, x: 0 },
        { row: 2, mode: "each", need: 0, delay: 5, gain: 1, shift: 0, y: 0, x: 0 },
      ],
      shapes: [],
      rows: [
        { kind: "dense", bits: 9, base: 0, weights: Int32Array.of(1, -256, 0) },
        { kind: "dense", bits: 9, base: 0, weights: Int32Array.of(-1, 0, 7) },
        { kind: "dense", bits: 9, base: 0, weights: Int32Array.of(-8, -8, -8) },
      ],
      origin: origin("a"),
    },
  ],
  inputs: [
    {
      name: "x",
      code: "events",
      params: {},
      spike: { kind: "binary" },
      shape: [2],
      window: { start: 0, stop: 5 },
      sends: { start: Int32Array.of(0, 1, 2), core: Int32Array.of(0, 0), axon: Int32Array.of(0, 1), member: new Int32Array(2) },
    },
  ],
  outputs: [{ name: "o", code: "spikes", first: 0, count: 8, shape: [8], scale: 1, offset: 0 }],
};

const fields = (...parts: string[]): string => parts.join("");

it("memory files", () => {
  const image = target.emit(cores);
  const text = (name: string): string[] => new TextDecoder().decode(target.native?.files(image).get(name)).trimEnd().split("\n");
  const [first, second, third, unused] = text("csram_000.mem");
  // connections, current, reset, w0 w1 w2 w3, leak, positive, negative, mode, dx, dy, axon, delay
  expect(first).toBe(
    fields(
      "00000111",
      "111111111",
      "000000010",
      "000000001",
      "111111111",
      "000000011",
      "111111000",
      "000000100",
      "000001010",
      "111110110",
      "1",
      "000000001",
      "000000000",
      "110",
      "0000",
    ),
  );
  expect(second).toBe(
    fields(
      "00000101",
      "001100100",
      "111111111",
      "100000000",
      "011111111",
      "000000011",
      "111111000",
      "111111101",
      "011111111",
      "100000000",
      "1",
      "000000000",
      "000000000",
      "010",
      "0101",
    ),
  );
  expect(third).toBe(
    fields(
      "00000110",
      "110011100",
      "000000000",
      "000000000",
      "000000111",
      "000000011",
      "111111000",
      "000000000",
      "100000000",
      "000000101",
      "1",
      "000000001",
      "000000000",
      "001",
      "0000",
    ),
  );
  // A place that is not used: threshold 1, all else 0.
  expect(unused).toBe(
    fields(
      "00000000",
      "000000000",
      "000000000",
      "000000000",
      "000000000",
      "000000000",
      "000000000",
      "000000000",
      "000000001",
      "000000000",
      "0",
      "000000000",
      "000000000",
      "000",
      "0000",
    ),
  );
  expect(text("tc_000.mem")).toEqual(["00", "01", "11", "00", "00", "00", "00", "00"]);
  // dx 9, dy 9, axon 3, delay 4: axon 1 with delay 14 is 1 * 16 + 14.
  expect([...(image.inputs[0]?.targets ?? [])]).toEqual([0, 30]);
});

it("packets", () => {
  // 256 axons: delay in bits 3..0, axon 11..4, dy 20..12, dx 29..21.
  const p = { ...parametersOf(chip), axons: 256 };
  const words: readonly (readonly [number, { dx: number; dy: number; axon: number; delay: number }])[] = [
    [0x00000000, { dx: 0, dy: 0, axon: 0, delay: 0 }],
    [0x0000000e, { dx: 0, dy: 0, axon: 0, delay: 14 }],
    [0x00000ff0, { dx: 0, dy: 0, axon: 255, delay: 0 }],
    [0x00001000, { dx: 0, dy: 1, axon: 0, delay: 0 }],
    [0x001ff000, { dx: 0, dy: -1, axon: 0, delay: 0 }],
    [0x00202034, { dx: 1, dy: 2, axon: 3, delay: 4 }],
    [0x3fe00010, { dx: -1, dy: 0, axon: 1, delay: 0 }],
    [0x20100000, { dx: -256, dy: -256, axon: 0, delay: 0 }],
    [0x1fefffff, { dx: 255, dy: 255, axon: 255, delay: 15 }],
  ];
  for (const [word, packet] of words) {
    expect(encodePacket(p, packet)).toBe(word);
    expect(decodePacket(p, word)).toEqual(packet);
  }
});
