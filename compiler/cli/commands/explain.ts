import { targets } from "../../../targets/index.ts";
import { fail } from "../../base/diagnostic.ts";
import type { ErrorEntry } from "../../base/errors/entry.ts";
import { errors } from "../../base/errors.ts";
import type { Options } from "../../base/options.ts";
import { conversions } from "../../convert/index.ts";
import type { Conversion } from "../../convert/conversion.ts";
import { neurons } from "../../ir/network/neurons/index.ts";
import type { NeuronModel } from "../../ir/network/neurons/model.ts";
import { passes } from "../../passes/index.ts";
import { targetPasses } from "../passes.ts";
import type { ChipSpec } from "../../../targets/chip.ts";
import type { Register, SharedFlags } from "../command.ts";
import { nearest } from "../names.ts";
import { showPairs } from "../tables.ts";

/** `ganglion explain CODE|NEURON|PASS|METHOD|TARGET`. */
export const explainCommand: Register = (program, runner) => {
  program
    .command("explain")
    .summary("explain an error code, a neuron, a pass, a method or a target")
    .argument("<name>", "as printed by `ganglion list`")
    .action((name: string, flags: SharedFlags) =>
      runner(flags, (run) => {
        const text = explain(name);
        run.print(text);
        run.json({ name, text });
      }),
    );
};

function explain(name: string): string {
  const found = [
    pick(errors as Readonly<Record<string, ErrorEntry<never>>>, name, (e) => explainError(name, e)),
    pick(neurons as Readonly<Record<string, NeuronModel>>, name, explainNeuron),
    pick(passes, name, (p) => explainOptions(`pass ${p.name}, on a ${p.on}; keeps ${p.keeps}`, p.summary, p.options)),
    ...[targetPasses().get(name)].map((p) =>
      p === undefined
        ? null
        : explainOptions(
            `pass ${name} of ${p.targets.join(", ")}, on a ${p.pass.on}; keeps ${p.pass.keeps}`,
            p.pass.summary,
            p.pass.options,
          ),
    ),
    pick(conversions as Readonly<Record<string, Conversion>>, name, (c) =>
      explainOptions(`method ${c.name}`, `${c.summary}\nfrom ${c.source}`, c.options),
    ),
    pick(targets, name, (make) => explainChip(make().chip)),
  ].filter((t) => t !== null);
  const known = [errors, neurons, passes, conversions, targets].flatMap((list) => Object.keys(list));
  if (found.length === 0) fail("name-unknown", ["code, neuron, pass, method or target", name, nearest(name, known)]);
  return found.join("\n\n");
}

function pick<T>(list: Readonly<Record<string, T>>, name: string, show: (entry: T) => string): string | null {
  const entry = Object.hasOwn(list, name) ? list[name] : undefined;
  return entry === undefined ? null : show(entry);
}

function explainError(name: string, e: ErrorEntry<never>): string {
  return `${e.severity} ${name}\n\n${e.explain}\n\nhelp ${e.help}`;
}

function explainNeuron(n: NeuronModel): string {
  const params = Object.entries(n.params).map(([k, p]): [string, string] => [
    k,
    Number.isNaN(p.default) ? p.help : `${p.help} (default ${p.default})`,
  ]);
  const state = Object.entries(n.state).map(([k, s]): [string, string] => [k, `${s.help} (starts at ${s.reset})`]);
  const words = Object.entries(n.words).map(([k, w]): [string, string] => [`${k}=${w.choices.join("|")}`, w.help]);
  const parts = { parameters: params, words, state };
  const shown = Object.entries(parts).flatMap(([title, lines]) => (lines.length === 0 ? [] : [title, showPairs(lines)]));
  return [`neuron ${n.name}: ${n.summary}`, n.equation, `from ${n.source}`, ...shown].join("\n");
}

function explainOptions(title: string, summary: string, options: Options): string {
  const lines = Object.entries(options).map(([k, o]): [string, string] => [`${k}=${o.domain}`, `${o.help} (default ${o.show(o.default)})`]);
  return lines.length === 0 ? `${title}\n${summary}` : `${title}\n${summary}\noptions\n${showPairs(lines)}`;
}

function explainChip(chip: ChipSpec): string {
  return [
    `target ${chip.name}`,
    chip.summary,
    showPairs([
      ["cores", `${chip.columns} x ${chip.rows}`],
      ["clock", `${chip.clockHz / 1e6} MHz`],
      ["neurons a core", String(chip.core.neurons)],
      ["axons a core", String(chip.core.axons)],
      ["synapse words a core", String(chip.core.synapseWords)],
      ["routes a core", String(chip.core.routes)],
      ["weight bits", `${chip.weight.bitsMin}..${chip.weight.bitsMax}`],
      ["potential bits", `${chip.potential.bits}, ${chip.potential.overflow}`],
      ["delay, steps", `${chip.delayMin}..${chip.delayMin + chip.core.delayMax}`],
      ["spikes", chip.spikes.join(", ")],
    ]),
  ].join("\n");
}
