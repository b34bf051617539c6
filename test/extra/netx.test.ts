import { describe, expect, it } from "vitest";
import { potentialLimits } from "../../compiler/analysis/answer.ts";
import { at } from "../../compiler/base/bug.ts";
import { importNir } from "../../compiler/frontends/nir/index.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import type { Network } from "../../compiler/ir/network/types.ts";
import { verifyNetwork } from "../../compiler/ir/network/verify.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { openSession } from "../../runtime/session.ts";
import { targets } from "../../targets/index.ts";
import { meshMachine } from "../../targets/mesh/machine.ts";
import { bytesOf, folder, frames } from "./netx.ts";

/* Networks that come with lava-dl. */

if (folder === null) console.warn("skipped: no reference data beside the project (../shared)");

function load(file: string, steps: number, compare?: string): Promise<Network> {
  const profile = compare === undefined ? null : { name: "lava", given: { compare } };
  return importNir(bytesOf(file), file, { profile, dt: null, steps, input: "count" }, context());
}

const steps = 1900;

describe.skipIf(folder === null)("lava-dl networks", () => {
  it("the Oxford network sends every spike of lava-dl's record, two steps earlier, and no other", async () => {
    const network = await load("oxford_network.net", steps);
    expect(verifyNetwork(network)).toEqual([]);
    const output = at(network.outputs, 0).pop;
    const sample = frames("oxford_input.npy", 200, steps);
    const sent =
      prepareNetwork(network, { record: [output] })
        .run([sample])
        .trains.get(output) ?? expect.fail("no trains");
    const record = frames("oxford_ground_truth.npy", 200, steps).slice(2 * 200);
    expect(sent.reduce((a, b) => a + b, 0)).toBe(10178);
    expect(Buffer.from(sent.slice(0, record.length).buffer).equals(Buffer.from(record.buffer))).toBe(true);
  });

  it("does not do so where neurons fire only above the threshold", async () => {
    const network = await load("oxford_network.net", steps, "gt");
    const run = prepareNetwork(network).run([frames("oxford_input.npy", 200, steps)]);
    expect(at(run.raw, 0).reduce((a, b) => a + b, 0)).toBe(9632);
  });

  it("the Oxford network runs on the chip as it does in integers", async () => {
    const network = await load("oxford_network.net", steps);
    const target = targets["mesh-4x4"]?.() ?? expect.fail("no target");
    const compiled = compile(network, job({ target, method: "" }), context({ chip: target.chip }));
    const sample = frames("oxford_input.npy", 200, steps);
    const whole = prepareNetwork(compiled.legal, { limits: potentialLimits(target.chip) }).run([sample]);
    const got = await (await openSession(meshMachine(target.chip), compiled.image)).run([sample]);
    expect([...at(got.raw, 0)]).toEqual([...at(whole.raw, 0)]);
    expect(got.raw[0]?.reduce((a, b) => a + b, 0)).toBe(10178);
  });

  it.each(["netx_tiny.net", "mnist_trained_mnist_network.net"])("%s is read and fits a chip", async (file) => {
    const network = await load(file, 64);
    expect(verifyNetwork(network)).toEqual([]);
    const target = targets["mesh-4x4"]?.() ?? expect.fail("no target");
    expect(compile(network, job({ target, method: "" }), context({ chip: target.chip })).cores.cores.length).toBeGreaterThan(0);
  });
});
