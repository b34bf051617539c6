import type { ChipSpec } from "../../targets/chip.ts";
import { at, bug } from "../base/bug.ts";
import { diagnostic, fail, Failure } from "../base/diagnostic.ts";
import { id } from "../base/id.ts";
import { origin } from "../base/origin.ts";
import { sizeOf } from "../base/tensor.ts";
import type { Coord, Core, CoreId, Cores, InputPort, OutputPort, Sends } from "../ir/cores/types.ts";
import type { Network } from "../ir/network/types.ts";
import type { Context } from "../base/context.ts";
import { arrivalsOf, type Seat } from "./arrivals.ts";
import { budget } from "./budget.ts";
import { illegalities, intervalOf, nameOfLink } from "./check.ts";
import { CoreBuilder } from "./core.ts";
import { factsOf, groupOf } from "./group.ts";
import { showTile } from "./layout.ts";
import { type LinkForm, linkForm } from "./link.ts";
import type { Mapping, MappingOptions } from "./mapping.ts";
import { type Partition, partitions } from "./partition/index.ts";
import type { Assignment } from "./partition/pack.ts";
import { chooseSizes, type Cut } from "./partition/sizes.ts";
import { places } from "./place/index.ts";
import { fullReport, misfitReport } from "./report.ts";
import { SendTable, sendsOfCore } from "./route/sends.ts";
import { distance } from "./route/xy.ts";

/**
 * The mapping that mesh-like chips share: cut populations into tiles, give tiles to
 * cores and cores to places, then store each link's arriving side in the cores of its
 * target and its sends with its source.
 */
export const genericMapping: Mapping = { map, budget };

function map(net: Network, chip: ChipSpec, options: MappingOptions, cx: Context): Cores {
  const partition = strategy("partition", options.partition, partitions);
  const place = strategy("placement", options.place, places);
  const forms = net.links.map((_, i) => linkForm(net, i, chip));
  const illegal = illegalities(net, forms, chip);
  if (illegal.length > 0) throw new Failure(illegal);

  const assignment = assign(net, forms, chip, partition, cx);
  const coords = place.place(layerSizes(assignment), chip.columns, chip.rows);
  const cores = fill(net, chip, forms, assignment, coords, cx);
  reportTables(cores, cx);
  return cores;
}

/**
 * Gives tiles to cores, such that event memories cannot overflow even if every neuron
 * spikes in every step; where that asks too much of the chip, without this guarantee and with a warning.
 */
function assign(net: Network, forms: readonly LinkForm[], chip: ChipSpec, partition: Partition, cx: Context): Assignment {
  const safe = tryToAssign(net, forms, chip, partition);
  if (!(safe instanceof Failure)) return safe.assignment;
  const roomy: ChipSpec = { ...chip, core: { ...chip.core, events: Number.POSITIVE_INFINITY } };
  const found = tryToAssign(net, forms, roomy, partition);
  if (found instanceof Failure) throw found;
  const needs = found.assignment.map((tiles) => tiles.reduce((n, t) => n + (found.cuts[t.pop]?.need.events ?? 0), 0));
  const most = needs.reduce((a, b) => Math.max(a, b), 0);
  const over = needs.filter((n) => n > chip.core.events).length;
  if (over > 0) cx.report(diagnostic("map-events", [over, most, chip.core.events]));
  return found.assignment;
}

function tryToAssign(
  net: Network,
  forms: readonly LinkForm[],
  chip: ChipSpec,
  partition: Partition,
): { readonly assignment: Assignment; readonly cuts: readonly (Cut | null)[] } | Failure {
  const sizes = chooseSizes(net, forms, chip, { weightBits: null });
  const misfits = misfitReport(net, forms, chip, sizes);
  if (misfits.length > 0) return new Failure(misfits);
  const assignment = partition.assign(net, sizes.cuts, chip);
  if (assignment.length > chip.columns * chip.rows) return new Failure([fullReport(net, forms, chip, sizes.cuts, assignment.length)]);
  return { assignment, cuts: sizes.cuts };
}

function strategy<T>(kind: string, name: string, known: Readonly<Record<string, T>>): T {
  return Object.hasOwn(known, name) ? (known[name] as T) : fail("map-strategy-unknown", [kind, name, Object.keys(known)]);
}

