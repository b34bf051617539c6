import { expect, test } from "vitest";
import { counterNoise, Random } from "../../../base/random.ts";
import { unitModel } from "./unit.ts";

/*
 * A second witness of the update rule: targets/mesh/README.md written down for one
 * neuron, line by line, against the arrays of unit.ts.
 */

type State = { v: number; i: number; fired: number };
type Numbers = Readonly<Record<string, number>>;
type Words = Readonly<Record<string, string>>;

const low = -(2 ** 23);
const high = 2 ** 23 - 1;
const sat = (x: number): number => Math.min(Math.max(x, low), high);

function noise(words: Words, p: Numbers, seed: number, step: number): number {
  const bits = p["noiseBits"]!;
  if (words["noise"] === "none" || bits === 0) return 0;
  const h = (n: number): number => counterNoise(seed, p["noiseKey"]!, n) >>> (32 - bits);
  if (words["noise"] === "uniform") return h(step);
  return h(4 * step) + h(4 * step + 1) + h(4 * step + 2) + h(4 * step + 3) - 2 * (2 ** bits - 1);
}

function update(
  was: State,
  z: number,
  p: Numbers,
  words: Words,
  local: number,
  silent: number,
  payload: { low: number; high: number },
  seed: number,
  step: number,
  stop: number,
): { state: State; sent: number } {
  let { v, i, fired } = was;
  if (local === 0 && words["boundary"] === "preload") [i, fired] = [0, 0];
  if (local === 0 && words["boundary"] === "clear") [v, i, fired] = [0, 0, 0];
  let drive = z;
  if (words["current"] === "on") {
    i = sat(Math.trunc((i * p["currentDecay"]!) / 4096) + z);
    drive = i;
  }
  const leaks: Record<string, number> = {
    none: v,
    shift: v - (v >> p["leakArgument"]!),
    multiply: Math.trunc((v * p["leakArgument"]!) / 4096),
    double: 2 * v,
  };
  const bias = words["biasAt"] === "first" && local !== 0 ? 0 : p["bias"]!;
  const u = sat(leaks[words["leak"]!]! + drive + bias);
  const w = u + noise(words, p, seed, step);
  const place = words["emit"] === "digit" ? 2 ** Math.min(14, stop - 1 - local) : 1;
  const t = p["threshold"]! * place;
  let s = 0;
  if (local >= silent) {
    if (words["compare"] === "ge" ? w >= t : w > t) s = 1;
    const below = w < (words["negativeAt"] === "zero" ? 0 : -t);
    if (words["negative"] !== "none" && below && (words["negative"] === "free" || fired > 0)) s = -1;
  }
  if (s === 1) fired = Math.min(255, fired + 1);
  if (s === -1 && words["negative"] === "counted") fired = Math.max(0, fired - 1);
  const count = s === 1 ? Math.min(Math.max(Math.floor(u / t), 1), payload.high) : s;
  const value = s === 0 ? 0 : Math.min(Math.max(u, payload.low), payload.high);
  const sent = { unit: s, value, count, digit: s * place }[words["emit"]!]!;
  const n = words["emit"] === "count" || words["emit"] === "digit" ? sent : s;
  if (words["reset"] === "subtract") v = sat(u - n * p["resetValue"]!);
  else if (words["reset"] === "set") v = s !== 0 ? p["resetValue"]! : u;
  else v = u;
  return { state: { v, i, fired }, sent: words["output"] === "yes" ? 0 : sent };
}

test("the unit is the README's rule, for random settings, states and inputs", () => {
  for (let seed = 0; seed < 600; seed++) {
    const r = new Random(seed);
    const words = Object.fromEntries(Object.entries(unitModel.words).map(([k, w]) => [k, r.pick(w.choices)]));
    words["update"] = "every";
    const count = 5;
    const size = r.pick([20, 1000, 2 ** 23 - 1]);
    const emit = words["emit"];
    const draw = (a: number, b: number): Float64Array => Float64Array.from({ length: count }, () => r.int(a, b));
    const params: Record<string, Float64Array> = {
      threshold: draw(1, Math.ceil(size / 2)),
      resetValue: draw(-size, size),
      bias: draw(-5, 5),
      leakArgument: words["leak"] === "multiply" ? draw(0, 4096) : draw(0, 23),
      currentDecay: draw(0, 4096),
      noiseBits: draw(0, 6),
      noiseKey: draw(0, 2 ** 24 - 1),
    };
    const payload = emit === "unit" ? { low: -1, high: 1 } : { low: -128, high: 127 };
    const state = { v: draw(-size, size), i: draw(-size, size), fired: draw(0, 2) };
    let mine = Array.from({ length: count }, (_, k): State => ({ v: state.v[k]!, i: state.i[k]!, fired: state.fired[k]! }));
    const out = new Float64Array(count);
    const silent = r.int(0, 2);
    const first = r.int(0, 1000);
    const stop = r.pick([6, 9, 40]);
    for (let local = 0; local < 6; local++) {
      const z = draw(-size, size);
      unitModel.step(
        count,
        state,
        z,
        params,
        words,
        out,
        { local, left: stop - 1 - local, step: first + local, mayFire: local >= silent, limits: { low, high }, seed, touched: null },
        payload,
      );
      const both = mine.map((m, k) =>
        update(
          m,
          z[k]!,
          Object.fromEntries(Object.entries(params).map(([n, a]) => [n, a[k]!])),
          words,
          local,
          silent,
          payload,
          seed,
          first + local,
          stop,
        ),
      );
      mine = both.map((b) => b.state);
      expect([...out].map((x) => x + 0)).toEqual(both.map((b) => b.sent + 0));
      expect([...state.v].map((x) => x + 0)).toEqual(mine.map((m) => m.v + 0));
      if (words["current"] === "on") expect([...state.i].map((x) => x + 0)).toEqual(mine.map((m) => m.i + 0));
      if (words["negative"] !== "none") expect([...state.fired]).toEqual(mine.map((m) => m.fired));
    }
  }
});
