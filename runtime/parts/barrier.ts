/*
 * The barrier between steps: it joins the two views of time. Whoever works in a
 * step reports until when; the step is quiet in the first cycle at whose beginning
 * nobody has anything left.
 */
export class Barrier {
  /** First cycle, counted from the step's beginning, in which everything is quiet as far as reported. */
  quiet = 0;

  /** A step begins with nothing reported. */
  begin(): void {
    this.quiet = 0;
  }

  /** Somebody is done in this cycle: from its beginning on, no more work. */
  done(cycle: number): void {
    if (cycle > this.quiet) this.quiet = cycle;
  }
}
