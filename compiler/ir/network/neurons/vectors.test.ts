import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseNetwork } from "../parse.ts";
import { prepareNetwork } from "../run.ts";
import type { Network } from "../types.ts";
import { verifyNetwork } from "../verify.ts";

/*
 * The published test vectors of the methods: canonic signed spikes (V…), dual-phase (D…),
 * ATIF (A…) and Real Spike (RS…), read from their tables where these are data.
 */

function vectors(file: string): Record<string, never> {
  return JSON.parse(readFileSync(new URL(`../../../../test/fixtures/${file}`, import.meta.url), "utf8"));
}

type Matrix = readonly (readonly number[])[];

const dense = (m: Matrix, divide = 1): string =>
  `dense f64[${m.length}x${m[0]!.length}]{${m
    .flat()
    .map((w) => w / divide)
    .join(" ")}}`;
const list = (v: readonly number[]): string => `f64[${v.length}]{${v.join(" ")}}`;

function network(text: string): Network {
  const n = parseNetwork(text, null);
  expect(verifyNetwork(n)).toEqual([]);
  return n;
}

/** Payloads and potentials of one population in each step; the potential is read by running the first 1, 2, … steps. */
function trace(text: (steps: number) => string, pop: string, sample: readonly number[], steps: number): { s: number[][]; v: number[][] } {
  const s: number[][] = [];
  const v: number[][] = [];
  for (let t = 1; t <= steps; t++) {
    const n = network(text(t));
    const id = n.pops.find((p) => p.name === pop)!.id;
    const read = { ...n, outputs: [{ name: "read", pop: id, code: "potential", scale: 1, offset: 0 }] };
    const run = prepareNetwork(read, { record: [id] }).run([sample]);
    v.push([...run.raw[0]!]);
    s.push(Array.from(run.trains.get(id)!.slice(-run.raw[0]!.length), (x) => x + 0));
  }
  return { s, v };
}

/** One neuron that is given z in each step. */
function neuron(model: string, z: readonly number[], extra = "", spike = "ternary"): { s: number[]; v: number[] } {
  const steps = z.length;
  const { s, v } = trace(
    (t) => `network t steps ${t}\n input x 1 analog code events\n pop y 1 ${spike} ${model} ${extra}\n link x -> y one weight=1`,
    "y",
    z,
    steps,
  );
  return { s: s.flat(), v: v.flat() };
}

// Canonic signed spikes

test("V1: the encoder's digits, for both thresholds", () => {
  const table = vectors("vectors-a.json")["encode_T4"] as unknown as { value: number; digits: number[]; digits_phi_2_3: number[] }[];
  expect(table).toHaveLength(16);
  for (const { value, digits, digits_phi_2_3 } of table) {
    const z = [value / 8, 0, 0, 0];
    expect(neuron("tsa(threshold=0.5 resetValue=1)", z).s).toEqual(digits);
    expect(neuron(`tsa(threshold=${2 / 3} resetValue=1)`, z).s).toEqual(digits_phi_2_3);
  }
});

test("V2: one neuron with one silent step is exact, without it is off by two", () => {
  const z = [0.75, 0, -1.25, -1.25];
  const one = neuron("tsa(threshold=1 resetValue=2 bias=0.0625)", [...z, 0], "silent=1");
  expect(one).toEqual({ s: [0, 1, -1, -1, 1], v: [0.8125, -0.375, 0, 0.75, -0.5] });
  const none = neuron("tsa(threshold=0.5 resetValue=1 bias=0.0625)", z);
  expect(none).toEqual({ s: [1, 0, -1, -1], v: [-0.1875, -0.375, -1, -2.25] });
});

test("V2: without negative spikes the code overshoots", () => {
  const z = [0.8125, 0, -1.25, -1.25, 0];
  const doubling = (threshold: number): { s: number[]; v: number[] } =>
    neuron(`unit(leak=double threshold=${threshold} resetValue=2)`, z, "silent=1", "binary");
  const half = doubling(1);
  expect([half.s, half.v.at(-1)]).toEqual([[0, 1, 0, 0, 0], -10.5]);
  const whole = doubling(2);
  expect([whole.s, whole.v.at(-1)]).toEqual([[0, 0, 1, 0, 0], -2.5]);
});

