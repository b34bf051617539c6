import { expect, test } from "vitest";
import { id } from "../../base/id.ts";
import { parseNetwork } from "./parse.ts";
import type { Network } from "./types.ts";
import { verifyNetwork } from "./verify.ts";

const head = "input x 1x4x4 binary code direct\n pop h 2 binary if\n";

function codes(body: string, steps = 4): string[] {
  return verifyNetwork(parseNetwork(`network t steps ${steps}\n ${body}`, null)).map((d) => d.code);
}

/** Each entry breaks one rule of the verifier's list, and is told so once. */
const wrong: readonly (readonly [string, string])[] = [
  ["name-repeated", `${head}pop h 2 binary if`],
  ["name-repeated", `${head}output o of h code spikes\n output o of h code spikes`],
  ["shape-invalid", `${head}pop z scalar binary if`],
  ["shape-invalid", `${head}pop z 2x0 binary if`],
  ["neuron-unknown", `${head}pop z 2 binary izhikevich`],
  ["parameter-unknown", `${head}pop z 2 binary if(leak=real)`],
  ["parameter-unknown", `${head}pop z 2 binary if initial(i=1)`],
  ["parameter-unknown", "input x 2 binary code direct(gain=2)"],
  ["parameter-value", `${head}pop z 2 binary if(reset=hard)`],
  ["parameter-value", `${head}pop z 2 binary if(reset=0)`],
  ["parameter-value", `${head}pop z 2 binary if(threshold=high)`],
  ["parameter-value", "input x 2 binary code direct(scale=0)"],
  ["parameter-value", `${head}pop z 2 binary unit initial(fired=1)`],
  ["number-count", `${head}pop z 2x3 binary if(threshold=f64[4]{1 1 1 1})`],
  ["number-count", `${head}pop z 4 binary if amplitude=f64[2]{1 1}`],
  ["number-not-finite", `${head}pop z 2 binary if(threshold=f64[2]{1 nan})`],
  ["number-not-finite", `${head}link x -> h dense f64[2x16]{${"1 ".repeat(31)}inf}`],
  ["number-not-finite", `${head}output h code spikes scale=inf`],
  ["spike-type", `${head}pop z 2 binary if(negative=free)`],
  ["spike-type", `${head}pop z 2 unsigned4 tsa`],
  ["spike-type", `${head}pop z 2 ternary if(emit=value)`],
  ["spike-type", `${head}pop z 2 signed40 if`],
  ["neuron-rule", `${head}pop z 2 ternary if(negative=free negativeThreshold=-2)`],
  ["neuron-rule", `${head}pop z 2 unsigned4 if(emit=count threshold=0)`],
  ["window-invalid", `${head}pop z 2 binary if start=4`],
  ["window-invalid", `${head}pop z 2 binary if start=2 stop=2`],
  ["window-invalid", `${head}pop z 2 binary if stop=5`],
  ["window-invalid", `${head}pop z 2 binary if silent=-1`],
  ["link-into-input", "input x 2 binary code direct\n pop h 2 binary if\n link h -> x one weight=1 delay=1"],
  ["kernel-misfit", `${head}link x -> h dense i8[2x3]{1 1 1 1 1 1}`],
  ["kernel-misfit", `${head}link x -> h conv i8[2x3x1x1]{1 1 1 1 1 1}`],
  ["kernel-misfit", `${head}link x -> h conv groups=2 i8[2x1x1x1]{1 1}`],
  ["kernel-misfit", `${head}link x -> h conv i8[1x1x5x5]{${"1 ".repeat(25)}}`],
  ["kernel-misfit", `${head}link x -> h conv unshared i8[1x2x2x1x2x2]{${"1 ".repeat(16)}}`],
  ["kernel-misfit", `${head}link x -> h conv i8[2x1x1]{1 1}`],
  ["kernel-misfit", `${head}link x -> h pool size=2 weight=1`],
  ["kernel-misfit", `${head}link x -> h one weight=i8[3]{1 1 1}`],
  ["kernel-misfit", `${head}link x -> h sparse rows=i32[1]{0} columns=i32[1]{16} weight=i8[1]{1}`],
  ["kernel-misfit", `${head}link x -> h sparse rows=i32[1]{0} columns=i32[2]{0 1} weight=i8[1]{1}`],
  ["link-shape", `${head}link x -> h pool size=2x2 weight=1`],
  ["link-shape", `${head}link x -> h sparse rows=i32[1]{2} columns=i32[1]{0} weight=i8[1]{1}`],
  ["pool-misfit", `${head}link h -> h one weight=1 pool or(size=2) delay=1`],
  ["pool-misfit", "input x 1x4 ternary code direct\n pop h 2 binary if\n link x -> h one weight=1 pool or(size=2)"],
  [
    "pool-misfit",
    "input x 1x4 binary code direct amplitude=f64[4]{1 1 1 2}\n pop h 2 binary if\n link x -> h one weight=1 pool and(size=2)",
  ],
  ["delay-invalid", `${head}link h -> h one weight=1 delay=-1`],
  ["cycle-without-delay", `${head}link h -> h one weight=1`],
  ["link-backwards", `${head}pop z 2 binary if\n link z -> h one weight=1`],
  ["code-unknown", "input x 2 binary code morse"],
  ["code-unknown", `${head}output h code smell`],
  ["input-code", "input x 2 binary"],
  ["input-code", `${head}code h direct`],
  ["input-code", `${head}code x direct`],
  ["input-code", "input x 2 binary\n input y 2 binary\n code y direct\n code x direct"],
  ["output-unreadable", `${head}pop z 2 signed4 relay\n output z code potential`],
  ["output-unreadable", `${head}pop z 2 binary unit(output=yes)\n output z code spikes`],
];

for (const [code, body] of wrong) test(`${code}: ${body.replace(head, "").slice(0, 70)}`, () => expect(codes(body)).toEqual([code]));

test("steps-invalid", () => expect(codes("output x code spikes\n input x 2 binary code direct", 0)).toContain("steps-invalid"));

test("ids that are not dense, or lead nowhere", () => {
  const n = parseNetwork(
    "network t steps 1\n input x 2 binary code direct\n pop h 2 binary if\n link x -> h one weight=1\n output h code spikes",
    null,
  );
  const seven = id<"population">(7);
  const of = (m: Partial<Network>): string[] => verifyNetwork({ ...n, ...m }).map((d) => d.code);
  expect(of({ pops: n.pops.map((p) => (p.name === "h" ? { ...p, id: seven } : p)) })).toEqual(["population-id"]);
  expect(of({ links: n.links.map((l) => ({ ...l, from: seven })) })).toEqual(["link-end"]);
  expect(of({ outputs: n.outputs.map((o) => ({ ...o, pop: seven })) })).toEqual(["link-end"]);
});

test("a cycle without delay is named", () => {
  const n = parseNetwork(
    "network t steps 2\n input x 2 binary code direct\n pop a 2 binary if\n pop b 2 binary if\n link a -> b one weight=1\n link b -> a one weight=1\n link x -> a one weight=1",
    null,
  );
  expect(verifyNetwork(n).map((d) => d.message)).toEqual(["links without delay form a cycle: b -> a -> b"]);
});
