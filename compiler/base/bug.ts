/**
 * A mistake of ours, never of the user's. The command line prints it with its
 * stack and asks for a report; exit code 70.
 */
export class InternalError extends Error {
  override readonly name = "InternalError";
}

/** Stops with a mistake of ours. The sentence says what was relied on and did not hold. */
export function bug(sentence: string): never {
  throw new InternalError(sentence);
}

/** Asserts what we rely on; the sentence says what that is. */
export function must(condition: boolean, sentence: string): asserts condition {
  if (!condition) bug(sentence);
}

/** The element at an index that is known to be in range. */
export function at<T>(list: ArrayLike<T>, index: number): T {
  const value = list[index];
  if (value === undefined) bug(`index ${index} is outside a list of ${list.length}`);
  return value;
}