test("V3: the latch holds negative values at zero; late cancellation; saturation", () => {
  const tsa = "tsa(threshold=1 resetValue=2)";
  expect(neuron(tsa, [-0.75, 0.5, 0.25, -0.5, 0], "silent=1")).toEqual({ s: [0, 0, 0, 0, 0], v: [-0.75, -1, -1.75, -4, -8] });
  expect(neuron(tsa, [1, -1, -1, -1.5, 0], "silent=1")).toEqual({ s: [0, 1, -1, -1, -1], v: [1, -1, -1, -1.5, -1] });
  expect(neuron(tsa, [2.5, 0.5, 0, 1, 0], "silent=1").s).toEqual([0, 1, 1, 1, 1]);
  expect(neuron("tsa(threshold=1 resetValue=2 latch=off)", [-0.75, 0.5, 0.25, -0.5, 0], "silent=1").s).toContain(-1);
});

test("V4: a two-layer network in integers", () => {
  const text = (t: number): string => `network v4 steps ${t}
    input x 2 ternary code events
    pop h 2 ternary tsa(threshold=2 resetValue=4 bias=f64[2]{0.125 -0.5}) silent=1
    link x -> h ${dense([
      [2, -1],
      [-1, 3],
    ])}
    pop out 1 binary readout(weighting=doubling)
    link h -> out ${dense([[1, 2]])}`;
  const sample = [1, 1, 1, 0, 0, -1, -1, 0];
  const h = trace(text, "h", sample, 5);
  expect(h.s.map((row) => row[0])).toEqual([0, 1, 0, 0, 1]);
  expect(h.s.map((row) => row[1])).toEqual([0, 1, -1, -1, 0]);
  expect(h.v.map((row) => row[0]! / 2)).toEqual([0.5625, 0.125, 0.75, 0.5, -1]);
  expect(h.v.map((row) => row[1]! / 2)).toEqual([0.75, -1, -1.5, -0.5, -1]);
  expect(trace(text, "out", sample, 5).v.flat()).toEqual([0, 3, 4, 6, 13]);
});

type Css = {
  T: number;
  n: number;
  theta: number;
  W: Matrix[];
  scale_div: number[];
  bias_int: number[][];
  cases: { x_digits: number[][]; layers: { u_s_m: number[][]; code: number; digits: number[] }[][] }[];
};

test("V5: a three-layer network, every potential of every step", () => {
  const { T, n, theta, W, scale_div: div, bias_int: bias, cases } = vectors("vectors-a.json")["css_net_T5_n2"] as unknown as Css;
  const first = (layer: number): string => list(bias[layer]!.map((b) => b / div[layer]! / 2 ** (T - 1)));
  const tsa = (layer: number): string => `tsa(threshold=${theta / 2} resetValue=${theta} bias=${first(layer)}) silent=${n}`;
  const text = (t: number): string => {
    const at = (start: number): string => (start < t ? `start=${start}` : "start=0 stop=1");
    return `network v5 steps ${t}
      input x 3 ternary code events
      pop a 4 ternary ${tsa(0)} ${T + n < t ? `stop=${T + n}` : ""}
      link x -> a ${dense(W[0]!, div[0])}
      pop b 3 ternary ${tsa(1)} ${at(n)}
      link a -> b ${dense(W[1]!, div[1])}
      pop out 2 binary readout(weighting=doubling) ${at(2 * n)}
      link b -> out ${dense(W[2]!, div[2])}`;
  };
  for (const c of cases) {
    const sample = Array.from({ length: T }, (_, t) => c.x_digits.map((d) => d[t]!)).flat();
    const steps = T + 2 * n;
    (["a", "b"] as const).forEach((pop, layer) => {
      const got = trace(text, pop, sample, steps);
      c.layers[layer]!.forEach((expected, i) => {
        const from = layer * n;
        expect(got.s.slice(from, from + T + n).map((row) => row[i])).toEqual(expected.u_s_m.map(([, s]) => s));
        expect(got.v.slice(from, from + T + n).map((row) => row[i])).toEqual(expected.u_s_m.map(([, , m]) => m));
      });
    });
    const codes = c.layers[1]!.map((l) => l.code);
    const logits = W[2]!.map((row) => row.reduce((sum, w, i) => sum + w * codes[i]!, 0));
    expect(trace(text, "out", sample, steps).v.at(-1)).toEqual(logits);
  }
});

// Dual-phase

