import { expect, it } from "vitest";
import { targetNamed } from "../../index.ts";
import { decodeNeuron, decodeWeights, encodeNeuron, encodeParameters, encodeWeights, type Parameters } from "../core-words.ts";
import { frame, spikeFrame } from "../emit.ts";
import { blockOf, placeOf, placesOf } from "../geometry.ts";
import { configurationFrames } from "../native.ts";

/*
 * Frames worked out by hand from the layout: header [63:60]; chip x [59:55], y [54:50]; core x
 * [49:45], y [44:40]; mask x [39:35], y [34:30]; payload [29:0]. Never regenerate these.
 */

const hex = (list: ArrayLike<number>): string[] => Array.from(list, (w) => (w >>> 0).toString(16).padStart(8, "0"));
const here = { chip: { x: 0, y: 0 }, base: { x: 0, y: 0 }, mask: { x: 0, y: 0 } };

it("frames", () => {
  // Sync of 5 steps to core (0,0): header 9, payload 5.
  expect(hex(frame("sync", here, 5))).toEqual(["90000000", "00000005"]);
  // Chip (1,0): bit 55. Core (2,3): 2 at bit 45, 3 at bit 40. Mask x 1 at bit 35, y 5 = 101 at bit 30.
  const there = { chip: { x: 1, y: 0 }, base: { x: 2, y: 3 }, mask: { x: 1, y: 5 } };
  // High half: header 8 -> 8000_0000, chip x -> 0080_0000, core x 2<<13 -> 4000, y 3<<8 -> 0300, mask x 1<<3 -> 8, y>>2 -> 1.
  expect(hex(frame("spike", there, 0))).toEqual(["80804309", "40000000"]);
  // Axon 1151 at bit 16, slot 2 at bit 8, data 1.
  expect(hex(spikeFrame({ ...here, axon: 1151, slot: 2 }))).toEqual(["80000000", "047f0201"]);
  expect(hex(frame("config-neurons", here, 4))).toEqual(["20000000", "00000004"]);
});

it("parameters", () => {
  const p: Parameters = {
    width: 3,
    extension: 2,
    dendrites: 512,
    start: 130,
    length: 9,
    spiking: true,
    targetExtension: 1,
    testChip: { x: 1, y: 0 },
  };
  // 1: width 3 at 28, extension 2 at 24, 512 at 9, high byte of 130 = 1. 2: low 7 bits of 130 = 2 at 23, 9 at 8, spiking at 7,
  // target 1 at 3, chip (1,0) = 32 = 0000100000b: high 3 bits 0. 3: low 7 bits 32 at 23.
  expect(hex(encodeParameters(p))).toEqual(["32040001", "01000988", "10000000"]);
});

const neuron = {
  potential: -1,
  threshold: 50,
  leak: -3,
  reset: "subtract",
  resetValue: 0,
  destination: { chip: { x: 0, y: 0 }, base: { x: 5, y: 1 }, mask: { x: 0, y: 3 }, axon: 7, slot: 1 },
} as const;

it("a neuron", () => {
  expect(hex(encodeNeuron(neuron))).toEqual([
    "3fffffff", // potential -1 in 30 bits, two low bits of truncation 8 = 0
    "ffffffd2", // truncation's high bits 010, weights not random, low 28 bits of leak -3 = ffffffd at 4
    "00000323", // leak's high bits 11, threshold 50 = 0x32 at 4
    "7ffffffe", // threshold's high bit 0, floor 2^29-1 at 1, saturating
    "00000000",
    "42018008", // subtract 1 at 3, mask y 3 at 15, core y 1 at 25, low two bits 01 of core x 5 at 30
    "00004039", // high three bits 001 of core x, axon 7 at 3, slot 1 at 14
    "00000000",
  ]);
  expect(decodeNeuron(encodeNeuron(neuron), 0, "n")).toEqual(neuron);
});

it("weights are bit planes", () => {
  const p: Parameters = {
    width: 1,
    extension: 1,
    dendrites: 8,
    start: 1,
    length: 0,
    spiking: true,
    targetExtension: 0,
    testChip: { x: 1, y: 0 },
  };
  // Neuron 1: axon 33 adds -2 = 10b, axon 1152 (the first of fold 1) adds 1 = 01b.
  const ram = encodeWeights(p, 2, 1152, (axon, n) => (n !== 1 ? 0 : axon === 33 ? -2 : axon === 1152 ? 1 : 0));
  // Dendrites of neuron 1: fold 0 bits 0, 1 are 4, 5; fold 1 bits 0, 1 are 6, 7.
  const set = Array.from(ram).flatMap((w, i) => (w === 0 ? [] : [[i, w]]));
  expect(set).toEqual([
    [5 * 36 + 1, 2],
    [6 * 36, 1],
  ]);
  const back = decodeWeights(p, 2, 1152, 1153, ram);
  expect([back[33 * 2 + 1], back[1152 * 2 + 1], back[33 * 2]]).toEqual([-2, 1, 0]);
});

it("places follow the routing tree, y first", () => {
  expect([0, 1, 2, 3, 4, 1007, 1008].map(placeOf)).toEqual([
    { x: 0, y: 0 },
    { x: 0, y: 1 },
    { x: 1, y: 0 },
    { x: 1, y: 1 },
    { x: 0, y: 2 },
    { x: 31, y: 27 },
    { x: 28, y: 28 },
  ]);
  expect(placesOf(blockOf(4, 1))).toEqual([
    { x: 0, y: 2 },
    { x: 0, y: 3 },
  ]);
});

it("a core's frames", () => {
  const { chip } = targetNamed("paicore");
  const section = (memory: string, words: number[]) => ({
    name: `core(0,1)/${memory}`,
    wordBits: 32,
    base: 0,
    words: Uint32Array.from(words),
  });
  // Seed 2^63 + 21: bits 63..34 = 2000_0000, 33..4 = 1, 3..0 = 5 at bit 26.
  const sections = [section("random", [21, 0x80000000]), section("parameters", [1, 2, 3]), section("neurons", []), section("weights", [7])];
  const image = {
    kind: "image",
    name: "t",
    target: "paicore",
    format: 1,
    steps: 1,
    interval: 1,
    sections,
    inputs: [],
    outputs: [],
    map: null,
  } as const;
  const frames = hex(configurationFrames(image, chip));
  expect(frames.slice(0, 6)).toEqual(["00000100", "20000000", "00000100", "00000001", "00000100", "14000000"]);
  expect(frames.slice(6, 8)).toEqual(["10000100", "00000001"]);
  // The head of no neurons, the head of 9,216 words of weights, the first of them.
  expect(frames.slice(12, 18)).toEqual(["20000100", "00000000", "30000100", "00002400", "00000000", "00000007"]);
  expect(frames).toHaveLength(2 * (3 + 3 + 1 + 1 + 9216));
});
