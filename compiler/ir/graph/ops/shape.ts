import { need, op } from "./op.ts";

export const shape = op({
  name: "shape",
  summary: "the sizes of its input's axes, from start to before end",
  arity: [1, 1],
  attrs: {
    start: { help: "first axis", kind: "int", default: 0 },
    end: { help: "axis behind the last", kind: "int", default: Number.MAX_SAFE_INTEGER },
  },
  infer: (inputs, { start, end }) => [{ dtype: "i64", shape: [taken(need(inputs, 0).shape, start, end).length] }],
  plan: (inputs, { start, end }) => {
    const sizes = BigInt64Array.from(taken(need(inputs, 0).shape, start, end), BigInt);
    return (_, outs) => (need(outs, 0).data as BigInt64Array).set(sizes);
  },
});

/** Negative ends count from the back; what lies outside is limited, as `slice` of an array does. */
function taken(sizes: readonly number[], start: number, end: number): readonly number[] {
  return sizes.slice(start, end);
}
