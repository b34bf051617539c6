/* Text for people: escaped, with as many digits as help. */

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => entities[c] as string);
}

/** A count: whole with thousands separated, or two or three significant digits of a small average. */
export function count(n: number): string {
  if (Number.isInteger(n) || Math.abs(n) >= 100) return grouped(Math.round(n));
  return String(Number(n.toPrecision(3)));
}

/** Thousands apart by a narrow space that does not break; the same on every machine. */
function grouped(n: number): string {
  const digits = String(Math.abs(n));
  return (n < 0 ? "−" : "") + digits.replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

const prefixes = [
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
  [1, ""],
  [1e-3, "m"],
  [1e-6, "µ"],
  [1e-9, "n"],
  [1e-12, "p"],
] as const;

/** Three significant digits with an SI prefix: `3.42 µJ`. */
export function si(value: number, unit: string): string {
  if (value === 0) return `0 ${unit}`;
  const [factor, prefix] = prefixes.find(([f]) => Math.abs(value) >= f * 0.9995) ?? [1e-12, "p"];
  return `${Number((value / factor).toPrecision(3))} ${prefix}${unit}`;
}

/** A fraction as a percentage with two decimals; exactly 1 is 100 %. */
export function percent(fraction: number): string {
  const text = (fraction * 100).toFixed(2);
  // Rounding must not claim a perfect result.
  return fraction < 1 && text === "100.00" ? "99.99 %" : `${text.replace(/\.?0+$/, "") || "0"} %`;
}

/** A coordinate with few digits, to keep pictures small. */
export function xy(n: number): string {
  return String(Math.round(n * 100) / 100);
}
