import { describe, expect, test } from "vitest";
import type { Failure } from "../../compiler/base/diagnostic.ts";
import { counterNoise } from "../../compiler/base/random.ts";
import {
  dense,
  handChip,
  type HandChip,
  handImage,
  type HandCore,
  type HandNeuron,
  type HandProfile,
  handRun,
  hostEvents,
  trainOf,
} from "../../test/harness/mesh-image.ts";
import { meshMachine } from "./machine.ts";

/** One neuron that gets `inputs[c]` in its local step c, from the host by an axon of weight 1. */
async function neuron(
  profile: HandProfile,
  n: HandNeuron,
  inputs: readonly number[],
  more: Partial<HandChip> = {},
): Promise<{ sent: number[]; v: number[] }> {
  const steps = inputs.length + 1;
  const core: HandCore = { profiles: [{ start: 1, ...profile }], neurons: [n], axons: [{ row: 0 }], rows: [dense([1])] };
  const h: HandChip = { steps, cores: [core], inputs: [[[{ x: 0, y: 0, axon: 0 }]]], ...more };
  const device = meshMachine(handChip(h));
  await device.load(handImage(h));
  const sent = new Array<number>(inputs.length).fill(0);
  const v: number[] = [];
  device.trace((e) => {
    if (e.event === "spike-out" || e.event === "potential-out") sent[e.step - 1] = e.b;
  });
  await device.send(inputs.flatMap((p, c) => (p === 0 ? [] : [hostEvents(c, { 0: p })])));
  await device.run(1);
  for (let c = 0; c < inputs.length; c++) {
    await device.run(1);
    v.push((await device.peek("core(0,0)/potential"))[0] as number);
  }
  return { sent, v };
}

/** Accumulator content of a core's slots after the events of step 0 were applied in step 1, by neurons that never fire and forget nothing. */
async function integrated(
  core: Partial<HandCore>,
  slots: number,
  payloads: Readonly<Record<number, number>>,
  targets: readonly (readonly [number, number])[],
): Promise<number[]> {
  const h: HandChip = {
    steps: 2,
    cores: [{ neurons: Array.from({ length: slots }, () => ({ threshold: 2 ** 23 - 1 })), ...core }],
    inputs: [targets.map(([axon, member]) => [{ x: 0, y: 0, axon, member }])],
  };
  const { device } = await handRun(h, [hostEvents(0, payloads)]);
  return Array.from(await device.peek("core(0,0)/potential"));
}

