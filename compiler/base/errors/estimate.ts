import { table } from "./entry.ts";

/** Estimates: fitting prices to a board, and budgets. */
export const estimateErrors = table({
  "fit-empty": {
    severity: "error",
    message: () => "there is no measurement to fit to",
    explain: "Prices are fitted to runs of a board: what was counted in each, how long it took, and the energy that was measured.",
    help: "give at least one measurement; as many as there are prices to tell apart are better",
  },
  "fit-counter": {
    severity: "error",
    message: (measurement: string, unknown: readonly string[], known: readonly string[]) =>
      `measurement ${measurement} counts ${unknown.join(", ")}, for which the chip has no price; it has ${known.join(", ")}`,
    explain: "Counters are named as the chip's file names prices under `energy`.",
    help: "name the counters as the chip does, or add the price to the chip's file",
  },
  "fit-value": {
    severity: "error",
    message: (measurement: string) =>
      `measurement ${measurement} is not one: its energy must be positive, its counts and time not negative`,
    explain: "Energy is in joules and includes static power; time is in seconds, or in cycles of the chip's clock.",
    help: "correct the numbers; energy above idle goes with `seconds: 0`",
  },
  "fit-columns": {
    severity: "error",
    message: (missing: string) => `the table has no column ${missing}`,
    explain: "A table of measurements has a column `joules`, one of `seconds` or `cycles`, and one for each counter.",
    help: "add the column",
  },
  "fit-number": {
    severity: "error",
    message: (column: string, found: string) => `"${found}" is not a number for ${column}`,
    explain: "Every cell but the name is a number, a tolerance a percentage.",
    help: "write numbers with a point, without units",
  },
  "fit-undetermined": {
    severity: "warning",
    message: (names: readonly string[]) => `the measurements say little of ${names.join(", ")}`,
    explain:
      "Runs in which two counts grow together cannot tell their prices apart. Such prices stay as near to the file's as the measurements allow.",
    help: "add measurements in which these counts differ from the others, or fix their prices in the chip's file",
  },
  "budget-exceeded": {
    severity: "error",
    message: (what: string, found: string, allowed: string) => `${what}: ${found}, the budget is ${allowed}`,
    explain: "A budget file states the most that a build may need, and the least accuracy; `ganglion check` fails where it needs more.",
    help: "make the network smaller or faster, or raise the budget if the price is right",
  },
  "labels-needed": {
    severity: "error",
    message: (what: string) => `${what} cannot be told: the samples have no labels, or the chip did not run`,
    explain: "An accuracy needs the right answers beside the samples.",
    help: "add `labels` under `data`, or take the limit out",
  },
  "budget-data": {
    severity: "error",
    message: (what: string) => `the budget limits ${what}, which only running samples can tell; it names no data`,
    explain: "Cores, steps and load time are known from the build; cycles, energy, latency and accuracy are measured on samples.",
    help: "add `data` to the budget file: the place of samples, labels, and how many to run",
  },
});
