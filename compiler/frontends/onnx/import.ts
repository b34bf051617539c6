import type { AttributeProto, FunctionProto, GraphProto, NodeProto, TensorProto } from "onnx-buf";
import { Collector, type Diagnostic, diagnostic, Failure, type Place } from "../../base/diagnostic.ts";
import { type Origin, origin } from "../../base/origin.ts";
import { GraphBuilder } from "../../ir/graph/build.ts";
import type { Graph, ValueId } from "../../ir/graph/types.ts";
import type { Context } from "../../base/context.ts";
import { Attributes } from "./attributes.ts";
import { elements } from "./dtypes.ts";
import { constantEntry, type Entry } from "./entry.ts";
import { checkFinite } from "./finite.ts";
import { inputType } from "./inputs.ts";
import { domainOf, type Functions, functionKey, functionOf, importerOf, type Opsets, reportUnsupported } from "./inventory.ts";
import { ImportNode, noteWidened, valueOf, type Work } from "./node.ts";
import type { Model } from "./reader.ts";
import { arrange, nodePlace, type Step } from "./structure.ts";
import { type ReadExternal, readSparse, readTensor } from "./tensors.ts";

/** A name whose source failed; what depends on it is skipped, so that each mistake is reported once. */
const broken = Symbol("broken");
type Bound = Entry | null | typeof broken;

/** The names in sight of a graph, a function body or a branch. */
type Scope = {
  readonly names: Map<string, Bound>;
  /** Initializers that nobody has used yet. */
  readonly stored: ReadonlyMap<string, () => Entry>;
  readonly outer: Scope | null;
  readonly used: ReadonlySet<string>;
  readonly opsets: Opsets;
  /** The attributes of the call, inside a function. */
  readonly parameters: ReadonlyMap<string, AttributeProto> | null;
  /** What is written before the names of nodes: the calls and branches that lead here. */
  readonly prefix: string;
  readonly from: Origin | null;
  /** Functions being written out, to find one that reaches itself. */
  readonly calls: readonly string[];
};

type Job = { readonly work: Work; readonly functions: Functions; readonly readExternal: ReadExternal; readonly collector: Collector };

/** Reads the graph of a model. All problems that can be found together are thrown in one Failure. */
export function importModel(model: Model, opsets: Opsets, name: string, readExternal: ReadExternal, cx: Context): Graph {
  const { graph } = model;
  const collector = new Collector();
  const report = (d: Diagnostic): void => {
    if (d.severity !== "error") cx.report(d);
    // A data file that is not there is missed by every weight in it, but is one mistake.
    else if (d.code !== "onnx-external-missing" || !collector.diagnostics.some((e) => e.message === d.message)) collector.report(d);
  };
  const work: Work = { builder: new GraphBuilder(name), made: new Map(), report, widened: new Set() };
  const functions: Functions = new Map(model.functions.map((f) => [functionKey(domainOf(f), f.name, f.overload), f]));
  const job: Job = { work, functions, readExternal, collector };

  const top = { names: new Map<string, Bound>(), outer: null, opsets, parameters: null, prefix: "", from: null, calls: [] };
  if (graph.output.length === 0) report(diagnostic("onnx-no-outputs", []));
  reportTwice(graph, report);
  const stored = storedOf(graph, job, "");
  bindInputs(graph, stored, top.names, work);
  const { steps, used } = arrange(
    graph.node,
    givenOf(graph),
    () => false,
    graph.output.map((o) => o.name),
    report,
  );
  reportUnsupported(steps, opsets, functions, "", report);
  reportInFunctions(steps, functions, report);
  collector.check();
  reportDead(graph, steps, report);

  const scope: Scope = { ...top, stored, used };
  importSteps(steps, scope, job, cx);
  const outputs = graph.output.map((o) => outputValue(o.name, scope, work, report));
  collector.check();
  return work.builder.finish(
    outputs.filter((v) => v !== null),
    ownMetadata(model),
  );
}

/** The entries of the model's metadata that are meant for this compiler. */
function ownMetadata(model: Model): Graph["metadata"] {
  const own = model.metadataProps.filter((p) => p.key.startsWith("ganglion."));
  return own.length === 0 ? undefined : Object.fromEntries(own.map((p) => [p.key, p.value]));
}

/** Initializers and inputs by name, with a word about each. */
function givenOf(graph: GraphProto): Map<string, string> {
  const given = new Map<string, string>();
  for (const i of graph.input) given.set(i.name, "input");
  for (const t of graph.initializer) given.set(t.name, "initializer");
  for (const t of graph.sparseInitializer) given.set(t.values?.name ?? "", "initializer");
  return given;
}

/** A name may be both an input and an initializer (its default, required before IR version 4), but neither twice. */
function reportTwice(graph: GraphProto, report: (d: Diagnostic) => void): void {
  for (const [word, names] of [
    ["input", graph.input.map((i) => i.name)],
    ["initializer", graph.initializer.map((t) => t.name)],
  ] as const) {
    for (const name of new Set(names.filter((n, i) => names.indexOf(n) !== i))) report(diagnostic("onnx-name-twice", [name, word, word]));
  }
}

