import { describe, expect, it } from "vitest";
import { at } from "../../compiler/base/bug.ts";
import type { Diagnostic } from "../../compiler/base/diagnostic.ts";
import { Random } from "../../compiler/base/random.ts";
import { sizeOf } from "../../compiler/base/tensor.ts";
import { sameCores } from "../../compiler/ir/cores/same.ts";
import { parseNetwork } from "../../compiler/ir/network/parse.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import type { Network } from "../../compiler/ir/network/types.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import type { TraceEvent } from "../../runtime/device.ts";
import { openSession } from "../../runtime/session.ts";
import { parseChip } from "../chip-yaml.ts";
import { targetOf } from "../index.ts";
import { rancEvents } from "./trace.ts";

/*
 * The laws of the target on random networks: the network, the legal network and the simulator on
 * the image give the same spikes, and the image decodes to the cores.
 */

const target = targetOf(
  parseChip(
    `name: ranc-small
extends: ranc-4x3
family: ranc
columns: { value: 5, source: "test" }
core:
  neurons: { value: 64, source: "test" }
  axons: { value: 64, source: "test" }
outputs: { value: 64, source: "test" }
`,
    "small.yaml",
  ),
);

function weights(r: Random, rows: number, columns: number, most: number): string {
  const list = Array.from({ length: rows * columns }, () => (r.chance(0.7) ? r.int(-most, most) : 0));
  return `i16[${rows}x${columns}]{${list.join(" ")}}`;
}

/** Populations of every kind that the design can run, skip links, delays, a pool, and a loop. */
function randomText(r: Random): string {
  const steps = r.int(6, 14);
  const [h, g] = [r.int(2, 12), r.int(2, 9)];
  const most = at([1, 2, 3, 7, 15], r.int(0, 4));
  const hidden = [
    `if(threshold=${r.int(2, 30)})`,
    `if(threshold=${r.int(2, 20)} reset=set resetValue=${r.int(-3, 1)} bias=${r.int(-1, 1)})`,
    `lif(threshold=${r.int(1, 9)} decay=0 leak=multiply reset=set bias=${r.int(-2, 3)})`,
    `ranc(threshold=${r.int(1, 20)} negativeThreshold=${-r.int(1, 20)} resetValue=${r.int(-4, 0)} leak=${r.int(-2, 2)})`,
    `ranc(reset=subtract threshold=${r.int(3, 20)} negativeThreshold=${-r.int(1, 20)})`,
  ];
  return [
    `network t steps ${steps}`,
    "input x 1x4x4 binary code events",
    `pop h ${h} binary ${at(hidden, r.int(0, hidden.length - 1))}`,
    `pop g ${g} binary ${at(hidden, r.int(0, hidden.length - 1))}`,
    `pop y 4 binary ${at(hidden, r.int(0, 2))}`,
    `link x -> h dense ${weights(r, h, 16, most)} delay=${r.int(1, 3)}`,
    `link x -> g dense ${weights(r, g, 4, most)} pool or(size=2x2) delay=${r.int(1, 15)}`,
    `link h -> g dense ${weights(r, g, h, 1)} delay=1`,
    `link h -> y dense ${weights(r, 4, h, most)} delay=${r.int(1, 2)}`,
    `link g -> y dense ${weights(r, 4, g, most)} delay=1`,
    ...(r.chance(0.5) ? [`link h -> h dense ${weights(r, h, h, 2)} delay=${r.int(1, 4)}`] : []),
    "output o of y code spikes",
    ...(r.chance(0.3) ? ["output q of g code spikes"] : []),
    "",
  ].join("\n");
}

function trainsByName(n: Network, sample: readonly Float64Array[]): { trains: Map<string, string>; raw: readonly Float64Array[] } {
  const run = prepareNetwork(n, { record: n.pops.map((p) => p.id) }).run(sample);
  return { trains: new Map(n.pops.map((p) => [p.name, Array.from(run.trains.get(p.id) ?? []).join("")])), raw: run.raw };
}

describe("random networks", () => {
  it("give the same spikes as network, as legal network and on the simulator", async () => {
    let wraps = 0;
    for (let seed = 1; seed <= 14; seed++) {
      const r = new Random(seed);
      const source = parseNetwork(randomText(r), null, "t");
      const notes: Diagnostic[] = [];
      const cx = context({ report: (d) => notes.push(d) });
      const partition = seed % 2 === 0 ? "packed" : "tiles";
      const made = compile(source, job({ target, method: "rate", mapping: { partition, place: "hilbert" } }), cx);
      const wrapping = notes.some((d) => d.code === "ranc-wraps");
      if (wrapping) wraps++;
      const spikes: TraceEvent[] = [];
      const session = await openSession(target.simulate(), made.image);
      session.device.trace((e) => {
        if (e.event === rancEvents.spikeOut.name) spikes.push(e);
      });
      for (let k = 0; k < 2; k++) {
        const sample = [Float64Array.from({ length: 16 * source.steps }, () => (r.chance(0.4) ? 1 : 0))];
        spikes.length = 0;
        const first = session.device.now().step;
        const got = await session.run(sample);
        const legal = trainsByName(made.legal, sample);
        expect(
          got.raw.map((v) => [...v]),
          `seed ${seed}`,
        ).toEqual(legal.raw.map((v) => [...v]));
        expect(trainsOf(made.legal, made.image.map?.cores ?? [], spikes, first), `seed ${seed}`).toEqual(
          new Map([...legal.trains].filter(([name]) => name !== "x")),
        );
        if (wrapping || made.legal.steps !== source.steps) continue;
        const original = trainsByName(source, sample);
        for (const [name, train] of original.trains) expect(legal.trains.get(name), `seed ${seed} ${name}`).toBe(train);
      }
      expect(sameCores(target.decode(made.image), made.cores)).toBe(true);
    }
    // Most of them do not wrap, so that the first comparison is one.
    expect(wraps).toBeLessThan(7);
  }, 60_000);
});

/** Spike trains out of a trace, copies too: a copy must spike with its original. */
function trainsOf(
  n: Network,
  cores: readonly { x: number; y: number; groups: readonly { first: number; pop: string; indices: readonly number[] }[] }[],
  spikes: readonly TraceEvent[],
  first: number,
): Map<string, string> {
  const out = new Map<string, string>();
  for (const p of n.pops) {
    if (p.neuron.model === "input") continue;
    const size = sizeOf(p.shape);
    const train = new Uint8Array(size * n.steps);
    const copies = new Map<string, Uint8Array>();
    for (const c of cores)
      for (const g of c.groups) {
        if (g.pop !== p.name && g.pop !== `${p.name}.copies`) continue;
        g.indices.forEach((neuron, i) => {
          const mine = new Uint8Array(n.steps);
          for (const e of spikes) if (e.core === c.y * 5 + c.x && e.a === g.first + i) mine[e.step - first] = 1;
          const key = String(neuron);
          const before = copies.get(key);
          if (before !== undefined) expect([...mine]).toEqual([...before]);
          copies.set(key, mine);
          mine.forEach((s, t) => {
            train[t * size + neuron] = s;
          });
        });
      }
    out.set(p.name, Array.from(train).join(""));
  }
  return out;
}
