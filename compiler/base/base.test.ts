import { describe, expect, it } from "vitest";
import { at, InternalError, must } from "./bug.ts";
import { Collector, diagnostic, Failure, showDiagnostic } from "./diagnostic.ts";
import { choice, choose, flag, integer, real } from "./options.ts";
import { origin } from "./origin.ts";
import { f64, i32, sameTensor, spread, tensor } from "./tensor.ts";

describe("diagnostics", () => {
  const d = diagnostic("tensor-missing", ["00ff"], {
    at: "net.snet:3:9",
    origin: origin("link a -> b", origin('Conv "x"')),
    notes: ["one note"],
  });
  it("print code, place, origin, notes and help, one a line", () => {
    expect(showDiagnostic(d)).toBe(
      [
        "error[tensor-missing]: tensor #00ff is not in the side file",
        "  at   net.snet:3:9",
        '  from "link a -> b" < "Conv \\"x\\""',
        "  note one note",
        "  help keep the .tensors file beside the text file, under the same name",
      ].join("\n"),
    );
  });
  it("are gathered, and end the stage together", () => {
    const c = new Collector();
    c.check();
    c.report(d);
    c.report(d);
    expect(() => c.check()).toThrow(Failure);
    try {
      c.check();
    } catch (e) {
      expect((e as Failure).diagnostics.length).toBe(2);
    }
  });
});

describe("options", () => {
  const table = {
    into: choice(["auto", "shared"], "auto", "h"),
    bits: integer(1, 16, 8, "h"),
    phi: real(0, 1, 0.5, "h"),
    keep: flag(false, "h"),
  };
  it("parse what is given and keep the rest", () => {
    expect(choose("p", table, { bits: "4", keep: "" })).toEqual({ into: "auto", bits: 4, phi: 0.5, keep: true });
  });
  it.each([
    ["option-unknown", { nope: "1" }],
    ["option-value", { bits: "17" }],
    ["option-value", { bits: "" }],
    ["option-value", { phi: "x" }],
    ["option-value", { into: "other" }],
  ])("%s for %j", (code, given) => {
    try {
      choose("p", table, given as unknown as Record<string, string>);
      expect.unreachable();
    } catch (e) {
      expect((e as Failure).diagnostics[0]?.code).toBe(code);
    }
  });
});

describe("tensors", () => {
  it("spread numbers, per-channel and per-neuron tensors", () => {
    expect([...spread(2, [2, 2])]).toEqual([2, 2, 2, 2]);
    expect([...spread(f64([2], [1, 3]), [2, 1, 2])]).toEqual([1, 1, 3, 3]);
    expect([...spread(i32([2, 1, 2], [1, 2, 3, 4]), [2, 1, 2])]).toEqual([1, 2, 3, 4]);
    expect(() => spread(f64([3], [1, 2, 3]), [2, 2])).toThrow(InternalError);
  });
  it("compare by dtype, shape and bits", () => {
    expect(sameTensor(f64([1], [Number.NaN]), f64([1], [Number.NaN]))).toBe(true);
    expect(sameTensor(f64([1], [0]), f64([1], [-0]))).toBe(false);
    expect(sameTensor(f64([1], [0]), i32([1], [0]))).toBe(false);
    expect(sameTensor(f64([1, 2], [1, 2]), f64([2], [1, 2]))).toBe(false);
  });
  it("a shape that does not match its numbers is our bug", () => {
    expect(() => tensor("u8", [3], Uint8Array.of(1))).toThrow(InternalError);
    expect(() => at([1], 1)).toThrow(InternalError);
    expect(() => must(false, "a sentence")).toThrow("a sentence");
  });
});
