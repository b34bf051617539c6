/** Distance of a layer's output from what the trained network has there, and its gradient. */
export type Loss = (target: ArrayLike<number>, output: Float64Array, unit: Float64Array, gradient: Float64Array) => number;

/*
 *   mse  mean over neurons of ((y - ŷ)/θ)²
 *   kl   KL( softmax(ŷ) ‖ softmax(y) ) over the whole layer; its gradient is softmax(y) - softmax(ŷ)
 *
 * with y what the spikes say and ŷ the trained network's activation.
 */
export const losses: Readonly<Record<"mse" | "kl", Loss>> = {
  mse(target, output, unit, gradient) {
    const n = output.length;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const d = (output[i]! - target[i]!) / unit[i]!;
      sum += d * d;
      gradient[i] = (2 * d) / (n * unit[i]!);
    }
    return sum / n;
  },

  kl(target, output, _unit, gradient) {
    const n = output.length;
    const [p, q] = [logSumExp(target), logSumExp(output)];
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const [logP, logQ] = [target[i]! - p, output[i]! - q];
      sum += Math.exp(logP) * (logP - logQ);
      gradient[i] = Math.exp(logQ) - Math.exp(logP);
    }
    return sum;
  },
};

function logSumExp(x: ArrayLike<number>): number {
  let most = -Infinity;
  for (let i = 0; i < x.length; i++) most = Math.max(most, x[i]!);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += Math.exp(x[i]! - most);
  return most + Math.log(sum);
}
