import { describe, expect, it } from "vitest";
import { randomNetwork } from "../../test/harness/random-network.ts";
import type { ChipSpec } from "../../targets/chip.ts";
import { knownChips } from "../../targets/chip-yaml.ts";
import { at } from "../base/bug.ts";
import { Failure } from "../base/diagnostic.ts";
import { id } from "../base/id.ts";
import { origin } from "../base/origin.ts";
import { Random } from "../base/random.ts";
import { i32, numbersOf, sizeOf } from "../base/tensor.ts";
import type { Axon, Core, Cores, Sends } from "../ir/cores/types.ts";
import { verifyCores } from "../ir/cores/verify.ts";
import { axesOf, planeOf, tapsOf } from "../ir/network/kernels/axis.ts";
import { forEachSynapse, outShape, pooledShape } from "../ir/network/kernels/index.ts";
import type { Kernel, Link, Network, Param, Pool, Population } from "../ir/network/types.ts";
import { context } from "../passes/pass.ts";
import { genericMapping } from "./index.ts";
import { places } from "./place/index.ts";

const chips = knownChips();
const mesh = chips["mesh-4x4"] as ChipSpec;
/** A chip of many tiny cores, so that everything must be cut. */
const tiny: ChipSpec = {
  ...mesh,
  name: "tiny",
  columns: 32,
  rows: 32,
  core: { ...mesh.core, neurons: 12, axons: 90, synapseWords: 500, routes: 300 },
};

function mapTo(net: Network, chip: ChipSpec = mesh, partition = "tiles", place = "rows"): Cores {
  return genericMapping.map(net, chip, { partition, place }, context({ chip }));
}

function failureOf(run: () => unknown): Failure {
  try {
    run();
  } catch (e) {
    if (e instanceof Failure) return e;
    throw e;
  }
  throw new Error("it did not fail");
}

// Small networks by hand

type Hand = { readonly shape: readonly number[]; readonly params?: Readonly<Record<string, Param>>; readonly over?: Partial<Population> };
type HandLink = {
  readonly from: number;
  readonly to: number;
  readonly kernel: Kernel;
  readonly pool?: Pool;
  readonly delay?: number;
  readonly gain?: Link["gain"];
};

/** Population 0 is the input, the last one the output. */
function network(pops: readonly Hand[], links: readonly HandLink[], steps = 4): Network {
  return {
    kind: "network",
    name: "hand",
    steps,
    pops: pops.map((p, i) => ({
      id: id<"population">(i),
      name: `p${i}`,
      shape: p.shape,
      neuron: i === 0 ? { model: "input", params: {} } : { model: "unit", params: { threshold: 5, ...p.params } },
      spike: { kind: "binary" },
      initial: {},
      amplitude: 1,
      start: 0,
      silent: 0,
      stop: null,
      origin: origin(`p${i}`),
      ...p.over,
    })),
    links: links.map((l) => ({
      from: id<"population">(l.from),
      to: id<"population">(l.to),
      kernel: l.kernel,
      pool: l.pool ?? null,
      delay: l.delay ?? 1,
      gain: l.gain ?? null,
      origin: origin("link"),
    })),
    inputs: [{ pop: id<"population">(0), code: "direct", params: {} }],
    outputs: [{ name: "y", pop: id<"population">(pops.length - 1), code: "spikes", scale: 1, offset: 0 }],
  };
}

function dense(out: number, inputs: number, weight: (o: number, i: number) => number = (o, i) => ((o * 7 + i * 3) % 11) - 5): Kernel {
  return {
    kind: "dense",
    weight: i32(
      [out, inputs],
      Array.from({ length: out * inputs }, (_, k) => weight(Math.floor(k / inputs), k % inputs)),
    ),
  };
}

function conv(co: number, ci: number, k: number, over: Partial<Extract<Kernel, { kind: "conv" }>> = {}): Kernel {
  const weight = i32(
    [co, ci, k, k],
    Array.from({ length: co * ci * k * k }, (_, n) => (n % 13) - 6),
  );
  return { kind: "conv", weight, stride: [1, 1], pads: [0, 0, 0, 0], dilation: [1, 1], groups: 1, shared: true, ...over };
}

// What cores do, told from their rows alone

