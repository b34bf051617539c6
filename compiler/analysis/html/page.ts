import { style } from "../../../runtime/report/html/style.ts";
import { escape } from "../../../runtime/report/html/text.ts";

/* Pieces of the pages that the analyses write: no script, nothing from elsewhere, the same bytes for the same data. */

export function page(title: string, subtitle: string, generator: string, sections: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header><h1>${escape(title)}</h1><p>${escape(subtitle)}</p></header>
${sections.join("\n")}
<footer>${escape(generator)}</footer>
</main>
</body>
</html>
`;
}

export function section(title: string, words: string, body: string): string {
  return `<section><h2>${escape(title)}</h2><p>${words}</p>\n${body}</section>`;
}

export function tiles(list: readonly (readonly [name: string, value: string, more: string])[]): string {
  return `<div class="tiles">${list.map(([name, value, more]) => `<div class="tile"><span>${escape(name)}</span><b>${escape(value)}</b><small>${escape(more)}</small></div>`).join("\n")}</div>`;
}

/** A table; the first column holds names, the others numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (tag: string, text: string, k: number): string => `<${tag}${k === 0 ? "" : ' class="n"'}>${escape(text)}</${tag}>`;
  const line = (tag: string, cells: readonly string[]): string => `<tr>${cells.map((c, k) => cell(tag, c, k)).join("")}</tr>`;
  return `<div class="figure"><table><thead>${line("th", head)}</thead><tbody>${rows.map((r) => line("td", r)).join("\n")}</tbody></table></div>`;
}

/** An SVG of the page's width. */
export function figure(label: string, width: number, height: number, body: string): string {
  return `<div class="figure"><svg role="img" aria-label="${escape(label)}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
${body}
</svg></div>`;
}

export const colours = [
  "var(--g0)",
  "var(--g1)",
  "var(--g2)",
  "var(--g3)",
  "var(--g4)",
  "var(--good)",
  "var(--warn)",
  "var(--bad)",
] as const;
