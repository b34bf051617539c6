/** Numbers for people: three digits and a prefix. */
function prefixed(value: number, unit: string): string {
  const size = Math.abs(value);
  const [factor, prefix] = prefixes.find(([f]) => size >= f) ?? [1e-12, "p"];
  return `${Number((value / factor).toPrecision(3))} ${prefix}${unit}`;
}

const prefixes: readonly (readonly [number, string])[] = [
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
  [1, ""],
  [1e-3, "m"],
  [1e-6, "µ"],
  [1e-9, "n"],
];

export const showSeconds = (s: number): string => (s === 0 ? "0 s" : prefixed(s, "s"));
export const showJoules = (j: number): string => (j === 0 ? "0 J" : prefixed(j, "J"));
export const showPercent = (x: number | null): string => (x === null ? "–" : `${(100 * x).toFixed(2)} %`);
export const showCount = (n: number | null): string => (n === null ? "–" : Number(n.toPrecision(5)).toLocaleString("en"));
