import type { OpName } from "../../../ir/graph/ops/index.ts";
import type { Entry } from "../entry.ts";
import { type Importer, importer } from "../importer.ts";
import type { ImportNode } from "../node.ts";

/** An operator that is the graph op itself on `count` inputs, without attributes. */
export function same(op: OpName, count: number, since = 7): Importer {
  return importer(
    (n) =>
      n.emit(
        op,
        Array.from({ length: count }, (_, i) => n.input(i)),
      ),
    { since },
  );
}

/** An operator on any number of inputs. */
export function variadic(op: OpName, since = 7): Importer {
  return importer((n) => n.emit(op, n.all()), { since });
}

/** Pow from opset 12 on takes integers and exponents of another type; integers are computed as doubles, exact up to 2^53. */
export const pow: Importer = importer((n) => {
  const base = n.input(0);
  if (base.dtype === "f32" || base.dtype === "f64") return n.emit("pow", [base, n.input(1)]);
  const wide = n.step("cast", [base], { to: "f64" }, "real");
  return n.emit("cast", [n.step("pow", [wide, n.input(1)], {}, "pow")], { to: base.dtype });
});

export const reciprocal: Importer = importer((n) => n.emit("div", [one(n, n.input(0)), n.input(0)]), { since: 6 });

/** Mean of any number of inputs: their sum over their count. */
export const mean: Importer = importer(
  (n) => {
    const inputs = n.all();
    const sum = n.step("sum", inputs, {}, "sum");
    const count = n.step(
      "mul",
      [one(n, sum), n.constant({ dtype: "f32", shape: [], data: Float32Array.of(inputs.length) }, "n")],
      {},
      "count",
    );
    return n.emit("div", [sum, count]);
  },
  { since: 6 },
);

/** The scalar 1 in the dtype of `like`. */
function one(n: ImportNode, like: Entry): Entry {
  return n.step("cast", [n.constant({ dtype: "f32", shape: [], data: Float32Array.of(1) }, "one")], { to: like.dtype }, "one");
}
