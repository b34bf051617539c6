import type { Soma } from "../../compiler/frontends/sanafe/types.ts";

/*
 * One step of a run of neurons that share their settings, as SANA-FE's soma models define it: doubles; the potential of a leaky
 * neuron, once it has leaked, is cut toward zero to 1/64. Inputs lie in `sums`: -0 where nothing came. Adding any weight, 0
 * too, makes it another number, so that a sum of 0 that was touched can be told from silence.
 */

export type NeuronState = {
  readonly potential: Float64Array;
  readonly sums: Float64Array;
  readonly bias: Float64Array;
  /** What of a leaky neuron's input stays for later steps, and its steps of rest. */
  readonly current: Float64Array;
  readonly rest: Int32Array;
};

/** Where the neurons that fire in a step are noted: which one, and how many of its run were updated up to it. */
export type Fired = { count: number; readonly neuron: Int32Array; readonly updated: Int32Array };

/** Updates neurons `first` … `end - 1` in step t (from 0); returns how many were at work. */
export type Update = (s: NeuronState, first: number, end: number, t: number, fired: Fired) => number;

type Leaky = Extract<Soma, { model: "leaky_integrate_fire" }>;

/** The usual leaky neuron: set to a value when it fires, nothing below zero, no memory of its input, no rest. */
function plainLeaky(soma: Leaky): Update {
  const { threshold, reset, leakDecay, forceUpdate } = soma;
  const subtract = soma.resetMode === "soft";
  const keep = soma.resetMode === "none" || soma.resetMode === "saturate";
  return (s, first, end, t, fired) => {
    const { potential, sums, bias } = s;
    const decay = t === 0 ? 1 : leakDecay;
    let updated = 0;
    let count = fired.count;
    for (let i = first; i < end; i++) {
      const before = potential[i]!;
      const sum = sums[i]!;
      const b = bias[i]!;
      const idle = before === 0 && b === 0 && Object.is(sum, -0) && !forceUpdate;
      if (idle) {
        if (threshold >= 0) continue;
      } else {
        updated++;
      }
      sums[i] = -0;
      let v = Math.trunc(before * decay * 64) * (1 / 64) + b + sum;
      if (v > threshold) {
        if (idle) updated++;
        fired.neuron[count] = i;
        fired.updated[count++] = updated;
        v = subtract ? v - threshold : keep ? v : reset;
      }
      potential[i] = v;
    }
    fired.count = count;
    return updated;
  };
}

/** Leaky neurons with all that they can have. */
function leaky(soma: Leaky): Update {
  return (s, first, end, t, fired) => {
    const { potential, sums, bias, current, rest } = s;
    let updated = 0;
    for (let i = first; i < end; i++) {
      let v = potential[i]!;
      const sum = sums[i]!;
      let works = v !== 0 || bias[i] !== 0 || !Object.is(sum, -0) || soma.forceUpdate;
      let fires = false;
      sums[i] = -0;
      if (t > 0) {
        current[i] = current[i]! * soma.inputDecay;
        v *= soma.leakDecay;
      }
      v = Math.trunc(v * 64) / 64;
      if (rest[i] === 0) {
        v += bias[i]!;
        current[i] = current[i]! + sum;
        v += current[i]!;
        if (v > soma.threshold) {
          if (soma.resetMode === "hard") v = soma.reset;
          else if (soma.resetMode === "soft") v -= soma.threshold;
          rest[i] = soma.refractoryDelay;
          fires = true;
          works = true;
        }
        if (v < soma.reverseThreshold) {
          if (soma.reverseResetMode === "soft") v -= soma.reverseThreshold;
          else if (soma.reverseResetMode === "hard") v = soma.reverseReset;
          else if (soma.reverseResetMode === "saturate") v = soma.reverseThreshold;
        }
      }
      rest[i] = Math.max(0, rest[i]! - 1);
      potential[i] = v;
      if (works) updated++;
      if (fires) note(fired, i, updated);
    }
    return updated;
  };
}

function truenorth(soma: Extract<Soma, { model: "truenorth" }>): Update {
  return (s, first, end, _, fired) => {
    const { potential, sums, bias } = s;
    let updated = 0;
    for (let i = first; i < end; i++) {
      let v = potential[i]!;
      const sum = sums[i]!;
      let works = v !== 0 || bias[i] !== 0 || !Object.is(sum, -0) || soma.forceUpdate;
      let fires = false;
      sums[i] = -0;
      if (!soma.leakTowardsZero) v += soma.leak;
      else if (v > 0) v -= soma.leak;
      else if (v < 0) v += soma.leak;
      v = v + bias[i]! + sum;
      if (v >= soma.threshold) {
        if (soma.resetMode === "hard") v = soma.reset;
        else if (soma.resetMode === "soft") v -= soma.threshold;
        else if (soma.resetMode === "saturate") v = soma.threshold;
        fires = true;
        works = true;
      } else if (v <= soma.reverseThreshold) {
        if (soma.reverseResetMode === "hard") v = soma.reverseReset;
        else if (soma.reverseResetMode === "soft") v += soma.reverseThreshold;
        else if (soma.reverseResetMode === "saturate") v = soma.reverseThreshold;
      }
      potential[i] = v;
      if (works) updated++;
      if (fires) note(fired, i, updated);
    }
    return updated;
  };
}

/** SANA-FE counts steps from 1. What an input neuron receives is lost. */
function input(soma: Extract<Soma, { model: "input" }>): Update {
  return (s, first, end, t, fired) => {
    s.sums.fill(-0, first, end);
    if (soma.spikes[t] !== 1 && !(soma.every > 0 && (t + 1) % soma.every === 0)) return 0;
    for (let i = first; i < end; i++) note(fired, i, i - first + 1);
    return end - first;
  };
}

function note(fired: Fired, neuron: number, updated: number): void {
  fired.neuron[fired.count] = neuron;
  fired.updated[fired.count++] = updated;
}

export function updateOf(soma: Soma): Update {
  if (soma.model === "truenorth") return truenorth(soma);
  if (soma.model === "input") return input(soma);
  return isPlainLeaky(soma) ? plainLeaky(soma) : leaky(soma);
}

/** The usual leaky neuron, for which there is a kernel too. */
export function isPlainLeaky(soma: Soma): soma is Leaky {
  return soma.model === "leaky_integrate_fire" && soma.reverseResetMode === "none" && soma.inputDecay === 0 && soma.refractoryDelay === 0;
}
