/** Numbers that training changes, their gradient (cleared by a step), and how large one is by nature: steps are in these units. */
export type Parameter = { readonly value: Float64Array; readonly gradient: Float64Array; readonly unit: number };

export function parameter(value: Float64Array, unit: number): Parameter {
  return { value, gradient: new Float64Array(value.length), unit };
}

const [keepFirst, keepSecond, tiny] = [0.9, 0.999, 1e-12];

/** Adam (Kingma and Ba, ICLR 2015), without weight decay, over parameters measured in units of their own. */
export class Adam {
  readonly #moments: readonly { readonly p: Parameter; readonly first: Float64Array; readonly second: Float64Array }[];
  #steps = 0;

  constructor(parameters: readonly Parameter[]) {
    this.#moments = parameters.map((p) => ({ p, first: new Float64Array(p.value.length), second: new Float64Array(p.value.length) }));
  }

  step(rate: number): void {
    this.#steps++;
    const [correctFirst, correctSecond] = [1 - keepFirst ** this.#steps, 1 - keepSecond ** this.#steps];
    for (const { p, first, second } of this.#moments) {
      for (let i = 0; i < p.value.length; i++) {
        const g = p.gradient[i]! * p.unit;
        const m = keepFirst * first[i]! + (1 - keepFirst) * g;
        const v = keepSecond * second[i]! + (1 - keepSecond) * g * g;
        first[i] = m;
        second[i] = v;
        p.value[i] = p.value[i]! - (rate * p.unit * (m / correctFirst)) / (Math.sqrt(v / correctSecond) + tiny);
      }
      p.gradient.fill(0);
    }
  }
}