/** Slot → weight of one event at an axon. */
function effects(core: Core, axon: Axon): Map<number, number> {
  const row = at(core.rows, axon.row);
  const out = new Map<number, number>();
  const add = (slot: number, w: number): void => void (w !== 0 && out.set(slot, (out.get(slot) ?? 0) + w));
  if (row.kind === "dense") row.weights.forEach((w, i) => add(row.base + i + axon.x, w));
  else if (row.kind === "sparse") row.weights.forEach((w, i) => add(at(row.slots, i) + axon.x, w));
  else {
    const s = at(core.shapes, row.shape);
    for (let ky = 0; ky < s.kernelY; ky++) {
      for (let kx = 0; kx < s.kernelX; kx++) {
        const oy = (axon.y - ky * s.dilationY) / s.strideY;
        const ox = (axon.x - kx * s.dilationX) / s.strideX;
        if (!Number.isInteger(oy) || !Number.isInteger(ox) || oy < 0 || ox < 0 || oy >= s.height || ox >= s.width) continue;
        for (let c = 0; c < row.channels; c++)
          add(row.base + (oy * s.width + ox) * s.pitch + c, at(row.weights, (ky * s.kernelX + kx) * row.channels + c));
      }
    }
  }
  return out;
}

type Synapses = Map<string, string[]>;

function record(map: Synapses, source: string, synapse: string): void {
  map.set(source, [...(map.get(source) ?? []), synapse]);
}

/** Synapses by what sets them off: a neuron, or the members of a pool. */
function synapsesOfCores(c: Cores): Synapses {
  const senders = new Map<string, string[]>();
  const addSends = (s: Sends, name: (source: number) => string): void => {
    for (let source = 0; source + 1 < s.start.length; source++) {
      for (let k = at(s.start, source); k < at(s.start, source + 1); k++) {
        if (at(s.core, k) >= 0) record(senders, `${at(s.core, k)}/${at(s.axon, k)}`, `${name(source)}*${at(s.member, k)}`);
      }
    }
  };
  for (const port of c.inputs) addSends(port.sends, (i) => `${port.name}:${i}`);
  const names = c.cores.map((core) => core.groups.flatMap((g) => Array.from(g.indices, (i) => `${g.pop}:${i}`)));
  c.cores.forEach((core, i) => addSends(core.sends, (slot) => at(at(names, i), slot)));
  const out: Synapses = new Map();
  c.cores.forEach((core, i) => {
    core.axons.forEach((axon, a) => {
      const key = `${axon.mode === "at-least" ? axon.need : axon.mode} ${(senders.get(`${i}/${a}`) ?? []).sort().join(" ")}`;
      for (const [slot, w] of effects(core, axon))
        record(out, key, `${at(at(names, i), slot)} ${w * axon.gain * 2 ** axon.shift} after ${axon.delay + 1}`);
    });
  });
  for (const list of out.values()) list.sort();
  return out;
}

function synapsesOfNetwork(n: Network): Synapses {
  const out: Synapses = new Map();
  for (const link of n.links) {
    const [from, to] = [at(n.pops, link.from), at(n.pops, link.to)];
    const shape = pooledShape(link.pool, from.shape);
    const windows = link.pool === null ? null : windowsOf(link.pool, from.shape);
    const gains = link.gain === null ? [1] : typeof link.gain === "number" ? [link.gain] : numbersOf(link.gain);
    const sources = sizeOf(shape);
    for (let p = 0; p < sources; p++) {
      const gain = at(gains, Math.floor((p * gains.length) / sources));
      if (gain === 0) continue;
      const members =
        windows === null
          ? [`${from.name}:${p}*0`]
          : at(windows, p).map((m) => `${from.name}:${m.neuron}*${link.pool?.mode === "gate" ? m.member : 0}`);
      const mode =
        link.pool === null ? "each" : link.pool.mode === "gate" ? "gate" : link.pool.mode === "or" ? "1" : String(sizeOf(link.pool.size));
      const sums = new Map<number, number>();
      forEachSynapse(link.kernel, shape, to.shape, p, (t, w) => sums.set(t, (sums.get(t) ?? 0) + w));
      for (const [t, w] of sums)
        if (w !== 0) record(out, `${mode} ${members.sort().join(" ")}`, `${to.name}:${t} ${w * gain} after ${link.delay}`);
    }
  }
  for (const list of out.values()) list.sort();
  return out;
}

