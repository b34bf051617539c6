import { describe, expect, it } from "vitest";
import { randomNetwork, randomSample, type RandomOptions } from "../../../test/harness/random-network.ts";
import type { ChipSpec } from "../../../targets/chip.ts";
import { knownChips } from "../../../targets/chip-yaml.ts";
import { at } from "../../base/bug.ts";
import { Failure } from "../../base/diagnostic.ts";
import { sizeOf } from "../../base/tensor.ts";
import type { Network, PopId } from "../../ir/network/types.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import { verifyNetwork } from "../../ir/network/verify.ts";
import { context, type Pass, step } from "../pass.ts";
import { networkPasses } from "./index.ts";

/*
 * Every pass that says it keeps spikes is held to it: random networks run before and
 * after, and every population that is in both sends the same payloads in the same steps
 * (counted from the step in which it starts), and every answer is the same.
 */

type Setting = {
  readonly pass: keyof typeof networkPasses;
  readonly given?: Readonly<Record<string, string>>;
  readonly options?: RandomOptions;
  readonly chip?: ChipSpec;
  /** Networks that the pass says it cannot do. */
  readonly unless?: (n: Network) => boolean;
};

const mesh = at(Object.values(knownChips()), 0);

/** mesh with fewer settings of its neurons. */
function lesser(unit: ChipSpec["unit"]): ChipSpec {
  return { ...mesh, name: "lesser", unit: { ...mesh.unit, ...unit } };
}

const noisy = (n: Network): boolean => n.pops.some((p) => ![undefined, "none"].includes(p.neuron.params["noise"] as string | undefined));

const settings: readonly Setting[] = [
  { pass: "remove-unread" },
  { pass: "fold-amplitude" },
  { pass: "fold-amplitude", given: { into: "shared" } },
  { pass: "fold-amplitude", given: { into: "unshared" } },
  { pass: "fold-amplitude", given: { into: "axon-gain" } },
  { pass: "fold-amplitude", given: { into: "axon-shift" } },
  { pass: "split-fan-in", given: { sources: "4", bits: "16" }, options: { integer: true } },
  { pass: "unroll-static-input" },
  { pass: "legalize-spikes", given: { form: "paired" }, options: { forMesh: true } },
  { pass: "legalize-inputs", options: { integer: true } },
  { pass: "legalize-pools", options: { forMesh: true } },
  // The other form keeps spikes but not their payloads: test/lesser-chips.test.ts.
  { pass: "legalize-doubling", given: { form: "companions" }, options: { forMesh: true } },
  { pass: "legalize-reset", options: { forMesh: true } },
  {
    pass: "legalize-settings",
    options: { integer: true },
    chip: lesser({ compare: ["ge"], boundary: ["clear"], biasAt: ["first"], negativeAt: ["zero"] }),
  },
  {
    pass: "legalize-settings",
    options: { forMesh: true },
    chip: { ...lesser({ compare: ["gt"], biasAt: ["every"] }), perNeuron: ["threshold", "resetValue"] },
  },
  // Noise is drawn by the step, so a population that starts later draws other noise.
  { pass: "lower-delays", unless: noisy },
  { pass: "lower-delays", given: { max: "2" }, unless: noisy },
  { pass: "lower-delays", given: { min: "2", max: "5" }, unless: noisy },
  { pass: "lower-neurons", options: { integer: true } },
  { pass: "lower-neurons", given: { touched: "false" }, options: { integer: true } },
  { pass: "check-range", given: { accumulator: "53", potential: "53" }, options: { integer: true } },
];

describe("passes that keep spikes", () => {
  it("are all tried", () => {
    const named = new Set<string>(settings.map((s) => s.pass));
    for (const p of Object.values(networkPasses)) if (p.keeps === "spikes") expect(named).toContain(p.name);
  });

  it.each(settings)("$pass $given", ({ pass, given = {}, options = {}, unless, chip = null }) => {
    const s = step(networkPasses[pass] as unknown as Pass<"network">, given);
    let [done, changed] = [0, 0];
    for (let seed = 0; seed < 400 && (done < 80 || (changed < 10 && pass !== "check-range")); seed++) {
      const before = randomNetwork(seed, options);
      if (unless?.(before) === true) continue;
      const after = attempt(() => s.run(before, context({ chip })));
      if (after === null) continue;
      done++;
      if (after !== before) changed++;
      expect(
        verifyNetwork(after).map((d) => d.message),
        `seed ${seed}`,
      ).toEqual([]);
      expectSame(before, after, seed);
    }
    expect(done).toBeGreaterThanOrEqual(50);
    if (pass !== "check-range") expect(changed).toBeGreaterThanOrEqual(10);
  });
});

/** Null where the pass refuses the network. */
function attempt(run: () => Network): Network | null {
  try {
    return run();
  } catch (e) {
    if (e instanceof Failure) return null;
    throw e;
  }
}

function expectSame(before: Network, after: Network, seed: number): void {
  const runs = [before, after].map((n) => prepareNetwork(n, { record: n.pops.map((p) => p.id) }));
  for (let k = 0; k < 2; k++) {
    const sample = randomSample(before, seed * 2 + k);
    // A pass may make the sample longer; codes that read a frame per step find none beyond the old end.
    const [a, b] = [runs[0]!.run(sample), runs[1]!.run(sample)];
    expect(b.outputs, `answers of seed ${seed}`).toEqual(a.outputs);
    for (const p of before.pops) {
      const q = after.pops.find((other) => other.name === p.name);
      // What is read as a potential sends nothing on a chip.
      if (q === undefined || q.neuron.params["output"] === "yes") continue;
      const shift = q.start - p.start;
      expect(train(after, b.trains, q.id, shift, before.steps), `train of ${p.name}, seed ${seed}`).toEqual(
        train(before, a.trains, p.id, 0, before.steps),
      );
    }
  }
}

/** Payloads of one population from step `first` on, -0 as 0. */
function train(n: Network, trains: ReadonlyMap<PopId, Float64Array>, pop: PopId, first: number, steps: number): number[] {
  const count = sizeOf(n.pops[pop]!.shape);
  return Array.from(trains.get(pop)!.subarray(first * count, (first + steps) * count), (v) => v + 0);
}
