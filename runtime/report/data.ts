import type { Energy } from "./energy.ts";
import type { Distribution } from "./latency.ts";

/*
 * What the HTML report shows, as plain data. Whoever writes a report fills it in; what is not
 * known is null, and its section is then left out or says so.
 */

export type ReportData = {
  readonly title: string;
  /** What was made of what, in a few words: "qcfs, 8 steps, on mesh-4x4". */
  readonly subtitle: string;
  /** Program and version that wrote it. */
  readonly generator: string;
  readonly summary: ReportSummary;
  readonly network: ReportNetwork | null;
  readonly mesh: ReportMesh | null;
  readonly raster: ReportRaster | null;
  /** Energy of one sample, on average. */
  readonly energy: Energy | null;
  /** Cycles of each sample. */
  readonly latency: {
    readonly cycles: Distribution;
    readonly clockHz: number;
    /** Of the mean, in seconds, where the chip's latencies have a tolerance. */
    readonly range?: { readonly low: number; readonly high: number };
  } | null;
  readonly budget: readonly ReportBudget[];
  readonly diagnostics: readonly ReportDiagnostic[];
};

export type ReportSummary = {
  readonly samples: number;
  /** Fractions. */
  readonly accuracy: { readonly ann: number | null; readonly snn: number | null; readonly chip: number | null };
  readonly agreement: { readonly snnVsChip: number | null; readonly annVsSnn: number | null };
  readonly steps: number;
  readonly cores: { readonly used: number; readonly available: number };
  /** Per sample. */
  readonly spikes: number | null;
  readonly synapticEvents: number | null;
};

export type ReportNetwork = {
  /** Indexed by the links. */
  readonly populations: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    /** Neuron model, or "input". */
    readonly model: string;
    readonly spike: string;
    /** Spikes per sample; null: unknown. */
    readonly spikes: number | null;
    readonly output: boolean;
  }[];
  readonly links: readonly {
    readonly from: number;
    readonly to: number;
    /** Kind of kernel and its size: "conv 3x3", "dense". */
    readonly kernel: string;
    readonly delay: number;
    /** What it stores: number of weights. */
    readonly weights: number;
  }[];
};

export type ReportMesh = {
  readonly columns: number;
  readonly rows: number;
  /** Cores in use, in any order. Events, synapses and spikes are per sample; null: nothing has run. */
  readonly cores: readonly {
    readonly x: number;
    readonly y: number;
    /** What sits there: names of populations. */
    readonly content: readonly string[];
    readonly neurons: number;
    readonly synapseWords: number;
    readonly synapseWordsMax: number;
    readonly events: number | null;
    readonly synapses: number | null;
    readonly spikes: number | null;
  }[];
  /** Packets per sample through each router output, 5 numbers for each router of the mesh, row by row: local, north, east, south, west. */
  readonly traffic: ArrayLike<number>;
};

export type ReportRaster = {
  /** Which sample: "sample 0, label 7, answer 7". */
  readonly caption: string;
  readonly steps: number;
  readonly populations: readonly {
    readonly name: string;
    readonly neurons: number;
    /** Parallel arrays, one element per spike. */
    readonly step: ArrayLike<number>;
    readonly neuron: ArrayLike<number>;
    readonly payload: ArrayLike<number>;
  }[];
};

/** Used and available of one resource; core null: of the chip. */
export type ReportBudget = { readonly core: string | null; readonly resource: string; readonly used: number; readonly available: number };

export type ReportDiagnostic = { readonly severity: "error" | "warning" | "note"; readonly code: string; readonly message: string };
