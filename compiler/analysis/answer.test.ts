import { describe, expect, it } from "vitest";
import { TensorStore } from "../base/store.ts";
import { f32, tensor } from "../base/tensor.ts";
import { parseGraph } from "../ir/graph/parse.ts";
import { prepareGraph } from "../ir/graph/run.ts";
import { classOf, classOfScores, inputTensor } from "./answer.ts";

const graphOf = (...lines: string[]) => parseGraph(["graph g", ...lines.map((l) => `  ${l}`), ""].join("\n"), new TensorStore());

describe("the class of an answer", () => {
  const scores = graphOf("input x f32[1x2]", "node n = relu(x) -> y f32[1x2]", "output y");
  const logit = graphOf("input x f32[1x1]", "node n = neg(x) -> y f32[1x1]", "output y");
  const chance = graphOf("input x f32[1x1]", "node n = sigmoid(x) -> s f32[1x1]", "node r = reshape(s) shape=[1] -> y f32[1]", "output y");

  it("is the largest of several scores, the first of equal ones", () => {
    expect(classOf(scores, f32([1, 2], [1, 3]))).toBe(1);
    expect(classOfScores([2, 2, 1])).toBe(0);
  });

  it("is told by the sign of a single score, and by a half behind a sigmoid", () => {
    expect([-0.1, 0.1].map((x) => classOf(logit, f32([1, 1], [x])))).toEqual([0, 1]);
    expect([0.4, 0.6].map((x) => classOf(chance, f32([1], [x])))).toEqual([0, 1]);
    expect([classOfScores([-1]), classOfScores([1])]).toEqual([0, 1]);
  });

  it("is the number itself behind an argmax", () => {
    expect(classOf(scores, tensor("i64", [1], BigInt64Array.of(7n)))).toBe(7);
  });
});

it("a sample becomes a tensor of the input's own type", () => {
  for (const type of ["u8", "i32", "i64", "f64"]) {
    const g = graphOf(`input x ${type}[1x2]`, "node n = cast(x) to=f32 -> y f32[1x2]", "output y");
    const [y] = prepareGraph(g).run([inputTensor(g, Float32Array.of(3, 200))]).outputs;
    expect([...(y?.data ?? [])]).toEqual([3, 200]);
  }
});
