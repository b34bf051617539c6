import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { errors } from "../compiler/base/errors.ts";
import type { Options } from "../compiler/base/options.ts";
import { targetPasses } from "../compiler/cli/passes.ts";
import { conversions } from "../compiler/convert/index.ts";
import { type AnyWord, tableOf } from "../compiler/ir/image/word.ts";
import { inputCodes, outputCodes } from "../compiler/ir/codes/index.ts";
import { neurons } from "../compiler/ir/network/neurons/index.ts";
import { passes } from "../compiler/passes/index.ts";
import { targets } from "../targets/index.ts";
import * as meshWords from "../targets/mesh/words.ts";

/*
 * The pages that are printed from the code's own tables. `npm run docs` writes
 * them; a test checks that they are current.
 */

const note = "<!-- Printed from the code by `npm run docs`. -->\n";

/** Path under docs/ to content. */
export function pages(): Map<string, string> {
  return new Map([
    ["errors.md", errorsPage()],
    ["passes.md", passesPage()],
    ["targets/mesh.md", meshPage()],
  ]);
}

function errorsPage(): string {
  const parts = Object.entries(errors)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, e]) => `## ${code}\n\n*${e.severity}.* ${e.explain}\n\n**What to do:** ${e.help}.\n`);
  return `${note}# Diagnostics\n\nEvery code, what it means, and what to do. \`ganglion explain CODE\` prints the same.\n\n${parts.join("\n")}`;
}

function optionRows(options: Options): string {
  const rows = Object.entries(options).map(([k, o]) => `| \`${k}\` | ${cell(o.domain)} | ${cell(o.show(o.default))} | ${cell(o.help)} |`);
  return rows.length === 0 ? "" : `\n| option | values | default | |\n|---|---|---|---|\n${rows.join("\n")}\n`;
}

function passPart(p: (typeof passes)[keyof typeof passes], chips: readonly string[] = []): string {
  const of = chips.length === 0 ? "" : ` Of ${chips.map((c) => `\`${c}\``).join(", ")}.`;
  return `### ${p.name}\n\nOn ${p.on}; keeps ${p.keeps}.${of} ${p.summary}\n${optionRows(p.options)}`;
}

function passesPage(): string {
  const passParts = Object.values(passes).map((p) => passPart(p));
  const chipParts = [...targetPasses().values()].map((p) => passPart(p.pass, p.targets));
  const methodParts = Object.values(conversions).map((c) => `### ${c.name}\n\n${c.summary} Source: ${c.source}\n${optionRows(c.options)}`);
  const neuronParts = Object.values(neurons).map((n) => {
    const params = Object.entries(n.params).map(([k, p]) => `| \`${k}\` | number | ${p.default} | ${cell(p.help)} |`);
    const words = Object.entries(n.words).map(
      ([k, w]) => `| \`${k}\` | ${w.choices.join(", ")} | ${w.choices[0] ?? ""} | ${cell(w.help)} |`,
    );
    const state = Object.entries(n.state).map(([k, s]) => `| \`${k}\` | state | ${s.reset} | ${cell(s.help)} |`);
    const rows = [...params, ...words, ...state];
    const table = rows.length === 0 ? "" : `\n| name | values | default | |\n|---|---|---|---|\n${rows.join("\n")}\n`;
    return `### ${n.name}\n\n${n.summary} Source: ${n.source}\n\n\`\`\`\n${n.equation}\n\`\`\`\n${table}`;
  });
  const codes = [
    ...Object.values(inputCodes).map((c) => `| \`${c.name}\` | input | ${cell(c.summary)} |`),
    ...Object.values(outputCodes).map((c) => `| \`${c.name}\` | output | ${cell(c.summary)} |`),
  ];
  return [
    `${note}# Passes, methods, neurons and codes`,
    `## Passes\n\n${passParts.join("\n")}`,
    `## Passes of chips\n\nNamed with their chip: \`ganglion pass NAME m.snet --target CHIP\`.\n\n${chipParts.join("\n")}`,
    `## Conversion methods\n\n${methodParts.join("\n")}`,
    `## Neuron models\n\n${neuronParts.join("\n")}`,
    `## Codes\n\n| code | | |\n|---|---|---|\n${codes.join("\n")}\n`,
  ].join("\n\n");
}

function meshPage(): string {
  const text = readFileSync(join(import.meta.dirname, "..", "targets", "mesh", "README.md"), "utf8").replace(/^# .*\n/, "");
  const chips = Object.entries(targets)
    .map(([name, make]) => ({ name, chip: make().chip }))
    .filter(({ chip }) => chip.family === "mesh");
  const first = chips[0]?.chip;
  const sizes = chips.map(
    ({ name, chip }) => `| \`${name}\` | ${chip.columns} × ${chip.rows} | ${chip.columns * chip.rows * chip.core.neurons} |`,
  );
  const sources = Object.entries(first?.sources ?? {}).map(([path, source]) => `| \`${path}\` | ${cell(source)} |`);
  const costs = Object.entries(first?.costs ?? {}).map(
    ([name, c]) =>
      `| \`${name}\` | ${c.picojoules} | ${c.tolerance === null ? "unknown" : `±${Math.round(c.tolerance * 100)} %`} | ${cell(c.source)} |`,
  );
  // In the order of the file, which a module's namespace need not keep.
  const file = readFileSync(join(import.meta.dirname, "../targets/mesh/words.ts"), "utf8");
  const words = (Object.values(meshWords) as unknown[])
    .filter((w): w is AnyWord => typeof w === "object" && w !== null && "fields" in w)
    .sort((a, b) => file.indexOf(`word("${a.name}"`) - file.indexOf(`word("${b.name}"`));
  return [
    `${note}# mesh`,
    `| size | cores | neurons |\n|---|---|---|\n${sizes.join("\n")}`,
    text,
    `## Words\n\n${words.map(tableOf).join("\n\n")}`,
    `## Costs\n\n| event | pJ | tolerance | source |\n|---|---|---|---|\n${costs.join("\n")}`,
    `## Sources of the other numbers\n\n| number | source |\n|---|---|\n${sources.join("\n")}\n`,
  ].join("\n\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

if (process.argv[1] !== undefined && import.meta.filename === process.argv[1]) {
  for (const [name, content] of pages()) {
    const path = join(import.meta.dirname, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}
