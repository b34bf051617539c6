import { table } from "./entry.ts";

/** Chip descriptions (YAML). */
export const chipErrors = table({
  "chip-syntax": {
    severity: "error",
    message: (what: string) => `the chip file is not YAML: ${what}`,
    explain: "A chip is described in a YAML file; this one could not be read as YAML.",
    help: "correct the line; strings with a colon need quotes",
  },
  "chip-key-unknown": {
    severity: "error",
    message: (key: string, known: readonly string[]) => `"${key}" is not a key of a chip; here are possible: ${known.join(", ")}`,
    explain:
      "Every key of a chip file has a meaning; a key that has none is probably misspelt, and what was meant would silently keep another value.",
    help: "correct or remove the key; targets/mesh/chip.yaml shows all keys",
  },
  "chip-key-missing": {
    severity: "error",
    message: (key: string) => `the chip has no ${key}`,
    explain:
      "A chip needs every quantity of its family. A file that changes only some of them says `extends: NAME` and takes the rest from there.",
    help: "add the key, or take it from a known chip with `extends: mesh-4x4`",
  },
  "chip-value": {
    severity: "error",
    message: (key: string, found: string, expected: string) => `${key} is ${found}; expected ${expected}`,
    explain: "The value has another type than the key needs, or is outside the range that the family's binary format allows.",
    help: "give a value of the stated kind",
  },
  "chip-unit": {
    severity: "error",
    message: (key: string, found: string, units: readonly string[]) => `${key} is ${found}; its unit must be ${units.join(" or ")}`,
    explain:
      "Quantities are written with their unit, `23.6 pJ` or `250 MHz`, so that a price in nanojoules cannot be taken for one in picojoules.",
    help: "write the value with one of the stated units",
  },
  "chip-source-missing": {
    severity: "error",
    message: (key: string) => `${key} has no source`,
    explain:
      "Every number about a chip says where it comes from: a page, a table, a line of RTL, or `assumed: why`. Reports are only as good as these numbers.",
    help: 'write { value: …, source: "…" }, with "assumed: why" if nobody has published it',
  },
  "chip-family-unknown": {
    severity: "error",
    message: (family: string, known: readonly string[]) => `"${family}" is not a family of chips; known: ${known.join(", ")}`,
    explain: "The family says which emitter and simulator serve the chip. A chip file describes a member of a family that exists already.",
    help: "write `family: mesh`, or add a family in targets/",
  },
  "chip-extends-unknown": {
    severity: "error",
    message: (name: string, known: readonly string[]) => `there is no chip "${name}" to extend; known: ${known.join(", ")}`,
    explain: "`extends` takes every key that the file does not have itself from a chip that ganglion knows.",
    help: "extend one of the known chips",
  },
});