function windowsOf(pool: Pool, shape: readonly number[]): { neuron: number; member: number }[][] {
  const [y, x] = planeOf(axesOf(shape.slice(1), pool.size, pool.stride, pool.pads, null));
  const [ty, tx] = [tapsOf(y), tapsOf(x)];
  const out = Array.from({ length: sizeOf(pooledShape(pool, shape)) }, (): { neuron: number; member: number }[] => []);
  for (let n = 0; n < sizeOf(shape); n++) {
    const [px, py, c] = [n % x.input, Math.floor(n / x.input) % y.input, Math.floor(n / (x.input * y.input))];
    for (let ey = at(ty.start, py); ey < at(ty.start, py + 1); ey++) {
      for (let ex = at(tx.start, px); ex < at(tx.start, px + 1); ex++) {
        at(out, (c * y.output + at(ty.output, ey)) * x.output + at(tx.output, ex)).push({
          neuron: n,
          member: at(ty.tap, ey) * x.kernel + at(tx.tap, ex),
        });
      }
    }
  }
  return out;
}

describe("every synapse of the network is in the cores exactly once", () => {
  const kernels: readonly (readonly [string, readonly number[], Kernel])[] = [
    ["dense", [20], dense(17, 20)],
    ["dense with rows and columns of zeros", [20], dense(17, 20, (o, i) => (o % 3 === 0 || i % 4 === 0 ? 0 : o - i))],
    ["one-bit weights", [20], dense(17, 20, (o, i) => ((o + i) % 2) * 2 - 1)],
    ["16-bit weights", [5], dense(4, 5, (o, i) => (o === i ? -32768 : 32767))],
    ["few synapses", [40], dense(30, 40, (o, i) => ((o * 40 + i) % 17 === 0 ? 3 : 0))],
    ["convolution", [3, 7, 6], conv(5, 3, 3, { pads: [1, 1, 1, 1] })],
    ["stride, dilation, uneven padding", [2, 9, 8], conv(4, 2, 2, { stride: [2, 3], dilation: [2, 1], pads: [0, 1, 2, 0] })],
    ["groups", [4, 5, 5], conv(6, 2, 3, { groups: 2 })],
    ["depthwise", [6, 5, 5], conv(6, 1, 3, { groups: 6, pads: [1, 1, 1, 1] })],
    [
      "a convolution with taps of zeros",
      [2, 6, 6],
      conv(3, 2, 3, {
        weight: i32(
          [3, 2, 3, 3],
          Array.from({ length: 54 }, (_, i) => (i % 9 < 4 || i % 18 > 8 ? 0 : i)),
        ),
      }),
    ],
    [
      "unshared",
      [2, 4, 4],
      {
        kind: "conv",
        weight: i32(
          [3, 3, 3, 2, 2, 2],
          Array.from({ length: 216 }, (_, i) => (i % 9) - 4),
        ),
        stride: [1, 1],
        pads: [0, 0, 0, 0],
        dilation: [1, 1],
        groups: 1,
        shared: false,
      },
    ],
    [
      "a kernel too large for a shape",
      [1, 40, 1],
      conv(2, 1, 1, {
        weight: i32(
          [2, 1, 33, 1],
          Array.from({ length: 66 }, (_, i) => i - 30),
        ),
      }),
    ],
    [
      "one dimension",
      [3, 30],
      {
        kind: "conv",
        weight: i32(
          [4, 3, 5],
          Array.from({ length: 60 }, (_, i) => (i % 7) - 3),
        ),
        stride: [2],
        pads: [2, 2],
        dilation: [1],
        groups: 1,
        shared: true,
      },
    ],
    ["pool", [3, 6, 6], { kind: "pool", weight: 1, size: [2, 2], stride: [2, 2], pads: [0, 0, 0, 0] }],
    ["overlapping pool", [3, 6, 6], { kind: "pool", weight: 2, size: [3, 3], stride: [2, 2], pads: [1, 1, 1, 1] }],
    ["one to one", [2, 5, 4], { kind: "one", weight: i32([2], [3, -3]) }],
    [
      "coordinate list",
      [9],
      { kind: "sparse", rows: i32([5], [0, 7, 7, 2, 19]), columns: i32([5], [8, 8, 0, 3, 3]), weight: i32([5], [1, 2, 3, 4, 0]) },
    ],
  ];
  for (const [name, shape, kernel] of kernels) {
    for (const chip of [mesh, tiny, { ...tiny, sharedKernels: false, columns: 32 }]) {
      it(`${name}, ${chip.core.neurons} neurons a core${chip.sharedKernels ? "" : ", no shared kernels"}`, () => {
        const net = network([{ shape }, { shape: outShape(kernel, shape) }], [{ from: 0, to: 1, kernel }]);
        const cores = mapTo(net, chip);
        expect(synapsesOfCores(cores)).toEqual(synapsesOfNetwork(net));
        expect(verifyCores(cores, chip)).toEqual([]);
      });
    }
    for (const lists of [["dense"], ["sparse"]] as const) {
      it(`${name}, unrolled into ${lists[0]} rows where the chip has no others`, () => {
        const chip = { ...tiny, sharedKernels: false, lists, columns: 32 };
        const net = network([{ shape }, { shape: outShape(kernel, shape) }], [{ from: 0, to: 1, kernel }]);
        const cores = mapTo(net, chip);
        expect(synapsesOfCores(cores)).toEqual(synapsesOfNetwork(net));
        expect(new Set(cores.cores.flatMap((c) => c.rows.map((r) => r.kind)))).toEqual(new Set(lists));
        expect(verifyCores(cores, chip)).toEqual([]);
      });
    }
  }

  it("as lists that axons move: each is stored once for every stretch that an axon can move it across", () => {
    const wide: ChipSpec = { ...tiny, sharedKernels: false, core: { ...mesh.core, axons: 4096 } };
    const weight = i32(
      [5, 3, 3, 3],
      Array.from({ length: 135 }, (_, i) => i - 150),
    );
    const kernel = conv(5, 3, 3, { weight, pads: [1, 1, 1, 1] });
    const net = network([{ shape: [3, 9, 8] }, { shape: [5, 9, 8] }], [{ from: 0, to: 1, kernel }]);
    const rows = (listOffsets: number): number => {
      const cores = mapTo(net, { ...wide, listOffsets });
      expect(synapsesOfCores(cores)).toEqual(synapsesOfNetwork(net));
      expect(cores.cores.length).toBe(1);
      return at(cores.cores, 0).rows.length;
    };
    // Taps {0 1}, {0 1 2} or {1 2} along each axis, for three channels; else one list for each source.
    expect(rows(1024)).toBe(27);
    expect(rows(1)).toBe(216);
    expect(rows(40)).toBeGreaterThan(27);
    expect(rows(40)).toBeLessThan(216);
  });

  it("random convolutions as lists that axons move: no tile needs more than was planned for it", () => {
    const r = new Random(11);
    let shared = 0;
    for (let k = 0; k < 60; k++) {
      const groups = r.pick([1, 1, 2, 3]);
      const size = [r.int(1, 4), r.int(1, 4)];
      const pad = (n: number): number => r.int(0, n - 1);
      const pads = [pad(at(size, 0)), pad(at(size, 1)), pad(at(size, 0)), pad(at(size, 1))];
      const [co, ci] = [r.int(1, 3) * groups, r.int(1, 3)];
      const count = co * ci * sizeOf(size);
      const weight = i32(
        [co, ci, ...size],
        Array.from({ length: count }, () => (r.chance(0.2) ? 0 : r.int(-7, 7))),
      );
      const kernel = conv(co, ci, 1, { weight, pads, groups, stride: [r.int(1, 3), r.int(1, 3)], dilation: [r.int(1, 2), r.int(1, 2)] });
      const shape = [ci * groups, r.int(8, 12), r.int(8, 12)];
      const core = { ...mesh.core, neurons: r.int(20, 200), axons: r.int(150, 600), synapseWords: r.int(60, 500) };
      const chip: ChipSpec = { ...tiny, sharedKernels: false, listOffsets: r.pick([4, 32, 256]), core };
      const net = network([{ shape }, { shape: outShape(kernel, shape) }], [{ from: 0, to: 1, kernel }]);
      const cores = mapTo(net, chip);
      expect(synapsesOfCores(cores)).toEqual(synapsesOfNetwork(net));
      expect(verifyCores(cores, chip)).toEqual([]);
      if (cores.cores.some((c) => c.axons.some((a) => a.x > 0))) shared++;
    }
    expect(shared).toBeGreaterThan(40);
  });

  it("a matrix as shared kernels, on a chip that has no other rows", () => {
    for (const shape of [[20], [3, 5], [2, 3, 4]]) {
      const chip = { ...tiny, lists: [] };
      const net = network(
        [{ shape }, { shape: [17] }],
        [{ from: 0, to: 1, kernel: dense(17, sizeOf(shape), (o, i) => ((o * 7 + i * 3) % 11) - 5) }],
      );
      const cores = mapTo(net, chip);
      expect(synapsesOfCores(cores)).toEqual(synapsesOfNetwork(net));
      expect(new Set(cores.cores.flatMap((c) => c.rows.map((r) => r.kind)))).toEqual(new Set(["conv"]));
      expect(verifyCores(cores, chip)).toEqual([]);
    }
  });

  for (const mode of ["or", "and", "gate"] as const) {
    it(`${mode} pools in front of a convolution, with gains and delays`, () => {
      const pool: Pool = { mode, size: [2, 2], stride: [2, 1], pads: [1, 0, 0, 1] };
      const shape = pooledShape(pool, [2, 6, 6]);
      const kernel = conv(3, 2, 3);
      const gain = i32(
        shape,
        Array.from({ length: sizeOf(shape) }, (_, i) => [3, 1, 0, -96, 128][i % 5] ?? 1),
      );
      const net = network([{ shape: [2, 6, 6] }, { shape: outShape(kernel, shape) }], [{ from: 0, to: 1, kernel, pool, delay: 7, gain }]);
      expect(synapsesOfCores(mapTo(net, tiny))).toEqual(synapsesOfNetwork(net));
    });
  }

  it("in random networks, cut or packed", () => {
    for (let seed = 0; seed < 60; seed++) {
      const net = randomNetwork(seed, { forMesh: true });
      const chip = seed % 2 === 0 ? { ...tiny, core: { ...tiny.core, neurons: 24, axons: 200, routes: 800, synapseWords: 1000 } } : mesh;
      const cores = mapTo(net, chip, at(["tiles", "packed", "spread"], seed % 3), at(["rows", "hilbert"], seed % 2));
      expect(synapsesOfCores(cores), `seed ${seed}`).toEqual(synapsesOfNetwork(net));
      expect(verifyCores(cores, chip), `seed ${seed}`).toEqual([]);
    }
  });
});

