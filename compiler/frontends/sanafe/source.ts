import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { Collector, diagnostic, Failure, fail } from "../../base/diagnostic.ts";

/*
 * A YAML file whose scalars stay text: a core is called `1.10`, which is not the number 1.1.
 * SANA-FE takes a list of maps wherever it takes a map.
 */

export class Source {
  readonly file: string;
  readonly root: Node;
  readonly problems = new Collector();
  readonly #lines = new LineCounter();

  /** Throws a Failure where the text is no YAML. */
  constructor(text: string, file: string) {
    this.file = file;
    const doc = parseDocument(text, { lineCounter: this.#lines, schema: "failsafe", uniqueKeys: false, prettyErrors: false });
    if (doc.errors.length > 0)
      throw new Failure(doc.errors.slice(0, 20).map((e) => diagnostic("sanafe-syntax", [e.message], { at: this.#place(e.pos[0]) })));
    this.root = doc.contents ?? fail("sanafe-syntax", ["it is empty"], { at: `${file}:1:1` });
  }

  #place(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.file}:${line}:${col}`;
  }

  at(node: Node | null): string {
    return node?.range ? this.#place(node.range[0]) : `${this.file}:1:1`;
  }

  /** The keys of a map, or of all maps in a list, the last of equal ones. */
  fields(node: Node | null, what: string): Map<string, Node | null> {
    const out = new Map<string, Node | null>();
    this.#gather(node, what, out);
    return out;
  }

  #gather(node: Node | null, what: string, out: Map<string, Node | null>): void {
    if (isMap(node)) {
      for (const pair of node.items) out.set(textOf(pair.key), pair.value as Node | null);
    } else if (isSeq(node)) {
      for (const item of node.items) this.#gather(isPair(item) ? null : (item as Node), what, out);
    } else if (!(isScalar(node) && node.value === "")) {
      fail("sanafe-value", [what, textOf(node), "`key: value` lines or a list of them"], { at: this.at(node) });
    }
  }

  /** The entries of a list of maps in order, each key with its value; and where the key is. */
  entries(node: Node | null, what: string): { readonly key: string; readonly value: Node | null; readonly at: Node | null }[] {
    return this.list(node, what).flatMap((item) => {
      if (isMap(item)) return item.items.map((p) => ({ key: textOf(p.key), value: p.value as Node | null, at: p.key as Node | null }));
      if (isScalar(item)) return [{ key: textOf(item), value: null, at: item }];
      return fail("sanafe-value", [what, "a list", "a `key: value` entry"], { at: this.at(item) });
    });
  }

  list(node: Node | null, what: string): readonly Node[] {
    if (isSeq(node)) return node.items as Node[];
    return fail("sanafe-value", [what, textOf(node), "a list"], { at: this.at(node) });
  }

  /** A list, or the one thing that could be in it. */
  several(node: Node | null): readonly (Node | null)[] {
    return isSeq(node) ? (node.items as Node[]) : [node];
  }

  need(fields: ReadonlyMap<string, Node | null>, key: string, of: string, node: Node | null): Node | null {
    return fields.has(key) ? (fields.get(key) ?? null) : fail("sanafe-key", [key, of], { at: this.at(node) });
  }

  text(node: Node | null, what: string): string {
    return isScalar(node) ? textOf(node) : fail("sanafe-value", [what, "a list or map", "one word"], { at: this.at(node) });
  }

  number(node: Node | null, what: string): number {
    const text = this.text(node, what).trim();
    const n = numberOf(text);
    return n === null ? fail("sanafe-value", [what, text, "a number"], { at: this.at(node) }) : n;
  }

  whole(node: Node | null, what: string, low: number): number {
    const n = this.number(node, what);
    if (Number.isSafeInteger(n) && n >= low) return n;
    return fail("sanafe-value", [what, String(n), `a whole number of at least ${low}`], { at: this.at(node) });
  }

  flag(node: Node | null, what: string): boolean {
    const text = this.text(node, what).trim().toLowerCase();
    if (["true", "yes", "1"].includes(text)) return true;
    if (["false", "no", "0"].includes(text)) return false;
    return fail("sanafe-value", [what, text, "true or false"], { at: this.at(node) });
  }
}

export function textOf(node: unknown): string {
  return isScalar(node) ? String(node.value ?? "") : node === null || node === undefined ? "" : "a list or map";
}

/** A number as C++ streams read them. */
export function numberOf(text: string): number | null {
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : null;
}

/** `3`, `0..9` and `name[0..9]`: first and last; null where there are no numbers. */
export function rangeOf(text: string): readonly [number, number] | null {
  const m = /^(?:[^[]*\[)?\s*(\d+)(?:\s*\.\.\s*(\d+))?\s*\]?$/.exec(text.trim());
  if (m === null) return null;
  const first = Number(m[1]);
  const last = Number(m[2] ?? m[1]);
  return first <= last ? [first, last] : null;
}