describe("update", () => {
  test("integrate and fire, subtracting, at or above the threshold", async () => {
    expect(await neuron({}, { threshold: 3 }, [2, 2, 5, 0])).toEqual({ sent: [0, 1, 1, 1], v: [2, 1, 3, 0] });
  });
  test("compare gt fires above the threshold only", async () => {
    expect(await neuron({ compare: "gt" }, { threshold: 3 }, [3, 1])).toEqual({ sent: [0, 1], v: [3, 1] });
  });
  test("reset set and reset none", async () => {
    expect(await neuron({ reset: "set" }, { threshold: 3, reset: -2 }, [5, 4, 2])).toEqual({ sent: [1, 0, 1], v: [-2, 2, -2] });
    expect(await neuron({ reset: "none" }, { threshold: 3 }, [5, 0])).toEqual({ sent: [1, 1], v: [5, 5] });
  });
  test("leak shift rounds toward minus infinity, multiply toward zero, double doubles", async () => {
    const silent: HandNeuron = { threshold: 1000 };
    expect((await neuron({ leak: "shift", leakArgument: 2 }, silent, [-5, 0, 0])).v).toEqual([-5, -3, -2]);
    expect((await neuron({ leak: "shift", leakArgument: 40 }, silent, [-5, 0])).v).toEqual([-5, -4]);
    expect((await neuron({ leak: "multiply", leakArgument: 2048 }, silent, [-5, 0, 0])).v).toEqual([-5, -2, -1]);
    expect((await neuron({ leak: "double" }, silent, [-5, 1])).v).toEqual([-5, -9]);
  });
  test("the synaptic current is a second state that decays", async () => {
    expect((await neuron({ current: true, currentDecay: 2048 }, { threshold: 1000 }, [7, 0, 0, 0])).v).toEqual([7, 10, 11, 11]);
  });
  test("potential and current saturate at 24 bits", async () => {
    const max = 2 ** 23 - 1;
    expect((await neuron({ compare: "gt" }, { threshold: max, initial: max - 1 }, [5, -5])).v).toEqual([max, max - 5]);
    expect((await neuron({ leak: "double" }, { threshold: max, initial: -(2 ** 23) }, [0])).v).toEqual([-(2 ** 23)]);
    expect((await neuron({}, { threshold: max, reset: -max, initial: max }, [0])).v).toEqual([max]);
  });
  test("bias in every step or in the first only", async () => {
    expect((await neuron({}, { threshold: 100, bias: 4 }, [0, 0])).v).toEqual([4, 8]);
    expect((await neuron({ biasFirst: true }, { threshold: 100, bias: 4 }, [0, 0])).v).toEqual([4, 4]);
  });
  test("negative spikes: free, latched, counted", async () => {
    const n: HandNeuron = { threshold: 4 };
    expect((await neuron({ negative: "none" }, n, [-9, 0])).sent).toEqual([0, 0]);
    expect(await neuron({ negative: "free" }, n, [-4, -1, 0])).toEqual({ sent: [0, -1, 0], v: [-4, -1, -1] });
    expect((await neuron({ negative: "latched" }, n, [-5, 9, -9, -9, -9])).sent).toEqual([0, 1, -1, -1, -1]);
    expect((await neuron({ negative: "counted" }, n, [-5, 9, 4, -20, 0, 0])).sent).toEqual([0, 1, 1, -1, -1, 0]);
  });
  test("negativeAtZero compares with zero", async () => {
    expect((await neuron({ negative: "free", negativeAtZero: true }, { threshold: 4 }, [0, -1, 0])).sent).toEqual([0, -1, 0]);
  });
  test("+1 comes before -1 when a negative threshold allows both", async () => {
    expect((await neuron({ negative: "free" }, { threshold: -3, reset: 0 }, [0])).sent).toEqual([1]);
  });
  test("emit value sends the clamped potential, also of a negative spike", async () => {
    const p: HandProfile = { emit: "value", negative: "free", payloadBits: 3, payloadSigned: true };
    expect((await neuron(p, { threshold: 2 }, [1, 3, -8, -20])).sent).toEqual([0, 4, -6, -8]);
    expect((await neuron({ emit: "value", payloadBits: 3, payloadSigned: false }, { threshold: 2 }, [30])).sent).toEqual([15]);
  });
  test("emit value with an unsigned payload sends nothing for a negative spike", async () => {
    const p: HandProfile = { emit: "value", negative: "free", payloadBits: 3, payloadSigned: false };
    expect(await neuron(p, { threshold: 2 }, [-5])).toEqual({ sent: [0], v: [-3] });
  });
  test("emit count sends and subtracts how often the threshold fits", async () => {
    expect(await neuron({ emit: "count", payloadBits: 1, payloadSigned: false }, { threshold: 5 }, [12, 30])).toEqual({
      sent: [2, 3],
      v: [2, 17],
    });
    expect((await neuron({ emit: "count", negative: "free" }, { threshold: 5 }, [-12])).sent).toEqual([-1]);
    expect((await neuron({ emit: "count", payloadBits: 1, payloadSigned: false }, { threshold: 0, reset: 1 }, [2])).sent).toEqual([3]);
  });
  test("silent steps integrate without firing; length closes the window; c == 0 starts over", async () => {
    expect(await neuron({ silent: 2 }, { threshold: 1 }, [1, 1, 1])).toEqual({ sent: [0, 0, 1], v: [1, 2, 2] });
    expect(await neuron({ length: 2 }, { threshold: 10 }, [1, 1, 1, 1])).toEqual({ sent: [0, 0, 0, 0], v: [1, 2, 2, 2] });
  });
  test("touched: neurons that no non-zero weight reached are skipped", async () => {
    const core: HandCore = {
      profiles: [{ touched: true }],
      neurons: [
        { threshold: 100, bias: 1 },
        { threshold: 100, bias: 1 },
        { threshold: 100, bias: 1 },
      ],
      axons: [{ row: 0, gain: 0 }],
      rows: [dense([5, 0, 7])],
    };
    const r = await handRun({ steps: 3, cores: [core], inputs: [[[{ x: 0, y: 0, axon: 0 }]]] }, [hostEvents(0, { 0: 1 })]);
    expect(Array.from(await r.device.peek("core(0,0)/potential"))).toEqual([1, 0, 1]);
    expect(await r.device.counts()).toMatchObject({ update: 2, skip: 7 });
  });
  test("boundaries: preload, clear and keep at the start of every interval", async () => {
    const n: HandNeuron = { threshold: 100, initial: 10, bias: 1 };
    const at = async (boundary: "preload" | "clear" | "keep"): Promise<number[]> =>
      (await neuron({ boundary }, n, [0, 0, 0, 0], { interval: 2 })).v;
    expect(await at("preload")).toEqual([11, 12, 11, 12]);
    expect(await at("clear")).toEqual([1, 2, 1, 2]);
    expect(await at("keep")).toEqual([1, 2, 3, 4]);
  });
  test("the boundary clears the latch and the current", async () => {
    expect((await neuron({ negative: "latched" }, { threshold: 4 }, [4, 0, -9, 0], { interval: 2 })).sent).toEqual([1, 0, 0, 0]);
    expect((await neuron({ current: true, currentDecay: 4096 }, { threshold: 100 }, [4, 0, 0, 0], { interval: 2 })).v).toEqual([
      4, 8, 0, 0,
    ]);
  });
  test("an output sends its potential in its last local step, zero or not, and no spikes", async () => {
    const r = await handRun({
      steps: 3,
      cores: [
        {
          profiles: [{ output: true, length: 2 }],
          neurons: [
            { threshold: 1, bias: 3, reset: 1, routes: [{ line: 0 }] },
            { threshold: 1, routes: [{ line: 4097 }] },
          ],
        },
      ],
      lines: 4098,
    });
    expect(r.outputs.map(({ step, line, payload }) => [step, line, payload])).toEqual([
      [1, 0, 4],
      [1, 4097, 0],
    ]);
    expect((await r.device.counts())["spike"]).toBe(0);
  });
  test("noise is the counter hash of seed, key and the sample's step, and acts on the comparison only", async () => {
    const uniform = (
      await neuron({ noise: "uniform", noiseBits: 4, reset: "none" }, { threshold: 8, noiseKey: 77 }, [0, 0, 0, 0, 0, 0, 0, 0], { seed: 5 })
    ).sent;
    const expected = [1, 2, 3, 4, 5, 6, 7, 8].map((step) => (counterNoise(5, 77, step) >>> 28 >= 8 ? 1 : 0));
    expect(uniform).toEqual(expected);
    expect(new Set(expected).size).toBe(2);
    const gauss = await neuron({ noise: "gauss", noiseBits: 3, reset: "none" }, { threshold: 0, noiseKey: 9 }, [0, 0, 0, 0, 0, 0, 0, 0]);
    const four = (step: number): number => [0, 1, 2, 3].reduce((sum, j) => sum + (counterNoise(1, 9, 4 * step + j) >>> 29), -14);
    expect(gauss.sent).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((step) => (four(step) >= 0 ? 1 : 0)));
    expect(gauss.v).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect((await neuron({ noise: "uniform", noiseBits: 0 }, { threshold: 0 }, [0])).sent).toEqual([1]);
  });
  test("an unused neuron does nothing", async () => {
    expect(await neuron({}, { threshold: 1, used: false }, [5])).toEqual({ sent: [0], v: [0] });
  });
});

