import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Failure } from "./diagnostic.ts";
import { origin } from "./origin.ts";
import { TensorStore } from "./store.ts";
import { f32, f64, i32, sameTensor, type Tensor, tensor } from "./tensor.ts";
import { Reader, showFields, showName, showNumber, showTensor } from "./text.ts";

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (e) {
    if (e instanceof Failure) return e.diagnostics[0]?.code ?? "";
    throw e;
  }
  return "none";
}

describe("numbers and names", () => {
  it("every double reads back as itself", () => {
    fc.assert(fc.property(fc.double(), (n) => Object.is(new Reader(`x ${showNumber(n)}`, "t").word() && readNumber(showNumber(n)), n)));
  });
  function readNumber(text: string): number {
    return new Reader(text, "t").number();
  }
  it("names that are not words are quoted", () => {
    expect(showName("conv1")).toBe("conv1");
    expect(showName("/0/Conv out")).toBe('"/0/Conv out"');
    expect(new Reader('"/0/Conv \\"q\\""', "t").name()).toBe('/0/Conv "q"');
  });
});

describe("lines", () => {
  it("skips blank lines and comments, keeps indentation", () => {
    const r = new Reader("network a // first\n\n// only a comment\n  pop b 1x28x28\n", "t");
    expect([r.word(), r.word(), r.indent]).toEqual(["network", "a", 0]);
    r.nextLine();
    expect([r.word(), r.name(), r.shape(), r.indent]).toEqual(["pop", "b", [1, 28, 28], 2]);
    r.nextLine();
    expect(r.more).toBe(false);
  });
  it("says line, column, what was expected and what was found", () => {
    const r = new Reader("pop x\n  link ->", "net.snet");
    r.word();
    r.word();
    r.nextLine();
    r.word();
    try {
      r.name();
      expect.unreachable();
    } catch (e) {
      expect((e as Failure).diagnostics[0]).toMatchObject({
        code: "text-syntax",
        at: "net.snet:2:8",
        message: 'expected a name, found "->"',
      });
    }
  });
  it("refuses what is left on a line", () => {
    const r = new Reader("a b\nc", "t");
    r.word();
    expect(codeOf(() => r.nextLine())).toBe("text-syntax");
  });
  it("origins print newest first and read back", () => {
    const r = new Reader('from "conv1" < "Conv_0"', "t");
    expect(r.origin()).toEqual(origin("conv1", origin("Conv_0")));
  });
});

describe("tensors", () => {
  const samples: readonly Tensor[] = [
    f32([2, 3], [1, -2.5, 0.1, Number.NaN, -0, Infinity]),
    f64([], [Math.PI]),
    i32([0], []),
    tensor("i64", [2], BigInt64Array.of(2n ** 60n, -1n)),
    tensor("bool", [3], Uint8Array.of(0, 1, 1)),
    f32(
      [5, 5],
      Array.from({ length: 25 }, (_, i) => i / 7),
    ),
  ];
  it.each(samples.map((t) => [`${t.dtype}[${t.shape.join("x")}]`, t]))("%s round trips inline and by hash", (_, t) => {
    const store = new TensorStore();
    for (const s of [null, store]) expect(sameTensor(new Reader(showTensor(t, s), "t").tensor(s), t)).toBe(true);
  });
  it("big tensors go to the side file, which round trips", () => {
    const store = new TensorStore();
    const texts = samples.map((t) => showTensor(t, store));
    const again = TensorStore.decode(store.encode());
    expect(store.size).toBe(1);
    texts.forEach((text, i) => expect(sameTensor(new Reader(text, "t").tensor(again), samples[i] as Tensor)).toBe(true));
  });
  it("a changed side file is found", () => {
    const store = new TensorStore();
    store.put(samples[5] as Tensor);
    const bytes = store.encode();
    bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
    expect(codeOf(() => TensorStore.decode(bytes))).toBe("tensors-damaged");
    expect(codeOf(() => TensorStore.decode(bytes.subarray(0, 40)))).toBe("tensors-damaged");
    expect(codeOf(() => new TensorStore().get("00"))).toBe("tensor-missing");
  });
  it("an index that says nonsense is found", () => {
    const entry = { hash: "00", dtype: "f32", shape: [2], offset: 0 };
    const withIndex = (index: unknown): Uint8Array => {
      const json = new TextEncoder().encode(JSON.stringify(index));
      const bytes = new Uint8Array(12 + json.length + 8);
      bytes.set(new TextEncoder().encode("GANGTNS1"));
      new DataView(bytes.buffer).setUint32(8, json.length, true);
      bytes.set(json, 12);
      return bytes;
    };
    const nonsense = [null, {}, [null], [{ ...entry, dtype: "f31" }], [{ ...entry, dtype: "toString" }], [{ ...entry, shape: 2 }]];
    const more = [[-1], [2 ** 40], [0.5]].map((shape) => [{ ...entry, shape }]);
    for (const index of [...nonsense, ...more, [{ ...entry, offset: -9 }], [{ ...entry, offset: "0" }]])
      expect(codeOf(() => TensorStore.decode(withIndex(index)))).toBe("tensors-damaged");
  });
  it("a string with a control character or a wrong escape is a mistake of the text", () => {
    for (const text of ['"a\tb"', '"a\u0001b"', '"a\\qb"']) expect(codeOf(() => new Reader(text, "t").string())).toBe("text-syntax");
  });
  it("fields keep their order", () => {
    const text = showFields({ threshold: 127, reset: "subtract", bias: i32([2], [1, 2]), absent: undefined }, null);
    expect(text).toBe("threshold=127 reset=subtract bias=i32[2]{1 2}");
    expect(Object.keys(new Reader(text, "t").fields(null))).toEqual(["threshold", "reset", "bias"]);
  });
});
