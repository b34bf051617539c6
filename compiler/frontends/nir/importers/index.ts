import type { Importer } from "../importer.ts";
import { affineImporter, linearImporter } from "./affine.ts";
import { conv1dImporter, conv2dImporter } from "./conv.ts";
import { delayImporter, flattenImporter, scaleImporter } from "./elementwise.ts";
import { cubaLifImporter, cubaLiImporter, ifImporter, iImporter, lifImporter, liImporter, thresholdImporter } from "./neurons.ts";
import { avgPool2dImporter, sumPool2dImporter } from "./pool.ts";

/** Every primitive of NIR 1.0 but NIRGraph, which is written out before. */
export const importers: Readonly<Record<string, Importer>> = {
  Input: { kind: "input" },
  Output: { kind: "output" },
  Linear: linearImporter,
  Affine: affineImporter,
  Conv1d: conv1dImporter,
  Conv2d: conv2dImporter,
  SumPool2d: sumPool2dImporter,
  AvgPool2d: avgPool2dImporter,
  Flatten: flattenImporter,
  Scale: scaleImporter,
  Delay: delayImporter,
  I: iImporter,
  IF: ifImporter,
  LI: liImporter,
  LIF: lifImporter,
  CubaLI: cubaLiImporter,
  CubaLIF: cubaLifImporter,
  Threshold: thresholdImporter,
};
