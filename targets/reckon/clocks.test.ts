import { describe, expect, test } from "vitest";
import { Random } from "../../compiler/base/random.ts";
import { parseNetwork } from "../../compiler/ir/network/parse.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { openSession } from "../../runtime/session.ts";
import { targetNamed } from "../index.ts";
import { clockBiases } from "./clocks.ts";
import { inputLines } from "./planes.ts";

const target = targetNamed("reckon");

const networks: Readonly<Record<string, string>> = {
  "biases and first potentials of two layers": `network t steps 7
  input x 3 binary code events
  pop a 3 binary if(threshold=8 bias=f64[3]{1 -2 3}) initial(v=f64[3]{4 4 -4})
  link x -> a dense f64[3x3]{5 -3 2 1 6 -2 3 3 3}
  pop b 2 binary if(threshold=6 bias=f64[2]{-1 2}) initial(v=3)
  link a -> b dense f64[2x3]{4 -2 3 2 5 -1}
  pop o 2 binary readout(bias=f64[2]{1 2})
  link b -> o dense f64[2x2]{3 -1 2 4}
  output y of o code potential
`,
  "a bias of a neuron with feedback that is reset to zero": `network t steps 9
  input x 2 binary code events
  pop a 2 binary if(threshold=8 reset=set resetValue=0 bias=f64[2]{3 1})
  link x -> a dense f64[2x2]{5 -3 2 1}
  link a -> a dense f64[2x2]{0 -2 1 0} delay=1
  pop o 1 binary readout()
  link a -> o dense f64[1x2]{3 -1}
  output y of o code potential
`,
  "a bias of the second layer only": `network t steps 6
  input x 2 binary code events
  pop a 2 binary if(threshold=4)
  link x -> a dense f64[2x2]{5 1 2 3}
  pop b 2 binary if(threshold=4 bias=1)
  link a -> b dense f64[2x2]{2 1 -1 3}
  pop o 1 binary readout()
  link b -> o dense f64[1x2]{3 -1}
  output y of o code potential
`,
  "numbers as lines": `network t steps 5
  input x 2 unsigned3 code direct(low=0 high=7)
  pop a 2 binary if(threshold=16 bias=1)
  link x -> a dense f64[2x2]{2 -1 1 3}
  pop o 1 binary readout()
  link a -> o dense f64[1x2]{3 -1}
  output y of o code potential
`,
  "numbers with signs as lines": `network t steps 5
  input x 2 signed4 code direct(low=-7 high=7)
  pop a 2 binary if(threshold=16)
  link x -> a dense f64[2x2]{2 -1 1 3}
  pop o 1 binary readout()
  link a -> o dense f64[1x2]{3 -1}
  output y of o code potential
`,
};

/** Spikes by steps, or one number a channel. */
function sampleFor(text: string, r: Random): Float64Array {
  const steps = Number(/steps (\d+)/.exec(text)?.[1]);
  const channels = Number(/input x (\d+)/.exec(text)?.[1]);
  if (text.includes("code events")) return Float64Array.from({ length: steps * channels }, () => (r.chance(0.5) ? 1 : 0));
  return Float64Array.from({ length: channels }, () => r.int(text.includes(" signed") ? -7 : 0, 7));
}

describe("biases, first potentials and numbers as spikes", () => {
  test.each(Object.keys(networks))("%s: the same answers, and the chip's are those", async (name) => {
    const text = networks[name] ?? "";
    const network = parseNetwork(text, null);
    const cx = context({ chip: target.chip });
    const clocked = clockBiases.run(inputLines.run(network, {}, cx), {}, cx);
    const { legal, image } = compile(network, job({ target, method: "" }), cx);
    const [before, after, fitted] = [prepareNetwork(network), prepareNetwork(clocked), prepareNetwork(legal)];
    const session = await openSession(target.simulate(), image);
    const r = new Random(5);
    for (let k = 0; k < 40; k++) {
      const sample = [sampleFor(text, r)];
      const wanted = Array.from(before.run(sample).raw[0] ?? []);
      expect(Array.from(after.run(sample).raw[0] ?? [])).toEqual(wanted);
      const got = await session.run(sample);
      expect(Array.from(got.raw[0] ?? [])).toEqual(Array.from(fitted.run(sample).raw[0] ?? []));
    }
    await session.close();
  });

  test("cost two neurons for each layer, and a step", () => {
    const legal = compile(
      parseNetwork(networks["biases and first potentials of two layers"] ?? "", null),
      job({ target, method: "" }),
      context({ chip: target.chip }),
    ).legal;
    expect(legal.pops.filter((p) => p.name.startsWith("clock")).map((p) => p.shape)).toEqual([[2], [2]]);
  });
});
