import { type Command, InvalidArgumentError, Option } from "commander";

/** The flags that every command takes. */
export function addSharedFlags(command: Command): void {
  command
    .addOption(new Option("--json", "print one JSON object on standard output, everything else on standard error"))
    .addOption(new Option("--seed <n>", "seed of everything drawn by chance (default: 1)").argParser(seed))
    .addOption(new Option("--print-after <pass>", "print the artifact after this step; may be given again").argParser(collect))
    .addOption(new Option("--print-changed", "print the artifact after each step that changed it"))
    .addOption(new Option("--stop-after <pass>", "stop after this step and print the artifact"))
    .addOption(new Option("--dump <dir>", "write a numbered file per step that changed something"))
    .addOption(new Option("--verify-each", "verify the artifact after each step"))
    .addOption(new Option("--timings", "print how long each step took"));
}

/** For commander: every value of a flag that may be given again. */
export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

function seed(text: string): string {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("a seed is an integer of up to 9 digits.");
  return text;
}

/** For commander: a whole number in a range. */
export function whole(low: number, high: number): (text: string) => number {
  return (text) => {
    const n = Number(text);
    if (text.trim() === "" || !Number.isInteger(n) || n < low || n > high)
      throw new InvalidArgumentError(`a whole number ${low}..${high} is wanted.`);
    return n;
  };
}

/** For commander: words of a list, separated by commas. */
export function wordsOf(known: readonly string[]): (text: string) => readonly string[] {
  return (text) => {
    const words = text.split(",").map((w) => w.trim());
    for (const w of words) if (!known.includes(w)) throw new InvalidArgumentError(`"${w}" is none of ${known.join(", ")}.`);
    return words;
  };
}

/** For commander: a number above 0. */
export function positive(text: string): number {
  const n = Number(text);
  if (!(n > 0) || !Number.isFinite(n)) throw new InvalidArgumentError("a number above 0 is wanted.");
  return n;
}
