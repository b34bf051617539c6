import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { at } from "../../compiler/base/bug.ts";
import { openSamples, unprocessed } from "../../compiler/frontends/samples.ts";
import { parseNetwork } from "../../compiler/ir/network/parse.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { openSession } from "../../runtime/session.ts";
import { targetNamed } from "../index.ts";

const models = join(import.meta.dirname, "..", "..", "test", "models", "odin");

/** Right answers among the first 50 images, by the recipe's own event loop (NumPy). */
it.each([
  { chip: "odin", pixels: 256, right: 42 },
  { chip: "tinyodin", pixels: 180, right: 46 },
])("MNIST on $chip: the simulator gives the network's counts and potentials", async ({ chip, pixels, right }) => {
  const target = targetNamed(chip);
  const network = parseNetwork(readFileSync(join(models, `${chip}.snet`), "utf8"), null, chip);
  const { legal, image } = compile(network, job({ target, method: "rate" }), context({ chip: target.chip }));
  const name = `${chip}-samples.npz`;
  const samples = await openSamples({ files: [{ name, bytes: readFileSync(join(models, name)) }] }, unprocessed, [pixels]);
  const run = prepareNetwork(legal);
  const session = await openSession(target.simulate(), image);
  let hits = 0;
  for (let i = 0; i < 50; i++) {
    const sample = [samples.sample(i)];
    const expected = run.run(sample);
    const got = await session.run(sample);
    expect(Array.from(at(got.raw, 0)), `image ${i}`).toEqual(Array.from(at(expected.raw, 0)));
    const answer = at(got.answers, 0);
    if (answer.indexOf(Math.max(...answer)) === samples.label(i)) hits++;
  }
  expect(hits).toBe(right);
});
