import { boardErrors } from "./errors/board.ts";
import { chipErrors } from "./errors/chip.ts";
import { cliErrors } from "./errors/cli.ts";
import { convertErrors } from "./errors/convert.ts";
import { dataErrors } from "./errors/data.ts";
import { estimateErrors } from "./errors/estimate.ts";
import { graphErrors } from "./errors/graph.ts";
import { imageErrors } from "./errors/image.ts";
import { lintErrors } from "./errors/lint.ts";
import { loihiErrors } from "./errors/loihi.ts";
import { mapErrors } from "./errors/map.ts";
import { networkErrors } from "./errors/network.ts";
import { nirErrors } from "./errors/nir.ts";
import { odinErrors } from "./errors/odin.ts";
import { onnxErrors } from "./errors/onnx.ts";
import { paicoreErrors } from "./errors/paicore.ts";
import { queueErrors } from "./errors/queue.ts";
import { rancErrors } from "./errors/ranc.ts";
import { reckonErrors } from "./errors/reckon.ts";
import { rtlErrors } from "./errors/rtl.ts";
import { sanafeErrors } from "./errors/sanafe.ts";
import { textErrors } from "./errors/text.ts";

/**
 * Every diagnostic code in one typed table. `ganglion explain CODE` and
 * docs/errors.md print it. The areas are files of their own only so that they
 * stay readable.
 */
export const errors = {
  ...textErrors,
  ...onnxErrors,
  ...nirErrors,
  ...graphErrors,
  ...convertErrors,
  ...networkErrors,
  ...mapErrors,
  ...loihiErrors,
  ...chipErrors,
  ...imageErrors,
  ...dataErrors,
  ...boardErrors,
  ...lintErrors,
  ...odinErrors,
  ...cliErrors,
  ...paicoreErrors,
  ...queueErrors,
  ...estimateErrors,
  ...rtlErrors,
  ...sanafeErrors,
  ...rancErrors,
  ...reckonErrors,
};

export type ErrorCode = keyof typeof errors;