describe("integrate", () => {
  test("gain and shift scale the payload", async () => {
    const core: HandCore = {
      axons: [{ row: 0, gain: -3, shift: 2 }],
      rows: [dense([5, -1])],
      neurons: [{ threshold: 1000 }, { threshold: 1000 }],
    };
    expect(await integrated(core, 2, { 0: 2 }, [[0, 0]])).toEqual([-120, 24]);
  });
  test.each(Array.from({ length: 16 }, (_, b) => b + 1))("weights of %i bits, across words, dense and conv", async (bits) => {
    const low = bits === 1 ? -1 : -(2 ** (bits - 1));
    const high = bits === 1 ? 1 : 2 ** (bits - 1) - 1;
    const weights = Array.from({ length: 35 }, (_, i) => (i % 2 === 0 ? low : high));
    const shape = { kernelY: 1, kernelX: 1, strideY: 1, strideX: 1, dilationY: 1, dilationX: 1, height: 1, width: 1, pitch: 35 };
    const core: HandCore = {
      axons: [{ row: 0 }, { row: 1 }],
      shapes: [shape],
      rows: [dense(weights, bits), { kind: "conv", bits, base: 0, shape: 0, channels: 35, weights: Int32Array.from(weights) }],
    };
    expect(await integrated(core, 35, { 0: 1 }, [[0, 0]])).toEqual(weights);
    expect(
      await integrated(core, 35, { 1: 1 }, [
        [0, 0],
        [1, 0],
      ]),
    ).toEqual(weights);
  });
  test("a dense row written by hand: three 12-bit weights in two words, from slot 1 on", async () => {
    // Header: kind 0, bits 11 at bit 2, count 3 at bit 6, base 1 at bit 17; then -1 and 2 in one word, -2048 in the next.
    const header = (11 << 2) | (3 << 6) | (1 << 17);
    const h: HandChip = {
      steps: 2,
      cores: [{ neurons: Array.from({ length: 4 }, () => ({ threshold: 10000 })), axons: [{ row: 0 }], rows: [dense([0, 0, 0], 12)] }],
      inputs: [[[{ x: 0, y: 0, axon: 0 }]]],
    };
    const image = handImage(h);
    const sections = image.sections.map((s) =>
      s.name.endsWith("synapses") ? { ...s, words: Uint32Array.from([header, 0x00002fff, 0x800]) } : s,
    );
    const device = meshMachine(handChip(h));
    await device.load({ ...image, sections });
    await device.send([hostEvents(0, { 0: 1 })]);
    await device.run(2);
    expect(Array.from(await device.peek("core(0,0)/potential"))).toEqual([0, -1, 2, -2048]);
  });
  test("sparse rows", async () => {
    const core: HandCore = {
      axons: [{ row: 0 }],
      rows: [{ kind: "sparse", bits: 16, slots: Int32Array.of(3, 0, 3), weights: Int32Array.of(100, -32768, 1) }],
    };
    expect(await integrated(core, 4, { 0: 2 }, [[0, 0]])).toEqual([-65536, 0, 0, 202]);
  });
  test("convolution: taps inside the tile only, with stride, dilation and channels innermost", async () => {
    // A 3-tap row of two channels over a tile of 1 x 3 outputs, stride 2, dilation 1. Position 4 reaches
    // output 2 by tap 0 and output 1 by tap 2; tap 1 falls between outputs.
    const shape = { kernelY: 1, kernelX: 3, strideY: 1, strideX: 2, dilationY: 1, dilationX: 1, height: 1, width: 3, pitch: 2 };
    const core: HandCore = {
      axons: [
        { row: 0, x: 4 },
        { row: 0, x: 0 },
        { row: 0, x: -1 },
        { row: 0, x: 6 },
      ],
      shapes: [shape],
      rows: [{ kind: "conv", bits: 8, base: 0, shape: 0, channels: 2, weights: Int32Array.of(1, 2, 3, 4, 5, 6) }],
    };
    const targets = [
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 0],
    ] as const;
    expect(await integrated(core, 6, { 0: 1 }, targets)).toEqual([0, 0, 5, 6, 1, 2]);
    expect(await integrated(core, 6, { 1: 1 }, targets)).toEqual([1, 2, 0, 0, 0, 0]);
    expect(await integrated(core, 6, { 2: 1 }, targets)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(await integrated(core, 6, { 3: 1 }, targets)).toEqual([0, 0, 0, 0, 5, 6]);
  });
  test("convolution in two dimensions with dilation", async () => {
    const shape = { kernelY: 2, kernelX: 2, strideY: 1, strideX: 1, dilationY: 2, dilationX: 1, height: 2, width: 2, pitch: 1 };
    const core: HandCore = {
      axons: [{ row: 0, y: 2, x: 1 }],
      shapes: [shape],
      rows: [{ kind: "conv", bits: 8, base: 0, shape: 0, channels: 1, weights: Int32Array.of(1, 2, 3, 4) }],
    };
    // y = 2: tap row 0 would be output row 2 (outside), tap row 1 is output row 0; x = 1: taps 0 and 1 are output columns 1 and 0.
    expect(await integrated(core, 4, { 0: 1 }, [[0, 0]])).toEqual([4, 3, 0, 0]);
  });
  test("at-least 1 is OR, at-least 2 of two is AND, and the row comes once with payload 1", async () => {
    const core = (need: number): HandCore => ({ axons: [{ row: 0, mode: "at-least", need, gain: 5 }], rows: [dense([1])] });
    const both = [
      [0, 0],
      [0, 1],
    ] as const;
    expect(await integrated(core(1), 1, { 0: 1, 1: 1 }, both)).toEqual([5]);
    expect(await integrated(core(2), 1, { 0: 1 }, both)).toEqual([0]);
    expect(await integrated(core(2), 1, { 0: 1, 1: 1 }, both)).toEqual([5]);
  });
  test("at-least counts start anew in every step", async () => {
    const core: HandCore = { neurons: [{ threshold: 100 }], axons: [{ row: 0, mode: "at-least", need: 2 }], rows: [dense([1])] };
    const h: HandChip = { steps: 4, cores: [core], inputs: [[[{ x: 0, y: 0, axon: 0 }]]] };
    const { device } = await handRun(h, [hostEvents(0, { 0: 1 }), hostEvents(1, { 0: 1 })]);
    expect(Array.from(await device.peek("core(0,0)/potential"))).toEqual([0]);
  });
  test("a gate passes the member counted most so far, ties to the lowest, and starts over with its profile", async () => {
    const core: HandCore = {
      profiles: [{ start: 1 }],
      neurons: [{ threshold: 1 }],
      axons: [{ row: 0, mode: "gate", need: 0 }],
      rows: [dense([1])],
    };
    const h: HandChip = {
      steps: 8,
      interval: 4,
      cores: [core],
      inputs: [[[{ x: 0, y: 0, axon: 0, member: 2 }], [{ x: 0, y: 0, axon: 0, member: 5 }]]],
    };
    // Members by step of arrival: 5 | 2 and 5 | 2 | 2 || 2 (counts anew) …
    const events = [
      hostEvents(0, { 1: 1 }),
      hostEvents(1, { 0: 1 }),
      hostEvents(2, { 0: 1 }),
      hostEvents(3, { 0: 1 }),
      hostEvents(4, { 1: 1 }),
    ];
    const r = await handRun(h, events);
    // 1: member 5 leads. 2: tie 1:1, member 2 is lower. 3: 2 leads. 4: 2 leads. 5: counters are clear, 5 leads.
    expect(trainOf(r, 0, 8)).toEqual([0, 1, 1, 1, 1, 1, 0, 0]);
    expect((await r.device.counts())["gate"]).toBe(5);
    // Without the boundary, member 5 would still be behind in step 5.
    const long = await handRun({ ...h, interval: 8 }, events);
    expect(trainOf(long, 0, 8)).toEqual([0, 1, 1, 1, 1, 0, 0, 0]);
  });
  test.each([0, 1, 5, 62, 63])("axon delay %i", async (delay) => {
    const core: HandCore = { neurons: [{ threshold: 1 }], axons: [{ row: 0, delay }], rows: [dense([1])] };
    const r = await handRun({ steps: 70, cores: [core], inputs: [[[{ x: 0, y: 0, axon: 0 }]]] }, [hostEvents(2, { 0: 1 })]);
    expect(trainOf(r, 0, 70).indexOf(1)).toBe(3 + delay);
  });
  test("events outside the window are lost", async () => {
    expect((await neuron({ start: 3 }, { threshold: 100 }, [1, 1, 4, 0])).v).toEqual([0, 0, 4, 4]);
  });
  test("the accumulator wraps at 32 bits", async () => {
    const core: HandCore = {
      axons: [
        { row: 0, gain: 127, shift: 7 },
        { row: 1, gain: 127, shift: 7 },
      ],
      rows: [dense([32767], 16), dense([-32768], 16)],
    };
    const factor = 32767 * 127 * 128;
    expect(await integrated(core, 1, { 0: 32767 }, [[0, 0]])).toEqual([
      Math.max(-(2 ** 23), Math.min(2 ** 23 - 1, Math.imul(factor, 32767))),
    ]);
  });
});