test("D2: residual potential, and how counted negative spikes repair it", () => {
  const rows: readonly (readonly [string, number[], number, number[], number])[] = [
    ["if", [0.3, 0.3, 0.3, 0.3], 0.5, [0, 1, 0, 0], 0.7],
    ["if", [1.4, 0, -0.6, -0.4], 0.5, [1, 0, 0, 0], -0.1],
    ["if(negative=counted negativeThreshold=0)", [1.4, 0, -0.6, -0.4], 0.5, [1, 0, 0, -1], 0.9],
    ["if", [-0.6, -0.4, 1.2, 1.8], 0.5, [0, 0, 0, 1], 1.5],
    ["if", [-0.6, -0.4, 1.2, 1.8], 1.5, [0, 0, 1, 1], 1.5],
  ];
  for (const [model, z, v0, s, end] of rows) {
    const got = neuron(model, z, `initial(v=${v0})`);
    expect(got.s).toEqual(s);
    expect(got.v.at(-1)).toBeCloseTo(end, 12);
  }
  expect(neuron("if(compare=ge)", [0.25, 0.25], "initial(v=0.5)").s).toEqual([0, 1]);
  expect(neuron("if(compare=gt)", [0.25, 0.25], "initial(v=0.5)").s).toEqual([0, 0]);
});

type IfNet = {
  theta: number[];
  v0: number[];
  T: number;
  W: Matrix[];
  bias: number[][];
  cases: { x: number[]; steps: Record<"s1" | "v1" | "s2" | "v2" | "acc", number[]>[] }[];
};

test("D6: a leaky neuron's negative spikes have a threshold and a reset of their own", () => {
  const z = new Array<number>(9).fill(-1);
  const got = neuron("if(threshold=1 compare=gt negative=free negativeThreshold=4 negativeReset=4)", z);
  expect(got).toEqual({ s: [0, 0, 0, 0, -1, 0, 0, 0, -1], v: [-1, -2, -3, -4, -1, -2, -3, -4, -1] });
});

test("D5: a three-layer integer network, every potential of every step", () => {
  const { theta, v0, T, W, bias, cases } = vectors("vectors-a.json")["if_net_T4"] as unknown as IfNet;
  const layer = (i: number): string => `binary if(threshold=${theta[i]} bias=${list(bias[i]!)}) initial(v=${v0[i]})`;
  const text = (t: number): string => `network d5 steps ${t}
    input x 2 analog code direct
    pop a 3 ${layer(0)}
    link x -> a ${dense(W[0]!)}
    pop b 3 ${layer(1)}
    link a -> b ${dense(W[1]!)}
    pop out 2 binary readout(bias=${list(bias[2]!)})
    link b -> out ${dense(W[2]!)}`;
  for (const { x, steps } of cases) {
    const [a, b, out] = [trace(text, "a", x, T), trace(text, "b", x, T), trace(text, "out", x, T)];
    steps.forEach((expected, t) => {
      expect([a.s[t], a.v[t], b.s[t], b.v[t], out.v[t]]).toEqual([expected.s1, expected.v1, expected.s2, expected.v2, expected.acc]);
    });
  }
});

// ATIF and Real Spike

type Atif = { theta: number; v0: number; steps: { x: number; u: number; z: number; v: number; out: number }[] };

for (const name of ["A1_const", "A2_saturate", "A3_half", "A4_negative_then_burst", "A5_exact_threshold"]) {
  test(`${name}: ATIF is an if neuron whose amplitude is its threshold`, () => {
    const { theta, v0, steps } = vectors("vectors-b.json")[name] as unknown as Atif;
    const x = steps.map((s) => s.x);
    const got = neuron(`if(threshold=${theta})`, x, `initial(v=${v0}) amplitude=${theta}`, "binary");
    expect(got).toEqual({ s: steps.map((s) => s.z), v: steps.map((s) => s.v) });
    const n = network(
      `network t steps ${x.length}\n input x 1 analog code events\n pop y 1 binary if(threshold=${theta}) initial(v=${v0}) amplitude=${theta}\n link x -> y one weight=1\n pop o 1 analog readout\n link y -> o one weight=1\n output o code potential`,
    );
    expect(prepareNetwork(n).run([x]).raw[0]![0]).toBe(steps.reduce((sum, s) => sum + s.out, 0));
  });
}

type RealSpike = {
  W: Matrix;
  bias: number[];
  a: number[];
  theta: number;
  leak: number;
  reset: string;
  steps: { spikes_in: number[]; u_pre_fire: number[]; spike: number[]; v_post: number[] }[];
};

