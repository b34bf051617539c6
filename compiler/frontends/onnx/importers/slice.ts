import { importer } from "../importer.ts";

/** Starts, ends and axes were attributes up to opset 9; since they are inputs, and there are steps. */
export const slice = importer(
  (n) => {
    const x = n.input(0);
    const old = n.opset < 10;
    const starts: readonly number[] = old ? n.attributes.ints("starts") : (n.input(1), n.knownInts(1, "starts") ?? []);
    const ends: readonly number[] = old ? n.attributes.ints("ends") : (n.input(2), n.knownInts(2, "ends") ?? []);
    const axes = (old ? n.attributes.ints("axes", null) : n.knownInts(3, "axes")) ?? starts.map((_, i) => i);
    const steps = (old ? null : n.knownInts(4, "steps")) ?? starts.map(() => 1);
    return n.emit("slice", [x], { starts, ends, axes: axes.map((a) => n.axis(a, x.shape.length)), steps });
  },
  { since: 1, static: [1, 2, 3, 4] },
);
