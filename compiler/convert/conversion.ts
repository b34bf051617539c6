import type { Chosen, Options } from "../base/options.ts";
import type { Graph } from "../ir/graph/types.ts";
import type { Network } from "../ir/network/types.ts";
import type { Context } from "../base/context.ts";

/**
 * A way from an ANN to a spiking network. Calibration is apart from conversion so
 * that statistics can be saved, printed and reused; S is plain data (JSON).
 */
export type Conversion<S = unknown, O extends Options = Options> = {
  readonly name: string;
  readonly summary: string;
  /** The paper the method comes from. */
  readonly source: string;
  readonly options: O;
  /** Takes networks that are spiking already; other methods refuse them. */
  readonly spiking?: true;
  /** Statistics from calibration samples (each the graph's input, flattened). Methods that need none accept an empty iterable. */
  readonly calibrate: (graph: Graph, samples: Iterable<Float32Array>, options: Chosen<O>, cx: Context) => S;
  readonly convert: (graph: Graph, stats: S, options: Chosen<O>, cx: Context) => Network;
  /** The graph whose values the network's populations stand for, where `convert` rewrites the given one first: other forms of max pooling. */
  readonly rewrite?: (graph: Graph, stats: S, options: Chosen<O>) => Graph;
};

export function conversion<S, O extends Options>(c: Conversion<S, O>): Conversion<S, O> {
  return c;
}
