import { at } from "../../base/bug.ts";
import { f64, numbersOf, sizeOf, spread, tensor } from "../../base/tensor.ts";
import { mapWeights, synapsesOf } from "../../ir/network/kernels/index.ts";
import type { Kernel } from "../../ir/network/types.ts";

/** One linear map with the shapes it goes between. */
export type LinearMap = { readonly kernel: Kernel; readonly inShape: readonly number[]; readonly outShape: readonly number[] };

/**
 * Several linear maps as one kernel, exactly: a network's link has one. A scale goes
 * into its neighbour; pooling before a convolution becomes a wider convolution with longer
 * strides; whatever meets a matrix becomes a matrix; the rest becomes a list of weights.
 */
export function compose(maps: readonly LinearMap[]): Kernel {
  let all = maps;
  while (all.length > 1) all = joinedOnce(all);
  return all[0]?.kernel ?? { kind: "one", weight: 1 };
}

/** The first pair that keeps its form joined; where there is none, the last pair written out. */
function joinedOnce(maps: readonly LinearMap[]): readonly LinearMap[] {
  for (let i = 0; i + 1 < maps.length; i++) {
    const joined = inForm(at(maps, i), at(maps, i + 1));
    if (joined !== null) return [...maps.slice(0, i), joined, ...maps.slice(i + 2)];
  }
  const k = maps.length - 2;
  return [...maps.slice(0, k), writtenOut(at(maps, k), at(maps, k + 1))];
}

/** Two maps as one of the same form; null where that is impossible. */
function inForm(a: LinearMap, b: LinearMap): LinearMap | null {
  const whole = { inShape: a.inShape, outShape: b.outShape };
  const before = a.kernel.kind === "one" ? scaled(b.kernel, a.kernel.weight, a.outShape, "source") : null;
  if (before !== null) return { ...whole, kernel: before };
  const after = b.kernel.kind === "one" ? scaled(a.kernel, b.kernel.weight, a.outShape, "target") : null;
  if (after !== null) return { ...whole, kernel: after };
  const conv = a.kernel.kind === "pool" && b.kernel.kind === "conv" ? pooledConv(a, a.kernel, b.kernel) : null;
  return conv === null ? null : { ...whole, kernel: conv };
}

type Weight = Extract<Kernel, { kind: "one" }>["weight"];

/** The kernel with its sources or targets (of shape `shape`) scaled; null where the kernel's form has no place for it. */
function scaled(kernel: Kernel, scale: Weight, shape: readonly number[], end: "source" | "target"): Kernel | null {
  if (typeof scale === "number") return mapWeights(kernel, (w) => w * scale);
  const each = spread(scale, shape);
  if (kernel.kind === "one") {
    const own = spread(kernel.weight, shape);
    return {
      kind: "one",
      weight: f64(
        shape,
        own.map((w, i) => w * at(each, i)),
      ),
    };
  }
  if (kernel.kind === "dense") {
    const [, inputs = 1] = kernel.weight.shape;
    return mapWeights(kernel, (w, i) => w * at(each, end === "source" ? i % inputs : Math.floor(i / inputs)));
  }
  const perChannel = scale.data.length === shape[0] && shape.length > 1;
  if (kernel.kind !== "conv" || !kernel.shared || !perChannel) return null;
  const [outputs = 1, perGroup = 1, ...taps] = kernel.weight.shape;
  const block = sizeOf(taps);
  const channels = numbersOf(scale);
  return mapWeights(kernel, (w, i) => {
    const out = Math.floor(i / (block * perGroup));
    const group = Math.floor((out * kernel.groups) / outputs);
    return w * at(channels, end === "target" ? out : group * perGroup + (Math.floor(i / block) % perGroup));
  });
}

type Conv = Extract<Kernel, { kind: "conv" }>;
type Pool = Extract<Kernel, { kind: "pool" }>;

/**
 * Sum pooling, then a convolution, as a convolution: each tap becomes a window of equal
 * taps. Exact where windows do not overlap, nothing of the source is left over, and
 * pooling pads nothing; with dilation the window's taps would not lie evenly.
 */
