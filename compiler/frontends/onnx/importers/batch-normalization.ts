import { importer } from "../importer.ts";

/**
 * scale·(x − mean)/√(var + epsilon) + bias per channel. Training is refused: it
 * is stated by training_mode since opset 14, and by the outputs for the moving
 * statistics before.
 */
export const batchNormalization = importer((n) => {
  const training = n.opset >= 14 ? n.attributes.int("training_mode", 0) !== 0 : n.outputCount > 1;
  if (training) n.fail("onnx-training", [n.op]);
  if (n.opset < 9 && n.attributes.int("spatial", 1) === 0)
    n.fail("onnx-unsupported-form", [n.op, "with statistics per element (spatial=0)"]);
  return n.emit(
    "batch-normalization",
    [0, 1, 2, 3, 4].map((i) => n.input(i)),
    { epsilon: n.attributes.float("epsilon", 1e-5) },
  );
});
