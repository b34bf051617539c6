import { at } from "../../../base/bug.ts";
import { diagnostic } from "../../../base/diagnostic.ts";
import type { Dtype } from "../../../base/tensor.ts";
import { isFloat } from "../../../ir/graph/ops/op.ts";
import { placeOf } from "../../../ir/graph/place.ts";
import type { Node, ValueId } from "../../../ir/graph/types.ts";
import { type Context, pass } from "../../pass.ts";
import { type Channels, real } from "../channels.ts";
import { outputOf } from "../facts.ts";
import { type Edit, rewrite } from "../rewrite.ts";
import { elementOf, type Link } from "./chain.ts";
import { type Match, match } from "./match.ts";

/*
 * Recognizes activations of the form lambda/L clip(floor(x L/lambda + 1/2), 0, L), which
 * networks trained for conversion have (QCFS: Bu et al., ICLR 2022), in whatever way an exporter
 * writes them: scaled by mul or div, clipped by clip, relu, min or max before or behind
 * the rounding, rounded by add and floor or by round, with constants or constants per channel, as a
 * pair of quantize-linear and dequantize-linear, as QONNX's quant, or with the
 * straight-through detour u + (v - u). Only operations and numbers count, never names.
 *
 *     node a = div(x, four) -> p f32[1x8]
 *     node b = clip(p) min=0 max=1 -> q f32[1x8]
 *     node c = mul(q, eight) -> r f32[1x8]
 *     node d = add(r, half) -> s f32[1x8]
 *     node e = floor(s) -> t f32[1x8]
 *     node f = div(t, eight) -> u f32[1x8]
 *     node g = mul(u, four) -> y f32[1x8]
 *  =>
 *     node g = quantized-clip(x) lambda=4 levels=8 -> y f32[1x8]
 *
 * Rounding to the nearest takes halves to the even number, and floor(u + 1/2) takes them
 * up; the two are treated as the same. What rounds and clips but is not of this form is left, with a note.
 */
export const recognizeQuantizedClip = pass({
  name: "recognize-quantized-clip",
  on: "graph",
  summary: "Makes one quantized-clip of the operations that an exporter writes for it.",
  keeps: "answers",
  options: {},
  run: (g, _, cx) => {
    const matched = new Set<Node>();
    return rewrite(g, (n, edit) => {
      const chains = chainsTo(n, edit);
      const longest = chains.at(-1);
      if (longest === undefined) return null;
      // The longest chain that matches, so that a relu before it is taken in too.
      for (const chain of chains.toReversed()) {
        const m = match(chain.links);
        if ("why" in m) continue;
        matched.add(n);
        return [replacement(n, chain.input, m, edit)];
      }
      explain(n, longest, matched, edit, cx);
      return null;
    });
  },
});

type Chain = { readonly input: ValueId; readonly links: readonly Link[]; readonly nodes: readonly Node[] };

/** The chains that end at the node and hold exactly one rounding, from the shortest to the longest. */
function chainsTo(n: Node, edit: Edit): Chain[] {
  const chains: Chain[] = [];
  let chain: Chain = { input: outputOf(n), links: [], nodes: [] };
  for (let node: Node | null = n; node !== null; node = edit.producer(chain.input)) {
    const element = elementOf(node, edit);
    if (element === null) break;
    chain = { input: element.input, links: [...element.links, ...chain.links], nodes: [...chain.nodes, node] };
    const roundings = chain.links.filter((l) => l.kind === "round").length;
    if (roundings > 1) break;
    // Between quantize-linear and dequantize-linear, chains end at an integer; a quantized clip does not.
    const { dtype } = edit.value(outputOf(n));
    if (roundings === 1 && isFloat(dtype) && edit.value(chain.input).dtype === dtype) chains.push(chain);
  }
  return chains;
}

function replacement(n: Node, input: ValueId, m: Exclude<Match, { why: string }>, edit: Edit): ValueId {
  const lambda = at(m.lambda, 0);
  const x = edit.now(input);
  if (m.lambda.every((l) => Math.abs(l - lambda) <= 1e-6 * lambda)) {
    return edit.add("quantized-clip", [x], { lambda: tidy(lambda, edit.value(outputOf(n)).dtype), levels: m.levels }, n);
  }
  const rank = edit.shape(outputOf(n)).length;
  const shape = [m.lambda.length, ...new Array<number>(rank - 2).fill(1)];
  const dtype = edit.value(outputOf(n)).dtype === "f64" ? "f64" : "f32";
  const each = edit.newConstant(`${n.name}.lambda`, real(dtype, shape, m.lambda satisfies Channels));
  return edit.add("quantized-clip", [x, each], { levels: m.levels }, n);
}

/** In single precision, the shortest decimal that is the same number: products of rounded constants end in noise. */
function tidy(x: number, dtype: Dtype): number {
  const short = Number(x.toPrecision(8));
  return dtype === "f32" && Math.fround(short) === Math.fround(x) ? short : x;
}

/** Notes why a chain is left; only at its end, and only if no part of it was recognized. */
function explain(n: Node, chain: Chain, matched: ReadonlySet<Node>, edit: Edit, cx: Context): void {
  const clips = chain.links.some((l) => l.kind === "clip");
  const m = match(chain.links);
  if (continues(n, edit) || !clips || !("why" in m) || chain.nodes.some((c) => matched.has(c))) return;
  cx.report(diagnostic("graph-quantized-clip-left", [m.why], placeOf(n)));
}

/** Whether the chain goes on behind the node, directly or through the difference of a straight-through detour. */
function continues(n: Node, edit: Edit): boolean {
  const next = edit.consumers(outputOf(n));
  const afterNext = next.flatMap((c) => c.outputs.flatMap((v) => edit.consumers(v)));
  return [...next, ...afterNext].some((c) => elementOf(c, edit)?.input === outputOf(n));
}
