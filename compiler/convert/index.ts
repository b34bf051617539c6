import { asIs } from "./as-is/convert.ts";
import type { Conversion } from "./conversion.ts";
import { css } from "./css/convert.ts";
import { dualPhase } from "./dual-phase/convert.ts";
import { noise } from "./noise/convert.ts";
import { qcfs } from "./qcfs/convert.ts";
import { rate } from "./rate/convert.ts";

/** Every conversion method, by name. */
// biome-ignore lint/suspicious/noExplicitAny: each method has statistics and options of its own; what one made only goes back to it.
export const conversions: Readonly<Record<string, Conversion<any, any>>> = {
  rate,
  qcfs,
  "dual-phase": dualPhase,
  css,
  "as-is": asIs,
  noise,
};
