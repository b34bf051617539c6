import { f32, type Tensor, tensor } from "../../../base/tensor.ts";
import type { Attributes } from "../attributes.ts";
import { constantEntry } from "../entry.ts";
import { checkFinite } from "../finite.ts";
import { importer } from "../importer.ts";

const i64 = (shape: readonly number[], values: readonly number[]): Tensor => tensor("i64", shape, BigInt64Array.from(values, BigInt));

/** The forms a Constant is written in; exactly one is present. */
const forms: Readonly<Record<string, (a: Attributes) => Tensor>> = {
  value: (a) => a.tensor("value"),
  sparse_value: (a) => a.sparse("sparse_value"),
  value_float: (a) => f32([], [a.float("value_float")]),
  value_floats: (a) => f32([a.floats("value_floats").length], a.floats("value_floats")),
  value_int: (a) => i64([], [a.int("value_int")]),
  value_ints: (a) => i64([a.ints("value_ints").length], a.ints("value_ints")),
};

export const constant = importer(
  (n) => {
    for (const word of ["value_string", "value_strings"]) if (n.attributes.has(word)) n.fail("onnx-dtype", ["string"]);
    const form = Object.entries(forms).find(([name]) => n.attributes.has(name));
    if (form === undefined) return n.attributes.missing("value");
    const entry = n.constant(form[1](n.attributes));
    if (entry.kind !== "constant") return entry;
    checkFinite(entry.name, entry.tensor, true, {});
    return constantEntry(entry.name, entry.tensor, n.attributes.rangeOf("value"));
  },
  { since: 1 },
);
