import type { ChipSpec } from "../../../../targets/chip.ts";
import { at } from "../../../base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../../base/diagnostic.ts";
import { choice } from "../../../base/options.ts";
import { showShape, sizeOf } from "../../../base/tensor.ts";
import { pooledShape } from "../../../ir/network/kernels/index.ts";
import type { Link, Network } from "../../../ir/network/types.ts";
import { type Context, pass } from "../../pass.ts";
import { linkPlace } from "../edit.ts";
import { foldKernel, keepsShape, unsharedMax } from "./fold-kernel.ts";
import { demote, type Gain, gainField, gainOf, one, times, values } from "./gain.ts";
import { axonIsCheaper, unsharedCount, unsharedSize, weightCount } from "./storage.ts";

/*
 * Real Spike coefficients, ATIF and ternary amplitudes and input scales are one thing:
 * a constant that says what a spike of its source is worth. No chip sends it along.
 * This pass moves it into the weights each spike meets, and after it every population
 * has amplitude 1, and every spike is where it was.
 *
 *   pop a 2x4x4 binary amplitude=f64[2]{0.5 2} …        pop a 2x4x4 binary …
 *   link a -> b conv … f64[1x2x1x1]{3 3}          ==>   link a -> b conv … f64[1x2x1x1]{1.5 6}
 *
 * A source with several consumers: each folds its own copy. A sum of sources: each
 * link folds its own gain. Gains per layer and channel keep convolutions shared; a
 * gain per element needs an unshared kernel, or stays on the axon (`Link.gain`).
 *
 * Pools combine spikes, not what they are worth, so a gain per layer or channel passes
 * them, whatever its sign. (A maximum over scaled spikes is a*OR where a >= 0 and a*AND
 * where a < 0: who makes the link chooses the mode.) A gain per element has no place
 * behind a pool, whose result would take several values.
 *
 * Outputs stay as they are: the code `spikes` reads payloads, not what they are worth.
 */

const modes = ["auto", "shared", "unshared", "axon-gain", "axon-shift"] as const;
type Mode = (typeof modes)[number];

export const foldAmplitude = pass({
  name: "fold-amplitude",
  on: "network",
  summary: "Moves what a spike is worth into the weights it meets.",
  keeps: "spikes",
  options: {
    into: choice(
      modes,
      "auto",
      "shared: keep kernels shared, refuse what does not fit; unshared: one kernel per position where needed; axon-gain: leave it to the axon; axon-shift: its power of two to the axon, the rest into the weights (unshared where needed); auto: shared where possible, else the cheaper of unshared and axon-gain",
    ),
  },
  run(network, { into }, cx) {
    const problems: Diagnostic[] = [];
    const bill: Bill[] = [];
    const links = network.links.map((l) => foldLink(network, l, into, cx.chip, problems, bill));
    if (problems.length > 0) throw new Failure(problems);
    const folded = network.pops.some((p) => p.amplitude !== 1);
    if (!folded && links.every((l, i) => l === network.links[i])) return network;
    showBill(bill, cx);
    return { ...network, pops: network.pops.map((p) => (p.amplitude === 1 ? p : { ...p, amplitude: 1 })), links };
  },
});

type Bill = { link: string; kernel: string; gain: string; into: string; before: number; after: number; coefficients: number };

/** Gains that already lie on the axon move into the weights only when that is asked for, or the chip cannot apply them. */
function takesAxonGain(into: Mode, chip: ChipSpec | null): boolean {
  return into === "shared" || into === "unshared" || (into === "auto" && chip !== null && chip.gain.bits === 0);
}

function foldLink(n: Network, l: Link, into: Mode, chip: ChipSpec | null, problems: Diagnostic[], bill: Bill[]): Link {
  const source = at(n.pops, l.from);
  const place = { at: linkPlace(n, l), origin: l.origin };
  const amplitude = gainOf(source.amplitude, source.shape);
  if (l.pool !== null && amplitude.kind === "element") {
    problems.push(diagnostic("gain-behind-pool", [source.name, l.pool.mode], place));
    return l;
  }
  const shape = pooledShape(l.pool, source.shape);
  const resident = takesAxonGain(into, chip) ? gainOf(l.gain, shape) : one;
  if (amplitude.kind === "one" && resident.kind === "one") return l;
  const gain = times(amplitude, resident, shape);
  const bare: Link = resident.kind === "one" ? l : { ...l, gain: null };
  const how = into === "auto" ? chooseFor(bare, gain, shape, chip) : into;
  const refusal = refuse(bare, gain, shape, how, chip);
  if (refusal !== null) {
    const notes =
      refusal === "gain-needs-lists"
        ? [`unshared, its ${weightCount(bare.kernel)} weights would be ${unsharedCount(bare.kernel, shape)}`]
        : [];
    problems.push(diagnostic(refusal, [source.name, showShape(shape)], { ...place, notes }));
    return l;
  }
  const folded = placeGain(bare, gain, shape, how);
  bill.push({
    ...entry(n, l, gain, how),
    before: weightCount(l.kernel),
    after: weightCount(folded.kernel),
    coefficients: axonCoefficients(folded, shape),
  });
  return folded;
}

