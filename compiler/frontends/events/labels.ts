import { fail } from "../../base/diagnostic.ts";
import type { DataFile } from "../data/records.ts";

/** A row of a label table: the class, and every column by its name. */
export type LabelRow = { readonly label: number; readonly columns: Readonly<Record<string, string>> };

/**
 * A table with a header: the first column names the file, the column `label` (or
 * `class`, or else the second) has the class, further columns say what group a recording
 * belongs to. Keyed by file name without its folder.
 */
export function readLabelTable(file: DataFile): ReadonlyMap<string, LabelRow> {
  const lines = new TextDecoder().decode(file.bytes).split(/\r?\n/);
  const [head = "", ...rows] = lines;
  const names = head.split(/[,;\t]/).map((c) => c.trim());
  const named = names.findIndex((n) => /^(label|class)$/i.test(n));
  const place = named < 0 ? 1 : named;
  const out = new Map<string, LabelRow>();
  const body = /^-?\d+$/.test(names[place] ?? "")
    ? lines.map((text, i) => ({ text, line: i + 1 }))
    : rows.map((text, i) => ({ text, line: i + 2 }));
  for (const { text, line } of body) {
    if (text.trim() === "") continue;
    const cells = text.split(/[,;\t]/).map((c) => c.trim());
    if (!/^-?\d+$/.test(cells[place] ?? "")) fail("events-labels", [file.name, line, text.slice(0, 60)]);
    out.set(baseName(cells[0] ?? ""), {
      label: Number(cells[place]),
      columns: Object.fromEntries(names.map((n, i) => [n, cells[i] ?? ""])),
    });
  }
  return out;
}

export function baseName(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}
