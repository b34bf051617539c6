import { at } from "../../../base/bug.ts";
import { fail } from "../../../base/diagnostic.ts";
import { type Tensor, sizeOf } from "../../../base/tensor.ts";
import { stridesOf } from "./broadcast.ts";
import { data, need, op } from "./op.ts";

/** Where a position of one axis, counted from the unpadded start, is read from; -1 for the constant. */
const sources: Readonly<Record<string, (i: number, size: number) => number>> = {
  constant: (i, size) => (i < 0 || i >= size ? -1 : i),
  edge: (i, size) => Math.min(Math.max(i, 0), size - 1),
  reflect: (i, size) => {
    if (size === 1) return 0;
    const period = 2 * (size - 1);
    const m = ((i % period) + period) % period;
    return m < size ? m : period - m;
  },
  wrap: (i, size) => ((i % size) + size) % size,
};

/** The value as an element of the tensor's kind; the static type says number, as in `data`. */
function element(t: Tensor, value: number): number {
  return t.dtype === "i64" ? (BigInt(value) as unknown as number) : value;
}

export const pad = op({
  name: "pad",
  summary: "more elements before and behind each axis; negative pads remove elements",
  arity: [1, 1],
  attrs: {
    pads: { help: "elements added before each axis, then behind each axis", kind: "ints", default: null },
    mode: { help: "constant, edge, reflect or wrap", kind: "string", default: "constant" },
    value: { help: "what is added in mode constant", kind: "float", default: 0 },
  },
  infer: (inputs, { pads, mode }) => {
    const { dtype, shape } = need(inputs, 0);
    if (!Object.hasOwn(sources, mode)) fail("graph-shape", ["pad", `"${mode}" is not a mode (${Object.keys(sources).join(", ")})`]);
    if (pads.length !== 2 * shape.length) fail("graph-shape", ["pad", `${pads.length} pads for ${shape.length} axes; each axis needs two`]);
    const out = shape.map((d, a) => d + at(pads, a) + at(pads, a + shape.length));
    if (out.some((d) => d < 0)) fail("graph-shape", ["pad", "more is removed than there is"]);
    if (mode !== "constant" && shape.includes(0)) fail("graph-shape", ["pad", `mode ${mode} needs at least one element`]);
    return [{ dtype, shape: out }];
  },
  plan: (inputs, { pads, mode, value }, outputs) => {
    const { shape } = need(inputs, 0);
    const out = need(outputs, 0).shape;
    const source = at(
      [sources[mode]].filter((s) => s !== undefined),
      0,
    );
    const strides = stridesOf(shape);
    const per = out.map((size, a) => Int32Array.from({ length: size }, (_, i) => source(i - at(pads, a), at(shape, a))));
    const map = new Int32Array(sizeOf(out));
    const outStrides = stridesOf(out);
    for (let i = 0; i < map.length; i++) {
      let from = 0;
      for (let a = 0; a < out.length && from >= 0; a++) {
        const s = at(at(per, a), Math.floor(i / at(outStrides, a)) % at(out, a));
        from = s < 0 ? -1 : from + s * at(strides, a);
      }
      map[i] = from;
    }
    return (ins, outs) => {
      const x = data(need(ins, 0));
      const y = data(need(outs, 0));
      const outside = element(need(outs, 0), value);
      for (let i = 0; i < y.length; i++) {
        const from = map[i] as number;
        y[i] = from < 0 ? outside : (x[from] as number);
      }
    };
  },
});