function entry(n: Network, l: Link, gain: Gain, into: Mode): Pick<Bill, "link" | "kernel" | "gain" | "into"> {
  return { link: `${at(n.pops, l.from).name} -> ${at(n.pops, l.to).name}`, kernel: l.kernel.kind, gain: gain.kind, into };
}

function chooseFor(l: Link, gain: Gain, shape: readonly number[], chip: ChipSpec | null): Mode {
  if (keepsShape(l.kernel, gain)) return "shared";
  if (chip !== null && chip.lists.length === 0 && chip.gain.bits > 0) return "axon-gain";
  return axonIsCheaper(chip, l.kernel, shape) ? "axon-gain" : "unshared";
}

type Refusal = "gain-needs-lists" | "gain-needs-unshared" | "gain-unshared-too-large" | "gain-no-axon";

/** Why the gain cannot go where it is wanted, if so. */
function refuse(l: Link, gain: Gain, shape: readonly number[], how: Mode, chip: ChipSpec | null): Refusal | null {
  if (how === "shared" && !keepsShape(l.kernel, gain)) return "gain-needs-unshared";
  if (how === "unshared" && !keepsShape(l.kernel, gain) && chip !== null && chip.lists.length === 0) return "gain-needs-lists";
  if (how === "unshared" && !keepsShape(l.kernel, gain) && unsharedSize(l.kernel, shape) > unsharedMax) return "gain-unshared-too-large";
  if ((how === "axon-gain" || how === "axon-shift") && chip !== null && chip.gain.bits === 0) return "gain-no-axon";
  if (how === "axon-shift" && !keepsShape(l.kernel, split(gain, shape).mantissa) && unsharedSize(l.kernel, shape) > unsharedMax)
    return "gain-unshared-too-large";
  return null;
}

function placeGain(l: Link, gain: Gain, shape: readonly number[], how: Mode): Link {
  if (how === "axon-gain") return withGain(l, gain, shape);
  if (how === "axon-shift") {
    const { mantissa, power } = split(gain, shape);
    return withGain({ ...l, kernel: foldKernel(l.kernel, mantissa, shape) }, power, shape);
  }
  return { ...l, kernel: foldKernel(l.kernel, gain, shape) };
}

function withGain(l: Link, gain: Gain, shape: readonly number[]): Link {
  return { ...l, gain: gainField(times(gainOf(l.gain, shape), gain, shape), shape) };
}

/**
 * gain = mantissa * power, power a power of two. Where one mantissa serves all, e.g. -1 or 1.5, the kernel stays shared;
 * elsewhere it gets unshared, and only its weights' range is that of the kernel before.
 */
function split(gain: Gain, shape: readonly number[]): { mantissa: Gain; power: Gain } {
  const all = values(gain, sizeOf(shape));
  const power = all.map(powerBelow);
  const mantissa = all.map((v, i) => v / at(power, i));
  return { mantissa: demote({ kind: "element", values: mantissa }, shape), power: demote({ kind: "element", values: power }, shape) };
}

/** The greatest power of two not above |v|; 1 for 0. The logarithm may be off by one unit in the last place, so it is checked. */
function powerBelow(v: number): number {
  if (v === 0) return 1;
  const p = 2 ** Math.floor(Math.log2(Math.abs(v)));
  return Math.abs(v) >= 2 * p ? 2 * p : Math.abs(v) < p ? p / 2 : p;
}

function axonCoefficients(l: Link, shape: readonly number[]): number {
  const gain = gainOf(l.gain, shape);
  return gain.kind === "one" ? 0 : gain.kind === "layer" ? 1 : gain.values.length;
}

function showBill(bill: readonly Bill[], cx: Context): void {
  if (bill.length === 0) return;
  const perWord = Math.max(1, Math.floor(32 / (cx.chip?.weight.bitsMax ?? 8)));
  const rows = bill.map((b) => ({
    link: b.link,
    kernel: b.kernel,
    gain: b.gain,
    into: b.into,
    "weights before": b.before,
    "weights after": b.after,
    growth: Number((b.after / b.before).toFixed(2)),
    "extra words": Math.ceil(b.after / perWord) - Math.ceil(b.before / perWord),
    "axon gains": b.coefficients,
  }));
  cx.table("fold-amplitude", rows);
}
