import { at } from "../../compiler/base/bug.ts";
import { id } from "../../compiler/base/id.ts";
import { origin } from "../../compiler/base/origin.ts";
import { Random } from "../../compiler/base/random.ts";
import { i32, sizeOf, tensor } from "../../compiler/base/tensor.ts";
import { denseOf, outShape } from "../../compiler/ir/network/kernels/index.ts";
import type { Kernel, Link, Network, Population } from "../../compiler/ir/network/types.ts";

/*
 * Small random networks of canonic signed spikes in whole numbers, made by hand and not by the
 * conversion: layers of tsa neurons, each a few silent steps behind its sources, with a
 * skip connection that waits for the branch it skips, and a doubling readout.
 */

export type CodeOptions = {
  readonly digits?: number;
  /** Silent steps of every layer, or as many as its weights ask for so that no code is wrong. */
  readonly silent?: number | "safe";
  /** What the input sends; by default one or the other. */
  readonly input?: "digits" | "current" | "binary";
};

export function codeNetwork(seed: number, options: CodeOptions = {}): Network {
  const r = new Random(seed);
  const digits = options.digits ?? r.int(2, 6);
  const kind = options.input ?? r.pick(["digits", "current", "binary"] as const);
  const pops: Population[] = [];
  const links: Link[] = [];
  const first: number[] = [];
  const add = (p: Omit<Population, "id" | "origin" | "amplitude">): Population => {
    const made: Population = { ...p, id: id(pops.length), amplitude: 1, origin: origin(p.name) };
    pops.push(made);
    return made;
  };
  const map = r.chance(0.5);
  const x = add({
    name: "x",
    shape: map ? [r.int(1, 2), 4, 4] : [r.int(3, 8)],
    neuron: { model: "input", params: {} },
    spike: kind === "digits" ? { kind: "ternary" } : kind === "binary" ? { kind: "binary" } : { kind: "graded", bits: 5, signed: false },
    initial: {},
    start: 0,
    silent: 0,
    stop: null,
  });
  first.push(0);
  let source = x;
  const depth = r.int(1, 3);
  for (let k = 0; k < depth; k++) {
    const kernel = kernelFrom(r, source.shape);
    const shape = outShape(kernel, source.shape);
    const skipped = k === depth - 1 && k > 0 && sizeOf(at(pops, 1).shape) !== 0 && r.chance(0.5) ? at(pops, 1) : null;
    const skip: Kernel | null = skipped === null || skipped === source ? null : denseFrom(r, sizeOf(skipped.shape), sizeOf(shape));
    const lsb = r.pick([4, 6, 8, 12]);
    const most = Math.max(...sumsOf(kernel, source.shape, shape)) + (skip === null ? 0 : Math.max(...sumsOf(skip, skipped!.shape, shape)));
    const silent = options.silent === "safe" ? Math.max(0, Math.ceil(Math.log2((2 * most) / lsb))) : (options.silent ?? r.int(0, 2));
    // An input that comes at once gives each layer all it needs in the first step.
    const start = Math.max(at(first, source.id), skip === null ? 0 : at(first, skipped!.id));
    const resetValue = lsb * 2 ** silent;
    const layer = add({
      name: `h${k}`,
      shape,
      neuron: {
        model: "tsa",
        params: {
          threshold: resetValue / 2,
          resetValue,
          ...(r.chance(0.5)
            ? {
                bias: i32(
                  shape,
                  Array.from({ length: sizeOf(shape) }, () => r.int(-3, 3)),
                ),
              }
            : {}),
        },
      },
      spike: { kind: "ternary" },
      initial: {},
      start,
      silent,
      stop: start + silent + digits,
    });
    first.push(start + silent);
    const join = (from: Population, kernelOf: Kernel): void =>
      void links.push({
        from: from.id,
        to: layer.id,
        kernel: kernelOf,
        pool: null,
        delay: start - at(first, from.id),
        gain: null,
        origin: origin(`${from.name} -> ${layer.name}`),
      });
    join(source, kernel);
    if (skip !== null) join(skipped!, skip);
    source = layer;
  }
  const start = at(first, source.id);
  const out = add({
    name: "out",
    shape: [3],
    neuron: { model: "readout", params: { weighting: "doubling" } },
    spike: { kind: "binary" },
    initial: {},
    start,
    silent: 0,
    stop: start + digits,
  });
  links.push({
    from: source.id,
    to: out.id,
    kernel: denseFrom(r, sizeOf(source.shape), 3),
    pool: null,
    delay: 0,
    gain: null,
    origin: origin("out"),
  });
  const inputs = [{ pop: x.id, code: kind === "current" ? "direct" : "events", params: kind === "current" ? { every: 0 } : {} }];
  return {
    kind: "network",
    name: `code${seed}`,
    steps: start + digits,
    pops,
    links,
    inputs,
    outputs: [{ name: "out", pop: out.id, code: "potential", scale: 1, offset: 0 }],
  };
}

/** Random digits for as many steps as a code has, or one number for each channel. */
export function digitSample(n: Network, seed: number): Float64Array[] {
  const r = new Random(seed);
  const x = at(n.pops, 0);
  const layer = at(n.pops, 1);
  const digits = layer.stop! - layer.start - layer.silent;
  const [low, steps] = x.spike.kind === "graded" ? [0, 1] : [x.spike.kind === "ternary" ? -1 : 0, digits];
  const high = x.spike.kind === "graded" ? 15 : 1;
  return [Float64Array.from({ length: sizeOf(x.shape) * steps }, () => r.int(low, high))];
}

function kernelFrom(r: Random, shape: readonly number[]): Kernel {
  if (shape.length < 3 || r.chance(0.3)) return denseFrom(r, sizeOf(shape), r.int(2, 6));
  const size = r.int(1, 2);
  const [outputs, inputs] = [r.int(1, 3), shape[0]!];
  return {
    kind: "conv",
    weight: tensor(
      "i8",
      [outputs, inputs, size, size],
      Int8Array.from({ length: outputs * inputs * size * size }, () => r.int(-7, 7)),
    ),
    stride: [1, 1],
    pads: [0, 0, 0, 0],
    dilation: [1, 1],
    groups: 1,
    shared: true,
  };
}

function denseFrom(r: Random, inputs: number, outputs: number): Kernel {
  return {
    kind: "dense",
    weight: tensor(
      "i8",
      [outputs, inputs],
      Int8Array.from({ length: outputs * inputs }, () => (r.chance(0.2) ? 0 : r.int(-7, 7))),
    ),
  };
}

/** Sum of the magnitudes of each target's weights. */
function sumsOf(kernel: Kernel, from: readonly number[], to: readonly number[]): number[] {
  const w = denseOf(kernel, from, to);
  const inputs = sizeOf(from);
  return Array.from({ length: sizeOf(to) }, (_, t) => w.subarray(t * inputs, (t + 1) * inputs).reduce((sum, v) => sum + Math.abs(v), 0));
}
