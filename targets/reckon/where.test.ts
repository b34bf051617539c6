import { expect, it } from "vitest";
import { findDivergence } from "../../compiler/analysis/divergence/index.ts";
import { lineOf, showDivergence } from "../../compiler/analysis/divergence/show.ts";
import { networkWitness, simulatorWitness } from "../../compiler/analysis/divergence/witness.ts";
import { parseNetwork } from "../../compiler/ir/network/parse.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { targetNamed } from "../index.ts";

const target = targetNamed("reckon");
const source = `network t steps 6
  input x 3 binary code direct
  pop h 3 binary reckon(threshold=300 alpha=31000)
  link x -> h dense i8[3x3]{100 -20 7 50 60 70 3 2 100} gain=4
  link h -> h dense i8[3x3]{0 5 6 7 0 8 9 10 0} delay=1
  pop o 2 binary reckon-readout(kappa=120)
  link h -> o dense i8[2x3]{100 -100 50 -7 9 11} gain=2
  output y of o code potential
`;
const { legal: network, image } = compile(parseNetwork(source, null, "t"), job({ target, method: "" }), context({ chip: target.chip }));
const line = lineOf(image, target);

it("words of an axon and a neuron are named, also where each row is a section of its own", () => {
  const places = (slot: number, axon: number | null): string[] => (target.wordsOf?.(image, 0, slot, axon) ?? []).map((w) => line(w));
  // Three lines, three neurons: axon 2 is x[2], axon 4 is h[1] to neurons, axon 6 is h[0] to readouts.
  expect(places(2, 2)[0]).toMatch(/inputWeights word 128: .*w2=100.*: weight of x\[2\] -> h\[2\]$/);
  expect(places(2, 4)[0]).toMatch(/recurrentWeights word 64: .*w2=10 .*: weight of h\[1\] -> h\[2\]$/);
  expect(places(4, 6)[0]).toMatch(/outputWeights word 0: .*w1=-7 .*: weight of h\[0\] -> o\[1\]$/);
  // Pair 1 holds neurons 2 and 3: chunk 3 of its four.
  expect(places(2, null)[0]).toMatch(/neurons word 7: .*threshold=300.*: threshold alpha of h\[2\] and its pair$/);
  expect(places(3, null)[0]).toMatch(/registers word 69: .*kappa factor=120: kappa of o\[0\] and all readouts$/);
});

it("the first divergence names the weight that is not the network's", async () => {
  const sample = [Float64Array.of(1, 1, 1)];
  const subject = (bad: typeof image) => ({ network, image: bad, target });
  const run = async (bad: typeof image) =>
    findDivergence(subject(bad), networkWitness(network, target, 1), await simulatorWitness(network, target, bad), sample, { trials: 50 });
  expect(await run(image)).toBeNull();
  const bad = {
    ...image,
    sections: image.sections.map((s) =>
      s.name.endsWith("/inputWeights") && s.base === 128 ? { ...s, words: s.words.map((w) => (w ^ 0x40_0000) >>> 0) } : s,
    ),
  };
  const d = await run(bad);
  expect(d).not.toBeNull();
  if (d !== null)
    expect(showDivergence(subject(bad), d)).toMatch(
      /weight of x\[2\] -> h\[2\], delay \d: network 400, image 144\n.*inputWeights word 128: /,
    );
});
