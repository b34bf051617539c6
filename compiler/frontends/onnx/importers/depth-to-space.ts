import { at } from "../../../base/bug.ts";
import { importer } from "../importer.ts";
import type { ImportNode } from "../node.ts";

/** Blocks of channels spread over the map: a transpose between two reshapes. CRD is what pixel shuffling does, DCR the default. */
export const depthToSpace = importer(
  (n) => {
    const { batch, channels, height, width, block } = blocksOf(n);
    const mode = n.opset < 11 ? "DCR" : n.attributes.string("mode", "DCR");
    if (mode !== "DCR" && mode !== "CRD") n.attributes.wrong("mode", mode, "DCR or CRD");
    const rest = channels / (block * block);
    if (!Number.isInteger(rest)) n.attributes.wrong("blocksize", block, `one whose square divides the ${channels} channels`);
    const [shape, perm] =
      mode === "DCR"
        ? [
            [batch, block, block, rest, height, width],
            [0, 3, 4, 1, 5, 2],
          ]
        : [
            [batch, rest, block, block, height, width],
            [0, 1, 4, 2, 5, 3],
          ];
    return moved(n, shape, perm, [batch, rest, height * block, width * block]);
  },
  { since: 1 },
);

/** Blocks of the map laid behind each other as channels. */
export const spaceToDepth = importer(
  (n) => {
    const { batch, channels, height, width, block } = blocksOf(n);
    const [rows, columns] = [height / block, width / block];
    if (!Number.isInteger(rows) || !Number.isInteger(columns))
      n.attributes.wrong("blocksize", block, `a divisor of ${height} and ${width}`);
    const shape = [batch, channels, rows, block, columns, block];
    return moved(n, shape, [0, 3, 5, 1, 2, 4], [batch, channels * block * block, rows, columns]);
  },
  { since: 1 },
);

function blocksOf(n: ImportNode) {
  const { shape } = n.input(0);
  if (shape.length !== 4) n.fail("onnx-unsupported-form", [n.op, `on ${shape.length} dimensions`]);
  const block = n.attributes.int("blocksize");
  if (block < 1) n.attributes.wrong("blocksize", block, "a number from 1");
  return { batch: at(shape, 0), channels: at(shape, 1), height: at(shape, 2), width: at(shape, 3), block };
}

function moved(n: ImportNode, blocks: readonly number[], perm: readonly number[], shape: readonly number[]) {
  const cut = n.step("reshape", [n.input(0)], { shape: blocks }, "blocks");
  return n.emit("reshape", [n.step("transpose", [cut], { perm }, "order")], { shape });
}
