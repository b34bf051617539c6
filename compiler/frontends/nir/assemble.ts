import { at, bug } from "../../base/bug.ts";
import type { Context } from "../../base/context.ts";
import { fail } from "../../base/diagnostic.ts";
import { id } from "../../base/id.ts";
import { origin } from "../../base/origin.ts";
import { f64, sizeOf } from "../../base/tensor.ts";
import type { InputCode, Link, Network, OutputCode, Population, SpikeType } from "../../ir/network/types.ts";
import { type ChosenProfile, settingOf } from "./choose.ts";
import { compose, type LinearMap } from "./compose.ts";
import { condensed } from "./condense.ts";
import type { FlatGraph } from "./flatten.ts";
import type { Importer, Neuron } from "./importer.ts";
import { importers } from "./importers/index.ts";
import type { NirOptions } from "./index.ts";
import { orderOf } from "./order.ts";
import { gather, Params } from "./params.ts";
import { type Arrivals, arrivalsAt, type Path } from "./paths.ts";
import { neuronOf, payloadOf } from "./populations.ts";
import { reportImport } from "./report.ts";
import { shapesOf, successors } from "./shapes.ts";

/** Payload bits of an input that counts events. */
const countBits = 8;

/** The network that a flat graph is under a profile. */
export function assemble(graph: FlatGraph, file: string, profile: ChosenProfile, options: NirOptions, cx: Context): Network {
  const { rules } = profile;
  const setting = settingOf(profile, graph, file, options.dt, cx.report);
  const shapes = shapesOf(graph, importerOf, file, setting);
  const names = [...graph.nodes.keys()];
  const kindOf = (name: string): Importer["kind"] => importerOf(graph.nodes.get(name)?.type ?? "").kind;

  const neurons = new Map<string, Neuron>();
  const arrivals = new Map<string, Arrivals>();
  gather(
    names.map((name) => () => {
      const node = graph.nodes.get(name) ?? bug(`no node ${name}`);
      const importer = importerOf(node.type);
      if (importer.kind === "linear" || importer.kind === "input") return;
      arrivals.set(name, arrivalsAt(name, graph, shapes, file, cx.report));
      if (importer.kind === "neuron") neurons.set(name, importer.read(new Params(node, file), shapeOf(name), setting));
    }),
  );
  // A linear node that reaches nothing has no place; the rest is found from its ends.
  const all = [...arrivals.values()].flatMap((a) => a.paths);
  for (const p of all) {
    const from = neurons.get(p.from);
    if (from !== undefined && from.firing === null && !(kindOf(p.to) === "output" && p.maps.length === 0 && p.delay === 0))
      fail("nir-analog", [p.from, graph.nodes.get(p.from)?.type ?? "", p.through[0] ?? p.to], { at: file });
  }

  const emitted = (p: Path): number => (rules.emit === "next-step" && neurons.get(p.from)?.firing ? 1 : 0);
  const direct = new Map(names.filter((n) => kindOf(n) === "output").map((n) => [n, directSource(n)]));
  const populated = names.filter((n) => kindOf(n) === "input" || kindOf(n) === "neuron" || direct.get(n) === null);
  const inputsFirst = [...populated.filter((n) => kindOf(n) === "input"), ...populated.filter((n) => kindOf(n) !== "input")];
  const linked = all.filter((p) => populated.includes(p.to));
  const order = orderOf(inputsFirst, linked, (p) => p.delay + emitted(p));

  const pops: Population[] = [];
  const links: Link[] = [];
  const places = new Map<string, Population["id"]>();
  const inputs: InputCode[] = [];
  const add = (p: Omit<Population, "id" | "start" | "silent" | "stop" | "origin">, from: string): Population["id"] => {
    const place = id<"population">(pops.length);
    pops.push({ ...p, id: place, start: 0, silent: 0, stop: null, origin: origin(from, origin(file)) });
    return place;
  };
  const biasLinks: (() => void)[] = [];

  for (const name of order.names) {
    const shape = shapeOf(name);
    const amplitude = amplitudeOf(name);
    if (kindOf(name) === "input") {
      const spike: SpikeType = options.input === "one" ? { kind: "binary" } : { kind: "graded", bits: countBits, signed: false };
      const place = add({ name, shape, neuron: { model: "input", params: {} }, spike, initial: {}, amplitude }, name);
      inputs.push({ pop: place, code: "events", params: options.dt === null ? {} : { dt: options.dt } });
      places.set(name, place);
      continue;
    }
    const neuron = neurons.get(name) ?? null;
    const bias = arrivals.get(name)?.bias ?? null;
    const built = neuron === null ? null : neuronOf(name, neuron, shape, bias, rules, file);
    if (built?.current) {
      const model = { model: "if", params: { bias: 1 } };
      const constant = add({ name: `${name}.bias`, shape: [1], neuron: model, spike: { kind: "binary" }, initial: {}, amplitude: 1 }, name);
      const weight = f64([sizeOf(shape), 1], built.current);
      const delay = rules.current === "next-step" ? 1 : 0;
      biasLinks.push(() =>
        links.push({
          from: constant,
          to: placeOf(name),
          kernel: { kind: "dense", weight },
          pool: null,
          delay,
          gain: null,
          origin: origin(name, origin(file)),
        }),
      );
    }
    const model = built?.neuron ?? { model: "readout", params: bias === null ? {} : { bias: condensed(bias, shape) } };
    const spike = neuron === null ? ({ kind: "binary" } as const) : payloadOf(neuron, rules);
    places.set(name, add({ name, shape, neuron: model, spike, initial: {}, amplitude }, name));
  }
  for (const p of order.names.flatMap((n) => linked.filter((l) => l.to === n))) {
    const structural = p.delay + emitted(p);
    const late = neurons.get(p.to)?.decayCurrent && rules.current === "next-step" ? 1 : 0;
    const maps = amplitudeOf(p.from) === 1 ? p.maps : p.maps.slice(1);
    links.push({
      from: placeOf(p.from),
      to: placeOf(p.to),
      ...linkForm(maps),
      pool: null,
      delay: structural + late + (order.feedback.has(p) ? 1 : 0),
      origin: origin(p.through.length > 0 ? p.through.join(", ") : p.to, origin(file)),
    });
  }
  for (const link of biasLinks) link();

  const outputs = names.filter((n) => kindOf(n) === "output").map(outputOf);
  const network: Network = { kind: "network", name: file, steps: options.steps, pops, links, inputs, outputs };
  reportImport(cx, { profile, setting, options, graph, network, feedback: [...order.feedback] });
  return network;

  function shapeOf(name: string): readonly number[] {
    const shape = shapes.shape.get(name) ?? fail("nir-unconnected", [name], { at: file });
    return shape.length <= 3 ? shape : [sizeOf(shape)];
  }

  function placeOf(name: string): Population["id"] {
    return places.get(name) ?? bug(`node ${name} has no population`);
  }

  /** The neuron that an Output reads itself; null where something lies between, which has to be summed up. */
  function directSource(name: string): string | null {
    const paths = arrivals.get(name)?.paths ?? [];
    const [only] = paths;
    const plain = paths.length === 1 && only !== undefined && only.maps.length === 0 && only.delay === 0;
    return plain && arrivals.get(name)?.bias === null && neurons.has(only.from) ? only.from : null;
  }

  /** Where everything that hears a population hears it through one Scale, that is what its spikes are worth. */
  function amplitudeOf(name: string): Population["amplitude"] {
    const heard = all.filter((p) => p.from === name);
    const [only] = successors(graph).get(name) ?? [];
    const scale = only === undefined ? undefined : shapes.linear.get(only)?.kernel;
    const single = (successors(graph).get(name) ?? []).length === 1 && graph.nodes.get(only ?? "")?.type === "Scale";
    if (!single || heard.length === 0 || scale?.kind !== "one" || heard.some((p) => p.maps[0]?.kernel !== scale)) return 1;
    return scale.weight;
  }

  function outputOf(name: string): OutputCode {
    const source = direct.get(name) ?? null;
    const place = placeOf(source ?? name);
    const neuron = source === null ? null : (neurons.get(source) ?? null);
    if (neuron === null) return { name, pop: place, code: "potential", scale: 1, offset: 0 };
    if (neuron.firing === null)
      return { name, pop: place, code: "potential", scale: condensed(neuron.gain, at(pops, place).shape), offset: 0 };
    if (rules.emit === "next-step") {
      // A spike of the last step would leave after the end.
      if (options.steps < 2) fail("nir-rule", [source ?? name, "spikes that leave a step late need at least 2 steps"], { at: file });
      pops[place] = { ...at(pops, place), stop: options.steps - 1 };
    }
    return { name, pop: place, code: "spikes", scale: 1, offset: 0 };
  }
}

/** Kernel of a link, and a gain per source neuron where a shared kernel has no place for it. */
function linkForm(maps: readonly LinearMap[]): Pick<Link, "kernel" | "gain"> {
  const [first, ...rest] = maps;
  if (first?.kernel.kind === "one" && rest[0]?.kernel.kind === "conv") {
    const { weight } = first.kernel;
    const perNeuron = typeof weight !== "number" && weight.data.length === sizeOf(first.inShape) && first.inShape.length > 1;
    if (perNeuron) return { kernel: compose(rest), gain: weight };
  }
  return { kernel: compose(maps), gain: null };
}

function importerOf(type: string): Importer {
  return importers[type] ?? bug(`no importer for ${type}`);
}