describe("time", () => {
  const fires: HandNeuron = { threshold: 1, bias: 1 };

  test("the README's example: one core, one packet to the host", async () => {
    const r = await handRun({ cores: [{ neurons: [{ ...fires, routes: [{ line: 0 }] }] }] });
    expect(r.outputs).toEqual([{ step: 0, cycle: 3, line: 0, payload: 1 }]);
    expect(r.device.now()).toEqual({ cycle: 8, step: 1 });
  });
  test("a step without work takes the barrier alone; a core takes its updates and skips", async () => {
    expect((await handRun({ cores: [] })).device.now().cycle).toBe(4);
    const core: HandCore = { neurons: [{ threshold: 9 }, { threshold: 9, used: false }, { threshold: 9 }] };
    expect((await handRun({ cores: [core], cycles: { update: 5, skip: 2 } })).device.now().cycle).toBe(12 + 4);
    expect((await handRun({ cores: [{ ...core, enabled: false }] })).device.now().cycle).toBe(4);
  });
  test("2 x 1: a spike east, its effect, and its answer back west", async () => {
    const h: HandChip = {
      columns: 2,
      steps: 2,
      cores: [
        { neurons: [{ ...fires, routes: [{ x: 1, y: 0, axon: 0 }] }] },
        { x: 1, neurons: [{ threshold: 1, routes: [{ line: 0 }] }], axons: [{ row: 0 }], rows: [dense([1])] },
      ],
    };
    const r = await handRun(h);
    // Step 0: update 0, send 1, put 2, router 0 moves it east in 3, router 1 stores it in 4; quiet in 5; step 1 begins in 9.
    // Step 1 in core 1: event, row, word in 0..2, update 3, send 4, put 5, router 1 west in 6, router 0 to the host in 7; quiet in 8.
    expect(
      r.trace.filter((e) => ["event-store", "step-quiet", "packet-send"].includes(e.event)).map((e) => [e.cycle, e.core, e.event]),
    ).toEqual([
      [2, 0, "packet-send"],
      [4, 1, "event-store"],
      [5, -1, "step-quiet"],
      [9 + 2, 0, "packet-send"],
      [9 + 4, 1, "event-store"],
      [9 + 5, 1, "packet-send"],
      [9 + 8, -1, "step-quiet"],
    ]);
    expect(r.outputs).toEqual([{ step: 1, cycle: 16, line: 0, payload: 1 }]);
    expect(r.device.now().cycle).toBe(21);
    expect(await r.device.counts()).toEqual({
      event: 1,
      row: 1,
      word: 1,
      synapse: 1,
      multiply: 0,
      gate: 0,
      update: 4,
      skip: 0,
      spike: 3,
      send: 3,
      deliver: 2,
      lost: 0,
      hop: 4,
      barrier: 2,
      hostIn: 0,
      hostOut: 1,
      loadWord: 3 + (4 + 6 + 1 + 1) + (4 + 6 + 1 + 2 + 2 + 1),
    });
  });
  test("2 x 2: x first, then y", async () => {
    const h: HandChip = {
      columns: 2,
      rows: 2,
      cores: [
        { neurons: [{ ...fires, routes: [{ x: 1, y: 1, axon: 0 }] }] },
        { x: 1, y: 1, neurons: [{}], axons: [{ row: 0 }], rows: [dense([1])] },
      ],
    };
    const r = await handRun(h);
    // Put in 2; router (0,0) east in 3, router (1,0) south in 4, router (1,1) into its core in 5.
    expect(r.trace.find((e) => e.event === "event-store")).toMatchObject({ cycle: 5, core: 3 });
    expect(r.device.now().cycle).toBe(6 + 4);
    const links = Array.from(await r.device.peek("chip/links"));
    expect(links).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  });
  test("2 x 2: an output grants its inputs in turn", async () => {
    const two = (first: number): HandNeuron => ({ ...fires, routes: [{ line: first }, { line: first + 1 }] });
    const h: HandChip = {
      columns: 2,
      rows: 2,
      cores: [
        { x: 1, y: 0, neurons: [two(0)] },
        { x: 0, y: 1, neurons: [two(2)] },
      ],
      lines: 4,
    };
    const r = await handRun(h);
    // Both put in 2 and 4; both reach router (0,0), by its east and south inputs, in 3 and 5. To the host:
    // in 4 east (the last winner is west), in 5 south, in 6 east, in 7 south.
    expect(r.outputs.map((e) => [e.cycle, e.line])).toEqual([
      [4, 0],
      [5, 2],
      [6, 1],
      [7, 3],
    ]);
  });
  test("back-pressure: with FIFOs of one packet the core waits", async () => {
    const neuron: HandNeuron = { ...fires, routes: [{ line: 0 }, { line: 1 }, { line: 2 }] };
    const r = await handRun({ fifo: 1, cycles: { hop: 3 }, cores: [{ neurons: [neuron] }], lines: 3 });
    // Put in 2, leaves in 5, room from 6 on; put in 6, leaves in 9; put in 10, leaves in 13.
    expect(r.trace.filter((e) => e.event === "packet-send").map((e) => e.cycle)).toEqual([2, 6, 10]);
    expect(r.outputs.map((e) => e.cycle)).toEqual([5, 9, 13]);
    expect(r.device.now().cycle).toBe(14 + 4);
    expect(r.trace.find((e) => e.event === "core-done")).toMatchObject({ cycle: 11 });
  });
  test("the host sends a packet a cycle, by input, channel and target, and waits for room", async () => {
    const target = (axon: number): { x: number; y: number; axon: number } => ({ x: 0, y: 0, axon });
    const h: HandChip = {
      fifo: 1,
      cores: [{ neurons: [{ threshold: 100 }], axons: [{ row: 0 }, { row: 0 }, { row: 0 }], rows: [dense([1])] }],
      inputs: [[[target(2)]], [[target(1), target(0)], [target(0)]]],
    };
    const r = await handRun(h, [hostEvents(0, { 0: 4, 1: 5 }, 1), hostEvents(0, { 0: 6 }, 0)]);
    expect(r.trace.filter((e) => e.event === "host-send").map((e) => [e.cycle, e.b])).toEqual([
      [0, 2],
      [2, 1],
      [4, 0],
      [6, 0],
    ]);
    expect(r.trace.filter((e) => e.event === "event-store").map((e) => [e.cycle, e.a, e.b])).toEqual([
      [1, 2, 6],
      [3, 1, 4],
      [5, 0, 4],
      [7, 0, 5],
    ]);
    expect(await r.device.counts()).toMatchObject({ hostIn: 4, deliver: 4, hop: 0 });
  });
  test("words, rows, synapses and multiplications are counted as they are read", async () => {
    const core: HandCore = {
      neurons: Array.from({ length: 9 }, () => ({ threshold: 1000 })),
      axons: [{ row: 0 }, { row: 0, gain: 3 }],
      rows: [dense(new Array(9).fill(1), 8)],
    };
    const h: HandChip = { steps: 2, cores: [core], inputs: [[[{ x: 0, y: 0, axon: 0 }], [{ x: 0, y: 0, axon: 1 }]]] };
    const r = await handRun(h, [hostEvents(0, { 0: -1, 1: 1 })]);
    expect(await r.device.counts()).toMatchObject({ event: 2, row: 2, word: 6, synapse: 18, multiply: 9 });
    expect(r.trace.find((e) => e.event === "update-begin" && e.step === 1)).toMatchObject({ cycle: 13 + 2 + 2 + 6 });
  });
  test("long computations do not disturb the order of cycles", async () => {
    const idle = (count: number): HandNeuron[] => Array.from({ length: count }, () => ({ threshold: 9 }));
    const h: HandChip = {
      columns: 2,
      cores: [
        { neurons: [...idle(700), { ...fires, routes: [{ line: 0 }] }] },
        { x: 1, neurons: [...idle(200), { ...fires, routes: [{ line: 1 }] }, ...idle(800)] },
      ],
      lines: 2,
    };
    const r = await handRun(h);
    expect(r.outputs.map((e) => [e.cycle, e.line])).toEqual([
      [200 + 1 + 1 + 1 + 1, 1],
      [700 + 1 + 1 + 1, 0],
    ]);
    // Core 1 goes on after its put in cycle 202 with 800 updates.
    expect(r.device.now().cycle).toBe(203 + 800 + 4);
  });
});