describe("rows", () => {
  it("are shared by all positions of an input channel", () => {
    const net = network([{ shape: [3, 8, 8] }, { shape: [4, 6, 6] }], [{ from: 0, to: 1, kernel: conv(4, 3, 3) }]);
    const core = at(mapTo(net).cores, 0);
    expect(core.rows.length).toBe(3);
    expect(core.axons.length).toBe(3 * 64);
  });

  it("of sources with one target are one row for each weight", () => {
    const net = network(
      [{ shape: [4, 8, 8] }, { shape: [4, 4, 4] }],
      [{ from: 0, to: 1, kernel: { kind: "pool", weight: 1, size: [2, 2], stride: [2, 2], pads: [0, 0, 0, 0] } }],
    );
    expect(at(mapTo(net).cores, 0).rows.length).toBe(1);
  });

  it("reach slots beyond the largest position of an axon", () => {
    const net = network([{ shape: [1000] }, { shape: [1000] }], [{ from: 0, to: 1, kernel: { kind: "one", weight: 2 } }]);
    expect(synapsesOfCores(mapTo(net))).toEqual(synapsesOfNetwork(net));
  });
});

it("weights of 0 need no axons, so that a fan-in that was split by zeros fits", () => {
  const half = (n: number, per: number): number[] => Array.from({ length: n }, (_, i) => (Math.floor(i / per) % 4 < 2 ? 1 + (i % 5) : 0));
  const shared = conv(2, 4, 3, { weight: i32([2, 4, 3, 3], half(72, 9)) });
  const unshared = conv(2, 4, 3, { weight: i32([2, 2, 2, 4, 3, 3], half(288, 9)), shared: false });
  const chip = { ...mesh, core: { ...mesh.core, axons: 18 } };
  for (const kernel of [shared, unshared, dense(3, 36, (o, i) => (i < 18 ? o + 1 : 0))]) {
    const net = network(
      [
        { shape: kernel === shared ? [4, 3, 3] : kernel === unshared ? [4, 4, 4] : [36] },
        { shape: kernel === shared ? [2, 1, 1] : kernel === unshared ? [2, 2, 2] : [3] },
      ],
      [{ from: 0, to: 1, kernel }],
    );
    const cores = mapTo(net, chip);
    expect(verifyCores(cores, chip)).toEqual([]);
    expect(synapsesOfCores(cores)).toEqual(synapsesOfNetwork(net));
  }
});

