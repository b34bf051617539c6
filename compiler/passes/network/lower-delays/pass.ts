import { at, must } from "../../../base/bug.ts";
import { diagnostic, Failure } from "../../../base/diagnostic.ts";
import { integer } from "../../../base/options.ts";
import { origin } from "../../../base/origin.ts";
import type { Link, Network, Population } from "../../../ir/network/types.ts";
import { type Context, pass } from "../../pass.ts";
import { freshName, linkPlace, relayOf } from "../edit.ts";
import { inputsAreFirst, offsetsFor } from "./offsets.ts";

/*
 * On a chip a spike takes at least one step to arrive. This pass runs each population
 * later by an offset o, the longest path from an input over links that are too
 * fast, and changes every delay by o(to) - o(from). All trains are the same, each shifted
 * by its population's offset; a skip connection gets the delay of the path it skips.
 *
 *   network t steps 4                  network t steps 6
 *   link x -> a   delay 0              link x -> a   delay 1     (a runs in steps 1…4)
 *   link a -> b   delay 0        ==>   link a -> b   delay 1     (b runs in steps 2…5)
 *   link x -> b   delay 0              link x -> b   delay 2
 *
 * Delays beyond what an axon can add are made with relay populations. Noise is drawn by the
 * step, so a noisy population that runs later sees another draw of the same noise.
 */
export const lowerDelays = pass({
  name: "lower-delays",
  on: "network",
  summary: "Gives every link the delay that transport takes, shifting populations in time.",
  keeps: "spikes",
  options: {
    min: integer(0, 64, 0, "least delay of a link in steps; 0: the chip's, or 1 without a chip"),
    max: integer(0, 65535, 0, "greatest delay of a link in steps; 0: the chip's, or no limit without a chip"),
  },
  run(network, options, cx) {
    const least = options.min > 0 ? options.min : (cx.chip?.delayMin ?? 1);
    const most = options.max > 0 ? options.max : cx.chip === null ? Infinity : cx.chip.delayMin + cx.chip.core.delayMax;
    must(most >= least, "the greatest delay is not below the least one");
    const found = offsetsFor(network, least);
    if (found.kind === "cycle") throw tooFast(network, found.links, least);
    must(inputsAreFirst(network, found.of), "no link leads into an input");
    const shifted = shift(network, found.of, least);
    const stepsMax = cx.chip?.stepsMax ?? Infinity;
    if (shifted.steps > stepsMax) {
      throw new Failure([diagnostic("network-steps", [shifted.steps, stepsMax], { at: `network ${network.name}` })]);
    }
    report(shifted, found.of, cx);
    return relayed(shifted, most, least);
  },
});

function tooFast(n: Network, links: readonly Link[], least: number): Failure {
  const total = links.reduce((sum, l) => sum + l.delay, 0);
  const path = links.map((l) => at(n.pops, l.from).name).join(" -> ");
  const first = at(links, 0);
  return new Failure([
    diagnostic("delay-cycle", [`${path} -> ${at(n.pops, at(links, links.length - 1).to).name}`, total, links.length * least], {
      at: linkPlace(n, first),
      origin: first.origin,
    }),
  ]);
}

/** The network with every population later by its offset. Windows become explicit, so that what was the last step still is. */
function shift(n: Network, of: Int32Array, least: number): Network {
  const last = of.reduce((a, b) => Math.max(a, b), 0);
  const pops = n.pops.map((p): Population => {
    const o = at(of, p.id);
    const stop = (p.stop ?? n.steps) + o;
    return o === 0 && stop === p.stop ? p : { ...p, start: p.start + o, stop };
  });
  const links = n.links.map((l): Link => {
    const delay = l.delay + at(of, l.to) - at(of, l.from);
    must(delay >= least, "an offset leaves every link the time it needs");
    return delay === l.delay ? l : { ...l, delay };
  });
  const same = last === 0 && pops.every((p, i) => p === n.pops[i]);
  return same ? n : { ...n, steps: n.steps + last, pops, links };
}

function report(n: Network, of: Int32Array, cx: Context): void {
  const rows = n.pops.map((p) => ({ population: p.name, offset: at(of, p.id), start: p.start, stop: p.stop ?? n.steps }));
  if (of.some((o) => o > 0)) cx.table("lower-delays", rows);
}

/** Splits delays above `most` by relays, which all slow links of a source share. */
function relayed(n: Network, most: number, least: number): Network {
  const slow = n.links.filter((l) => l.delay > most);
  if (slow.length === 0) return n;
  // Every hop takes this long, so that what remains for the last link lies in least … most.
  const hop = most - least + 1;
  const problems = slow.flatMap((l) => {
    const source = at(n.pops, l.from);
    const place = { at: linkPlace(n, l), origin: l.origin };
    if (hop < least) return [diagnostic("delay-too-long", [l.delay, most], place)];
    return source.amplitude === 1 ? [] : [diagnostic("amplitude-left", [source.name, "lower-delays"], place)];
  });
  if (problems.length > 0) throw new Failure(problems);
  const taken = new Set(n.pops.map((p) => p.name));
  const pops = n.pops.slice();
  const links: Link[] = [];
  const chains = new Map<number, Population[]>();
  for (const l of n.links) {
    if (l.delay <= most) {
      links.push(l);
      continue;
    }
    const source = at(n.pops, l.from);
    if (source.start + l.delay >= n.steps) continue; // Nothing it carries arrives within a sample.
    const hops = Math.ceil((l.delay - most) / hop);
    const chain = chains.get(l.from) ?? [];
    chains.set(l.from, chain);
    while (chain.length < hops) {
      const before = chain[chain.length - 1] ?? source;
      const later = hop * (chain.length + 1);
      const relay = relayOf({
        id: pops.length,
        name: freshName(taken, `${source.name}.later${later}`),
        shape: source.shape,
        spike: source.spike,
        start: source.start + later,
        stop: Math.min((source.stop ?? n.steps) + later, n.steps),
        origin: origin(`relay of ${source.name}, ${later} steps later`, source.origin),
      });
      pops.push(relay);
      chain.push(relay);
      links.push({
        from: before.id,
        to: relay.id,
        kernel: { kind: "one", weight: 1 },
        pool: null,
        delay: hop,
        gain: null,
        origin: relay.origin,
      });
    }
    links.push({ ...l, from: at(chain, hops - 1).id, delay: l.delay - hops * hop });
  }
  // Every link of a relay has a delay above 0, so the relays may stand at the end.
  return { ...n, pops, links };
}
