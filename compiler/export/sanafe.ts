import { at } from "../base/bug.ts";
import { sizeOf, spread } from "../base/tensor.ts";
import type { Coord, Cores } from "../ir/cores/types.ts";
import { synapsesOf } from "../ir/network/kernels/index.ts";
import { neuronParams, neuronWords } from "../ir/network/neurons/index.ts";
import type { Network, PopId, Population } from "../ir/network/types.ts";
import { unitNames } from "./architecture.ts";
import { homesOf } from "./hypergraph.ts";

/*
 * A mapped network as SANA-FE's YAML (v2.2): a group for each population, an edge for each synapse,
 * the core of each neuron. A spike arrives one step after it was sent. Neurons without leak are SANA-FE's `truenorth` soma (fires at the
 * threshold). Leaking ones, and those that fire above the threshold and subtract it, are its
 * `leaky_integrate_fire`, which fires above the threshold and rounds the decayed potential toward
 * zero to 1/64: everything of such a population is written in 64ths, so that it rounds to whole
 * numbers as the chip does.
 */

export type SanafeNetwork = {
  readonly lines: readonly string[];
  /** What SANA-FE cannot say, by population or link. */
  readonly notes: readonly { readonly of: string; readonly what: string }[];
};

/** `trains`: payloads [steps x channels] of the inputs of one sample; without, inputs are silent. */
export function sanafeNetwork(n: Network, cores: Cores, trains: ReadonlyMap<PopId, Float64Array>): SanafeNetwork {
  const names = n.pops.map((p) => `p${p.id}_${p.name.replaceAll(/\W/g, "_")}`);
  const notes: { of: string; what: string }[] = [];
  const somas = n.pops.map((p) => (p.neuron.model === "input" ? null : somaOf(p, (what) => notes.push({ of: p.name, what }))));
  for (const p of n.pops)
    if (p.spike.kind !== "binary") notes.push({ of: p.name, what: "payloads other than 0 and 1: one spike, whatever the payload" });
  return {
    lines: [
      "network:",
      `  name: ${JSON.stringify(n.name)}`,
      "  groups:",
      ...n.pops.flatMap((p) => groupLines(p, at(names, p.id), at(somas, p.id), trains.get(p.id) ?? null)),
      "  edges:",
      ...edgeLines(n, names, somas, notes),
      "mappings:",
      ...mappingLines(n, cores, names),
    ],
    notes,
  };
}

type Soma = {
  readonly unit: string;
  /** Factor of weights, thresholds and biases. */
  readonly scale: number;
  readonly shared: Readonly<Record<string, number | string | boolean>>;
  /** Per neuron. */
  readonly each: Readonly<Record<string, Float64Array>>;
};

const leakyScale = 1 / 64;

function somaOf(p: Population, note: (what: string) => void): Soma {
  const words = neuronWords(p);
  const count = sizeOf(p.shape);
  const params = neuronParams(p);
  const param = (name: string): Float64Array => params[name] ?? new Float64Array(count);
  const answers = words["output"] === "yes" || !("threshold" in params);
  const leaks = words["leak"] !== undefined && words["leak"] !== "none";
  const above = words["compare"] === "gt";
  const subtracts = words["reset"] === "subtract" && !answers;
  if (words["leak"] !== "multiply" && leaks) note(`leak=${words["leak"]}: no decay`);
  if (words["current"] === "on") note("synaptic current: acts in one step");
  for (const [word, plain] of [
    ["negative", "none"],
    ["emit", "unit"],
    ["noise", "none"],
    ["biasAt", "every"],
    ["update", "every"],
  ] as const)
    if (words[word] !== undefined && words[word] !== plain) note(`${word}=${words[word]}: as ${plain}`);
  if (p.start > 0 || p.stop !== null || p.silent > 0) note("window of steps: active in all of them");
  if (Object.values(p.initial).some((v) => typeof v !== "number" || v !== 0)) note("initial potential: 0");
  const threshold = param("threshold");
  const resets = param("resetValue");
  if (subtracts && resets.some((r, i) => r !== threshold[i])) note("amount subtracted by a spike: the threshold");

  const exact = words["leak"] !== "multiply" && !(above && subtracts);
  const scale = exact ? 1 : leakyScale;
  // In whole numbers, at t is above t - 1/2; but what is subtracted then lacks the half.
  const shift = exact ? (above ? 1 : 0) : above ? 0 : -0.5;
  if (!exact && !above && subtracts) note("fires at the threshold and subtracts it: subtracts 1/2 less");
  const decay = words["leak"] === "multiply" ? param("leakArgument").map((m) => m / 4096) : null;
  return {
    unit: exact ? unitNames.exact : unitNames.leaky,
    scale,
    shared: {
      reset_mode: answers || words["reset"] === "none" ? "none" : subtracts ? "soft" : "hard",
      log_spikes: !answers,
      log_potential: answers,
    },
    each: {
      threshold: answers ? new Float64Array(count).fill(1e15) : threshold.map((t) => (t + shift) * scale),
      bias: param("bias").map((b) => b * scale),
      ...(words["reset"] === "set" ? { reset: resets.map((r) => r * scale) } : {}),
      ...(exact ? {} : { leak_decay: decay ?? new Float64Array(count).fill(1) }),
    },
  };
}

