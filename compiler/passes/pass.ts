import type { ChipSpec } from "../../targets/chip.ts";
import { type Context as BaseContext, quiet } from "../base/context.ts";
import type { Chosen, Options } from "../base/options.ts";
import { choose } from "../base/options.ts";
import type { Cores } from "../ir/cores/types.ts";
import type { Graph } from "../ir/graph/types.ts";
import type { Network } from "../ir/network/types.ts";

export type Kind = "graph" | "network" | "cores";
export type Of<K extends Kind> = { graph: Graph; network: Network; cores: Cores }[K];

/** What a pass is given besides its artifact. */
export type Context = BaseContext & {
  /** Data about the chip, never the chip's code; null when none was chosen. */
  readonly chip: ChipSpec | null;
};

/** A context that reports nowhere, for tests and library use; override what is needed. */
export function context(over: Partial<Context> = {}): Context {
  return { ...quiet(), chip: null, ...over };
}

/** Artifact in, artifact of the same kind out. Returns the very same object when nothing changed. */
export type Pass<K extends Kind = Kind, O extends Options = Options> = {
  /** Also the folder and the command-line name. */
  readonly name: string;
  readonly on: K;
  /** One sentence. */
  readonly summary: string;
  /** What must not change: every spike, or the answers within a stated bound, or only the answers' meaning. The harness checks it. */
  readonly keeps: "spikes" | "answers";
  readonly options: O;
  readonly run: (ir: Of<K>, options: Chosen<O>, cx: Context) => Of<K>;
};

/** Declares a pass; the body is typed from the option table. */
export function pass<K extends Kind, O extends Options>(p: Pass<K, O>): Pass<K, O> {
  return p;
}

/** A pass with its options chosen. */
export type Step<K extends Kind = Kind> = {
  readonly name: string;
  readonly on: K;
  readonly text: string;
  readonly keeps: "spikes" | "answers";
  readonly run: (ir: Of<K>, cx: Context) => Of<K>;
  /** The same pass with more options over those it has. */
  readonly over: (more: Readonly<Record<string, string>>) => Step<K>;
};

/** Binds options, given as text, to a pass: `step(foldAmplitude, { into: "shared" })`. */
export function step<K extends Kind, O extends Options>(p: Pass<K, O>, given: Readonly<Record<string, string>> = {}): Step<K> {
  const chosen = choose(p.name, p.options, given);
  const pairs = Object.entries(given).map(([k, v]) => `${k}=${v}`);
  return {
    name: p.name,
    on: p.on,
    keeps: p.keeps,
    text: pairs.length > 0 ? `${p.name}:${pairs.join(",")}` : p.name,
    run: (ir, cx) => p.run(ir, chosen, cx),
    over: (more) => step(p, { ...given, ...more }),
  };
}
