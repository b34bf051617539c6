/* What each part means, and what may help against it: one table, for the terminal, the page and the documentation. */

export type PartInfo = { readonly title: string; readonly help: string };

export const parts: Readonly<Record<string, PartInfo>> = {
  model: { title: "trained model", help: "" },
  network: { title: "network with real weights", help: "" },
  pooling: {
    title: "max pooling by another",
    help: "train with average pooling or strided convolutions, or use a method that has max pooling (css)",
  },
  clipping: {
    title: "clipping",
    help: "raise the thresholds: --threshold max, or a higher --percentile; or train with a clipped activation",
  },
  quantization: {
    title: "levels of activations",
    help: "give more --steps, or a code with more levels in as many steps (css); or train with quantized activations",
  },
  residual: {
    title: "spike timing (residual potentials)",
    help: "give more --steps, or calibrate what the finite run leaves behind (--method dual-phase)",
  },
  coupling: {
    title: "spike timing (temporal coupling)",
    help: "give more silent steps (--silent 2, or --silent auto)",
  },
  inputs: { title: "rounding of the input", help: "give more --input-bits, or state --input-range" },
  weights: {
    title: "rounding of weights",
    help: "give more --weight-bits, one unit per channel (quantize-weights:per=group), or train with quantized weights",
  },
  saturation: { title: "saturation of potentials", help: "use a chip with wider potentials, or fewer --weight-bits" },
  timing: { title: "chip against network", help: "the two must agree in every spike; please report this" },
};

/** A part that is a pass of its own is called by the pass's name. */
export function titleOf(part: string): string {
  return parts[part]?.title ?? `pass ${part}`;
}

/** Advice for the parts that lose accuracy, the largest first, until they make up most of what is lost. */
export function adviceFor(rungs: readonly { readonly part: string; readonly loss: number }[]): readonly string[] {
  const losing = rungs.filter((r) => r.loss > 0).sort((a, b) => b.loss - a.loss);
  const total = losing.reduce((sum, r) => sum + r.loss, 0);
  const chosen: string[] = [];
  let covered = 0;
  for (const r of losing) {
    if (covered >= mostOf * total) break;
    covered += r.loss;
    const help = parts[r.part]?.help ?? `look at the options of the pass: ganglion list passes`;
    chosen.push(`${titleOf(r.part)} loses ${(100 * r.loss).toFixed(2)} points: ${help}`);
  }
  return chosen;
}

const mostOf = 0.8;
