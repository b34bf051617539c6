import { adviceFor } from "../advice.ts";
import { importer } from "../importer.ts";

/** Exporters leave branches on shapes behind; where the condition is known, the branch taken stands for the node. */
export const branch = importer(
  (n) => {
    const condition = n.input(0);
    if (condition.kind !== "constant") n.fail("onnx-unsupported-op", [n.op, ""], { help: [adviceFor("If", "")] });
    const taken = (n.knownNumber(0, "condition") ?? 0) !== 0;
    return n.branch(n.attributes.graph(taken ? "then_branch" : "else_branch"));
  },
  { since: 1 },
);
