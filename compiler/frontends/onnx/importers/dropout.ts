import { importer } from "../importer.ts";

/** Dropout does nothing at inference. The mask, its second output, is not read. */
export const dropout = importer(
  (n) => {
    const training = n.opset >= 12 && (n.knownNumber(2, "training mode") ?? 0) !== 0;
    if (training && (n.knownNumber(1, "ratio") ?? 0.5) !== 0) n.fail("onnx-training", [n.op]);
    return n.emit("dropout", [n.input(0)]);
  },
  { static: [1, 2] },
);
