import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { choice, flag, hex, sint, tableOf, uint, verilogOf, word } from "./word.ts";

const synapse = word("synapse", 32, { weight: sint(7, 0), neuron: uint(17, 8), last: flag(18), op: choice(20, 19, "add", "sub", "set") });

describe("bit-field tables", () => {
  it("encode by hand-worked positions", () => {
    // weight -1 = ff, neuron 5 at bit 8, last at bit 18, op sub = 1 at bit 19.
    expect(synapse.encode({ weight: -1, neuron: 5, last: true, op: "sub" })).toBe(0xff + 5 * 256 + 2 ** 18 + 2 ** 19);
  });
  it("decode what they encode", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -128, max: 127 }),
        fc.integer({ min: 0, max: 1023 }),
        fc.boolean(),
        fc.constantFrom("add", "sub", "set"),
        (weight, neuron, last, op) => {
          const value = { weight, neuron, last, op: op as "add" | "sub" | "set" };
          expect(synapse.decode(synapse.encode(value))).toEqual({ value });
        },
      ),
    );
  });
  it("refuse what does not fit, and say which field", () => {
    expect(synapse.check({ weight: 128, neuron: 0, last: false, op: "add" })).toEqual({
      field: "synapse.weight",
      problem: "128 does not fit sint of 8 bits",
    });
    expect(synapse.check({ weight: 0, neuron: 1024, last: false, op: "add" })?.field).toBe("synapse.neuron");
    expect(synapse.decode(2 ** 31)).toMatchObject({ problem: expect.stringContaining("reserved bits") });
    expect(synapse.decode(3 * 2 ** 19)).toMatchObject({ field: "synapse.op" });
  });
  it("refuse overlapping and overlong fields when declared", () => {
    expect(() => word("w", 32, { a: uint(7, 0), b: uint(8, 7) })).toThrow("overlaps");
    expect(() => word("w", 16, { a: uint(16, 0) })).toThrow("does not fit");
    expect(() => word("w", 32, { a: choice(0, 0, "x", "y", "z") })).toThrow("3 choices");
  });
  it("use all 32 bits without sign trouble", () => {
    const w = word("w", 32, { low: uint(15, 0), high: uint(31, 16) });
    expect(w.encode({ low: 0xffff, high: 0xffff })).toBe(0xffffffff);
    expect(w.decode(0xffffffff)).toEqual({ value: { low: 0xffff, high: 0xffff } });
    expect(hex(0xffffffff, 32)).toBe("ffff ffff");
  });
  it("print listing, documentation and Verilog from the same table", () => {
    expect(synapse.show(synapse.encode({ weight: 3, neuron: 12, last: false, op: "add" }))).toBe("weight=3 neuron=12 last=0 op=add");
    expect(tableOf(synapse)).toContain("| 20..19 | op | choice: 0 add, 1 sub, 2 set |");
    expect(verilogOf(synapse)).toContain("`define SYNAPSE_NEURON 17:8\n");
    expect(verilogOf(synapse)).toContain("`define SYNAPSE_OP_SUB 2'd1");
  });
});
