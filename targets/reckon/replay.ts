import { z } from "zod";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Replay, ReplayResult } from "../recordings.ts";
import { ReckonCore } from "./core.ts";
import * as words from "./words.ts";

/*
 * Recordings of ReckOn's RTL: a configuration, then steps of one sample with what the chip held
 * when it was ready again. `thr`, `alphaMsbSel` and `alphaLsb12` are by pair of neurons.
 */

const whole = z.number().int();
const list = z.array(whole);
const step = z.looseObject({
  inputs: list,
  inferAcc: whole,
  activeRows: whole.optional(),
  cyclesTickToReady: whole.optional(),
  u: list.optional(),
  out: list.optional(),
});
const recording = z.looseObject({
  numInp: whole.min(1).max(256),
  numRec: whole.min(1).max(256),
  numOut: whole.min(1).max(16),
  rstMode: whole,
  fpLocWinp: whole.min(0).max(7),
  fpLocWrec: whole.min(0).max(7),
  fpLocWout: whole.min(0).max(7),
  kappa: whole.min(0).max(255),
  alphaMsbSel: list,
  alphaLsb12: list,
  thr: list,
  wInp: z.array(list),
  wRec: z.array(list),
  wOut: z.array(list),
  steps: z.array(step),
  label: whole.optional(),
});
type Recording = z.infer<typeof recording>;

/** Clocks from the tick at the pin to the step's first clock, and to the ready pin being seen. */
const tickClocks = 3;

export const replay: Replay = (given) => {
  const read = recording.safeParse(given);
  if (!read.success) {
    const [issue] = read.error.issues;
    return fail("recording-field", [issue?.path.join(".") ?? "", issue?.message ?? ""]);
  }
  const r = read.data;
  const core = configured(r);
  const compare = new Comparison();
  r.steps.forEach((s, t) => {
    for (const channel of s.inputs) core.event(channel);
    core.sample = true;
    core.inferAcc = s.inferAcc !== 0;
    const rows = core.work.row;
    core.tick();
    const clocks = core.advance(Number.POSITIVE_INFINITY) + tickClocks;
    const at = `steps[${t}]`;
    compare.number(`${at}.cyclesTickToReady`, s.cyclesTickToReady, clocks);
    compare.number(`${at}.activeRows`, s.activeRows, core.work.row - rows);
    compare.list(`${at}.u`, s.u, (n) => core.potential(n));
    compare.list(`${at}.out`, s.out, (k) => core.out[k] ?? 0);
  });
  core.sample = false;
  core.tick();
  core.advance(Number.POSITIVE_INFINITY);
  compare.number("label", r.label, core.label);
  return compare.result();
};

/** A core that was loaded with the recording's configuration. */
function configured(r: Recording): ReckonCore {
  const core = new ReckonCore();
  const set = words.registers;
  core.writeRegister(set.config.address, 0);
  core.writeRegister(set.learning.address, 0);
  core.writeRegister(set.reset.address, set.reset.word.encode({ mode: r.rstMode === 0 ? "subtract" : "zero" }));
  core.writeRegister(set.inputShift.address, r.fpLocWinp);
  core.writeRegister(set.recurrentShift.address, r.fpLocWrec);
  core.writeRegister(set.outputShift.address, r.fpLocWout);
  core.writeRegister(set.kappa.address, r.kappa);
  core.writeRegister(set.inputs.address, r.numInp - 1);
  core.writeRegister(set.neurons.address, r.numRec - 1);
  core.writeRegister(set.outputs.address, r.numOut - 1);
  [set.growth0, set.growth1, set.growth2, set.growth3].forEach(({ address }, k) => {
    let pairs = 0;
    for (let b = 0; b < 32; b++) if (r.alphaMsbSel[32 * k + b] === 1) pairs |= 1 << b;
    core.writeRegister(address, pairs >>> 0);
  });
  r.thr.forEach((threshold, pair) => {
    for (let chunk = 0; chunk < 3; chunk++) core.write("neurons", 4 * pair + chunk, 0);
    core.write("neurons", 4 * pair + 3, words.neuron3.encode({ outputTrace1High: 0, threshold, alpha: r.alphaLsb12[pair] ?? 0 }));
  });
  loadWeights(core, "inputWeights", r.wInp, words.weightPlace);
  loadWeights(core, "recurrentWeights", r.wRec, words.weightPlace);
  loadWeights(core, "outputWeights", r.wOut, words.outputWeightPlace);
  return core;
}

function loadWeights(
  core: ReckonCore,
  memory: "inputWeights" | "recurrentWeights" | "outputWeights",
  rows: readonly (readonly number[])[],
  place: (source: number, target: number) => { readonly address: number; readonly byte: number },
): void {
  rows.forEach((row, source) => {
    const chunks = new Map<number, [number, number, number, number]>();
    row.forEach((w, target) => {
      const { address, byte } = place(source, target);
      const chunk = chunks.get(address) ?? [0, 0, 0, 0];
      chunk[byte] = w;
      chunks.set(address, chunk);
    });
    for (const [address, [w0, w1, w2, w3]] of chunks) core.write(memory, address, words.weights.encode({ w0, w1, w2, w3 }));
  });
}

/** Counts what agrees and keeps the first that does not. Fields that the recording lacks are not compared. */
class Comparison {
  #compared = 0;
  #difference: ReplayResult["difference"] = null;

  number(where: string, expected: number | undefined, got: number): void {
    if (expected === undefined) return;
    this.#compared++;
    if (expected !== got) this.#difference ??= { where, expected: String(expected), got: String(got) };
  }

  list(where: string, expected: readonly number[] | undefined, got: (i: number) => number): void {
    expected?.forEach((e, i) => this.number(`${where}[${i}]`, e, got(i)));
  }

  result(): ReplayResult {
    return { compared: this.#compared, difference: this.#difference };
  }
}