/** How many neighbouring cores begin with the same population. */
function layerSizes(assignment: Assignment): number[] {
  const out: number[] = [];
  let last = -1;
  for (const tiles of assignment) {
    const { pop } = at(tiles, 0);
    if (pop === last) out.push((out.pop() ?? 0) + 1);
    else out.push(1);
    last = pop;
  }
  return out;
}

function fill(
  net: Network,
  chip: ChipSpec,
  forms: readonly LinkForm[],
  assignment: Assignment,
  coords: readonly Coord[],
  cx: Context,
): Cores {
  const { builders, seats } = seatTiles(net, chip, assignment);
  const tables = net.pops.map((p) => new SendTable(sizeOf(p.shape)));
  forms.forEach((form, i) => {
    cx.progress(`mapping ${nameOfLink(net, form.link)}`, i, forms.length);
    const arrivals = arrivalsOf(form, at(net.pops, form.link.to), at(seats, form.link.to), chip);
    at(tables, form.link.from).addLink(arrivals, form.link.pool, at(net.pops, form.link.from).shape);
  });
  const outputs = addOutputs(net, tables);
  const sends = tables.map((t) => t.finish());
  const popByName = new Map(net.pops.map((p) => [p.name, p.id]));
  const sendsByName = (name: string): Sends => at(sends, popByName.get(name) ?? bug(`no population ${name}`));
  cx.progress("mapping", forms.length, forms.length);
  return {
    kind: "cores",
    name: net.name,
    chip: chip.name,
    columns: chip.columns,
    rows: chip.rows,
    steps: net.steps,
    interval: intervalOf(net),
    seed: cx.seed >>> 0,
    cores: builders.map(
      (b, i): Core => ({
        id: id<"core">(i) as CoreId,
        at: at(coords, i),
        groups: b.groups,
        sends: sendsOfCore(b.groups, sendsByName),
        axons: b.axons,
        shapes: b.shapes,
        rows: b.rows,
        origin: origin(
          at(assignment, i)
            .map((t) => showTile(at(net.pops, t.pop), t))
            .join(", "),
        ),
      }),
    ),
    inputs: net.inputs.map((input): InputPort => {
      const pop = at(net.pops, input.pop);
      const window = { start: pop.start, stop: pop.stop ?? net.steps };
      return {
        name: pop.name,
        code: input.code,
        params: input.params,
        spike: pop.spike,
        shape: pop.shape,
        window,
        sends: at(sends, pop.id),
      };
    }),
    outputs,
  };
}

/** Opens the cores and puts each tile's neurons into its own; tiles by population, in order. */
function seatTiles(net: Network, chip: ChipSpec, assignment: Assignment): { builders: CoreBuilder[]; seats: Seat[][] } {
  const facts = net.pops.map((p) => (p.neuron.model === "input" ? null : factsOf(p)));
  const seats: Seat[][] = net.pops.map(() => []);
  const builders = assignment.map((tiles, core) => {
    const builder = new CoreBuilder(chip.weight.bitsMin, chip);
    for (const tile of tiles) {
      const first = builder.slots;
      const group = builder.groups.push(groupOf(facts[tile.pop] ?? bug("an input has a tile"), tile, first, net)) - 1;
      at(seats, tile.pop).push({ tile, core, builder, group, first });
    }
    return builder;
  });
  return { builders, seats };
}

/** Numbers the output lines and adds the sends that lead to them. */
function addOutputs(net: Network, tables: readonly SendTable[]): OutputPort[] {
  let first = 0;
  return net.outputs.map((o) => {
    const { shape } = at(net.pops, o.pop);
    const count = sizeOf(shape);
    for (let i = 0; i < count; i++) at(tables, o.pop).add(i, -1, first + i, 0);
    const port: OutputPort = { name: o.name, code: o.code, first, count, shape, scale: o.scale, offset: o.offset };
    first += count;
    return port;
  });
}

/** Tables for reports: cores, and how far spikes travel. */
function reportTables(cores: Cores, cx: Context): void {
  let hops = 0;
  let routes = 0;
  for (const core of cores.cores) {
    for (const to of core.sends.core) {
      if (to < 0) continue;
      routes++;
      hops += distance(core.at ?? bug("a core has no place"), at(cores.cores, to).at ?? bug("a core has no place"));
    }
  }
  cx.table("mapping", [{ cores: cores.cores.length, routes, "mean hops": routes === 0 ? 0 : Math.round((100 * hops) / routes) / 100 }]);
}
