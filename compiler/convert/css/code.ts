/*
 * Numbers of the code. A value a in 0 … λ is sent as T digits s[1] … s[T] in {-1, 0, +1}:
 *
 *   a ≈ Δ · P     P = Σ 2^(T-k) s[k]     Δ = λ / (2^T - 1)
 *
 * (Canonic Signed Spike coding, 2024; the reconstruction of its equations is in README.md.)
 */

/** The largest code of so many digits. */
export function largestCode(digits: number): number {
  return 2 ** digits - 1;
}

/** What the first digit's step is worth in units of the last's; an input that comes at once is divided by it. */
export function firstPlace(digits: number): number {
  return 2 ** (digits - 1);
}

/** The digit's worth when it is sent, in LSBs: what is subtracted then is still doubled in each of the steps that the layer lags behind. */
export function resetOf(silent: number): number {
  return 2 ** silent;
}

/** Silent steps with which no code can be wrong, where the weights of a neuron, in LSBs, have magnitudes that sum to `sum`: sum <= 2^n / 2. */
export function safeSilent(sum: number): number {
  return Math.max(0, Math.ceil(Math.log2(2 * sum) - 1e-9));
}

/**
 * Whether a layer sent the right code, clip(floor(y + ½), 0, 2^T - 1), for its pre-activation
 * y in LSBs; `least` is the lowest code (0 behind a ReLU). Nothing is lost on the way,
 * y = code + rest, rest being what is left of the potential: so the code is right when the rest
 * rounds to nothing, or y lies beyond an end of the range. `slack` forgives the rounding of doubles at ties.
 */
export function isRight(code: number, rest: number, least: number, most: number): boolean {
  if (rest >= -0.5 - slack && rest < 0.5 + slack) return true;
  return (code === least && rest < 0.5) || (code === most && rest >= -0.5);
}

const slack = 1e-6;
