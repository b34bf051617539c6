import { at } from "../../base/bug.ts";
import { showOrigin } from "../../base/origin.ts";
import type { TensorStore } from "../../base/store.ts";
import { dtypeFor, i32, make, showShape, type Tensor } from "../../base/tensor.ts";
import { showFields, showName, showTensor, showValue } from "../../base/text.ts";
import type { Param, SpikeType } from "../network/types.ts";
import type { Axon, Core, Cores, InputPort, NeuronGroup, OutputPort, Row, Sends, Shape } from "./types.ts";

/*
 * The text form of mapped cores (.cores).
 *
 *   cores tiny chip mesh-1x1 grid 1x1 steps 8 interval 8 seed 1
 *     input x 4 binary code direct start=0 stop=8
 *       send 0 -> 0@0 0@3
 *     output y 2 code potential first=0 count=2 scale=0.25 offset=0
 *     core 0 at 0 0 from "h"
 *       group h first=0 count=2 unit(leak=none … threshold=5) initial(v=0) binary start=0 silent=0 stop=8 neurons i32[2]{0 1} from "h"
 *       shape 0 kernel 3x3 stride 1x1 dilation 1x1 size 4x4 pitch=2
 *       row 0 dense bits=4 base=0 i8[2]{3 -5}
 *       row 1 sparse bits=4 slots i32[2]{0 7} weights i8[2]{3 -5}
 *       row 2 conv bits=2 base=0 shape=0 channels=1 i8[9]{…}
 *       axon 0 each row=0
 *       axon 1 at-least row=2 need=1 delay=2 gain=3 shift=1 y=1 x=0
 *       send 0 -> 1@4 1@5 host@0
 *
 * A send is core@axon, with *member for a gated axon, or host@line. What has its usual value is left
 * out of an axon: need, delay, shift, y and x 0, gain 1. With a side file, long lists of
 * axons and sends are written as columns: `axons i32[8xN]`, `sends start=… core=… axon=… member=…`.
 */

/** Lists longer than this go to the side file, when there is one. */
const listMax = 256;

export function printCores(c: Cores, store: TensorStore | null): string {
  const lines = [
    `cores ${showName(c.name)} chip ${showName(c.chip)} grid ${c.columns}x${c.rows} steps ${c.steps} interval ${c.interval} seed ${c.seed}`,
  ];
  for (const port of c.inputs) lines.push(...printInput(port, store));
  for (const port of c.outputs) lines.push(`  ${printOutput(port, store)}`);
  for (const core of c.cores) lines.push(...printCore(core, store));
  return `${lines.join("\n")}\n`;
}

function call(name: string, fields: Readonly<Record<string, Param>>, store: TensorStore | null): string {
  const text = showFields(fields, store);
  return text === "" ? showName(name) : `${showName(name)}(${text})`;
}

function printSpike(spike: SpikeType): string {
  return spike.kind === "graded" ? `${spike.signed ? "signed" : "unsigned"}${spike.bits}` : spike.kind;
}

function printInput(p: InputPort, store: TensorStore | null): string[] {
  const code = call(p.code, p.params, store);
  const head = `  input ${showName(p.name)} ${showShape(p.shape)} ${printSpike(p.spike)} code ${code} start=${p.window.start} stop=${p.window.stop}`;
  return [head, ...printSends(p.sends, store)];
}

function printOutput(p: OutputPort, store: TensorStore | null): string {
  const answer = `scale=${showValue(p.scale, store)} offset=${showValue(p.offset, store)}`;
  return `output ${showName(p.name)} ${showShape(p.shape)} code ${showName(p.code)} first=${p.first} count=${p.count} ${answer}`;
}

function printCore(core: Core, store: TensorStore | null): string[] {
  const place = core.at === null ? "" : ` at ${core.at.x} ${core.at.y}`;
  return [
    `  core ${core.id}${place} from ${showOrigin(core.origin)}`,
    ...core.groups.map((g) => `    ${printGroup(g, store)}`),
    ...core.shapes.map((s, i) => `    shape ${i} ${printShape(s)}`),
    ...core.rows.map((r, i) => `    row ${i} ${printRow(r, store)}`),
    ...printAxons(core.axons, store),
    ...printSends(core.sends, store),
  ];
}

