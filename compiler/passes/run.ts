import type { Context, Kind, Of, Step } from "./pass.ts";

/** Something that watches passes run: printing, timing, verifying and dumping are all watchers. */
export type Watcher = {
  readonly before?: (step: Step, ir: Of<Kind>) => void;
  readonly after?: (step: Step, ir: Of<Kind>, changed: boolean) => void;
};

/** Runs steps in order. A step that returns its argument counts as "unchanged". */
export function runSteps<K extends Kind>(ir: Of<K>, steps: readonly Step<K>[], cx: Context, watchers: readonly Watcher[] = []): Of<K> {
  let now = ir;
  for (const s of steps) {
    for (const w of watchers) w.before?.(s as unknown as Step, now);
    const next = s.run(now, cx);
    for (const w of watchers) w.after?.(s as unknown as Step, next, next !== now);
    now = next;
  }
  return now;
}
