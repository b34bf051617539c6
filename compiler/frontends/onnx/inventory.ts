import type { FunctionProto, NodeProto } from "onnx-buf";
import { type Diagnostic, diagnostic } from "../../base/diagnostic.ts";
import { adviceFor } from "./advice.ts";
import type { Importer } from "./importer.ts";
import { classical, importers, quantizers } from "./importers/index.ts";
import { nodePlace, type Step } from "./structure.ts";

/** Versions of the operator sets in use, by domain; the standard domain is "". */
export type Opsets = ReadonlyMap<string, number>;
export type Functions = ReadonlyMap<string, FunctionProto>;

export function domainOf(node: { readonly domain: string }): string {
  return node.domain === "ai.onnx" ? "" : node.domain;
}

/** What identifies a function of the model. */
export function functionKey(domain: string, name: string, overload: string): string {
  return [domain, name, overload].join("::");
}

export function functionOf(node: NodeProto, functions: Functions): FunctionProto | undefined {
  return functions.get(functionKey(domainOf(node), node.opType, node.overload));
}

/** Domains in which QONNX's quantizers are written: Brevitas, FINN, and QONNX itself. */
const quantizerDomains: readonly string[] = ["onnx.brevitas", "finn.custom_op.general", "qonnx.custom_op.general"];

export function importerOf(node: NodeProto): Importer | undefined {
  const domain = domainOf(node);
  const table = domain === "" ? importers : domain === "ai.onnx.ml" ? classical : quantizerDomains.includes(domain) ? quantizers : {};
  return Object.hasOwn(table, node.opType) ? (table as Readonly<Record<string, Importer>>)[node.opType] : undefined;
}

/**
 * Reports every node whose operator cannot be read, each with advice, and the
 * operators that the opset is too old for. Errors: onnx-unsupported-op, onnx-opset-old,
 * onnx-opset-missing.
 */
export function reportUnsupported(
  steps: readonly Step[],
  opsets: Opsets,
  functions: Functions,
  at: string,
  report: (d: Diagnostic) => void,
): void {
  const version = opsets.get("");
  const old = new Set<string>();
  for (const { node, name } of steps) {
    const found = importerOf(node);
    if (found !== undefined) {
      if (domainOf(node) === "" && (version ?? 0) < found.since) old.add(node.opType);
    } else if (functionOf(node, functions) === undefined) {
      const domain = domainOf(node);
      report(
        diagnostic("onnx-unsupported-op", [node.opType, domain], {
          at: `${at}${nodePlace(name, node.opType)}`,
          help: [adviceFor(node.opType, domain)],
        }),
      );
    }
  }
  if (old.size > 0)
    report(version === undefined ? diagnostic("onnx-opset-missing", []) : diagnostic("onnx-opset-old", [version, [...old]]));
}
