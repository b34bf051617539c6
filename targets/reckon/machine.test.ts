import { describe, expect, test } from "vitest";
import { context } from "../../compiler/passes/pass.ts";
import { Random } from "../../compiler/base/random.ts";
import { i32, tensor } from "../../compiler/base/tensor.ts";
import { origin } from "../../compiler/base/origin.ts";
import { id } from "../../compiler/base/id.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import type { Link, Network, Population } from "../../compiler/ir/network/types.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { openSession } from "../../runtime/session.ts";
import { targetNamed } from "../index.ts";

/*
 * Network, image and simulator agree on random networks in the chip's own numbers: every
 * spike and every potential after every step, also where additions saturate and resets wrap.
 */

type Shape = { readonly inputs: readonly number[]; readonly neurons: readonly number[]; readonly readouts: number };

const pop = (k: number, name: string, size: number, model: string, params: Population["neuron"]["params"]): Population => ({
  id: id<"population">(k),
  name,
  shape: [size],
  neuron: { model, params },
  spike: { kind: "binary" },
  initial: {},
  amplitude: 1,
  start: 0,
  silent: 0,
  stop: null,
  origin: origin(name),
});

function randomNetwork(r: Random, shape: Shape, steps: number, strong: boolean): Network {
  const whole = (low: number, high: number): number => r.int(low, high);
  const reset = r.int(0, 1) === 0 ? "zero" : "subtract";
  const total = shape.neurons.reduce((a, b) => a + b, 0);
  const pairs = Array.from({ length: Math.ceil(total / 2) }, () => ({
    threshold: whole(50, strong ? 8000 : 400),
    alpha: whole(0x7000, 0x8fff),
  }));
  const pops: Population[] = shape.inputs.map((n, k) => pop(k, `x${k}`, n, "input", {}));
  let first = 0;
  for (const n of shape.neurons) {
    const mine = Array.from({ length: n }, (_, i) => pairs[(first + i) >> 1]!);
    pops.push(
      pop(pops.length, `h${first}`, n, "reckon", {
        threshold: i32(
          [n],
          mine.map((p) => p.threshold),
        ),
        alpha: i32(
          [n],
          mine.map((p) => p.alpha),
        ),
        reset,
      }),
    );
    first += n;
  }
  pops.push(pop(pops.length, "o", shape.readouts, "reckon-readout", { kappa: whole(1, 255) }));
  const shifts = [whole(0, strong ? 7 : 3), whole(0, strong ? 7 : 3), whole(0, strong ? 7 : 3)];
  const link = (from: Population, to: Population, delay: number, shift: number): Link => {
    const [rows, columns] = [to.shape[0]!, from.shape[0]!];
    const data = Int8Array.from({ length: rows * columns }, () => whole(-128, 127));
    return {
      from: from.id,
      to: to.id,
      kernel: { kind: "dense", weight: tensor("i8", [rows, columns], data) },
      pool: null,
      delay,
      gain: shift === 0 ? null : 2 ** shift,
      origin: origin("link"),
    };
  };
  const inputs = pops.slice(0, shape.inputs.length);
  const hidden = pops.slice(shape.inputs.length, -1);
  const out = pops[pops.length - 1]!;
  return {
    kind: "network",
    name: "random",
    steps,
    pops,
    links: [
      ...inputs.flatMap((x) => hidden.map((h) => link(x, h, 0, shifts[0]!))),
      ...hidden.flatMap((g) => hidden.map((h) => link(g, h, 1, shifts[1]!))),
      ...hidden.map((h) => link(h, out, 0, shifts[2]!)),
    ],
    inputs: inputs.map((x) => ({ pop: x.id, code: "events", params: {} })),
    outputs: [{ name: "y", pop: out.id, code: "potential", scale: 1, offset: 0 }],
  };
}

const shapes: readonly Shape[] = [
  { inputs: [5], neurons: [7], readouts: 3 },
  { inputs: [3, 4], neurons: [4, 5], readouts: 16 },
  { inputs: [40], neurons: [1], readouts: 1 },
  { inputs: [1], neurons: [33], readouts: 2 },
  { inputs: [20], neurons: [30, 7, 8], readouts: 10 },
];