describe("partition and placement", () => {
  it("share cores only when that is asked for or needed", () => {
    const net = network(
      [{ shape: [4] }, { shape: [3] }, { shape: [2] }],
      [
        { from: 0, to: 1, kernel: dense(3, 4) },
        { from: 1, to: 2, kernel: dense(2, 3) },
      ],
    );
    expect(mapTo(net).cores.length).toBe(2);
    expect(mapTo(net, mesh, "packed").cores.length).toBe(1);
    expect(mapTo(net, chips["mesh-1x1"] as ChipSpec).cores.length).toBe(1);
  });

  it("the Hilbert curve steps to a neighbour each time on a square", () => {
    const curve = (places["hilbert"] ?? at([], 0)).place([64], 8, 8);
    expect(new Set(curve.map((p) => `${p.x},${p.y}`)).size).toBe(64);
    for (let i = 1; i < 64; i++)
      expect(Math.abs(at(curve, i).x - at(curve, i - 1).x) + Math.abs(at(curve, i).y - at(curve, i - 1).y)).toBe(1);
  });

  it("places fill any grid without sharing a place", () => {
    for (const { place } of Object.values(places)) {
      for (const [columns, rows] of [
        [1, 1],
        [4, 4],
        [5, 3],
        [3, 7],
      ] as const) {
        const sizes = [1, columns * rows - 1].filter((n) => n > 0);
        const coords = place(sizes, columns, rows);
        expect(new Set(coords.map((p) => `${p.x},${p.y}`)).size).toBe(columns * rows);
        expect(coords.every((p) => p.x < columns && p.y < rows && p.x >= 0 && p.y >= 0)).toBe(true);
      }
    }
  });

  it("spaces samples so that none reaches into the next", () => {
    const [a, b] = [dense(3, 4), dense(3, 3)];
    const net = network(
      [{ shape: [4] }, { shape: [3], over: { start: 1 } }, { shape: [3] }],
      [
        { from: 0, to: 1, kernel: a },
        { from: 1, to: 2, kernel: b, delay: 3 },
      ],
      6,
    );
    expect(mapTo(net).interval).toBe(9); // sent in step 5, arrives in step 8, which must still be this sample's
  });

  it("is the same twice", () => {
    const net = randomNetwork(7, { forMesh: true });
    expect(mapTo(net, tiny)).toEqual(mapTo(net, tiny));
  });
});