describe("reports instead of hanging", () => {
  const flood = (events: number): HandChip => ({
    columns: 2,
    events,
    cores: [
      { neurons: [{ threshold: 1, bias: 1, routes: [0, 1, 2].map((axon) => ({ x: 1, y: 0, axon })) }] },
      { x: 1, neurons: [{}], axons: [{ row: 0 }, { row: 0 }, { row: 0 }], rows: [dense([1])] },
    ],
  });
  test("a full event memory", async () => {
    const report = await handRun(flood(2)).then(
      () => null,
      (e: unknown) => e as Failure,
    );
    expect(report?.diagnostics[0]).toMatchObject({
      code: "simulator-deadlock",
      message: "in step 0, 1 packets can no longer move: the event memory of core(1,0) is full",
      notes: ["1 packets wait in the west input of router (1,0), the first for core(1,0)"],
    });
    expect((await handRun(flood(3))).device.now().step).toBe(1);
  });
  test("events of the running step no longer count", async () => {
    expect((await handRun({ ...flood(3), steps: 5 })).device.now().step).toBe(5);
  });
  test("the cycle budget", async () => {
    await expect(handRun({ ...flood(3), steps: 100 }, [], 100, { cyclesMax: 500 })).rejects.toThrow("simulator-budget");
  });
  test("packets for nobody are lost and counted", async () => {
    const h = flood(3);
    const unused = {
      ...h,
      cores: [h.cores[0] as HandCore, { x: 1, neurons: [{}], axons: [{ row: 0 }, { row: 0, used: false }], rows: [dense([1])] }],
    };
    expect(await (await handRun(unused)).device.counts()).toMatchObject({ deliver: 1, lost: 2 });
    expect(await (await handRun({ ...h, cores: h.cores.slice(0, 1) })).device.counts()).toMatchObject({ deliver: 0, lost: 3 });
  });
  test("images for another chip, or that make no sense", async () => {
    const h = flood(3);
    const image = handImage(h);
    const load = async (change: Partial<typeof image>): Promise<void> => meshMachine(handChip(h)).load({ ...image, ...change });
    await expect(load({ target: "other" })).rejects.toThrow("image-chip");
    await expect(meshMachine(handChip({ ...h, columns: 3 })).load(image)).rejects.toThrow("image-chip");
    const section = (name: string, base: number, word: number) => ({
      sections: [...image.sections, { name, wordBits: 32, base, words: Uint32Array.of(word) }],
    });
    await expect(load(section("core(7,0)/axons", 0, 0))).rejects.toThrow("image-section-unknown");
    await expect(load(section("core(0,0)/nothing", 0, 0))).rejects.toThrow("image-section-unknown");
    await expect(load(section("core(0,0)/control", 1, 0))).rejects.toThrow("image-section-outside");
    await expect(load(section("core(1,0)/axons", 0, 2 ** 30))).rejects.toThrow("image-word");
    await expect(load(section("core(1,0)/axons", 0, 2 ** 31 + 9))).rejects.toThrow("image-word");
    await expect(load(section("core(0,0)/routes", 0, 31 << 12))).rejects.toThrow("image-word");
    await expect(load(section("core(0,0)/neurons", 0, 2 ** 31 + 3))).rejects.toThrow("image-word");
  });
});

