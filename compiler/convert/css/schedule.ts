import type { Link, PopId } from "../../ir/network/types.ts";
import { at } from "../../base/bug.ts";

/*
 * Digits have a place value, so a layer has to take the digits of all its sources
 * that are worth the same in the same step:
 *
 *   first(l) = start(l) + n(l)          the step in which l's first digit leaves
 *   start(l) = max over sources s of first(s)
 *   delay of a link = start(to) - first(from)
 *
 * With one source each, start(l) is the sum of the silent steps before l, and the answer is
 * complete after T + sum of n steps. A skip connection waits for the branch it skips.
 */

export type Timing = {
  readonly start: number;
  /** n: steps in which the layer listens but does not send. */
  readonly silent: number;
  /** First step after its last digit. */
  readonly stop: number;
};

/** What the schedule needs of a population: how many silent steps it has. Ids are places in the list. */
export type Scheduled = { readonly silent: number };

/** Windows of all populations for codes of `digits` digits, and the delay of each link, without transport. Links lead from lower to higher ids. */
export function schedule(
  pops: readonly Scheduled[],
  links: readonly Pick<Link, "from" | "to">[],
  digits: number,
): { readonly timing: readonly Timing[]; readonly delays: readonly number[]; readonly steps: number } {
  const sources: PopId[][] = pops.map(() => []);
  for (const l of links) at(sources, l.to).push(l.from);
  const timing: Timing[] = [];
  const first = (p: PopId): number => at(timing, p).start + at(timing, p).silent;
  pops.forEach(({ silent }, i) => {
    const start = at(sources, i).reduce((most, s) => Math.max(most, first(s)), 0);
    timing.push({ start, silent, stop: start + silent + digits });
  });
  const delays = links.map((l) => at(timing, l.to).start - first(l.from));
  return { timing, delays, steps: timing.reduce((most, t) => Math.max(most, t.stop), 0) };
}