describe("event memories", () => {
  const late = network(
    [{ shape: [64] }, { shape: [64] }, { shape: [40] }],
    [
      { from: 0, to: 1, kernel: { kind: "one", weight: 1 } },
      { from: 1, to: 2, kernel: { kind: "sparse", ...diagonal(40) }, delay: 20 },
    ],
    40,
  );
  const withEvents = (events: number): ChipSpec => ({ ...mesh, core: { ...mesh.core, events } });

  /** For each number k, a synapse from source k to target k. */
  function diagonal(count: number): Pick<Extract<Kernel, { kind: "sparse" }>, "rows" | "columns" | "weight"> {
    const index = i32(
      [count],
      Array.from({ length: count }, (_, k) => k),
    );
    return { rows: index, columns: index, weight: i32([count], new Array<number>(count).fill(3)) };
  }

  it("hold what waits for the steps of long delays, whatever spikes", () => {
    const waiting = mapTo(late, withEvents(200)).cores.map((c) => c.axons.reduce((n, a) => n + a.delay + 1, 0));
    expect(Math.max(...waiting)).toBe(200);
  });

  it("map-events: where the chip has too few cores for that, it is said", () => {
    const found: string[] = [];
    const chip = { ...withEvents(19), columns: 2, rows: 1 };
    const cx = context({ chip, report: (d) => found.push(`${d.severity} ${d.code}: ${d.message}`) });
    genericMapping.map(late, chip, { partition: "tiles", place: "rows" }, cx);
    expect(found).toEqual(["warning map-events: event memories may overflow in 2 cores: up to 800 events can wait in one, which holds 19"]);
  });
});

