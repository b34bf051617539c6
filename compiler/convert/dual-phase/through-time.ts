import type { Neurons } from "./spiking.ts";

/*
 * Integrate-and-fire neurons of one layer over T steps, and backpropagation through them.
 * z[t] is the drive with the bias; θ the threshold; soft reset:
 *
 *   u[t] = v[t-1] + z[t]
 *   s[t] = +1 if u[t] ≥ θ;  signed: -1 if u[t] < 0 and Σ s > 0;  else 0
 *   v[t] = u[t] - θ·s[t]
 *   y    = θ/T · Σ s[t]
 *
 * Charge is conserved: Σ z + v₀ = θ·Σ s + v[T]. Backward, s is taken for ½(1 + tanh(α(u/θ - 1))),
 * a negative spike for its mirror at 0, and the reset is differentiated like the rest:
 *
 *   δs[t] = θ/T · ∂L/∂y - θ·δv[t],   δu[t] = δv[t] + δs[t]·∂s/∂u,   δz[t] = δv[t-1] = δu[t]
 *
 * Wang et al., IEEE TNNLS 36(2):3189 (phase II); the sign rule is that of the signed IF neuron.
 */

/** The course of one sample through a layer; reused from sample to sample. Arrays [steps × neurons] are step by step. */
export type Course = {
  /** Drive without bias; in still layers all steps are the first. */
  readonly drive: Float64Array;
  readonly u: Float64Array;
  readonly payload: Int8Array;
  /** Whether a negative spike was allowed. */
  readonly armed: Uint8Array;
  /** Per neuron: sum of payloads, last potential, sum of drive and bias. */
  readonly fired: Float64Array;
  readonly last: Float64Array;
  readonly charge: Float64Array;
};

export function courseOf(count: number, steps: number): Course {
  const all = count * steps;
  return {
    drive: new Float64Array(all),
    u: new Float64Array(all),
    payload: new Int8Array(all),
    armed: new Uint8Array(all),
    fired: new Float64Array(count),
    last: new Float64Array(count),
    charge: new Float64Array(count),
  };
}

/** Runs the neurons over the drive of the course. `bias` acts in every step. */
export function integrateAndFire(n: Neurons, bias: Float64Array, steps: number, c: Course): void {
  const count = n.theta.length;
  c.last.set(n.initial);
  c.fired.fill(0);
  c.charge.fill(0);
  for (let t = 0, k = 0; t < steps; t++) {
    for (let i = 0; i < count; i++, k++) {
      const u = c.last[i]! + c.drive[k]! + bias[i]!;
      const theta = n.theta[i]!;
      const armed = n.signed && c.fired[i]! > 0;
      const s = u >= theta ? 1 : armed && u < 0 ? -1 : 0;
      c.u[k] = u;
      c.payload[k] = s;
      c.armed[k] = armed ? 1 : 0;
      c.fired[i] = c.fired[i]! + s;
      c.last[i] = u - theta * s;
      c.charge[i] = c.charge[i]! + c.drive[k]! + bias[i]!;
    }
  }
}

/** Errors of one sample, in units of the threshold; reused. */
export type Errors = {
  /** Of the drive, [steps × neurons], divided by the threshold: ∂L/∂z. */
  readonly drive: Float64Array;
  /** Per neuron: of the drive over all steps, and of the initial potential. */
  readonly total: Float64Array;
  readonly initial: Float64Array;
};

export function errorsOf(count: number, steps: number): Errors {
  return { drive: new Float64Array(count * steps), total: new Float64Array(count), initial: new Float64Array(count) };
}

/** Propagates ∂L/∂y back through the course; returns ∂L/∂α. */
export function backThroughTime(n: Neurons, alpha: number, steps: number, c: Course, outputError: Float64Array, errors: Errors): number {
  const count = n.theta.length;
  const carried = errors.initial.fill(0);
  errors.total.fill(0);
  let slope = 0;
  for (let t = steps - 1; t >= 0; t--) {
    for (let i = 0, k = t * count; i < count; i++, k++) {
      const theta = n.theta[i]!;
      const ds = theta * (outputError[i]! / steps - carried[i]!);
      const above = c.u[k]! / theta - 1;
      const tanh = Math.tanh(alpha * above);
      let bell = 1 - tanh * tanh;
      let lean = above * bell;
      if (c.armed[k] === 1) {
        const below = c.u[k]! / theta;
        const mirrored = Math.tanh(alpha * below);
        const other = 1 - mirrored * mirrored;
        bell += other;
        lean += below * other;
      }
      slope += 0.5 * ds * lean;
      const du = carried[i]! + (ds * 0.5 * alpha * bell) / theta;
      carried[i] = du;
      errors.drive[k] = du;
      errors.total[i] = errors.total[i]! + du;
    }
  }
  return slope;
}