describe("reckon", () => {
  const target = targetNamed("reckon");
  shapes.forEach((shape, k) =>
    [false, true].forEach((strong) =>
      test(`network and simulator agree, shape ${k}${strong ? ", saturating" : ""}`, async () => {
        const r = new Random(100 * k + Number(strong));
        const steps = 12;
        const source = randomNetwork(r, shape, steps, strong);
        const { legal, image } = compile(source, job({ target, method: "" }), context({ chip: target.chip }));
        const potentials = new Map<number, number[][]>();
        const trains = new Map<number, number[][]>();
        const network = prepareNetwork(legal, {
          observe: (p, step, payloads, potential) => {
            if (potential === null) return;
            (potentials.get(p) ?? potentials.set(p, []).get(p)!)[step] = Array.from(potential);
            (trains.get(p) ?? trains.set(p, []).get(p)!)[step] = Array.from(payloads);
          },
        });
        const session = await openSession(target.simulate(), image);
        for (let sample = 0; sample < 3; sample++) {
          const x = shape.inputs.map((n) => Float64Array.from({ length: n * steps }, () => Number(r.int(0, 2) === 0)));
          const expected = network.run(x);
          const got = await session.run(x);
          expect(Array.from(got.raw[0]!)).toEqual(Array.from(expected.raw[0]!));
          expect(Array.from(got.answers[0]!)).toEqual(Array.from(expected.outputs[0]!));
        }
        await session.close();
        await compareSteps(target, image, legal, potentials, trains, shape, steps, r, network);
      }),
    ),
  );
});

/** The last sample again, step by step. */
async function compareSteps(
  target: ReturnType<typeof targetNamed>,
  image: Parameters<ReturnType<typeof target.simulate>["load"]>[0],
  legal: Network,
  potentials: ReadonlyMap<number, number[][]>,
  trains: ReadonlyMap<number, number[][]>,
  shape: Shape,
  steps: number,
  r: Random,
  network: ReturnType<typeof prepareNetwork>,
): Promise<void> {
  const x = shape.inputs.map((n) => Float64Array.from({ length: n * steps }, () => Number(r.int(0, 2) === 0)));
  network.run(x);
  const device = target.simulate();
  await device.load(image);
  const fired = new Map<number, number[]>();
  device.trace((e) => {
    if (e.event === "spike-out") fired.set(e.step, [...(fired.get(e.step) ?? []), e.a]);
  });
  await device.send(
    shape.inputs.flatMap((n, input) =>
      Array.from({ length: steps }, (_, step) => {
        const channel = Array.from({ length: n }, (_, c) => c).filter((c) => x[input]![step * n + c] === 1);
        return { input, step, channel: Int32Array.from(channel), payload: new Int32Array(channel.length).fill(1) };
      }),
    ),
  );
  const hidden = legal.pops.filter((p) => p.neuron.model === "reckon");
  const out = legal.pops.find((p) => p.neuron.model === "reckon-readout")!;
  let spikes = 0;
  for (let t = 0; t < legal.steps - 1; t++) {
    await device.run(1);
    const u = await device.peek("core(0,0)/potential");
    let first = 0;
    for (const p of hidden) {
      const seen = potentials.get(p.id)?.[t];
      if (seen !== undefined) expect(Array.from(u.slice(first, first + p.shape[0]!)), `step ${t}`).toEqual(seen);
      first += p.shape[0]!;
    }
    const readout = potentials.get(out.id)?.[t];
    if (readout !== undefined) expect(Array.from((await device.peek("core(0,0)/output")).slice(0, out.shape[0]))).toEqual(readout);
  }
  await device.run(1);
  for (let t = 0; t < steps; t++) {
    let first = 0;
    const expected: number[] = [];
    for (const p of hidden) {
      trains.get(p.id)?.[t + p.start - 0]?.forEach((s, i) => s !== 0 && expected.push(first + i));
      first += p.shape[0]!;
    }
    spikes += expected.length;
    expect(fired.get(t + 1) ?? [], `spikes of step ${t + 1}`).toEqual(expected);
  }
  expect(spikes).toBeGreaterThan(0);
}
