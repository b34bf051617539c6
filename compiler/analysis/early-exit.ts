import { at, bug } from "../base/bug.ts";
import { sizeOf, spread } from "../base/tensor.ts";
import { outputCodes, type OutputCodeName } from "../ir/codes/index.ts";
import { neuronWords } from "../ir/network/neurons/index.ts";
import type { Observer } from "../ir/network/run.ts";
import type { Network } from "../ir/network/types.ts";
import { classOfScores } from "./answer.ts";

/*
 * The answer as it grows. After each step the first output could be read as if the sample
 * ended there; from some step on the answer no longer changes, and a host that knew
 * could stop then. Potentials that double in each step are taken times what is still to come.
 */

export type Exit = {
  /** The answer after each step of the sample, from the first on. */
  readonly classes: Int32Array;
  /** Steps after which the answer stays: 1 … all. */
  readonly steps: number;
};

/** An observer for one network, and what it has seen of the latest sample. */
export function exitWatch(n: Network): { readonly observe: Observer; readonly begin: () => void; readonly end: () => Exit } {
  const output = at(n.outputs, 0);
  const pop = at(n.pops, output.pop);
  const reads = outputCodes[output.code as OutputCodeName]?.reads ?? bug(`unknown output code ${output.code}`);
  const [scale, offset] = [spread(output.scale, pop.shape), spread(output.offset, pop.shape)];
  const words = neuronWords(pop);
  const doubles = reads === "potential" && (words["weighting"] === "doubling" || words["leak"] === "double");
  const stop = pop.stop ?? n.steps;
  const answer = new Float64Array(sizeOf(pop.shape));
  const total = new Float64Array(answer.length);
  const classes = new Int32Array(n.steps);
  return {
    begin: () => {
      total.fill(0);
      classes.fill(classOfScores(offset));
    },
    observe: (which, step, payloads, potential) => {
      if (which !== pop.id) return;
      const place = doubles ? 2 ** (stop - 1 - step) : 1;
      for (let i = 0; i < answer.length; i++) {
        if (reads === "spikes") total[i] = at(total, i) + at(payloads, i);
        const raw = reads === "spikes" ? at(total, i) : (potential?.[i] ?? 0) * place;
        answer[i] = raw * at(scale, i) + at(offset, i);
      }
      classes.fill(classOfScores(answer), step);
    },
    end: () => {
      let steps = n.steps;
      while (steps > 1 && classes[steps - 2] === classes[n.steps - 1]) steps--;
      return { classes: classes.slice(), steps };
    },
  };
}
