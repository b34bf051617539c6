import { make, numbersOf, type Tensor } from "../../../base/tensor.ts";
import { importer } from "../importer.ts";

/** start, start + delta, … before limit; part of shape arithmetic, so all three must be known. */
export const range = importer(
  (n) => {
    const dtype = n.input(0).dtype;
    const [start, limit, delta] = ["start", "limit", "step"].map((what, i) => numbersOf(n.known(i, what))[0] ?? 0) as [
      number,
      number,
      number,
    ];
    if (delta === 0) n.fail("onnx-attribute-value", [n.op, "step", "0", "a number other than 0"]);
    const count = Math.max(Math.ceil((limit - start) / delta), 0);
    n.checkSize(count);
    const data = make[dtype](count);
    for (let i = 0; i < data.length; i++)
      (data as unknown as (number | bigint)[])[i] = dtype === "i64" ? BigInt(start + i * delta) : start + i * delta;
    return n.constant({ dtype, shape: [data.length], data } as Tensor);
  },
  { since: 11, static: [0, 1, 2] },
);
