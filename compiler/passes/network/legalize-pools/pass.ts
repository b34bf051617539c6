import { at } from "../../../base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../../base/diagnostic.ts";
import { id } from "../../../base/id.ts";
import { origin } from "../../../base/origin.ts";
import { sizeOf } from "../../../base/tensor.ts";
import { pooledShape } from "../../../ir/network/kernels/index.ts";
import type { Link, Network, Pool, Population } from "../../../ir/network/types.ts";
import { type Context, pass } from "../../pass.ts";
import { freshName, linkPlace, settle } from "../edit.ts";

/*
 * Pooling at the axon on a chip whose axons cannot pool: neurons that forget at once
 * and fire when one (or), or all (and), of their window's inputs did. A window that reaches into
 * the padding has fewer inputs than `and` asks for, and never fires, as before.
 *
 *   link a -> b conv … pool or(size=2x2)        pop a.or unit(threshold=1 …)   link a -> a.or pool 1 size=2x2
 *                                         ==>   link a.or -> b conv …
 *
 * One more step of transport, which lower-delays gives to everything beside it. A gate, which
 * counts over the sample and compares, has no such neuron.
 */
export const legalizePools = pass({
  name: "legalize-pools",
  on: "network",
  summary: "Replaces pooling at axons by neurons that pool, for chips whose axons cannot.",
  keeps: "spikes",
  options: {},
  run(network, _options, cx) {
    const wanted = network.links.filter((l) => l.pool !== null && l.pool.mode !== "gate" && cx.chip?.pools.includes(l.pool.mode) !== true);
    if (wanted.length === 0) return network;
    const problems = wanted.flatMap((l) => problemsOf(network, l, cx));
    if (problems.length > 0) throw new Failure(problems);
    return replaced(network, new Set(wanted), cx);
  },
});

function problemsOf(n: Network, l: Link, cx: Context): Diagnostic[] {
  const source = at(n.pops, l.from);
  const place = { at: linkPlace(n, l), origin: l.origin };
  if (source.amplitude !== 1) return [diagnostic("amplitude-left", [source.name, "legalize-pools"], place)];
  if (settingOf(l.pool as Pool, cx) !== null) return [];
  return [diagnostic("chip-lacks-pool", [`${source.name} -> ${at(n.pops, l.to).name}`, (l.pool as Pool).mode, cx.chip?.name ?? ""], place)];
}

/** Words of a neuron that fires at `need` events in a step and then knows nothing of them; null if the chip has none. */
function settingOf(pool: Pool, cx: Context): Record<string, string | number> | null {
  const has = (word: string, choice: string): boolean => cx.chip === null || cx.chip.unit[word]?.includes(choice) === true;
  const need = pool.mode === "or" ? 1 : sizeOf(pool.size);
  if (has("leak", "multiply") && has("reset", "none")) return { threshold: need, leak: "multiply", leakArgument: 0, reset: "none" };
  // v - (v >> 0) is 0 as well.
  if (has("leak", "shift") && has("reset", "none")) return { threshold: need, leak: "shift", leakArgument: 0, reset: "none" };
  // One event already fires and sets back, so nothing is ever left over.
  if (need === 1 && has("reset", "set")) return { threshold: 1, reset: "set", resetValue: 0 };
  return null;
}

function replaced(n: Network, wanted: ReadonlySet<Link>, cx: Context): Network {
  const taken = new Set(n.pops.map((p) => p.name));
  const made = new Map<string, Population>();
  const pops: Population[] = [];
  const links: Link[] = [];
  let next = n.pops.length;
  for (const p of n.pops) {
    pops.push(p);
    // Behind its source and before everything that listens within the same step.
    for (const l of n.links) {
      if (l.from !== p.id || !wanted.has(l)) continue;
      const pool = l.pool as Pool;
      const key = `${p.id} ${JSON.stringify(pool)}`;
      if (made.has(key)) continue;
      const pooling = poolingOf(p, pool, next++, freshName(taken, `${p.name}.${pool.mode}`), cx);
      made.set(key, pooling);
      pops.push(pooling);
      const { size, stride, pads } = pool;
      links.push({
        from: p.id,
        to: pooling.id,
        kernel: { kind: "pool", weight: 1, size, stride, pads },
        pool: null,
        delay: 0,
        gain: null,
        origin: l.origin,
      });
    }
  }
  for (const l of n.links)
    links.push(wanted.has(l) ? { ...l, from: (made.get(`${l.from} ${JSON.stringify(l.pool)}`) as Population).id, pool: null } : l);
  cx.table(
    "legalize-pools",
    [...made.values()].map((p) => ({ population: p.name, neurons: sizeOf(p.shape), keeps: "every spike, one step later" })),
  );
  return settle({ ...n, pops, links });
}

function poolingOf(source: Population, pool: Pool, key: number, name: string, cx: Context): Population {
  return {
    id: id<"population">(key),
    name,
    shape: pooledShape(pool, source.shape),
    neuron: { model: "unit", params: settingOf(pool, cx) ?? {} },
    spike: { kind: "binary" },
    initial: {},
    amplitude: 1,
    start: source.start,
    silent: 0,
    stop: source.stop,
    origin: origin(`${pool.mode} of windows of ${source.name}`, source.origin),
  };
}
