/*
 * What neurons are to the kernels: settings that a group has in common, parameters and state of each. The rule
 * itself is targets/mesh/README.md, Update; assembly/update.ts and twin/update.ts are it.
 */

export const Emit = { unit: 0, value: 1, count: 2, digit: 3 } as const;

/** What the neurons of a group have in common. Numbers stand for words in the order in which targets/mesh/words.ts has them. */
export type Profile = {
  readonly leak: number;
  readonly leakArgument: number;
  readonly current: boolean;
  readonly greater: boolean;
  readonly reset: number;
  readonly negative: number;
  readonly negativeAtZero: boolean;
  readonly biasFirst: boolean;
  readonly touched: boolean;
  readonly emit: number;
  readonly boundary: number;
  readonly output: boolean;
  readonly noise: number;
  readonly currentDecay: number;
  readonly noiseBits: number;
  /** Bounds of a graded payload. */
  readonly payloadLow: number;
  readonly payloadHigh: number;
  readonly start: number;
  readonly silent: number;
  /** 0: to the end of the interval. */
  readonly length: number;
};

/** Parameters of all slots of a core. */
export type Neurons = {
  readonly threshold: Int32Array;
  readonly reset: Int32Array;
  readonly bias: Int32Array;
  readonly initial: Int32Array;
  readonly noiseKey: Int32Array;
  /** Whether some profile of the core asks which slots were reached. */
  readonly byTouch: boolean;
};