for (const name of ["RS1_dense_layer", "RS2_dense_perinput_lif_soft"]) {
  test(`${name}: amplitudes of the source`, () => {
    const v = vectors("vectors-b.json")[name] as unknown as RealSpike;
    const text = (t: number): string => `network rs steps ${t}
      input x 3 binary code events amplitude=${list(v.a)}
      pop y 2 binary lif(threshold=${v.theta} decay=${v.leak} reset=${v.reset === "hard" ? "set" : "subtract"} bias=${list(v.bias)})
      link x -> y ${dense(v.W)}`;
    const got = trace(
      text,
      "y",
      v.steps.flatMap((s) => s.spikes_in),
      v.steps.length,
    );
    expect(got.s).toEqual(v.steps.map((s) => s.spike));
    expect(got.v).toEqual(v.steps.map((s) => s.v_post));
    if (v.reset === "soft")
      expect(got.v.map((row, t) => row.map((m, i) => m + got.s[t]![i]! * v.theta))).toEqual(v.steps.map((s) => s.u_pre_fire));
  });
}

type Conv = {
  W: number[][][][];
  a: number[][][] | number[];
  spikes: number[][][];
  current: number[][][];
  stride?: number;
  pad?: number;
  groups?: number;
};

for (const [name, geometry] of [
  ["RS3_element_conv_s1_p0", ""],
  ["RS4_element_conv_s2_p1", "stride=2 pads=1"],
  ["RS5_channel_groups2", "groups=2"],
] as const) {
  test(`${name}: convolution of spikes with amplitudes`, () => {
    const v = vectors("vectors-b.json")[name] as unknown as Conv;
    const shape = (t: unknown): number[] => (Array.isArray(t) ? [t.length, ...shape(t[0])] : []);
    const flat = (t: unknown): number[] => (Array.isArray(t) ? t.flatMap(flat) : [t as number]);
    const tensor = (t: unknown): string => `f64[${shape(t).join("x")}]{${flat(t).join(" ")}}`;
    const n = network(`network rs steps 1
      input x ${shape(v.spikes).join("x")} binary code direct amplitude=${tensor(v.a)}
      pop y ${shape(v.current).join("x")} binary readout
      link x -> y conv ${geometry} ${tensor(v.W)}
      output y code potential`);
    expect([...prepareNetwork(n).run([flat(v.spikes)]).raw[0]!]).toEqual(flat(v.current));
  });
}

// Qualia's integer arithmetic

type Qualia = {
  readonly theta_q: number;
  readonly trace: readonly { readonly x_q: number; readonly u_tmp: number; readonly spike: number; readonly v_q: number }[];
};

test.each([
  ["A7_qualia_int_if", "nearest"],
  ["A8_qualia_int_if_floor", "floor"],
])("%s: Q formats, rounding and saturation of the generated code", (name, rounding) => {
  const v = vectors("vectors-b.json")[name] as unknown as Qualia;
  const extra = `qualia-if(threshold=${v.theta_q} inputBits=5 potentialBits=4 outputBits=6 width=8 rounding=${rounding})`;
  const { s, v: potentials } = neuron(
    "",
    v.trace.map((t) => t.x_q),
    extra,
    "signed8",
  );
  expect(s).toEqual(v.trace.map((t) => t.spike));
  expect(potentials).toEqual(v.trace.map((t) => t.v_q));
});

test("qualia-if: the potential saturates to its register in every step, and a hard reset sets it", () => {
  const drive = [127, 127, 127, -128, -128, -128];
  const low = neuron("", drive, "qualia-if(threshold=1000 width=8)", "signed8");
  expect(low.v).toEqual([127, 127, 127, -1, -128, -128]);
  const hard = neuron("", [30, 10], "qualia-if(threshold=25 resetValue=3 reset=set width=8)", "signed8");
  expect(hard.v).toEqual([3, 13]);
  expect(hard.s).toEqual([1, 0]);
});

// Noise-trained single step

test("N2: an evenly spread residual stays evenly spread, and the firing probability is I/theta in every step", () => {
  const v = vectors("vectors-b.json")["N2_uniform_residual_theta8"] as unknown as {
    theta: number;
    start: number[];
    steps: { x: number; fired: number; residuals: number[] }[];
  };
  const inputs = v.steps.map((t) => t.x);
  const initial = list(v.start);
  const { s, v: residuals } = trace(
    (t) =>
      `network t steps ${t}\n input x 1 analog code events\n pop y 8 binary if(threshold=${v.theta}) initial(v=${initial})\n link x -> y ${dense(v.start.map(() => [1]))}`,
    "y",
    inputs,
    inputs.length,
  );
  v.steps.forEach((t, i) => {
    expect(s[i]!.reduce((a, b) => a + b, 0)).toBe(t.fired);
    expect(residuals[i]).toEqual(t.residuals);
  });
});
