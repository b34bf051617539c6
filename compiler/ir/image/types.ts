import type { Tensor } from "../../base/tensor.ts";
import type { Param, SpikeType } from "../network/types.ts";

/*
 * Image: the bytes of one chip, and which words the world can reach. A simulator
 * or a board gets this and nothing else. `map` carries names and origins, like a linker's
 * map file; it is never loaded.
 */

/** Words to write at consecutive addresses of one memory. Memories are zero before loading, so untouched words are not here. */
export type Section = {
  /** `core(x,y)/memory` or `chip/memory`. */
  readonly name: string;
  readonly wordBits: number;
  /** Address of the first word. */
  readonly base: number;
  readonly words: Uint32Array;
};

/** An input of the chip: channel i of the tensor is sent to targets start[i] … start[i+1]-1, each target word being in the chip's own route format. */
export type Input = {
  readonly name: string;
  readonly code: string;
  readonly params: Readonly<Record<string, Param>>;
  readonly spike: SpikeType;
  readonly shape: readonly number[];
  /** Steps of a sample, start <= t < stop, in which the host sends; the code's local step is t - start. */
  readonly window: { readonly start: number; readonly stop: number };
  readonly start: Uint32Array;
  readonly targets: Uint32Array;
};

/** An output of the chip: host lines first … first+count-1, in row-major order of `shape`; answer = value * scale + offset. */
export type Output = {
  readonly name: string;
  readonly code: string;
  readonly first: number;
  readonly count: number;
  readonly shape: readonly number[];
  readonly scale: number | Tensor;
  readonly offset: number | Tensor;
};

/** Names for people and other tools; not needed to run. */
export type ImageMap = {
  readonly cores: readonly {
    readonly x: number;
    readonly y: number;
    readonly origin: string;
    readonly groups: readonly {
      readonly first: number;
      readonly count: number;
      readonly pop: string;
      readonly indices: readonly number[];
      readonly origin: string;
    }[];
  }[];
};

export type Image = {
  readonly kind: "image";
  readonly name: string;
  /** Chip name, e.g. "mesh-4x4". */
  readonly target: string;
  /** Version of the word tables. */
  readonly format: number;
  /** Steps of one sample, interval between samples. Also in the chip's registers; here for the host. */
  readonly steps: number;
  readonly interval: number;
  /** In load order. */
  readonly sections: readonly Section[];
  readonly inputs: readonly Input[];
  readonly outputs: readonly Output[];
  readonly map: ImageMap | null;
};
