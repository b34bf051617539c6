import { data, need, type Op, op } from "./op.ts";

function same(name: string, summary: string): Op {
  return op({
    name,
    summary,
    arity: [1, 1],
    attrs: {},
    infer: (inputs) => {
      const { dtype, shape } = need(inputs, 0);
      return [{ dtype, shape }];
    },
    plan: () => (ins, outs) => data(need(outs, 0)).set(data(need(ins, 0))),
  });
}

export const identity = same("identity", "its input");
export const dropout = same("dropout", "its input: nothing is dropped when a network is used");
