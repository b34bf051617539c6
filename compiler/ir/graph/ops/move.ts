import { data, type Kernel, need } from "./op.ts";

/** A kernel that only moves elements: y[i] = x[from[i]]. */
export function moved(from: Int32Array): Kernel {
  return (ins, outs) => {
    const x = data(need(ins, 0));
    const y = data(need(outs, 0));
    for (let i = 0; i < y.length; i++) y[i] = x[from[i] as number] as number;
  };
}
