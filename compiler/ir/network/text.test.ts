import { expect, test } from "vitest";
import { randomNetwork } from "../../../test/harness/random-network.ts";
import { Failure } from "../../base/diagnostic.ts";
import { TensorStore } from "../../base/store.ts";
import { parseNetwork } from "./parse.ts";
import { printNetwork } from "./print.ts";
import { verifyNetwork } from "./verify.ts";

test("random networks are valid, and the text form gives them back, with and without a side file", () => {
  for (let seed = 0; seed < 300; seed++) {
    const n = randomNetwork(seed, { integer: seed % 3 === 1, forMesh: seed % 3 === 2 });
    expect(verifyNetwork(n)).toEqual([]);
    expect(parseNetwork(printNetwork(n, null), null)).toEqual(n);
    const store = new TensorStore();
    const text = printNetwork(n, store);
    expect(parseNetwork(text, TensorStore.decode(store.encode()))).toEqual(n);
  }
});

test("every field has a text form", () => {
  const text = `network "a b" steps 9
  input x 2x6x6 binary code rate(scale=2 seed=5) amplitude=0.5 start=1 stop=7
  input "inf" 4 signed7 code direct(scale=0.1 low=-64 high=63 every=0)
  pop c 2x3x3 ternary lif(threshold=f64[2]{1 0.5} negative=latched leak=shift decay=0.75) initial(v=-0.25 fired=1) amplitude=f64[2]{1 -2} silent=1 from "Conv_0" < "model.onnx"
  link x -> c conv stride=2x1 pads=1x0x0x0 dilation=1x2 groups=2 f32[2x1x2x2]{1 -2 0.5 0 0 1 2 3} pool or(size=2x2 stride=1 pads=0x0x1x0) gain=f64[2]{2 3} delay=2 from "Conv_0"
  link c -> c one weight=-0.5 delay=1
  pop p 2x1x1 unsigned4 if(emit=count)
  link c -> p pool size=3x3 weight=0.125 delay=3
  link "inf" -> p sparse rows=i32[2]{1 0} columns=i32[2]{3 3} weight=i8[2]{1 -1}
  pop out 1 binary readout(weighting=doubling)
  link p -> out dense i8[1x2]{1 -1}
  output logits of out code potential scale=0.25 offset=f64[1]{-1}
  output p code spikes
`;
  const n = parseNetwork(text, null);
  expect(parseNetwork(printNetwork(n, null), null)).toEqual(n);
  expect(printNetwork(n, null)).toBe(text);
});

test("codes that are out of order keep their order", () => {
  const text = "network t steps 1\n  pop a 2 binary input\n  input b 2 binary\n  code b direct\n  code a events\n";
  const n = parseNetwork(text, null);
  expect(n.inputs.map((c) => c.code)).toEqual(["direct", "events"]);
  expect(parseNetwork(printNetwork(n, null), null)).toEqual(n);
});

const wrong: Readonly<Record<string, readonly [string, string]>> = {
  "an unknown population": ["link x -> z dense i8[1x2]{1 1}", "population-unknown"],
  "an unknown kernel": ["link x -> y strange", "text-syntax"],
  "a word where a number belongs": ["link x -> y dense i8[1x2]{1 1} delay=soon", "text-syntax"],
  "a spike type that is none": ["pop z 2 colourful if", "text-syntax"],
  "something after the end": ["pop z 2 binary if so", "text-syntax"],
  "a tensor that is not in the side file": ["link x -> y dense i8[1x2]#0123456789abcdef", "tensor-missing"],
};

for (const [what, [line, code]] of Object.entries(wrong)) {
  test(`${what} is reported with its place`, () => {
    try {
      parseNetwork(`network t steps 1\n  input x 2 binary code direct\n  pop y 1 binary if\n  ${line}\n`, null, "t.snet");
      expect.unreachable();
    } catch (e) {
      expect(e).toBeInstanceOf(Failure);
      const [d] = (e as Failure).diagnostics;
      expect(d?.code).toBe(code);
      expect(d?.at).toMatch(/^t\.snet:4:\d+$/);
    }
  });
}