/** Readers of the initializers: weights that no live node uses are never read. */
function storedOf(graph: GraphProto, job: Job, prefix: string): Map<string, () => Entry> {
  const stored = new Map<string, () => Entry>();
  for (const t of graph.initializer) stored.set(t.name, () => initializer(t, `${prefix}${t.name}`, job));
  for (const s of graph.sparseInitializer) {
    const name = s.values?.name ?? "";
    const place = { at: `initializer ${JSON.stringify(name)}` };
    stored.set(name, () => constantEntry(`${prefix}${name}`, readSparse(s, job.readExternal, place)));
  }
  return stored;
}

function initializer(t: TensorProto, name: string, job: Job): Entry {
  const place: Place = { at: `initializer ${JSON.stringify(name)}` };
  const tensor = readTensor(t, job.readExternal, place);
  checkFinite(name, tensor, true, place);
  const element = elements.get(t.dataType);
  if (element !== undefined && element.decode !== null && element.dtype === "f32") noteWidened(job.work, element.name);
  return constantEntry(name, tensor, element?.range ?? null);
}

function bindInputs(graph: GraphProto, stored: ReadonlyMap<string, unknown>, names: Map<string, Bound>, work: Work): void {
  for (const input of graph.input) {
    if (stored.has(input.name)) continue;
    const type = inputType(input, work.report);
    if (type === null) {
      names.set(input.name, broken);
      continue;
    }
    const { element, shape } = type;
    if (element.decode !== null && element.dtype === "f32") noteWidened(work, element.name);
    const id = work.builder.input(input.name, element.dtype, shape);
    names.set(input.name, { kind: "value", name: input.name, id, dtype: element.dtype, shape });
  }
}

/** Functions that live nodes reach are checked before anything is imported, so that their unsupported operators appear with the others. */
function reportInFunctions(
  steps: readonly Step[],
  functions: Functions,
  report: (d: Diagnostic) => void,
  seen: Set<FunctionProto> = new Set(),
): void {
  for (const { node } of steps) {
    const f = importerOf(node) === undefined ? functionOf(node, functions) : undefined;
    if (f === undefined || seen.has(f)) continue;
    seen.add(f);
    const inner = bodyOf(f, report);
    reportUnsupported(inner.steps, opsetsOf(f.opsetImport), functions, `function ${f.name}, `, report);
    reportInFunctions(inner.steps, functions, report, seen);
  }
}

function bodyOf(f: FunctionProto, report: (d: Diagnostic) => void): ReturnType<typeof arrange> {
  return arrange(f.node, new Map(f.input.map((i) => [i, "input"])), () => false, f.output, report);
}

/** Versions by domain; "ai.onnx" is the long name of the standard domain. */
export function opsetsOf(imports: readonly { readonly domain: string; readonly version: bigint }[]): Opsets {
  return new Map(imports.map((o) => [domainOf(o), Number(o.version)]));
}

function reportDead(graph: GraphProto, steps: readonly Step[], report: (d: Diagnostic) => void): void {
  const live = new Set(steps.map((s) => s.node));
  const dead = graph.node.filter((n) => !live.has(n));
  if (dead.length === 0) return;
  const some = dead.slice(0, 5).map((n) => `${n.name === "" ? n.output[0] : n.name} (${n.opType})`);
  report(diagnostic("onnx-dead-nodes", [dead.length, dead.length > 5 ? [...some, "…"] : some]));
}

function outputValue(name: string, scope: Scope, work: Work, report: (d: Diagnostic) => void): ValueId | null {
  const bound = lookUp(name, scope, work);
  if (bound === broken || bound === null) return null;
  return reporting(report, {}, () => valueOf(work, bound, { at: `output ${JSON.stringify(name)}` }));
}

/** What a name stands for, here or further out. An initializer is read at its first use. */
function lookUp(name: string, scope: Scope, work: Work): Bound {
  const bound = scope.names.get(name);
  if (bound !== undefined) return bound;
  const read = scope.stored.get(name);
  if (read !== undefined) {
    const entry = reporting<Bound>(work.report, {}, read) ?? broken;
    scope.names.set(name, entry);
    return entry;
  }
  return scope.outer === null ? broken : lookUp(name, scope.outer, work);
}

/** The result of `body`, or null after reporting why it failed. */
function reporting<T>(report: (d: Diagnostic) => void, place: Place, body: () => T): T | null {
  try {
    return body();
  } catch (e) {
    if (!(e instanceof Failure)) throw e;
    for (const d of e.diagnostics) report({ ...d, at: place.at ?? d.at, origin: d.origin ?? place.origin ?? null });
    return null;
  }
}

