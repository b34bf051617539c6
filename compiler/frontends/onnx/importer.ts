import type { Entry } from "./entry.ts";
import type { ImportNode } from "./node.ts";

/** How one ONNX operator becomes nodes of the graph. */
export type Importer = {
  /** First opset whose definition of the operator is read; older models that use it are refused. */
  readonly since: number;
  /** Inputs that must be known while the model is read, since the graph has them as attributes. */
  readonly static: readonly number[];
  /** The outputs in order; the file may use fewer, and not more. */
  readonly read: (node: ImportNode) => Entry | Entry[];
};

/** Declares an importer. Most operators are read from opset 7 on and take no static inputs. */
export function importer(read: Importer["read"], over: Partial<Omit<Importer, "read">> = {}): Importer {
  return { since: 7, static: [], ...over, read };
}