describe("laws", () => {
  /** Sixteen cores that bombard each other. */
  const busy: HandChip = {
    columns: 4,
    rows: 4,
    steps: 30,
    fifo: 2,
    cores: Array.from({ length: 16 }, (_, k) => ({
      x: k % 4,
      y: k >> 2,
      neurons: Array.from({ length: 8 }, (_, n) => ({
        threshold: 20 + n,
        bias: (k * 7 + n * 3) % 11,
        routes: [
          { x: (k * 5 + n) % 4, y: (k * 3 + n * 2) % 4, axon: n % 4 },
          { x: n % 4, y: k % 4, axon: (n + 1) % 4 },
          ...(n === 0 ? [{ line: k }] : []),
        ],
      })),
      axons: [0, 1, 2, 3].map((a) => ({ row: a % 2, delay: a })),
      rows: [dense([1, 2, 3, 4, -1, -2, -3, -4]), dense([3, 1, 4, 1, 5, -9, 2, 6])],
    })),
    lines: 16,
  };
  test("two runs are the same; a reset runs the same again; tracing changes nothing", async () => {
    const a = await handRun(busy);
    const b = await handRun(busy);
    expect(b.trace).toEqual(a.trace);
    expect(b.outputs).toEqual(a.outputs);
    const counts = await a.device.counts();
    const silent = meshMachine(handChip(busy));
    await silent.load(handImage(busy));
    await silent.run(30);
    expect(await silent.counts()).toEqual(counts);
    expect(await silent.receive()).toEqual(a.outputs);
    const end = silent.now();
    expect(end).toEqual(a.device.now());
    await silent.reset();
    expect(silent.now()).toEqual({ cycle: 0, step: 0 });
    await silent.run(30);
    expect(await silent.receive()).toEqual(a.outputs);
    expect(silent.now()).toEqual(end);
  });
  test("packets sent are packets delivered, lost or received; every router passes what it gets", async () => {
    const { device } = await handRun(busy);
    const c = (await device.counts()) as Record<string, number>;
    expect(c["send"]).toBeGreaterThan(1000);
    expect(c["send"]).toBe(c["deliver"]! + c["lost"]! + c["hostOut"]!);
    const links = await device.peek("chip/links");
    const local = links.filter((_, o) => o % 5 === 0).reduce((s, n) => s + n, 0);
    expect(local).toBe(c["deliver"]! + c["lost"]!);
    expect(links.reduce((s, n) => s + n, 0) - local).toBe(c["hop"]);
    const spikes = await device.peek("chip/counters/spike");
    expect(spikes.reduce((s, n) => s + n, 0)).toBe(c["spike"]);
  });
  test("timing never changes what is computed", async () => {
    const slow = await handRun({ ...busy, fifo: 1, cycles: { hop: 5, send: 3, update: 2 } });
    const fast = await handRun(busy);
    const spikes = (r: typeof fast): string[] =>
      r.trace
        .filter((e) => e.event === "spike-out")
        .map((e) => `${e.step} ${e.core} ${e.a}`)
        .sort();
    expect(spikes(slow)).toEqual(spikes(fast));
    expect(slow.device.now().cycle).toBeGreaterThan(fast.device.now().cycle);
  });
});
