import Table from "cli-table3";

/** A table for people: columns from the first row's keys, numbers to the right. */
export function showTable(table: { readonly title: string; readonly rows: readonly Readonly<Record<string, string | number>>[] }): string {
  const [first] = table.rows;
  if (first === undefined) return `${table.title}: nothing`;
  const keys = Object.keys(first);
  const t = new Table({
    head: keys,
    style: { head: [], border: [], compact: true },
    chars: plain,
    colAligns: keys.map((k) => (table.rows.every((row) => isNumber(row[k])) ? "right" : "left")),
  });
  for (const row of table.rows) t.push(keys.map((k) => showCell(row[k])));
  return `${table.title}\n${t.toString()}`;
}

/** Lines `name  value`, aligned. */
export function showPairs(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([k]) => k.length));
  return pairs.map(([k, v]) => `  ${k.padEnd(width)}  ${v}`).join("\n");
}

/** A number, also as text with a unit, or nothing in its place. */
function isNumber(value: string | number | undefined): boolean {
  return typeof value !== "string" || /^([-−]?\d[\d.,]*( ?[%a-zµA-Z]{0,3})?|–|)$/.test(value);
}

function showCell(value: string | number | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

const plain = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: " ",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: " ",
};