it("neurons that need different profiles are spread over cores", () => {
  const decays = i32(
    [100],
    Array.from({ length: 100 }, (_, k) => k),
  );
  const net = network(
    [{ shape: [100] }, { shape: [100], params: { leak: "multiply", leakArgument: decays } }],
    [{ from: 0, to: 1, kernel: { kind: "one", weight: 1 } }],
  );
  const cores = mapTo(net);
  expect(verifyCores(cores, mesh)).toEqual([]);
  expect(cores.cores.length).toBe(2);
});

it("silence beyond the window is cut to it", () => {
  const net = network([{ shape: [2] }, { shape: [2], over: { silent: 70_000 } }], [{ from: 0, to: 1, kernel: { kind: "one", weight: 1 } }]);
  expect(mapTo(net).cores[0]?.groups[0]?.silent).toBe(4);
});

describe("what does not fit", () => {
  it("map-chip-full: says how many cores, which populations, and what would help", () => {
    const net = network(
      [{ shape: [3, 32, 32] }, { shape: [17, 32, 32] }],
      [{ from: 0, to: 1, kernel: conv(17, 3, 3, { pads: [1, 1, 1, 1] }) }],
    );
    const [d] = failureOf(() => mapTo(net, mesh)).diagnostics;
    expect(d?.code).toBe("map-chip-full");
    expect(d?.message).toBe("the network needs 17 cores; mesh-4x4 has 16");
    expect(d?.notes[0]).toMatch(/^p1: 17 tiles of \d+ x \d+ x \d+ neurons, each with \d+ axons and \d+ synapse words$/);
    expect(d?.help).toContain("mesh-32x32: needs 17 of 1024 cores");
  });

  it("map-core-limit: names every population and resource, with the effect of fewer bits", () => {
    const wide = (o: number, i: number): number => (o + i) % 100;
    const net = network(
      [{ shape: [300] }, { shape: [4] }, { shape: [2] }, { shape: [2] }],
      [
        { from: 0, to: 1, kernel: dense(4, 300, wide) },
        { from: 1, to: 2, kernel: dense(2, 4) },
        { from: 0, to: 3, kernel: dense(2, 300, wide) },
      ],
    );
    const chip = { ...mesh, name: "narrow", core: { ...mesh.core, axons: 200, synapseWords: 400 } };
    const { diagnostics } = failureOf(() => mapTo(net, chip));
    expect(diagnostics.map((d) => `${d.code} ${d.message}`)).toEqual([
      "map-core-limit p1 needs 297 axons in one core even in its smallest useful tiles; a core has 200",
      "map-core-limit p1 needs 891 synapse words in one core even in its smallest useful tiles; a core has 400",
      "map-core-limit p3 needs 297 axons in one core even in its smallest useful tiles; a core has 200",
      "map-core-limit p3 needs 891 synapse words in one core even in its smallest useful tiles; a core has 400",
    ]);
    expect(diagnostics[0]?.help[0]).toMatch(/at most 200 source neurons/);
  });

  it("map-fan-out: a neuron that must reach too many axons", () => {
    const net = network(
      [{ shape: [2] }, { shape: [1] }, { shape: [40] }],
      [
        { from: 0, to: 1, kernel: dense(1, 2) },
        { from: 1, to: 2, kernel: dense(40, 1) },
      ],
    );
    const chip = { ...mesh, core: { ...mesh.core, neurons: 4, routesPerNeuron: 8 } };
    expect(failureOf(() => mapTo(net, chip)).diagnostics.map((d) => d.code)).toEqual(["map-fan-out"]);
  });

  it("map-outputs: more output neurons than lines", () => {
    const net = network([{ shape: [2] }, { shape: [9] }], [{ from: 0, to: 1, kernel: dense(9, 2) }]);
    expect(failureOf(() => mapTo(net, { ...mesh, outputs: 8 })).diagnostics[0]?.code).toBe("map-outputs");
  });

  it("map-pool-window: a window of more inputs than an axon counts, with the link", () => {
    const pool = { mode: "gate", size: [5, 5], stride: [1, 1], pads: [2, 2, 2, 2] } as const;
    const net = network([{ shape: [1, 6, 6] }, { shape: [1, 6, 6] }], [{ from: 0, to: 1, kernel: { kind: "one", weight: 1 }, pool }]);
    const [d] = failureOf(() => mapTo(net)).diagnostics;
    expect([d?.code, d?.at, d?.message]).toEqual([
      "map-pool-window",
      "link p0 -> p1",
      "p0 -> p1 pools windows of 25 inputs (gate); an axon takes up to 16",
    ]);
  });

  it("map-illegal and map-range: everything that no word can hold, together", () => {
    const net = network(
      [
        { shape: [2] },
        { shape: [3], params: { threshold: 2 ** 23, bias: 0.5 } },
        { shape: [3], over: { neuron: { model: "lif", params: {} } } },
      ],
      [
        { from: 0, to: 1, kernel: dense(3, 2, () => 40000), delay: 65 },
        { from: 1, to: 2, kernel: { kind: "one", weight: 0.5 }, gain: 129 },
      ],
    );
    expect(failureOf(() => mapTo(net)).diagnostics.map((d) => d.message)).toEqual([
      "threshold of p1[0] is 8388608; the chip holds integers from -8388608 to 8388607",
      "resetValue of p1[0] is 8388608; the chip holds integers from -8388608 to 8388607",
      "bias of p1[0] is 0.5; the chip holds integers from -8388608 to 8388607",
      "the chip cannot say this: p2 has the neuron model lif; the chip has unit",
      "the chip cannot say this: link p0 -> p1 needs weights of 17 bits; the chip has up to 16",
      "the chip cannot say this: link p0 -> p1 has delay 65; the chip has 1 to 64",
      "the chip cannot say this: link p1 -> p2 has the weight 0.5; weights are integers",
      "the chip cannot say this: link p1 -> p2 has the gain 129, which is no 8-bit integer shifted by up to 7",
    ]);
  });

  it("map-strategy-unknown", () => {
    const net = network([{ shape: [2] }, { shape: [1] }], [{ from: 0, to: 1, kernel: dense(1, 2) }]);
    expect(failureOf(() => mapTo(net, mesh, "magic")).diagnostics[0]?.code).toBe("map-strategy-unknown");
  });
});

