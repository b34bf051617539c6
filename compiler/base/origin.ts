/**
 * Where a thing came from. Each stage adds one link at the front, so an error
 * in a synapse word can name the ONNX node it descends from.
 */
export type Origin = { readonly what: string; readonly from: Origin | null };

export function origin(what: string, from: Origin | null = null): Origin {
  return { what, from };
}

/** The chain as text, newest first: `"Conv_0" < "Relu_1"`. */
export function showOrigin(o: Origin | null): string {
  const parts: string[] = [];
  for (let at = o; at !== null; at = at.from) parts.push(JSON.stringify(at.what));
  return parts.join(" < ");
}

/** The inverse of `showOrigin`; null for text that it did not write. */
export function readOrigin(text: string): Origin | null {
  const parts = text.match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  return parts.reduceRight<Origin | null>((from, part) => origin(JSON.parse(part) as string, from), null);
}
