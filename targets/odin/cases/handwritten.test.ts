import { expect, it } from "vitest";
import { id } from "../../../compiler/base/id.ts";
import { origin } from "../../../compiler/base/origin.ts";
import { i32 } from "../../../compiler/base/tensor.ts";
import type { Cores } from "../../../compiler/ir/cores/types.ts";
import { decode } from "../decode.ts";
import { emit, neuronWord, referenceEvent, spikeEvent } from "../emit.ts";
import { denseRow, rowAxon, slotSends } from "../layout.ts";
import { memoriesOf } from "../memory.ts";
import { type Variant, variants } from "../variant.ts";
import * as words from "../words.ts";

/*
 * Words worked out by hand from the chips' documentation (memory layouts, event and transfer
 * formats), to catch a table that emitter, decoder and machine would all read wrongly in the same way. Never
 * regenerate these.
 */

const { odin, tinyodin } = variants;

it("ODIN's neuron word", () => {
  // thr 100 = 0x64 at bit 9: 0xc800; leak 5 at bit 1: 0xa; leak_en bit 8: 0x100; model bit 0.
  expect(neuronWord(odin, { threshold: 100, leak: 5, potential: 0, disabled: false })).toEqual([0xc90b, 0, 0, 0]);
  // core 0xc3 at bit 70, that is bit 6 of the third part: 0x30c0; disable is bit 127.
  expect(neuronWord(odin, { threshold: 255, leak: 0, potential: 0xc3, disabled: true })).toEqual([0x1fe01, 0, 0x30c0, 0x80000000]);
});

it("tinyODIN's neuron word", () => {
  // disable bit 31, leak 3 at bit 24, threshold 0x7ff at bit 12, core -1 = 0xfff.
  expect(neuronWord(tinyodin, { threshold: 0x7ff, leak: 3, potential: -1, disabled: true })).toEqual([0x837fffff]);
  expect(neuronWord(tinyodin, { threshold: 20, leak: 0, potential: 0, disabled: false })).toEqual([0x14000]);
});

it("events", () => {
  expect(spikeEvent(0xa2, odin)).toBe(0xa207);
  expect(referenceEvent(odin)).toBe(0x7f);
  expect(words.odinEvent.encode({ synapse: false, row: 0x12, low: words.odinLow.referenceOne })).toBe(0x12ff);
  expect(words.odinEvent.encode({ synapse: true, row: 0x12, low: 0x34 })).toBe(0x11234);
  // Virtual: w = 5 at bit 5, s = 1 at bit 4, l = 0, 001.
  expect(words.odinVirtual.encode({ mark: 1, leak: false, inhibitory: true, weight: 5 })).toBe(0xb1);
  expect(spikeEvent(0x21, tinyodin)).toBe(0x21);
  expect(referenceEvent(tinyodin)).toBe(0x1ff);
  // Virtual on tinyODIN: bit 9, w = -3 = 0xd at bit 4, neuron 6.
  expect(words.tinyEvent.encode({ address: words.tinyVirtual.encode({ neuron: 6, weight: -3 }), reference: false, virtual: true })).toBe(
    0x2d6,
  );
});

it("transfers on the configuration link", () => {
  // Write (bit 18) into neuron memory (01), byte 9 of neuron 0x20.
  expect(
    words.spiAddress.encode({ read: false, write: true, space: "neurons", address: words.spiNeuron.encode({ byte: 9, neuron: 0x20 }) }),
  ).toBe(0x50920);
  // Read (bit 19) of synapse memory (10), byte 3 of word 0x1234: 0x6000 + 0x1234.
  expect(
    words.spiAddress.encode({ read: true, write: false, space: "synapses", address: words.spiSynapse.encode({ byte: 3, word: 0x1234 }) }),
  ).toBe(0xa7234);
  expect(words.spiData.encode({ mask: 0xc0, byte: 0x15 })).toBe(0xc015);
});

/** Two neurons; row 0 excites both (3, 7), row 1 inhibits the second by 5; on tinyODIN row 1 is signed. */
function cores(variant: Variant): Cores {
  const lines = [{ neuron: 1, potential: false }];
  return {
    kind: "cores",
    name: "hand",
    chip: variant.name,
    columns: 1,
    rows: 1,
    steps: 1,
    interval: 1,
    seed: 0,
    cores: [
      {
        id: id<"core">(0),
        at: { x: 0, y: 0 },
        groups: [
          {
            first: 0,
            count: 2,
            model: "event-lif",
            params: {
              threshold: i32([2], Int32Array.of(9, 200)),
              leak: 4,
              low: variant.low,
              high: variant.high,
              queue: variant.queue,
              output: "no",
            },
            initial: { v: 0 },
            spike: { kind: "binary" },
            start: 0,
            silent: 0,
            stop: null,
            pop: "a",
            indices: Int32Array.of(0, 1),
            origin: origin("a"),
          },
        ],
        sends: slotSends(2, false, lines),
        axons: [rowAxon(0), rowAxon(1)],
        shapes: [],
        rows: [denseRow(Int32Array.of(3, 7)), denseRow(Int32Array.of(0, -5))],
        origin: origin("a"),
      },
    ],
    inputs: [
      {
        name: "x",
        code: "direct",
        params: {},
        spike: { kind: "binary" },
        shape: [2],
        window: { start: 0, stop: 1 },
        sends: { start: Int32Array.of(0, 1, 2), core: new Int32Array(2), axon: Int32Array.of(0, 1), member: new Int32Array(2) },
      },
    ],
    outputs: [{ name: "y", code: "spikes", first: 0, count: 1, shape: [1], scale: 1, offset: 0 }],
  };
}

it.each([odin, tinyodin])("an image for $name", (variant) => {
  const c = cores(variant);
  const image = emit(c, variant);
  const m = memoriesOf(image, variant);
  const first = variant.neuronParts;
  if (variant === odin) {
    // Nibbles {map, w}: 3 -> 1011, 7 -> 1111; row 1, neuron 1: 5 -> 1101.
    expect([m.synapses[0], m.synapses[32]]).toEqual([0xfb, 0xd0]);
    // Source 1 inhibits: bit 1 of register 2. The loop is open: register 1.
    expect([m.registers[0], m.registers[1], m.registers[2]]).toEqual([0, 1, 2]);
    // thr 9 at bit 9: 0x1200, leak 4 at bit 1: 8, leak_en 0x100, model 1; thr 200: 0x19000.
    expect([m.neurons[0], m.neurons[first]]).toEqual([0x1309, 0x19109]);
    expect([m.neurons[255 * first], m.neurons[255 * first + 3]]).toEqual([0x1fe01, 0x80000000]);
    expect(image.inputs[0]?.targets).toEqual(Uint32Array.of(0x0007, 0x0107));
  } else {
    // Two's complement nibbles: 3, 7; -5 = 1011.
    expect([m.synapses[0], m.synapses[32]]).toEqual([0x73, 0xb0]);
    // The last neuron is 1.
    expect([m.registers[1], m.registers[3]]).toEqual([1, 1]);
    expect([m.neurons[0], m.neurons[1]]).toEqual([0x04009000, 0x040c8000]);
    expect(image.inputs[0]?.targets).toEqual(Uint32Array.of(0, 1));
  }
  expect(decode(image, variant)).toEqual(c);
});