describe("verifyCores", () => {
  const net = network([{ shape: [4] }, { shape: [3] }], [{ from: 0, to: 1, kernel: dense(3, 4) }]);

  it("finds contradictions", () => {
    const c = mapTo(net);
    const core = at(c.cores, 0);
    const broken = (over: Partial<Core>): readonly string[] =>
      verifyCores({ ...c, cores: [{ ...core, ...over }] }, null).map((d) => `${d.code}: ${d.message}`);
    expect(broken({})).toEqual([]);
    expect(broken({ at: { x: 4, y: 0 } })[0]).toMatch(/^cores-invalid: .*outside the grid/);
    expect(broken({ axons: core.axons.slice(1) })[0]).toMatch(/leads to axon 3 of core 0, which does not exist/);
    expect(broken({ axons: core.axons.map((a) => ({ ...a, row: 99 })) })[0]).toMatch(/names row 99/);
    expect(broken({ rows: core.rows.map((r) => ({ ...r, bits: 2 })) })[0]).toMatch(/do not fit 2 bits/);
    expect(broken({ groups: core.groups.map((g) => ({ ...g, first: 1 })) })[0]).toMatch(/begins at slot 1; slot 0 is next/);
    expect(broken({ rows: core.rows.map((r) => (r.kind === "dense" ? { ...r, base: 2 } : r)) })[0]).toMatch(/reaches slot 4 of 3/);
  });

  it("cores-limit: compares with a chip", () => {
    const found = verifyCores(mapTo(net), { ...mesh, core: { ...mesh.core, axons: 3 } });
    expect(found.map((d) => `${d.code}: ${d.message}`)).toEqual(["cores-limit: core 0 uses 4 axons; the chip has 3"]);
  });
});

it("the budget adds up", () => {
  const net = network([{ shape: [3, 8, 8] }, { shape: [4, 6, 6] }], [{ from: 0, to: 1, kernel: conv(4, 3, 3) }]);
  const cores = mapTo(net);
  const used = Object.fromEntries(genericMapping.budget(cores, mesh).map((b) => [`${b.core ?? "chip"} ${b.resource}`, b.used]));
  // Three rows of two header words and nine taps, each tap four 4-bit weights in one word.
  expect(used).toEqual({
    "chip cores": 1,
    "0 neurons": 144,
    "0 axons": 192,
    "0 synapse words": 33,
    "0 routes": 144,
    "0 profiles": 1,
    "0 shapes": 1,
    "0 events (worst case)": 192,
  });
});