/** What all neurons share goes to the group. */
function groupLines(p: Population, name: string, soma: Soma | null, train: Float64Array | null): string[] {
  const count = sizeOf(p.shape);
  if (soma === null) {
    const spikes = (i: number): string => spikesOf(train, count, i);
    return [
      `    - name: ${name}`,
      "      attributes: {log_spikes: false}",
      "      neurons:",
      ...list(count, (i) => `        - ${i}: {spikes: [${spikes(i)}]}`),
    ];
  }
  const even = Object.entries(soma.each).filter(([, v]) => v.every((x) => x === v[0]));
  const own = Object.entries(soma.each).filter(([, v]) => !v.every((x) => x === v[0]));
  const shared = { soma_hw_name: soma.unit, ...soma.shared, ...Object.fromEntries(even.map(([k, v]) => [k, at(v, 0)])) };
  const neurons =
    own.length === 0
      ? [`        - ${count === 1 ? "0" : `0..${count - 1}`}: {}`]
      : list(count, (i) => `        - ${i}: ${flow(Object.fromEntries(own.map(([k, v]) => [k, at(v, i)])))}`);
  return [`    - name: ${name}`, `      attributes: ${flow(shared)}`, "      neurons:", ...neurons];
}

function spikesOf(train: Float64Array | null, count: number, neuron: number): string {
  if (train === null) return "0";
  return list(train.length / count, (t) => (at(train, t * count + neuron) === 0 ? "0" : "1")).join(", ");
}

function edgeLines(n: Network, names: readonly string[], somas: readonly (Soma | null)[], notes: { of: string; what: string }[]): string[] {
  const out: string[] = [];
  for (const l of n.links) {
    const [from, to] = [at(n.pops, l.from), at(n.pops, l.to)];
    const note = (what: string): void => void notes.push({ of: `${from.name} -> ${to.name}`, what });
    if (l.pool !== null) {
      note(`pooling by ${l.pool.mode}: the link is left out`);
      continue;
    }
    const gain = spread(l.gain ?? 1, from.shape);
    const scale = at(somas, to.id)?.scale ?? 1;
    if (l.delay !== 1) note(`delay of ${l.delay} steps: 1`);
    const visit = synapsesOf(l.kernel, from.shape, to.shape);
    for (let i = 0; i < gain.length; i++)
      visit(i, (target, weight) => {
        if (weight === 0) return;
        out.push(`  - ${at(names, from.id)}.${i} -> ${at(names, to.id)}.${target}: {weight: ${weight * at(gain, i) * scale}}`);
      });
  }
  return out;
}

/** Tile x * rows + y, core 0; inputs on the host, core 1 of tile 0, each with a unit of its own. */
function mappingLines(n: Network, cores: Cores, names: readonly string[]): string[] {
  const homes = homesOf(n, cores);
  let unit = 0;
  return n.pops.flatMap((p) => {
    const name = at(names, p.id);
    if (p.neuron.model === "input")
      return list(sizeOf(p.shape), (i) => `- ${name}.${i}: {core: 0.1, soma: "${unitNames.input}[${unit++}]"}`);
    return list(sizeOf(p.shape), (i) => `- ${name}.${i}: {core: ${tileOf(cores, at(at(homes, p.id), i))}.0}`);
  });
}

function tileOf(cores: Cores, core: number): number {
  const place: Coord = (core < 0 ? null : at(cores.cores, core).at) ?? { x: 0, y: 0 };
  return place.x * cores.rows + place.y;
}

function flow(fields: Readonly<Record<string, number | string | boolean>>): string {
  return `{${Object.entries(fields)
    .map(([k, v]) => `${k}: ${v}`)
    .join(", ")}}`;
}

function list<T>(count: number, of: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => of(i));
}