function importSteps(steps: readonly Step[], scope: Scope, job: Job, cx: Context): void {
  steps.forEach((step, i) => {
    if (scope.prefix === "" && i % 64 === 0) cx.progress("import", i, steps.length);
    const inputs = step.node.input.map((n) => (n === "" ? null : lookUp(n, scope, job.work)));
    const entries = inputs.includes(broken) ? null : importStep(step, inputs as (Entry | null)[], scope, job, cx);
    step.node.output.forEach((output, o) => {
      if (output !== "") scope.names.set(output, entries?.[o] ?? broken);
    });
  });
}

/** The outputs of one node; null after reporting why there are none. */
function importStep({ node, name }: Step, inputs: readonly (Entry | null)[], scope: Scope, job: Job, cx: Context): Bound[] | null {
  const full = `${scope.prefix}${name}`;
  const place: Place = { at: nodePlace(full, node.opType) };
  const attributes = node.attribute.flatMap((a) => resolved(a, scope));
  const uses = (o: number): boolean => scope.used.has(node.output[o] ?? "");
  const found = importerOf(node);
  return reporting<Bound[]>(job.work.report, place, () => {
    if (found === undefined) return callFunction(node, full, inputs, attributes, scope, job, cx);
    const outputs = found.read(
      new ImportNode({
        name: full,
        op: node.opType,
        opset: scope.opsets.get(domainOf(node)) ?? 1,
        inputs,
        outputNames: node.output.map((o) => (o === "" ? "" : `${scope.prefix}${o}`)),
        uses,
        attributes: new Attributes(node.opType, attributes, place, job.readExternal),
        place,
        from: scope.from,
        branch: (graph) => importBranch(graph, full, scope, job, cx),
        work: job.work,
      }),
    );
    const list = Array.isArray(outputs) ? outputs : [outputs];
    const beyond = node.output.findIndex((_, o) => o >= list.length && uses(o));
    if (beyond >= 0)
      throw new Failure([
        diagnostic("onnx-unsupported-form", [node.opType, `with its output ${beyond} ("${node.output[beyond]}")`], place),
      ]);
    return list;
  });
}

/** Inside a function an attribute may stand for one of the call; one that the call leaves out is absent here too. */
function resolved(a: AttributeProto, scope: Scope): AttributeProto[] {
  if (a.refAttrName === "") return [a];
  const given = scope.parameters?.get(a.refAttrName);
  return given === undefined ? [] : [{ ...given, name: a.name }];
}

/** Writes a function of the model out at its call. */
function callFunction(
  node: NodeProto,
  name: string,
  inputs: readonly (Entry | null)[],
  attributes: readonly AttributeProto[],
  scope: Scope,
  job: Job,
  cx: Context,
): Bound[] {
  const f = functionOf(node, job.functions);
  if (f === undefined) throw new Failure([diagnostic("onnx-unsupported-op", [node.opType, domainOf(node)])]);
  const key = functionKey(domainOf(f), f.name, f.overload);
  if (scope.calls.includes(key)) throw new Failure([diagnostic("onnx-function-recursive", [f.name])]);
  const parameters = new Map([...f.attributeProto, ...attributes].map((a) => [a.name, a]));
  const body = bodyOf(f, job.work.report);
  const inner: Scope = {
    names: new Map(f.input.map((n, i) => [n, inputs[i] ?? null])),
    stored: new Map(),
    outer: null,
    used: body.used,
    opsets: opsetsOf(f.opsetImport),
    parameters,
    prefix: `${name}/`,
    from: origin(`onnx node ${name}`, scope.from),
    calls: [...scope.calls, key],
  };
  importSteps(body.steps, inner, job, cx);
  return f.output.map((o) => lookUp(o, inner, job.work));
}

/** Imports a branch whose condition is known in place of its node; it sees the names around it. */
function importBranch(graph: GraphProto, name: string, outer: Scope, job: Job, cx: Context): Entry[] {
  const { report } = job.work;
  const before = job.collector.diagnostics.length;
  const outputs = graph.output.map((o) => o.name);
  const { steps, used } = arrange(graph.node, givenOf(graph), (n) => known(n, outer), outputs, report);
  reportUnsupported(steps, outer.opsets, job.functions, `branch of ${name}, `, report);
  const prefix = `${name}/`;
  const inner: Scope = {
    ...outer,
    names: new Map(),
    stored: storedOf(graph, job, prefix),
    outer,
    used,
    prefix,
    from: origin(`onnx node ${name}`, outer.from),
  };
  if (job.collector.diagnostics.length === before) importSteps(steps, inner, job, cx);
  const entries = outputs.map((o) => lookUp(o, inner, job.work));
  // What failed inside has been reported; an empty failure only marks the outputs as broken.
  if (entries.some((e) => e === broken || e === null)) throw new Failure([]);
  return entries as Entry[];
}

function known(name: string, scope: Scope): boolean {
  return scope.names.has(name) || scope.stored.has(name) || (scope.outer !== null && known(name, scope.outer));
}
