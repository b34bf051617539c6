import { table } from "./entry.ts";

/** Images that can be loaded and are not what anybody meant. */
export const lintErrors = table({
  "lint-overlap": {
    severity: "error",
    message: (section: string, from: number, to: number) => `words ${from} to ${to} of ${section} are written twice`,
    explain: "Two sections of the image write the same words. What the chip ends up with depends on the order of loading.",
    help: "leave one of the two sections out",
  },
  "lint-unwritten": {
    severity: "warning",
    message: (section: string, words: number, from: number, to: number) =>
      `${words} ${words === 1 ? "word" : "words"} of ${section} ${words === 1 ? "is" : "are"} never written between words that are, the first ${from} to ${to}`,
    explain:
      "The image leaves holes in a memory. The words there keep what they had: zero after power-up, what an earlier image wrote otherwise.",
    help: "write the words, also where they are zero, or load after a power cycle only",
  },
  "lint-reserved": {
    severity: "error",
    message: (place: string, what: string) => `${place}: ${what}`,
    explain:
      "A word has reserved bits set, or a field holds none of its choices. Chips ignore such bits, or do something that nobody has described.",
    help: "write the word with the fields that its table has",
  },
  "lint-route": {
    severity: "error",
    message: (count: number, example: string) => `${count} ${count === 1 ? "route leads" : "routes lead"} nowhere, for example ${example}`,
    explain: "A spike sent there reaches a core or an axon that is not in use; the chip drops it.",
    help: "enable the axon, or take the route away",
  },
  "lint-line": {
    severity: "error",
    message: (count: number, example: string) => `${count} ${count === 1 ? "line" : "lines"} of the host's outputs: ${example}`,
    explain: "An output of the image that no neuron sends to reads 0 for ever; a line that is no output's is read by nobody.",
    help: "route one neuron to each line of each output",
  },
  "lint-axon": {
    severity: "warning",
    message: (count: number, example: string) => `${count} ${count === 1 ? "axon is" : "axons are"} never used, for example ${example}`,
    explain: "No route of a neuron and no input leads to the axon, so its row is never applied. It takes memory only.",
    help: "take the axon away, or route something to it",
  },
  "lint-row": {
    severity: "warning",
    message: (count: number, example: string) => `${count} ${count === 1 ? "row is" : "rows are"} never applied, for example ${example}`,
    explain: "No axon names the row, so its weights take memory only.",
    help: "take the row away",
  },
  "lint-neuron": {
    severity: "warning",
    message: (count: number, example: string) => `nothing reaches ${count} ${count === 1 ? "neuron" : "neurons"}, for example ${example}`,
    explain:
      "No spike of an input, or of a neuron that can spike, reaches the neuron with a weight other than 0, and it has no bias, initial potential or noise of its own.",
    help: "pruned networks may contain such neurons; take them away with `prune`, or check the routes",
  },
});