function printGroup(g: NeuronGroup, store: TensorStore | null): string {
  return [
    `group ${showName(g.pop)} first=${g.first} count=${g.count}`,
    call(g.model, g.params, store),
    call("initial", g.initial, store),
    printSpike(g.spike),
    `start=${g.start} silent=${g.silent}${g.stop === null ? "" : ` stop=${g.stop}`}`,
    `neurons ${showTensor(i32([g.indices.length], g.indices), store)}`,
    `from ${showOrigin(g.origin)}`,
  ].join(" ");
}

function printShape(s: Shape): string {
  const pair = (y: number, x: number): string => `${y}x${x}`;
  const geometry = `kernel ${pair(s.kernelY, s.kernelX)} stride ${pair(s.strideY, s.strideX)} dilation ${pair(s.dilationY, s.dilationX)}`;
  return `${geometry} size ${pair(s.height, s.width)} pitch=${s.pitch}`;
}

function printRow(r: Row, store: TensorStore | null): string {
  const weights = showTensor(small(r.weights), store);
  if (r.kind === "dense") return `dense bits=${r.bits} base=${r.base} ${weights}`;
  if (r.kind === "sparse") return `sparse bits=${r.bits} slots ${showTensor(i32([r.slots.length], r.slots), store)} weights ${weights}`;
  return `conv bits=${r.bits} base=${r.base} shape=${r.shape} channels=${r.channels} ${weights}`;
}

/** Weights in the smallest dtype that holds them. */
function small(weights: Int32Array): Tensor {
  let [low, high] = [0, 0];
  for (const w of weights) {
    if (w < low) low = w;
    if (w > high) high = w;
  }
  const dtype = dtypeFor(low, high);
  const data = make[dtype](weights.length);
  data.set(weights);
  return { dtype, shape: [weights.length], data } as Tensor;
}

export const axonModes = ["each", "at-least", "gate"] as const;
/** Columns of an axon table, in order; the mode as its index. */
export const axonColumns = ["row", "mode", "need", "delay", "gain", "shift", "y", "x"] as const;

function printAxons(axons: readonly Axon[], store: TensorStore | null): string[] {
  if (store === null || axons.length <= listMax) return axons.map((a, i) => `    axon ${i} ${printAxon(a)}`);
  const data = axonColumns.flatMap((key) => axons.map((a) => (key === "mode" ? axonModes.indexOf(a.mode) : a[key])));
  return [`    axons ${showTensor(i32([axonColumns.length, axons.length], data), store)}`];
}

function printAxon(a: Axon): string {
  const rest = (["need", "delay", "gain", "shift", "y", "x"] as const)
    .filter((key) => a[key] !== (key === "gain" ? 1 : 0))
    .map((key) => `${key}=${a[key]}`);
  return [a.mode, `row=${a.row}`, ...rest].join(" ");
}

function printSends(s: Sends, store: TensorStore | null): string[] {
  const column = (list: Int32Array): string => showTensor(i32([list.length], list), store);
  if (store !== null && s.core.length > listMax) {
    return [`    sends start=${column(s.start)} core=${column(s.core)} axon=${column(s.axon)} member=${column(s.member)}`];
  }
  const lines: string[] = [`    sources ${s.start.length - 1}`];
  for (let slot = 0; slot + 1 < s.start.length; slot++) {
    const [from, to] = [at(s.start, slot), at(s.start, slot + 1)];
    if (from < to) lines.push(`    send ${slot} -> ${Array.from({ length: to - from }, (_, i) => printSend(s, from + i)).join(" ")}`);
  }
  return lines;
}

function printSend(s: Sends, k: number): string {
  const core = at(s.core, k);
  const member = at(s.member, k);
  return `${core < 0 ? "host" : core}@${at(s.axon, k)}${member === 0 ? "" : `*${member}`}`;
}
