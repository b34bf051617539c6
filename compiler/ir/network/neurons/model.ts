/** Bounds of the stored potential and synaptic current: a chip's range, or ±Infinity. Values are clamped to it. */
export type Limits = { readonly low: number; readonly high: number };

/** What a step of a population is given besides its state. */
export type Moment = {
  /** Local step: 0 in the population's first active step. */
  readonly local: number;
  /** Active steps that follow this one in the population's window; 0 where the window has no end of its own. */
  readonly left: number;
  /** Step of the sample, 0 in its first; counter-based noise depends on it. */
  readonly step: number;
  /** False in the silent period. */
  readonly mayFire: boolean;
  readonly limits: Limits;
  readonly seed: number;
  /** Not zero for each neuron that a synapse of non-zero weight reached in this step. Given only to populations with the word update=touched. */
  readonly touched: Float64Array | null;
  /** Calls back with each source's contributions in turn (in-order.ts). Given only to models with `inOrder`, which get no drive. */
  readonly inOrder?: (visit: (contribution: Float64Array) => void) => void;
};

/**
 * One number of a model. `default` is NaN where the value, when not given, follows
 * another parameter (its name) or the words (a number); `neuronParams` resolves it.
 */
export type ParamInfo = {
  readonly help: string;
  readonly default: number;
  readonly follows?: (words: Readonly<Record<string, string>>) => string | number;
};

export type WordInfo = { readonly help: string; readonly choices: readonly string[] };

/**
 * A neuron model: declaration, equation and one time step. Printing, parsing,
 * verifying, importers and documentation read the same table.
 */
export type NeuronModel = {
  readonly name: string;
  readonly summary: string;
  /** Shown by `ganglion explain`. */
  readonly equation: string;
  /** The paper or text the equation comes from. */
  readonly source: string;
  /** Numbers, for the population, a channel or a neuron. */
  readonly params: Readonly<Record<string, ParamInfo>>;
  /** Words, for the whole population; the first is the default. Words and params share one record in a population, so their names differ. */
  readonly words: Readonly<Record<string, WordInfo>>;
  /** State variables and their value at the start of a sample unless the population says otherwise. The first one is the potential that readout reads. */
  readonly state: Readonly<Record<string, { readonly help: string; readonly reset: number }>>;
  /** Input is added source by source, because additions saturate: `step` finds it in its moment. */
  readonly inOrder?: true;
  /**
   * One step of neurons 0 … count-1. `drive` is the summed input of the step, `out`
   * receives the payloads (every element is written). All arrays have `count` elements.
   * Doubles hold every integer up to 2^53, so this serves real and integer networks.
   */
  readonly step: (
    count: number,
    state: Readonly<Record<string, Float64Array>>,
    drive: Float64Array,
    params: Readonly<Record<string, Float64Array>>,
    words: Readonly<Record<string, string>>,
    out: Float64Array,
    moment: Moment,
    spike: { readonly low: number; readonly high: number },
  ) => void;
};
