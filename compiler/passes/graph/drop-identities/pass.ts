import type { Node, ValueId } from "../../../ir/graph/types.ts";
import { pass } from "../../pass.ts";
import { channelsOf } from "../channels.ts";
import { inputOf, listAttr, numberAttr, outputOf } from "../facts.ts";
import { type Edit, rewrite, untilStable } from "../rewrite.ts";

/*
 * Removes nodes that give what they are given: identity, dropout, a cast to the same
 * type, a reshape, expand, slice, transpose or pad that changes nothing, a sum or concatenation of one,
 * pooling of single elements, adding 0, multiplying by 1, a ReLU of numbers that are not negative.
 * A reshape of a reshape becomes one, and a ReLU before a clip from 0 goes.
 *
 *     node r = relu(x) -> p f32[4]
 *     node d = dropout(p) -> q f32[4]          =>      node r = relu(x) -> y f32[4]
 *     node s = relu(q) -> y f32[4]                     output y
 *     output y
 */
export const dropIdentities = pass({
  name: "drop-identities",
  on: "graph",
  summary: "Removes nodes that give what they are given.",
  keeps: "answers",
  options: {},
  run: (g) => untilStable(g, (now) => rewrite(now, (n, edit) => dropped(n, edit) ?? shortened(n, edit))),
});

type Test = (n: Node, edit: Edit) => boolean;

const sameType: Test = (n, edit) => {
  const [from, to] = [edit.value(inputOf(n, 0)), edit.value(outputOf(n))];
  return from.dtype === to.dtype && from.shape.join() === to.shape.join();
};
const alone: Test = (n) => n.inputs.length === 1;
const singleElements: Test = (n, edit) =>
  sameType(n, edit) && ["kernelShape", "strides"].every((key) => listAttr(n, key).every((d) => d === 1));

/** When an operation gives its first input unchanged. */
const tests: Readonly<Record<string, Test>> = {
  identity: () => true,
  dropout: () => true,
  cast: sameType,
  reshape: sameType,
  expand: sameType,
  transpose: (n) => listAttr(n, "perm").every((a, i) => a === i),
  pad: (n) => listAttr(n, "pads").every((p) => p === 0),
  slice: (n, edit) => sameType(n, edit) && listAttr(n, "steps").every((s) => s === 1),
  concat: alone,
  sum: alone,
  min: alone,
  max: alone,
  clip: (n) => numberAttr(n, "min") === -Infinity && numberAttr(n, "max") === Infinity,
  "average-pool": singleElements,
  "max-pool": singleElements,
  relu: (n, edit) => neverNegative(edit.producer(inputOf(n, 0)), edit),
  sub: (n, edit) => constantIs(n, 1, 0, edit),
  div: (n, edit) => constantIs(n, 1, 1, edit),
};

/** Whether the node's input of that index is a constant of this number everywhere, which does not make the other input larger. */
function constantIs(n: Node, index: number, number: number, edit: Edit): boolean {
  const t = edit.constant(inputOf(n, index));
  const numbers = t === null ? null : channelsOf(t, edit.shape(inputOf(n, 1 - index)));
  return numbers !== null && numbers.length === 1 && numbers[0] === number;
}

function neverNegative(n: Node | null, edit: Edit): boolean {
  if (n === null) return false;
  if (n.op === "clip") return numberAttr(n, "min") >= 0;
  if (["max-pool", "average-pool", "global-average-pool", "global-max-pool", "reshape", "transpose"].includes(n.op)) {
    return neverNegative(edit.producer(inputOf(n, 0)), edit);
  }
  return ["relu", "quantized-clip", "sigmoid", "softmax", "abs", "exp"].includes(n.op);
}

function dropped(n: Node, edit: Edit): readonly ValueId[] | null {
  const neutral = { add: 0, mul: 1 }[n.op];
  if (neutral !== undefined) {
    const index = [0, 1].find((i) => constantIs(n, i, neutral, edit));
    return index === undefined ? null : [edit.now(inputOf(n, 1 - index))];
  }
  return tests[n.op]?.(n, edit) ? [edit.now(inputOf(n, 0))] : null;
}

/** Reads past a node that the next one makes superfluous. */
function shortened(n: Node, edit: Edit): readonly ValueId[] | null {
  const before = edit.producer(n.inputs[0]);
  if (before === null) return null;
  const reshaped = n.op === "reshape" && before.op === "reshape";
  const clipped = before.op === "relu" && n.op === "clip" && numberAttr(n, "min") >= 0;
  if (!reshaped && !clipped) return null;
  return [edit.add(n.op as "reshape", [edit.now(inputOf(before, 0))], n.attrs, n)];
}
