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
