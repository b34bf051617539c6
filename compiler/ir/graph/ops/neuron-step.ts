import { fail } from "../../../base/diagnostic.ts";
import { showShape } from "../../../base/tensor.ts";
import { broadcastShape, spreadMap } from "./broadcast.ts";
import { data, need, needFloat, op, type Signature } from "./op.ts";

/** How a neuron step compares and resets; words of its attributes. */
export const neuronCompares = ["ge", "gt"] as const;
export const neuronResets = ["subtract", "set", "none", "late"] as const;

/**
 * One time step of integrate-and-fire neurons, made only by the pass
 * recognize-neurons. With state v (null: memoryless) and ~ the comparison (>= or >):
 *
 *   u = decay*v + current                     late:  u = decay*v + current - reset*[v ~ threshold]
 *   z = [u ~ threshold]
 *   v' = u - reset*z  (subtract),  reset where z = 1, else u  (set),  u  (none, late)
 */
export const neuronStep = op({
  name: "neuron-step",
  summary: "one time step of integrate-and-fire neurons; inputs current, threshold, v, decay (none: 1), reset; outputs z and the next v",
  arity: [2, 5],
  attrs: {
    compare: { help: "ge: fires at the threshold; gt: only above it", kind: "string", default: "ge" },
    reset: {
      help: "subtract, set or none; late: subtracts at the next step, by the potential that was kept",
      kind: "string",
      default: "subtract",
    },
  },
  infer: (inputs, { compare, reset }) => {
    const current = need(inputs, 0);
    needFloat("neuron-step", current);
    if (!(neuronCompares as readonly string[]).includes(compare))
      fail("graph-shape", ["neuron-step", `compare is ${compare}, not ge or gt`]);
    if (!(neuronResets as readonly string[]).includes(reset))
      fail("graph-shape", ["neuron-step", `reset is ${reset}, not subtract, set, none or late`]);
    const state = inputs[2] ?? null;
    if (state !== null && state.shape.join() !== current.shape.join())
      fail("graph-shape", [
        "neuron-step",
        `its state ${showShape(state.shape)} is not of the shape of its current, ${showShape(current.shape)}`,
      ]);
    for (const other of [inputs[1], inputs[3], inputs[4]])
      if (other && broadcastShape("neuron-step", [current.shape, other.shape]).join() !== current.shape.join())
        fail("graph-shape", ["neuron-step", `${showShape(other.shape)} does not spread to ${showShape(current.shape)}`]);
    const out: Signature = { dtype: current.dtype, shape: current.shape };
    return state === null ? [out] : [out, out];
  },
  plan: (inputs, { compare, reset }) => {
    const shape = need(inputs, 0).shape;
    const [mapT, mapD, mapR] = [1, 3, 4].map((i) => (inputs[i] ? spreadMap(inputs[i].shape, shape) : null));
    const orEqual = compare === "ge";
    return (ins, outs) => {
      const [x, z] = [data(need(ins, 0)), data(need(outs, 0))];
      const threshold = data(need(ins, 1));
      const [v, decay, amount] = [ins[2], ins[3], ins[4]].map((t) => (t ? data(t) : null));
      const next = v ? data(need(outs, 1)) : null;
      const fires = (u: number, t: number): boolean => (orEqual ? u >= t : u > t);
      for (let i = 0; i < z.length; i++) {
        const t = threshold[mapT?.[i] ?? i] as number;
        const r = amount ? (amount[mapR?.[i] ?? i] as number) : 0;
        const kept = v ? (v[i] as number) : 0;
        // Through the output's array, so that u is rounded to its type before it is compared, as the file's own sum is.
        const late = reset === "late" && fires(kept, t) ? r : 0;
        z[i] = (decay ? (decay[mapD?.[i] ?? i] as number) * kept : kept) + (x[i] as number) - late;
        const u = z[i] as number;
        const spike = fires(u, t);
        z[i] = spike ? 1 : 0;
        if (next) next[i] = !spike ? u : reset === "subtract" ? u - r : reset === "set" ? r : u;
      }
    };
  },
});
