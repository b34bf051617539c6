import { readFileSync } from "node:fs";
import { at } from "../../compiler/base/bug.ts";
import { npyNumbers, readNpy } from "../../compiler/frontends/data/npy.ts";
import { sharedFile } from "./onnx-files.ts";

/* What comes with lava-dl's example networks. */

export const folder = sharedFile("data/lava_dl/");

export const bytesOf = (file: string): Uint8Array => new Uint8Array(readFileSync(`${folder}${file}`));

/** Events as rows of (neuron, 0, time) at the nearest step, halves to even, as the dense frames [steps x neurons]. */
export function frames(file: string, neurons: number, steps: number): Float64Array {
  const rows = npyNumbers(readNpy({ name: file, bytes: bytesOf(file) }));
  const out = new Float64Array(neurons * steps);
  for (let i = 0; i < rows.length; i += 3) {
    const time = at(rows, i + 2);
    const step = time % 1 === 0.5 ? 2 * Math.round(time / 2) : Math.round(time);
    out[step * neurons + at(rows, i)] = 1;
  }
  return out;
}
