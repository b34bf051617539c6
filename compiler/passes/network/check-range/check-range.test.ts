import { describe, expect, it } from "vitest";
import { randomNetwork, randomSample } from "../../../../test/harness/random-network.ts";
import { knownChips } from "../../../../targets/chip-yaml.ts";
import { at } from "../../../base/bug.ts";
import { type Diagnostic, Failure } from "../../../base/diagnostic.ts";
import { Random } from "../../../base/random.ts";
import { sizeOf } from "../../../base/tensor.ts";
import { parseNetwork } from "../../../ir/network/parse.ts";
import { prepareNetwork } from "../../../ir/network/run.ts";
import type { Network } from "../../../ir/network/types.ts";
import { context, step } from "../../pass.ts";
import { driveBounds } from "../bounds.ts";
import { checkRange } from "./pass.ts";
import { potentialBounds } from "./potential.ts";

const chip = at(Object.values(knownChips()), 0);

/** The network as it is after step t, every population read as a potential. */
function cutAfter(n: Network, t: number): Network {
  const read = n.pops.filter((p) => p.neuron.model !== "input");
  return {
    ...n,
    steps: t + 1,
    pops: n.pops.map((p) => ({ ...p, stop: Math.min(p.stop ?? n.steps, t + 1) })),
    outputs: read.map((p) => ({ name: p.name, pop: p.id, code: "potential", scale: 1, offset: 0 })),
  };
}

describe("bounds", () => {
  it("hold for what random networks do with random samples, and are reached by some", () => {
    let [checked, reached] = [0, 0];
    for (let seed = 0; seed < 120; seed++) {
      const n = randomNetwork(seed, { forMesh: true });
      // A window that opens later would not exist yet in the shortened networks; boundary=keep has no bounds.
      if (n.pops.some((p) => p.start > 0 || p.neuron.params["boundary"] !== undefined)) continue;
      const drives = driveBounds(n);
      for (let t = 0; t < n.steps; t++) {
        const cut = cutAfter(n, t);
        const bounds = cut.pops.map((p) =>
          p.neuron.model === "input"
            ? { low: 0, high: 0 }
            : potentialBounds(p, [at(drives, p.id)], Math.min(p.stop ?? 0, t + 1), -(2 ** 40), 2 ** 40),
        );
        const prepared = prepareNetwork(cut);
        for (let k = 0; k < 4; k++) {
          const run = prepared.run(randomSample(cut, 50 * seed + k));
          cut.outputs.forEach((o, i) => {
            const { low, high } = at(bounds, o.pop);
            for (const v of at(run.raw, i)) {
              expect(v, `${at(cut.pops, o.pop).name} of seed ${seed} after step ${t}`).toBeGreaterThanOrEqual(low);
              expect(v, `${at(cut.pops, o.pop).name} of seed ${seed} after step ${t}`).toBeLessThanOrEqual(high);
              checked++;
              if (v !== 0 && (v === low || v === high)) reached++;
            }
          });
        }
      }
    }
    expect(checked).toBeGreaterThan(10_000);
    expect(reached).toBeGreaterThan(100);
  });

  it("of one step's input are the best and the worst of all inputs, tried one by one", () => {
    for (let seed = 0; seed < 40; seed++) {
      const r = new Random(seed);
      const pool = r.chance(0.5) ? " pool or(size=1x2)" : "";
      const shape = pool === "" ? "1x2x3" : "1x2x6";
      const weights = Array.from({ length: 8 }, () => r.int(-4, 4)).join(" ");
      const n = parseNetwork(
        `network t steps 1\n  input x ${shape} binary code direct\n  pop a 2x2x2 binary readout\n  link x -> a conv pads=1x0x0x0 i8[2x1x2x2]{${weights}}${pool}\n  output a of a code potential\n`,
        null,
      );
      const bounds = at(driveBounds(n), 1);
      const prepared = prepareNetwork(n);
      const channels = 2;
      const [low, high] = [new Float64Array(8).fill(Infinity), new Float64Array(8).fill(-Infinity)];
      const size = sizeOf(at(n.pops, 0).shape);
      for (let bits = 0; bits < 2 ** size; bits++) {
        const sample = Float64Array.from({ length: size }, (_, i) => (bits >> i) & 1);
        at(prepared.run([sample]).raw, 0).forEach((v, i) => {
          low[i] = Math.min(low[i]!, v);
          high[i] = Math.max(high[i]!, v);
        });
      }
      // Border positions are bounded by the channel's whole kernel; each channel reaches its bound somewhere inside.
      for (let c = 0; c < channels; c++) {
        const part = (list: Float64Array): Float64Array => list.subarray(c * 4, c * 4 + 4);
        expect(Math.max(...part(high))).toBe(Math.max(...part(bounds.high)));
        expect(Math.min(...part(low))).toBe(Math.min(...part(bounds.low)));
      }
    }
  });
});

