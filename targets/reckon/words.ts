import { choice, flag, sint, uint, word } from "../../compiler/ir/image/word.ts";

/*
 * The binary format of ReckOn: 32-bit words as the SPI bus carries them. Memories are 128 bits
 * wide; the bus reaches them in four chunks, chunk 0 holding bits 31..0. README.md says what the
 * fields mean. This file is the only place where a bit position is written.
 */

/** Version of these tables; the chip has no register for it. */
export const formatVersion = 1;

/** First word of an SPI transaction: the second is the data. `count` data words follow, at addresses that go up by one. */
export const spiAddress = word("spi-address", 32, {
  address: uint(15, 0),
  count: uint(27, 16),
  space: choice(30, 28, "registers", "neurons", "outputs", "inputWeights", "recurrentWeights", "outputWeights"),
  read: flag(31),
});

/** chip/registers: what each address holds. Registers are 32 bits wide on the bus and keep their low bits. */
export const registers = {
  config: { address: 0, word: word("config", 32, { enable: flag(0) }) },
  targetOnMiso: { address: 3, word: word("target-on-miso", 32, { enable: flag(0) }) },
  reset: { address: 8, word: word("reset", 32, { mode: choice(0, 0, "subtract", "zero") }) },
  learning: { address: 9, word: word("learning", 32, { input: flag(0), recurrent: flag(1), output: flag(2) }) },
  localTick: { address: 10, word: word("local-tick", 32, { enable: flag(0) }) },
  errorHalt: { address: 11, word: word("error-halt", 32, { enable: flag(0) }) },
  inputShift: { address: 12, word: word("input-shift", 32, { shift: uint(2, 0) }) },
  recurrentShift: { address: 13, word: word("recurrent-shift", 32, { shift: uint(2, 0) }) },
  outputShift: { address: 14, word: word("output-shift", 32, { shift: uint(2, 0) }) },
  regularization: { address: 19, word: word("regularization", 32, { mode: uint(2, 0) }) },
  stochasticRounding: { address: 21, word: word("stochastic-rounding", 32, { enable: flag(0) }) },
  timingPin: { address: 23, word: word("timing-pin", 32, { error: flag(0) }) },
  regression: { address: 25, word: word("regression", 32, { enable: flag(0) }) },
  sendEachStep: { address: 30, word: word("send-each-step", 32, { enable: flag(0) }) },
  sendLabel: { address: 31, word: word("send-label", 32, { only: flag(0) }) },
  noise: { address: 32, word: word("noise", 32, { enable: flag(0) }) },
  forceTraces: { address: 33, word: word("force-traces", 32, { enable: flag(0) }) },
  growth0: { address: 65, word: word("growth-0", 32, { pairs: uint(31, 0) }) },
  growth1: { address: 66, word: word("growth-1", 32, { pairs: uint(31, 0) }) },
  growth2: { address: 67, word: word("growth-2", 32, { pairs: uint(31, 0) }) },
  growth3: { address: 68, word: word("growth-3", 32, { pairs: uint(31, 0) }) },
  kappa: { address: 69, word: word("kappa", 32, { factor: uint(7, 0) }) },
  inputs: { address: 94, word: word("inputs", 32, { last: uint(7, 0) }) },
  neurons: { address: 95, word: word("neurons", 32, { last: uint(7, 0) }) },
  outputs: { address: 96, word: word("outputs", 32, { last: uint(3, 0) }) },
} as const;

type RegisterName = keyof typeof registers;

/** Bits that a register keeps of what is written to it. */
export function registerBits(name: RegisterName): number {
  return Math.max(...Object.values<{ readonly high: number }>(registers[name].word.fields).map((f) => f.high)) + 1;
}

/** Registers whose bits do nothing that is modelled: of learning, noise and the chip's own tick; they are only ever clear. */
const notModelled: ReadonlySet<RegisterName> = new Set<RegisterName>([
  "targetOnMiso",
  "learning",
  "localTick",
  "regularization",
  "stochasticRounding",
  "timingPin",
  "regression",
  "sendEachStep",
  "noise",
  "forceTraces",
]);

/** Bits of the registers that are modelled, by address. */
export function modelledRegisterBits(): number[] {
  const names = Object.keys(registers) as RegisterName[];
  const out = new Array<number>(Math.max(...names.map((n) => registers[n].address)) + 1).fill(0);
  for (const name of names) if (!notModelled.has(name)) out[registers[name].address] = registerBits(name);
  return out;
}

/** core/neurons: chunks 0 to 3 of the word of a pair (even neuron 0, odd neuron 1). The potential of the odd one lies across two chunks. */
export const neuron0 = word("neuron0", 32, { potential0: sint(15, 0), inputTrace0: uint(27, 16), recurrentTrace0Low: uint(31, 28) });
export const neuron1 = word("neuron1", 32, { recurrentTrace0High: uint(7, 0), outputTrace0: uint(17, 8), potential1Low: uint(31, 18) });
export const neuron2 = word("neuron2", 32, {
  potential1High: sint(1, 0),
  inputTrace1: uint(13, 2),
  recurrentTrace1: uint(25, 14),
  outputTrace1Low: uint(31, 26),
});
export const neuron3 = word("neuron3", 32, { outputTrace1High: uint(3, 0), threshold: sint(19, 4), alpha: uint(31, 20) });

/** core/inputWeights, recurrentWeights, outputWeights: four signed bytes, the lowest for the lowest target. */
export const weights = word("weights", 32, { w0: sint(7, 0), w1: sint(15, 8), w2: sint(23, 16), w3: sint(31, 24) });

/** An input event on the address bus. */
export const inputEvent = word("input-event", 8, { channel: uint(7, 0) });

/** A log's word for a byte on the output bus: how many came since the last tick before it, and the byte. */
export const busWord = word("bus-word", 16, { value: uint(7, 0), index: uint(15, 8) });

/** Bit of an address in the neuron space with which a write also sets a neuron's spike and live flag. */
export const neuronFlags = 1 << 9;

/** Chunks of a memory word. */
export const chunks = 4;
/** Weights in a chunk. */
export const bytes = 4;

/** Where the weight from `source` to neuron `post` lies: chunk address and byte. */
export const weightPlace = (source: number, post: number): { readonly address: number; readonly byte: number } => ({
  address: source * 64 + (post >> 2),
  byte: post & 3,
});
/** Where the weight from neuron `source` to readout `output` lies. */
export const outputWeightPlace = (source: number, output: number): { readonly address: number; readonly byte: number } => ({
  address: source * 4 + (output >> 2),
  byte: output & 3,
});

/** What the pin RST puts into registers; those not named become 0 or keep what they had. */
export const registerResets: readonly (readonly [address: number, value: number])[] = [
  [registers.config.address, registers.config.word.encode({ enable: true })],
  [registers.targetOnMiso.address, registers.targetOnMiso.word.encode({ enable: true })],
  [registers.learning.address, registers.learning.word.encode({ input: true, recurrent: true, output: true })],
  [registers.errorHalt.address, registers.errorHalt.word.encode({ enable: true })],
  [registers.sendLabel.address, registers.sendLabel.word.encode({ only: true })],
  [registers.kappa.address, registers.kappa.word.encode({ factor: 122 })],
  [registers.inputs.address, registers.inputs.word.encode({ last: 255 })],
  [registers.neurons.address, registers.neurons.word.encode({ last: 255 })],
  [registers.outputs.address, registers.outputs.word.encode({ last: 15 })],
];
