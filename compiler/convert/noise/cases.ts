import type { Descriptor } from "./descriptor.ts";

/*
 * What is known about running, over many steps, a network that was trained with one step and noise
 * (Phi: the normal distribution function):
 *
 *   training      P(z=1 | I) = Phi((I + mu - theta)/sigma)
 *
 *   A replicas    no memory, fresh noise in every step: each step is another draw of the training's step, so the
 *                 mean of the answers is that of one step, and its variance falls as 1/N
 *   B uniform     soft reset without leak, v spread evenly over [0, theta): it stays so for every input within
 *                 0 … theta, and P(z=1 | I) = I/theta in every step; uniform noise on [0, theta) is that exactly
 *   C Gaussian    as B, with normal noise in training: off by max |clip(I/theta, 0, 1) - Phi((I+mu-theta)/sigma)|,
 *                 at best 0.048 (mu = theta/2, sigma = 0.30 theta)
 *   none          another neuron: the residual is small, and nothing is proven
 */

export type Case = {
  readonly name: "A" | "B" | "C" | "none";
  readonly title: string;
  readonly guarantee: string;
  /** Largest difference between the firing probability in training and in deployment; null where it is not known. */
  readonly bound: number | null;
};

/** The case of a descriptor; `kind` is that of the training's noise, null where the file has none. */
export function caseOf(d: Descriptor, kind: "gauss" | "uniform" | null): Case {
  const { leak, reset, theta, noise } = d.deploy;
  if (leak === 0) {
    const fresh =
      "every step is an independent draw of the trained step: the mean of the answers is unchanged and its variance falls as 1/N";
    const still = "without noise every step gives the same; N steps are one step repeated";
    return { name: "A", title: "memoryless replicas", guarantee: noise ? fresh : still, bound: 0 };
  }
  if (leak !== 1 || reset !== "soft") {
    return {
      name: "none",
      title: "leaky or hard-reset neurons",
      guarantee: "none is proven; compare the accuracies that evaluate reports",
      bound: null,
    };
  }
  const bound = kind === "uniform" ? uniformBound(d) : gaussianBound(d.train.mu, d.train.sigma, theta);
  if (kind === "uniform") {
    const exact = "firing probabilities are those of training in every step, for currents within 0 … threshold";
    return {
      name: "B",
      title: "soft reset, uniform residual",
      guarantee: bound < 1e-6 ? exact : `firing probabilities differ by at most ${bound.toFixed(3)}`,
      bound,
    };
  }
  return {
    name: "C",
    title: "soft reset, Gaussian stand-in for the uniform residual",
    guarantee: `firing probabilities differ from those of training by at most ${bound.toFixed(3)}, for currents within 0 … threshold`,
    bound,
  };
}

/** max over I of |clip(I/theta, 0, 1) - Phi((I + mu - theta)/sigma)|. */
export function gaussianBound(mu: number, sigma: number, theta: number): number {
  return largest(theta, (i) => (sigma > 0 ? normal((i + mu - theta) / sigma) : i + mu >= theta ? 1 : 0));
}

/** The same for noise spread evenly with this mean and deviation. */
function uniformBound({ train: { mu, sigma }, deploy: { theta } }: Descriptor): number {
  const width = sigma * Math.sqrt(12);
  return largest(theta, (i) => Math.min(Math.max((i + mu + width / 2 - theta) / width, 0), 1));
}

function largest(theta: number, fires: (current: number) => number): number {
  let most = 0;
  for (let k = -2000; k <= 4000; k++) {
    const i = (k / 2000) * theta;
    most = Math.max(most, Math.abs(Math.min(Math.max(i / theta, 0), 1) - fires(i)));
  }
  return most;
}

/** Probability that a neuron fires in training at current I. */
export function firingProbability(current: number, mu: number, theta: number, sigma: number): number {
  return normal((current + mu - theta) / sigma);
}

/** The normal distribution function, by the complementary error function's continued fraction and series; absolute error below 1e-12. */
export function normal(x: number): number {
  const z = Math.abs(x);
  if (z > 38) return x > 0 ? 1 : 0;
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  let tail: number;
  if (z < 5) {
    // Phi(z) = 1/2 + density * (z + z^3/3 + z^5/(3*5) + …)
    let [term, sum] = [z, z];
    for (let k = 3; term > 1e-17 * sum; k += 2) {
      term *= (z * z) / k;
      sum += term;
    }
    tail = 0.5 - density * sum;
  } else {
    let fraction = z;
    for (let k = 60; k >= 1; k--) fraction = z + k / fraction;
    tail = density / fraction;
  }
  return x > 0 ? 1 - tail : tail;
}
