import { fail } from "../../base/diagnostic.ts";

/** Samples as text: one per line, numbers separated by spaces or commas, cut into the inputs' lengths. */
export function readSampleLines(text: string, file: string, lengths: readonly number[]): readonly Float64Array[][] {
  const expected = lengths.reduce((a, b) => a + b, 0);
  const samples: Float64Array[][] = [];
  text.split(/\r?\n/).forEach((line, i) => {
    const body = line.trim();
    if (body === "" || body.startsWith("#")) return;
    const at = `${file}:${i + 1}:1`;
    const numbers = body.split(/[\s,]+/).map((word) => {
      const n = Number(word);
      return Number.isFinite(n) ? n : fail("samples-text", [word], { at });
    });
    if (numbers.length !== expected) fail("samples-length", [samples.length, numbers.length, expected], { at });
    let from = 0;
    samples.push(
      lengths.map((n) => {
        from += n;
        return Float64Array.from(numbers.slice(from - n, from));
      }),
    );
  });
  return samples;
}
