import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { at } from "../../compiler/base/bug.ts";
import { Failure } from "../../compiler/base/diagnostic.ts";
import { Random } from "../../compiler/base/random.ts";
import { f64, numbersOf, type Tensor } from "../../compiler/base/tensor.ts";
import { type NirFile, type NirNode, readNir } from "../../compiler/frontends/nir/index.ts";
import { networkOf } from "../../compiler/frontends/nir/index.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { openSession } from "../../runtime/session.ts";
import { targetNamed } from "../../targets/index.ts";
import { sharedFile } from "./onnx-files.ts";

/* The recurrent braille graph and ReckOn. */

const folder = sharedFile("data/nir/");
if (folder === null) console.warn("skipped: no reference data beside the project (../shared)");

const target = targetNamed("reckon");
const steps = 256;
const network = (file: NirFile, profile: string) =>
  networkOf(file, "braille", { profile: { name: profile, given: {} }, dt: 1e-4, steps, input: "one" }, context());

describe.skipIf(folder === null)("the braille graph", () => {
  const load = () => readNir(new Uint8Array(readFileSync(`${folder}braille_noDelay_bias_zero.nir`)), "braille");

  it("does not fit: synaptic currents, and an output that fires and leaks too fast", async () => {
    const source = network(await load(), "snntorch");
    const failure = (() => {
      try {
        compile(source, job({ target, method: "" }), context({ chip: target.chip }));
      } catch (e) {
        return e;
      }
      return null;
    })();
    expect(failure).toBeInstanceOf(Failure);
    const said = (failure as Failure).diagnostics.map((d) => d.message).join("\n");
    for (const reason of [
      "synaptic current that keeps 0.55",
      "synaptic current that keeps 0.5 ",
      "keeps 0.55 of its potential",
      "which fires",
    ])
      expect(said).toContain(reason);
    // Its biases are no reason: spikes of neurons that fire in every step give them.
    expect(said).not.toContain("bias");
  });

  it("fits with plain leaky neurons and readouts, its biases kept: chip = network on 100 random sequences of 256 steps", async () => {
    const file = await load();
    const source = network({ ...file, graph: { ...file.graph, nodes: file.graph.nodes.map(plain) } }, "snntorch");
    const { legal, image } = compile(source, job({ target, method: "" }), context({ chip: target.chip }));
    const whole = prepareNetwork(legal);
    const session = await openSession(target.simulate(), image);
    const random = new Random(7);
    let spikes = 0;
    for (let i = 0; i < 100; i++) {
      const sample = Float64Array.from({ length: steps * 12 }, () => Number(random.chance(0.1)));
      const [expected, got] = [whole.run([sample]), await session.run([sample])];
      expect([...at(got.raw, 0)]).toEqual([...at(expected.raw, 0)]);
      const sent = legal.pops.reduce((sum, p) => sum + (p.neuron.model === "reckon" ? at(expected.events, p.id) : 0), 0);
      expect(got.counts["spike"]).toBe(sent);
      spikes += sent;
    }
    await session.close();
    expect(spikes).toBeGreaterThan(1000);
  });
});

const scaled = (t: Tensor, factor: number): Tensor =>
  f64(
    [...t.shape],
    numbersOf(t).map((v) => v * factor),
  );

/**
 * The nearest graph that fits: a spike's charge comes at once instead of over the steps of a synaptic current (which
 * keeps 0.55, so 1/0.45 in all), and the last layer integrates with the same leak instead of firing.
 */
function plain(n: NirNode): NirNode {
  const p = n.params;
  const tensor = (name: string): Tensor => p[name] as Tensor;
  if (n.type === "Affine") {
    const charge = n.name === "fc2" ? 1 / 0.5 : 1 / 0.45;
    return { ...n, params: { weight: scaled(tensor("weight"), charge), bias: scaled(tensor("bias"), charge) } };
  }
  if (n.type !== "CubaLIF") return n;
  const neuron = { tau: p["tau_mem"]!, r: p["r"]!, v_leak: p["v_leak"]! };
  if (n.name === "lif2") return { ...n, type: "LI", params: neuron };
  return { ...n, type: "LIF", params: { ...neuron, v_threshold: p["v_threshold"]! } };
}