function run(text: string, over: { overflow?: "wrap" | "saturate" } = {}): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const cx = context({ chip: { ...chip, potential: { ...chip.potential, ...over } }, report: (d) => found.push(d) });
  try {
    step(checkRange).run(parseNetwork(text, null), cx);
  } catch (e) {
    if (e instanceof Failure) return e.diagnostics;
    throw e;
  }
  return found;
}

describe("the chip's registers", () => {
  const doubling = (output: string): string =>
    `network t steps 30\n  input x 1 binary code direct\n  pop a 1 ternary tsa(threshold=64 resetValue=128)${output}\n  link x -> a one weight=-127\n`;

  it("a doubled potential at the end of its range keeps its sign, so its spikes are right: no warning", () => {
    expect(run(`${doubling("")}  output a of a code spikes\n`)).toEqual([]);
  });

  it("so does one whose input comes whole in the first step, however large it is", () => {
    const text = (code: string): string =>
      `network t steps 8\n  input x 3 signed16 code direct${code}\n  pop a 1 ternary tsa(threshold=64 resetValue=128)\n  link x -> a dense i8[1x3]{127 127 127}\n  output a of a code spikes\n`;
    expect(run(text("(every=0)"))).toEqual([]);
    expect(run(text("")).map((d) => d.code)).toEqual(["potential-saturates"]);
  });

  it("potential-wraps: on a chip whose potentials wrap the same is an error", () => {
    const text =
      "network t steps 3\n  input x 1 binary code direct\n  pop a 1 binary readout(bias=4000000)\n  link x -> a one weight=-127\n  output a of a code potential\n";
    expect(run(text).map((d) => d.code)).toEqual(["answer-saturates"]);
    expect(run(text, { overflow: "wrap" }).map((d) => d.code)).toEqual(["potential-wraps"]);
  });

  it("names the sources and the step", () => {
    const text =
      "network t steps 300\n  input x 2 unsigned15 code direct\n  pop a 1x1x2 binary readout\n  link x -> a dense i8[2x2]{0 0 1 -127}\n  output a of a code potential\n";
    const [only] = run(text);
    expect(only).toMatchObject({ code: "answer-saturates", severity: "warning", message: expect.stringContaining("(a) ") });
    expect(only?.notes[0]).toBe("a[0,0,1] reaches -8388608 in local step 2 when in each of the local steps 0 to 2 x[1] = 32767");
  });

  it("is one note about all populations where no answer is read from them", () => {
    const chain = ["a", "b", "c"].map(
      (p, i) => `  pop ${p} 2 binary if(threshold=9)\n  link ${"xab"[i]} -> ${p} dense i8[2x2]{-127 0 0 1}\n`,
    );
    const text = `network t steps 70000\n  input x 2 binary code direct\n${chain.join("")}  output c of c code spikes\n`;
    const found = run(text);
    expect(found.map((d) => [d.code, d.severity])).toEqual([["potential-saturates", "note"]]);
    expect(found[0]?.message).toMatch(/: a \(1 neuron\), b \(1\), c \(1\)$/);
  });
});
