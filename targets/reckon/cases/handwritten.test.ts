import { expect, test } from "vitest";
import * as words from "../words.ts";

/*
 * Words worked out by hand from the chip's description (sections 7.1 and 7.2 of the notes that README.md
 * names, and the register table of the authors' documentation); never regenerated.
 */

test("SPI addresses: read in bit 31, space in 30..28, number of words in 27..16, address in 15..0", () => {
  // Write 1 word to register 95: 0 000 0000 0000 0001 | 005f
  expect(words.spiAddress.encode({ read: false, space: "registers", count: 1, address: 95 })).toBe(0x0001_005f);
  // Read 4 words of the neurons from chunk 8 (pair 2): 1 001 …
  expect(words.spiAddress.encode({ read: true, space: "neurons", count: 4, address: 8 })).toBe(0x9004_0008);
  // Recurrent weights are space 4: 0 100 …
  expect(words.spiAddress.encode({ read: false, space: "recurrentWeights", count: 4095, address: 0x3fff })).toBe(0x4fff_3fff);
});

test("a pair's word: leak 127..116, threshold 115..100, potentials 65..50 and 15..0", () => {
  // Chunk 3 holds bits 127..96, so leak is at 31..20 and threshold at 19..4. 0xabc and 1000 = 0x03e8.
  expect(words.neuron3.encode({ alpha: 0xabc, threshold: 1000, outputTrace1High: 0 })).toBe(0xabc0_3e80);
  // Threshold -2 = 0xfffe.
  expect(words.neuron3.encode({ alpha: 0, threshold: -2, outputTrace1High: 0 })).toBe(0x000f_ffe0);
  // The even potential: bits 15..0 of chunk 0. -100 = 0xff9c.
  expect(words.neuron0.encode({ potential0: -100, inputTrace0: 0, recurrentTrace0Low: 0 })).toBe(0x0000_ff9c);
  // The odd one begins at bit 50 = 32 + 18: its low 14 bits are chunk 1's 31..18, its high two chunk 2's 1..0. -100: 0x3f9c and 3.
  expect(words.neuron1.encode({ recurrentTrace0High: 0, outputTrace0: 0, potential1Low: 0x3f9c })).toBe(0xfe70_0000);
  expect(words.neuron2.encode({ potential1High: -1, inputTrace1: 0, recurrentTrace1: 0, outputTrace1Low: 0 })).toBe(3);
});

test("weights: word {source, post 7..4}, byte post 3..0; in chunks of four", () => {
  // Source 3, neuron 21: word 3*16 + 1 = 49, byte 5, so chunk 49*4 + 1 = 197 and byte 1 of it.
  expect(words.weightPlace(3, 21)).toEqual({ address: 197, byte: 1 });
  // Source 255, neuron 255: the last chunk of 4,096 words.
  expect(words.weightPlace(255, 255)).toEqual({ address: 4 * 4096 - 1, byte: 3 });
  // Readout weights: word = source, byte = readout. Source 7, readout 10: chunk 7*4 + 2, byte 2.
  expect(words.outputWeightPlace(7, 10)).toEqual({ address: 30, byte: 2 });
  // -1, 2, -128, 127 from the lowest byte up.
  expect(words.weights.encode({ w0: -1, w1: 2, w2: -128, w3: 127 })).toBe(0x7f80_02ff);
});

test("registers at their addresses", () => {
  const { registers } = words;
  expect(registers.kappa.address).toBe(69);
  expect(registers.reset.word.encode({ mode: "zero" })).toBe(1);
  expect([registers.inputs.address, registers.neurons.address, registers.outputs.address]).toEqual([94, 95, 96]);
  // Pair 33's growth bit is bit 1 of the second of registers 65 to 68.
  expect(registers.growth1.address).toBe(66);
  // The output bus: the third byte since the tick, 0xa5.
  expect(words.busWord.encode({ index: 2, value: 0xa5 })).toBe(0x2a5);
});
