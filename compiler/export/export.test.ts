import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { targets } from "../../targets/index.ts";
import { at } from "../base/bug.ts";
import { parseNetwork } from "../ir/network/parse.ts";
import { prepareNetwork } from "../ir/network/run.ts";
import type { Network } from "../ir/network/types.ts";
import { context } from "../passes/pass.ts";
import { compile, job } from "../pipeline.ts";
import { architectureLines } from "./architecture.ts";
import { hmetisLines, hypergraphOf, partitionLines, snnBytes } from "./hypergraph.ts";
import { sanafeNetwork } from "./sanafe.ts";

/* Networks in the formats of other tools. */

const network = parseNetwork(
  `network t steps 4
  input x 3 binary code events
  pop a.b 2 binary lif(threshold=3 decay=0.5 leak=multiply compare=gt reset=set)
  pop c 2 binary if(threshold=2)
  link x -> a.b dense i8[2x3]{1 2 0 0 0 4} delay=1
  link a.b -> c dense i8[2x2]{1 0 3 0} delay=1
  output c code spikes
`,
  null,
);

function compiled() {
  const target = targets["mesh-1x1"]?.() ?? expect.fail("no target");
  const { legal, cores } = compile(network, job({ target, method: "" }), context({ chip: target.chip }));
  return { legal, cores, chip: target.chip };
}

describe("hypergraphs", () => {
  const graph = hypergraphOf(network);

  it("have an edge for each neuron that reaches another", () => {
    expect(hmetisLines(graph)).toEqual(["4 7", "1 4", "2 4", "3 5", "4 6 7"]);
  });

  it("as .snn: counts, then targets, source, the targets' numbers, weight", () => {
    const bytes = snnBytes(graph);
    const words = new Uint32Array(bytes.slice().buffer);
    expect(Array.from(words.subarray(0, 6))).toEqual([7, 4, 1, 0, 3, 0x3f800000]);
    expect(Array.from(words.subarray(-5))).toEqual([2, 3, 5, 6, 0x3f800000]);
  });

  it("come with the core of each neuron, inputs apart", () => {
    const { legal, cores } = compiled();
    expect(partitionLines(legal, cores).join("")).toBe("1110000");
  });
});

type Group = { name: string; attributes: Record<string, unknown>; neurons: Record<string, Record<string, unknown>>[] };
type Sanafe = {
  network: { groups: Group[]; edges: Record<string, { weight: number }>[] };
  mappings: Record<string, { core: string | number; soma?: string }>[];
};

describe("SANA-FE", () => {
  const { legal, cores, chip } = compiled();
  const trains = prepareNetwork(legal, { record: legal.inputs.map((i) => i.pop) }).run([[1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0]]).trains;
  const { lines } = sanafeNetwork(legal, cores, trains);
  const read = parse(lines.join("\n")) as Sanafe;

  it("has a soma for each kind of neuron, leaking ones in 64ths", () => {
    const [x, a, c] = read.network.groups;
    expect(x?.neurons.map((n, i) => n[String(i)]?.["spikes"])).toEqual([
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [1, 0, 0, 0],
    ]);
    expect(a?.attributes).toMatchObject({ soma_hw_name: "leaky_integrate_fire", reset_mode: "hard", leak_decay: 0.5 });
    expect(c?.attributes).toMatchObject({ soma_hw_name: "integrate_fire", reset_mode: "soft" });
    const weights = read.network.edges.map((e) => at(Object.values(e), 0).weight);
    const threshold = Number(a?.attributes["threshold"]);
    // Whatever quantization multiplied by: weights 1 2 4 against the threshold 3 of the first population, 1 3 against 2 of the second.
    expect(weights.slice(0, 3).map((w) => (w / threshold) * 3)).toEqual([1, 2, 4]);
    expect(weights.slice(3).map((w) => (w / Number(c?.attributes["threshold"])) * 2)).toEqual([1, 3]);
  });

  it("maps each neuron to its core, and each input to a unit of the host", () => {
    const maps = Object.assign({}, ...read.mappings) as Sanafe["mappings"][number];
    expect(Object.keys(maps)).toEqual(["p0_x.0", "p0_x.1", "p0_x.2", "p1_a_b.0", "p1_a_b.1", "p2_c.0", "p2_c.1"]);
    expect(maps["p0_x.2"]).toEqual({ core: 0.1, soma: "host_input[2]" });
  });

  it("notes what it cannot say", () => {
    const odd: Network = { ...legal, links: legal.links.map((l) => ({ ...l, delay: 3 })) };
    expect(sanafeNetwork(odd, cores, new Map()).notes.map((n) => n.what)).toContain("delay of 3 steps: 1");
  });

  it("has the chip's grid, costs and units", () => {
    const { architecture } = parse(architectureLines(chip, 3).join("\n")) as {
      architecture: {
        attributes: object;
        tile: { attributes: Record<string, number>; core: { soma: { name: string; attributes: Record<string, number> }[] }[] }[];
      };
    };
    expect(architecture.attributes).toMatchObject({ width: 1, height: 1, topology: "mesh" });
    expect(architecture.tile[0]?.attributes["energy_east_hop"]).toBeCloseTo(3.5e-12, 20);
    expect(architecture.tile[0]?.core.map((c) => c.soma.map((s) => s.name))).toEqual([
      ["integrate_fire", "leaky_integrate_fire"],
      ["host_input[0..2]"],
    ]);
  });
});
