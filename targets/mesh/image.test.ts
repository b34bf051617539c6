import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { at } from "../../compiler/base/bug.ts";
import { Failure } from "../../compiler/base/diagnostic.ts";
import { TensorStore } from "../../compiler/base/store.ts";
import { i32 } from "../../compiler/base/tensor.ts";
import { parseCores } from "../../compiler/ir/cores/parse.ts";
import { printCores } from "../../compiler/ir/cores/print.ts";
import type { Cores } from "../../compiler/ir/cores/types.ts";
import { listing } from "../../compiler/ir/image/listing.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import type { Network } from "../../compiler/ir/network/types.ts";
import { genericMapping } from "../../compiler/map/index.ts";
import { context } from "../../compiler/passes/pass.ts";
import { randomNetwork } from "../../test/harness/random-network.ts";
import type { ChipSpec } from "../chip.ts";
import { knownChips } from "../chip-yaml.ts";
import { decode } from "./decode.ts";
import { emit } from "./emit.ts";
import { meshWords } from "./listing.ts";

const mesh = knownChips()["mesh-4x4"] as ChipSpec;
const tiny: ChipSpec = {
  ...mesh,
  name: "tiny",
  columns: 32,
  rows: 32,
  core: { ...mesh.core, neurons: 24, axons: 200, synapseWords: 1000, routes: 800 },
};

function mapped(net: Network, chip: ChipSpec, partition: string): Cores {
  return genericMapping.map(net, chip, { partition, place: "hilbert" }, context({ chip, seed: 7 }));
}

function eachRandom(visit: (cores: Cores, seed: number) => void): void {
  for (let seed = 0; seed < 40; seed++) {
    visit(mapped(randomNetwork(seed, { forMesh: true }), seed % 3 === 0 ? tiny : mesh, seed % 2 === 0 ? "packed" : "tiles"), seed);
  }
}

/** As toEqual, which is slow on big typed arrays and is asked only for its message. */
function same(a: unknown, b: unknown, seed: number): void {
  if (!isDeepStrictEqual(a, b)) expect(a, `seed ${seed}`).toEqual(b);
}

describe("laws on random networks", () => {
  it("decode(emit(c)) equals c, names, indices and origins included", () => {
    eachRandom((cores, seed) => same(decode(emit(cores)), cores, seed));
  });

  it("the words alone say everything but names", () => {
    eachRandom((cores, seed) => {
      const image = emit(cores);
      const origin = { what: "", from: null };
      const bare = decode({ ...image, map: null });
      const nameless = (c: Cores): Cores["cores"] =>
        c.cores.map((core) => ({
          ...core,
          origin,
          groups: core.groups.map((g) => ({ ...g, pop: "", indices: new Int32Array(), origin })),
        }));
      same(nameless(bare), nameless(cores), seed);
      same(emit(bare).sections, image.sections, seed);
    });
  });

  it("parse(print(c)) equals c, with and without a side file", () => {
    eachRandom((cores, seed) => {
      const store = seed % 2 === 0 ? new TensorStore() : null;
      const again = store === null ? null : TensorStore.decode(((): Uint8Array => (printCores(cores, store), store.encode()))());
      same(parseCores(printCores(cores, store), again), cores, seed);
    });
  });

  it("no section ends in words that nothing uses", () => {
    eachRandom((cores) => {
      for (const s of emit(cores).sections) {
        const memory = s.name.split("/")[1];
        if (memory === "axons") expect(at(s.words, s.words.length - 2) >>> 31).toBe(1);
        if (memory === "neurons") expect(at(s.words, s.words.length - 6) >>> 31).toBe(1);
        expect(s.words.length).toBeGreaterThan(0);
      }
    });
  });
});

it("neurons of one group may need several profiles", () => {
  const net = randomNetwork(5, { forMesh: true });
  const hidden = net.pops.findIndex((p) => p.neuron.model !== "input" && p.shape.length === 1 && at(p.shape, 0) > 2);
  const pop = at(net.pops, hidden < 0 ? net.pops.length - 1 : hidden);
  const leaks = i32(
    pop.shape,
    Array.from({ length: pop.shape.reduce((a, b) => a * b, 1) }, (_, i) => 1 + (i % 3)),
  );
  const pops = net.pops.map((p) =>
    p === pop ? { ...p, neuron: { ...p.neuron, params: { ...p.neuron.params, leak: "shift", leakArgument: leaks } } } : p,
  );
  const cores = mapped({ ...net, pops }, mesh, "packed");
  const image = emit(cores);
  expect(decode(image)).toEqual(cores);
  const profiles = image.sections.filter((s) => s.name.endsWith("/profiles")).reduce((n, s) => n + s.words.length / 4, 0);
  expect(profiles).toBeGreaterThan(cores.cores.reduce((n, c) => n + c.groups.length, 0));
});

describe("decode refuses words that mean nothing (image-word)", () => {
  const cores = mapped(randomNetwork(1, { forMesh: true }), mesh, "packed");
  const image = emit(cores);
  const changed = (name: string, index: number, word: number): Image => ({
    ...image,
    sections: image.sections.map((s) => (s.name === name ? { ...s, words: s.words.map((w, i) => (i === index ? word : w)) } : s)),
  });
  const problem = (broken: Image): string => {
    try {
      decode(broken);
    } catch (e) {
      if (e instanceof Failure) return e.diagnostics.map((d) => `${d.code} ${d.at}: ${d.message}`).join();
      throw e;
    }
    return "none";
  };
  it("reserved bits, choices that do not exist, addresses of nothing", () => {
    expect(problem(changed("core(0,0)/control", 0, 0xc0000001))).toMatch(/^image-word core\(0,0\)\/control\[0\]: .*reserved bits are set/);
    expect(problem(changed("core(0,0)/axons", 0, 0x80030000))).toMatch(/axon0\.mode: 3 is none of its choices/);
    expect(problem(changed("core(0,0)/axons", 0, 0x8000ffff))).toMatch(/names address 65535, where no row begins/);
    expect(problem(changed("core(0,0)/routes", 0, 0x0003f000))).toMatch(/leads to core\(31,1\), which has nothing/);
    expect(problem(changed("core(0,0)/control", 0, 0x800003ff))).toMatch(/neuron0 is expected at address/);
  });
});

it("a listing has a line for every word, with names", () => {
  const cores = mapped(randomNetwork(2, { forMesh: true }), mesh, "packed");
  const image = emit(cores);
  const text = listing(image, meshWords);
  const words = image.sections.reduce((n, s) => n + s.words.length, 0);
  expect(text.split("\n").filter((l) => /^ {2}[0-9a-f]{4,} {2}[0-9a-f]{4} [0-9a-f]{4} {2}\S/.test(l)).length).toBe(words);
  expect(text).not.toContain("??");
  const group = at(at(cores.cores, 0).groups, 0);
  expect(text).toContain(`slot 0: ${group.pop}[${group.indices[0]}] from`);
  expect(text).toMatch(/ {2}0000 {2}0004 0401 {2}register-size format=1 columns=4 rows=4/);
});
