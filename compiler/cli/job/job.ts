import type { Preprocessing } from "../../frontends/samples.ts";
import type { FormatFlags } from "../data/flags.ts";
import type { NirFlags } from "../nir/flags.ts";

/** Everything `ganglion compile` is told, from flags or from a job file. Paths are as the Run's files take them. */
export type JobSpec = {
  readonly model: string;
  readonly target?: string | undefined;
  readonly chip?: string | undefined;
  readonly method?: string | undefined;
  readonly options: Readonly<Record<string, string>>;
  readonly passOptions: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly calibration?: (FormatFlags & { readonly data: string; readonly labels?: string | undefined }) | undefined;
  readonly calibrationLimit: number;
  /** Null where nothing was said. */
  readonly preprocessing: Preprocessing | null;
  readonly partition?: string | undefined;
  readonly place?: string | undefined;
  readonly output?: string | undefined;
  /** What a spiking model needs to be told. */
  readonly nir?: NirFlags | undefined;
  readonly seed: number;
};
