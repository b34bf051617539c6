import { bug } from "../../compiler/base/bug.ts";
import type { WordProblem } from "../../compiler/ir/image/word.ts";
import * as words from "./words.ts";

/*
 * The neuron memory: 128 words of 128 bits, each two neurons with what they share. The bus sees
 * chunks of 32 bits; fields that lie across two chunks are put together here.
 */

export const neuronCount = 256;
const pairs = neuronCount / 2;

const valueOf = <T>(read: { readonly value: T } | WordProblem): T => ("value" in read ? read.value : bug(`${read.field}: ${read.problem}`));

export class NeuronMemory {
  /** Per neuron. A trace has 12 bits (inputs, recurrent) or 10 (outputs). */
  readonly potential = new Int32Array(neuronCount);
  readonly inputTrace = new Int32Array(neuronCount);
  readonly recurrentTrace = new Int32Array(neuronCount);
  readonly outputTrace = new Int32Array(neuronCount);
  /** Per pair: the low 12 bits of the leak factor, and the threshold. */
  readonly alpha = new Int32Array(pairs);
  readonly threshold = new Int32Array(pairs);
  /** A trace that is not zero has been written. */
  traced = false;

  write(address: number, data: number): void {
    const pair = address >> 2;
    const even = 2 * pair;
    const odd = even + 1;
    const { potential, recurrentTrace, outputTrace } = this;
    switch (address & 3) {
      case 0: {
        const w = valueOf(words.neuron0.decode(data));
        potential[even] = w.potential0;
        this.inputTrace[even] = w.inputTrace0;
        recurrentTrace[even] = (recurrentTrace[even]! & 0xff0) | w.recurrentTrace0Low;
        break;
      }
      case 1: {
        const w = valueOf(words.neuron1.decode(data));
        recurrentTrace[even] = (recurrentTrace[even]! & 0xf) | (w.recurrentTrace0High << 4);
        outputTrace[even] = w.outputTrace0;
        potential[odd] = (potential[odd]! & ~0x3fff) | w.potential1Low;
        break;
      }
      case 2: {
        const w = valueOf(words.neuron2.decode(data));
        potential[odd] = (potential[odd]! & 0x3fff) | (w.potential1High << 14);
        this.inputTrace[odd] = w.inputTrace1;
        recurrentTrace[odd] = w.recurrentTrace1;
        outputTrace[odd] = (outputTrace[odd]! & 0x3c0) | w.outputTrace1Low;
        break;
      }
      default: {
        const w = valueOf(words.neuron3.decode(data));
        outputTrace[odd] = (outputTrace[odd]! & 0x3f) | (w.outputTrace1High << 6);
        this.threshold[pair] = w.threshold;
        this.alpha[pair] = w.alpha;
      }
    }
    for (const n of [even, odd]) if ((this.inputTrace[n]! | recurrentTrace[n]! | outputTrace[n]!) !== 0) this.traced = true;
  }

  read(address: number): number {
    const pair = address >> 2;
    const even = 2 * pair;
    const odd = even + 1;
    const { potential, inputTrace, recurrentTrace, outputTrace } = this;
    switch (address & 3) {
      case 0:
        return words.neuron0.encode({
          potential0: potential[even]!,
          inputTrace0: inputTrace[even]!,
          recurrentTrace0Low: recurrentTrace[even]! & 0xf,
        });
      case 1:
        return words.neuron1.encode({
          recurrentTrace0High: recurrentTrace[even]! >> 4,
          outputTrace0: outputTrace[even]!,
          potential1Low: potential[odd]! & 0x3fff,
        });
      case 2:
        return words.neuron2.encode({
          potential1High: potential[odd]! >> 14,
          inputTrace1: inputTrace[odd]!,
          recurrentTrace1: recurrentTrace[odd]!,
          outputTrace1Low: outputTrace[odd]! & 0x3f,
        });
      default:
        return words.neuron3.encode({
          outputTrace1High: outputTrace[odd]! >> 6,
          threshold: this.threshold[pair]!,
          alpha: this.alpha[pair]!,
        });
    }
  }

  clearTraces(neuron: number): void {
    this.inputTrace[neuron] = 0;
    this.recurrentTrace[neuron] = 0;
    this.outputTrace[neuron] = 0;
  }

  /** With learning off, traces only decay: with the neurons' factor (in 1/2^15), and with the readouts' (in 1/2^7). */
  leakTraces(neuron: number, alpha: number, kappa: number): void {
    this.inputTrace[neuron] = ((this.inputTrace[neuron]! * alpha) >>> 15) & 0xfff;
    this.recurrentTrace[neuron] = ((this.recurrentTrace[neuron]! * alpha) >>> 15) & 0xfff;
    this.outputTrace[neuron] = ((this.outputTrace[neuron]! * kappa) >>> 7) & 0x3ff;
  }
}
