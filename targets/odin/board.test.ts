import { describe, expect, it } from "vitest";
import { variants } from "./variant.ts";
import { odinPins } from "./pins.ts";
import { neuronByte } from "./board.ts";

/** What is worked out from the documentation of pins and clocks, not from the machine. */
describe.each([variants.odin, variants.tinyodin])("$name at its pins", (variant) => {
  const pins = odinPins(variant);

  it("a byte written reads back, a masked bit stays, and a transfer takes 160 clocks", () => {
    const log = pins
      .board()
      .run([
        { op: "reset" },
        { op: "write", space: 0, address: 0, data: 1, mask: 0 },
        { op: "write", space: 0, address: 1, data: 1, mask: 0 },
        { op: "wait", cycles: 20 },
        { op: "mark", id: 1 },
        { op: "write", space: 1, address: neuronByte(7, 0), data: 0xff, mask: 0 },
        { op: "write", space: 1, address: neuronByte(7, 0), data: 0x00, mask: 0xf0 },
        { op: "read", space: 1, address: neuronByte(7, 0), expect: 0xf0 },
      ]);
    const [mark, read, end] = log;
    expect(read).toMatchObject({ kind: "read", value: 0xf0 });
    expect((read?.cycle ?? 0) - (mark?.cycle ?? 0)).toBe(480);
    expect(end).toMatchObject({ kind: "end", errors: 0 });
  });

  it("a stuck bit is found by the march of its memory, at its address", () => {
    const fault = { section: "chip/synapses", address: 70, bit: 3, stuck: 1 } as const;
    const march = pins.bringup().find((t) => t.name === "march-neurons");
    expect(
      pins
        .board()
        .run(march?.tape ?? [])
        .at(-1),
    ).toMatchObject({ errors: 0 });
    const log = pins
      .board([fault])
      .run([
        { op: "reset" },
        { op: "write", space: 0, address: 0, data: 1, mask: 0 },
        { op: "wait", cycles: 20 },
        { op: "write", space: 2, address: 70, data: 0, mask: 0 },
        { op: "read", space: 2, address: 70, expect: 0 },
        { op: "read", space: 2, address: 71, expect: 0 },
      ]);
    expect(log.slice(0, 2)).toMatchObject([{ value: 8 }, { value: 0 }]);
    expect(log.at(-1)).toMatchObject({ errors: 1 });
  });

  it("every vector covers branches that exist, and all branches of the chip are covered", () => {
    const covered = new Set(pins.bringup().flatMap((t) => t.covers));
    for (const c of covered) expect(Object.keys(pins.branches)).toContain(c);
    const missing = Object.keys(pins.branches).filter(
      (b) => !covered.has(b) && !pins.branches[b]?.includes(variant.signBySource ? "(tinyODIN)" : "(ODIN)"),
    );
    expect(missing).toEqual([]);
  });

  it("an output event that the host does not take stops the network", () => {
    const test = pins.bringup().find((t) => t.name === "back-pressure");
    const log = pins.board().run(test?.tape ?? []);
    const spikes = log.filter((e) => e.kind === "spike");
    expect(spikes).toHaveLength(20);
    // Held for 500 clocks after the first, then for 100 after the next one or two.
    expect((spikes[1]?.cycle ?? 0) - (spikes[0]?.cycle ?? 0)).toBeGreaterThan(480);
  });
});

/** Worked out from aer_out.v as README.md tells it: two words for the watched neuron, one for the watched synapse. */
it("ODIN shows the states of one neuron and one synapse where its register 20 says so", () => {
  const test = odinPins(variants.odin)
    .bringup()
    .find((t) => t.name === "monitor");
  const log = odinPins(variants.odin)
    .board()
    .run(test?.tape ?? []);
  const at = (mark: number): unknown[] => {
    const end = log.findIndex((e) => e.kind === "mark" && e.id === mark);
    const begin = log.slice(0, end).findLastIndex((e) => e.kind === "mark");
    return log.slice(begin + 1, end).map((e) => (e.kind === "spike" ? e.word : e.kind));
  };
  // Neuron 0 is watched: a virtual event of weight 7 leaves it at 7; events of other neurons show nothing.
  expect(at(1000)).toEqual([0x00, 7]);
  for (let other = 1001; other <= 1008; other++) expect(at(other)).toEqual([]);
  // A single synapse of row 0 adds 3: the neuron, then the synapse with its mark, map bit and weight.
  expect(at(1009)).toEqual([0x00, 10, 0xf0 | 8 | 3]);
  // Two of other rows, then 19 + 3 reaches the threshold of 20: it spikes and is at 0.
  expect([at(1010), at(1011), at(1012)]).toEqual([
    [0x00, 13],
    [0x00, 16],
    [0x00, 19],
  ]);
  expect(at(1013)).toEqual([0x80, 0]);
});
