import { table } from "./entry.ts";

/** Reading the text forms. */
export const textErrors = table({
  "text-syntax": {
    severity: "error",
    message: (expected: string, found: string) => `expected ${expected}, found ${found}`,
    explain:
      "A text form (.graph, .snet, .cores) could not be read. The place gives line and column. Text forms are written by `ganglion import`, `convert` and `--dump`; docs/ir/ describes their syntax.",
    help: "compare with the syntax in docs/ir/, or write the file again with ganglion",
  },
  "tensor-missing": {
    severity: "error",
    message: (hash: string) => `tensor #${hash} is not in the side file`,
    explain:
      "Text forms name big tensors by the hash of their content; the numbers are in the .tensors file beside the text. That file is missing, or belongs to another version of the text.",
    help: "keep the .tensors file beside the text file, under the same name",
  },
  "tensors-damaged": {
    severity: "error",
    message: (what: string) => `the side file of tensors is damaged: ${what}`,
    explain: "The .tensors file does not have the layout it was written with: it was cut short or changed.",
    help: "write the file again",
  },
});
