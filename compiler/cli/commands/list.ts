import type { ChipSpec } from "../../../targets/chip.ts";
import { targets } from "../../../targets/index.ts";
import { errors } from "../../base/errors.ts";
import { conversions } from "../../convert/index.ts";
import { inputCodes, outputCodes } from "../../ir/codes/index.ts";
import { ops } from "../../ir/graph/ops/index.ts";
import { neurons } from "../../ir/network/neurons/index.ts";
import { passes } from "../../passes/index.ts";
import type { Options } from "../../base/options.ts";
import type { Register, Run, SharedFlags } from "../command.ts";
import { lookUp } from "../names.ts";
import { targetPasses } from "../passes.ts";
import { showPairs } from "../tables.ts";

type Entry = { readonly name: string; readonly summary: string; readonly options?: readonly Described[] };
type Described = { readonly name: string; readonly domain: string; readonly default: string; readonly help: string };

/** What can be listed, each as entries with a name and one sentence. */
const lists: Readonly<Record<string, () => readonly Entry[]>> = {
  passes: () => [
    ...Object.values(passes).map((p) => ({
      name: p.name,
      summary: `${p.summary} (${p.on}, keeps ${p.keeps})`,
      options: describe(p.options),
    })),
    ...[...targetPasses().values()].map(({ pass: p, targets: of }) => ({
      name: p.name,
      summary: `${p.summary} (${p.on}, keeps ${p.keeps}; of ${of.join(", ")})`,
      options: describe(p.options),
    })),
  ],
  targets: () => Object.entries(targets).map(([name, make]) => ({ name, summary: `${make().chip.summary} (${sizeOfChip(make().chip)})` })),
  methods: () =>
    Object.values(conversions).map((c) => ({ name: c.name, summary: `${c.summary} (${c.source})`, options: describe(c.options) })),
  neurons: () => Object.values(neurons).map((n) => ({ name: n.name, summary: n.equation })),
  errors: () => Object.entries(errors).map(([name, e]) => ({ name, summary: `${e.severity}: ${e.explain}` })),
  codes: () => [...Object.values(inputCodes), ...Object.values(outputCodes)].map((c) => ({ name: c.name, summary: c.summary })),
  ops: () => Object.values(ops).map((o) => ({ name: o.name, summary: o.summary })),
};

function sizeOfChip({ columns, rows, core }: ChipSpec): string {
  const cores = columns * rows;
  return `${columns}x${rows} cores of ${core.neurons} neurons, ${cores * core.neurons} in all`;
}

function describe(options: Options): readonly Described[] {
  return Object.entries(options).map(([name, o]) => ({ name, domain: o.domain, default: o.show(o.default), help: o.help }));
}

/** `ganglion list passes|targets|methods|neurons|errors|codes|ops`. */
export const listCommand: Register = (program, runner) => {
  program
    .command("list")
    .summary("list passes, targets, methods, neurons, errors, codes or ops")
    .argument("<what>", Object.keys(lists).join("|"))
    .action((what: string, flags: SharedFlags) => runner(flags, (run) => printList(run, what)));
};

export function printList(run: Run, what: string): void {
  const entries = lookUp("list", what, lists)();
  run.json({ [what]: entries });
  const lines = entries.flatMap((e): [string, string][] => [
    [e.name, e.summary],
    ...(e.options ?? []).map((o): [string, string] => [`  ${o.name}=${o.domain}`, `${o.help} (default ${o.default})`]),
  ]);
  run.print(lines.length === 0 ? `no ${what}` : showPairs(lines));
}
