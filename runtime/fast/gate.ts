/*
 * The barrier between steps, on shared memory. Who waits looks at the word some thousand times,
 * since a step is short, and then sleeps: when there are more threads than free processors, the one
 * that is waited for needs the processor of the one that waits.
 */

/** Words: number of the round that is open, its step (-1: the end), how many threads have arrived; then the end of each thread's outputs. */
export const Gate = { round: 0, step: 1, arrived: 2 } as const;
export const control = 4;

const looks = 20_000;
/** A thread that has slept this long looks again by itself, in case nobody woke it. Milliseconds. */
const nap = 50;

/** Waits until a word satisfies a condition; returns it. */
export function waitFor(words: Int32Array, index: number, condition: (value: number) => boolean): number {
  for (;;) {
    let value = 0;
    for (let k = 0; k < looks; k++) {
      value = Atomics.load(words, index);
      if (condition(value)) return value;
    }
    Atomics.wait(words, index, value, nap);
  }
}

/** Says that a thread has done its share. */
export function arrive(words: Int32Array): void {
  Atomics.add(words, Gate.arrived, 1);
  Atomics.notify(words, Gate.arrived);
}
