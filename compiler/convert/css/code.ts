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

/** clip(floor(y + ½), 0, 2^T - 1): the code that a layer should send for the pre-activation y, in LSBs. */
export function exactCode(y: number, digits: number): number {
  return Math.min(largestCode(digits), Math.max(0, Math.floor(y + 0.5)));
}

/** Silent steps with which no code can be wrong, where the weights of a neuron, in LSBs, have magnitudes that sum to `sum`: sum <= 2^n / 2. */
export function safeSilent(sum: number): number {
  return Math.max(0, Math.ceil(Math.log2(2 * sum) - 1e-9));
}

/**
 * Whether code `p` is the right one, given what is left of the potential in LSBs. Nothing is
 * lost on the way, y = p + rest, so the code is right when the rest rounds to nothing, or y
 * lies beyond the end of the code's range. `slack` forgives rounding of doubles at ties.
 */
export function isRight(p: number, rest: number, digits: number): boolean {
  if (rest >= -0.5 - slack && rest < 0.5 + slack) return true;
  const y = p + rest;
  return (p === 0 && y < 0.5 + slack) || (p === largestCode(digits) && y >= p - 0.5 - slack);
}

const slack = 1e-6;