function pooledConv(a: LinearMap, pool: Pool, conv: Conv): Conv | null {
  const rank = pool.size.length;
  const axes = Array.from({ length: rank }, (_, i) => i);
  const plain = axes.every((i) => {
    const [size, stride] = [at(pool.size, i), at(pool.stride, i)];
    const covers = at(a.outShape, i + 1) * stride === at(a.inShape, i + 1);
    return size === stride && covers && conv.dilation[i] === 1;
  });
  if (!plain || !conv.shared || pool.pads.some((p) => p !== 0)) return null;
  const [outputs = 1, perGroup = 1, ...taps] = conv.weight.shape;
  const wide = taps.map((t, i) => t * at(pool.size, i));
  const from = numbersOf(conv.weight);
  const weight = new Float64Array(outputs * perGroup * sizeOf(wide));
  const [tapsX, wideX] = [taps.at(-1) ?? 1, wide.at(-1) ?? 1];
  const [sizeX, sizeY] = [pool.size.at(-1) ?? 1, rank > 1 ? at(pool.size, 0) : 1];
  const [block, wideBlock] = [sizeOf(taps), sizeOf(wide)];
  for (let i = 0; i < weight.length; i++) {
    const inBlock = i % wideBlock;
    const y = Math.floor(Math.floor(inBlock / wideX) / sizeY);
    const x = Math.floor((inBlock % wideX) / sizeX);
    weight[i] = at(from, Math.floor(i / wideBlock) * block + y * tapsX + x) * pool.weight;
  }
  const by = (list: readonly number[]): number[] => list.map((v, i) => v * at(pool.size, i % rank));
  return {
    ...conv,
    weight: tensor("f64", [outputs, perGroup, ...wide], weight),
    stride: by(conv.stride),
    pads: by(conv.pads),
  };
}

/** The product of two maps with every weight written out: a matrix where one of them is, else the weights that are not zero. */
function writtenOut(a: LinearMap, b: LinearMap): LinearMap {
  const [inputs, middle, outputs] = [sizeOf(a.inShape), sizeOf(a.outShape), sizeOf(b.outShape)];
  const [first, second] = [synapsesOf(a.kernel, a.inShape, a.outShape), synapsesOf(b.kernel, b.inShape, b.outShape)];
  const onward: { target: number; weight: number }[][] = Array.from({ length: middle }, () => []);
  for (let m = 0; m < middle; m++) second(m, (target, weight) => at(onward, m).push({ target, weight }));
  const row = new Float64Array(outputs);
  const product = (source: number): Float64Array => {
    row.fill(0);
    first(source, (m, w) => {
      for (const { target, weight } of at(onward, m)) row[target] = at(row, target) + w * weight;
    });
    return row;
  };
  const shapes = { inShape: a.inShape, outShape: b.outShape };
  if (a.kernel.kind === "dense" || b.kernel.kind === "dense") {
    const weight = new Float64Array(inputs * outputs);
    for (let s = 0; s < inputs; s++) product(s).forEach((w, t) => (weight[t * inputs + s] = w));
    return { ...shapes, kernel: { kind: "dense", weight: tensor("f64", [outputs, inputs], weight) } };
  }
  const list: { row: number; column: number; weight: number }[] = [];
  for (let s = 0; s < inputs; s++)
    product(s).forEach((weight, t) => {
      if (weight !== 0) list.push({ row: t, column: s, weight });
    });
  const whole = (f: (e: (typeof list)[number]) => number) => tensor("i32", [list.length], Int32Array.from(list, f));
  const weight = tensor(
    "f64",
    [list.length],
    Float64Array.from(list, (e) => e.weight),
  );
  return { ...shapes, kernel: { kind: "sparse", rows: whole((e) => e.row), columns: whole((e) => e.column), weight } };
}

/** What the maps make of constant numbers. */
export function apply(maps: readonly LinearMap[], values: Float64Array): Float64Array {
  return maps.reduce((x, m) => {
    const out = new Float64Array(sizeOf(m.outShape));
    const visit = synapsesOf(m.kernel, m.inShape, m.outShape);
    for (let s = 0; s < x.length; s++) {
      const v = at(x, s);
      if (v !== 0) visit(s, (t, w) => (out[t] = at(out, t) + w * v));
    }
    return out;
  }, values);
}
