/** One diagnostic code. */
export type ErrorEntry<A extends readonly never[] = readonly never[]> = {
  readonly severity: "error" | "warning" | "note";
  /** One line, lower case, no full stop; says what is wrong with the actual values. */
  readonly message: (...args: A) => string;
  /** A few sentences for `ganglion explain`: why it is wrong and what it usually means. */
  readonly explain: string;
  /** What to do, as the default `help` line. */
  readonly help: string;
};

/** Keeps the exact argument types of each message while checking the shape of the table. */
export function table<T extends Readonly<Record<string, ErrorEntry<never>>>>(entries: T): T {
  return entries;
}
