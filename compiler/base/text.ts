import { fail } from "./diagnostic.ts";
import { type Origin, origin } from "./origin.ts";
import type { TensorStore } from "./store.ts";
import { type Dtype, make, numbersOf, sizeOf, type Tensor } from "./tensor.ts";

/*
 * The lexer and the printer that the text forms share.
 *
 * A text is a list of lines; the first word of a line says what it declares,
 * and deeper indentation belongs to the line above. Comments run from "//" to
 * the end of the line. Numbers are printed so that they read back to the very
 * same double. Small tensors are written out, `i8[2x3]{1 2 3 4 5 6}`; tensors
 * of more than `inlineMax` elements by content hash, `f32[8x1x5x5]#3fa9c20a11b2c3d4`.
 */

export const inlineMax = 16;

export type Token = {
  readonly kind: "word" | "number" | "shape" | "string" | "hash" | "mark" | "end";
  readonly text: string;
  readonly line: number;
  readonly column: number;
};

const pattern =
  /\s*(?:(\/\/.*)|("(?:[^"\\]|\\.)*")|(#[0-9a-f]+)|(-?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+|inf|nan)(?![\w.]))|(\d+(?:x\d+)+(?!\w))|([A-Za-z_][\w./:-]*)|(->|[()[\]{}=,@<>*-]))/y;

/** A reader over the tokens of one text. Every `take` fails with `text-syntax` and the place. */
export class Reader {
  readonly #lines: readonly string[];
  readonly #name: string;
  #line = -1;
  #tokens: Token[] = [];
  #at = 0;
  indent = 0;

  constructor(text: string, name: string) {
    this.#lines = text.split(/\r?\n/);
    this.#name = name;
    this.nextLine();
  }

  /** True while there is a current line. */
  get more(): boolean {
    return this.#line < this.#lines.length;
  }

  /** Goes to the next line that has a token. The rest of the current one must be empty. */
  nextLine(): void {
    if (this.#line >= 0 && this.#line < this.#lines.length && this.peek().kind !== "end") this.expected("the end of the line");
    this.#tokens = [];
    this.#at = 0;
    while (this.#tokens.length === 0 && ++this.#line < this.#lines.length) this.#tokens = this.#lex(this.#lines[this.#line] ?? "");
    const text = this.#lines[this.#line] ?? "";
    this.indent = text.length - text.trimStart().length;
  }

  #lex(text: string): Token[] {
    const tokens: Token[] = [];
    pattern.lastIndex = 0;
    while (text.slice(pattern.lastIndex).trim() !== "") {
      const from = pattern.lastIndex;
      const m = pattern.exec(text);
      if (m === null)
        fail("text-syntax", ["a word, a number or a mark", JSON.stringify(text.slice(from).trim().slice(0, 12))], {
          at: `${this.#name}:${this.#line + 1}:${from + 1}`,
        });
      if (m[1] !== undefined) break;
      const kind =
        m[2] !== undefined
          ? "string"
          : m[3] !== undefined
            ? "hash"
            : m[4] !== undefined
              ? "number"
              : m[5] !== undefined
                ? "shape"
                : m[6] !== undefined
                  ? "word"
                  : "mark";
      const body = m[2] ?? m[3] ?? m[4] ?? m[5] ?? m[6] ?? m[7] ?? "";
      tokens.push({ kind, text: body, line: this.#line + 1, column: pattern.lastIndex - body.length + 1 });
    }
    return tokens;
  }

  peek(ahead = 0): Token {
    return (
      this.#tokens[this.#at + ahead] ?? { kind: "end", text: "", line: this.#line + 1, column: (this.#lines[this.#line]?.length ?? 0) + 1 }
    );
  }

  /** `file:line:column` of the current token. */
  place(): string {
    const t = this.peek();
    return `${this.#name}:${t.line}:${t.column}`;
  }

  expected(what: string): never {
    const t = this.peek();
    fail("text-syntax", [what, t.kind === "end" ? "the end of the line" : JSON.stringify(t.text)], { at: this.place() });
  }

  #take(): Token {
    const t = this.peek();
    this.#at++;
    return t;
  }

  is(text: string): boolean {
    const t = this.peek();
    return (t.kind === "word" || t.kind === "mark") && t.text === text;
  }

  /** Consumes the word or mark if it is there. */
  skip(text: string): boolean {
    if (!this.is(text)) return false;
    this.#at++;
    return true;
  }

  need(text: string): void {
    if (!this.skip(text)) this.expected(JSON.stringify(text));
  }

  word(what = "a word"): string {
    if (this.peek().kind !== "word") this.expected(what);
    return this.#take().text;
  }

  /** A name: a bare word or a quoted string. */
  name(what = "a name"): string {
    return this.peek().kind === "string" ? this.string() : this.word(what);
  }

  string(): string {
    if (this.peek().kind !== "string") this.expected("a quoted string");
    const read = quoted(this.peek().text) ?? this.expected("a string without control characters and with proper escapes");
    this.#at++;
    return read;
  }

  number(what = "a number"): number {
    const t = this.peek();
    if (t.kind !== "number") this.expected(what);
    this.#at++;
    if (t.text === "nan") return Number.NaN;
    if (t.text.endsWith("inf")) return t.text.startsWith("-") ? -Infinity : Infinity;
    return Number(t.text);
  }

  integer(what = "an integer"): number {
    const t = this.peek();
    if (t.kind !== "number" || !Number.isSafeInteger(Number(t.text))) this.expected(what);
    return this.number();
  }

  #bigint(): bigint {
    const t = this.peek();
    if (t.kind !== "number" || !/^-?\d+$/.test(t.text)) this.expected("an integer");
    this.#at++;
    return BigInt(t.text);
  }

  /** `1x28x28`, `10`, or `scalar`. */
  shape(): number[] {
    if (this.skip("scalar")) return [];
    if (this.peek().kind === "shape") return this.#take().text.split("x").map(Number);
    return [this.integer("a shape such as 1x28x28")];
  }

  tensor(store: TensorStore | null): Tensor {
    const dtype = this.word("a tensor such as i8[2x3]{…}") as Dtype;
    if (!(dtype in make)) this.expected("a dtype (f32 f64 i8 i16 i32 i64 u8 bool)");
    this.need("[");
    const shape = this.is("]") ? [] : this.shape();
    this.need("]");
    if (this.peek().kind === "hash") {
      const hash = this.#take().text.slice(1);
      if (store === null) fail("tensor-missing", [hash], { at: this.place() });
      const t = store.get(hash);
      if (t.dtype !== dtype || t.shape.join() !== shape.join())
        this.expected(`a tensor ${t.dtype}[${t.shape.join("x")}], as the side file has it`);
      return t;
    }
    this.need("{");
    const count = sizeOf(shape);
    const data = make[dtype](count);
    for (let i = 0; i < count; i++) {
      if (dtype === "i64") (data as BigInt64Array)[i] = this.#bigint();
      else (data as Float64Array)[i] = this.number();
    }
    this.need("}");
    return { dtype, shape, data } as Tensor;
  }

  /** A number, or a tensor, or a bare word. */
  value(store: TensorStore | null): number | string | Tensor {
    const t = this.peek();
    if (t.kind === "number") return this.number();
    if (t.kind === "string") return this.string();
    if (t.kind === "word" && t.text in make && this.peek(1).text === "[") return this.tensor(store);
    return this.word("a number, a word or a tensor");
  }

  /** `key=value key=value …` up to something that is not `word =`. */
  fields(store: TensorStore | null): Record<string, number | string | Tensor> {
    const out: Record<string, number | string | Tensor> = {};
    while (this.peek().kind === "word" && this.peek(1).text === "=") {
      const key = this.word();
      this.need("=");
      out[key] = this.value(store);
    }
    return out;
  }

  /** `from "a" < "b"`, when present. */
  origin(): Origin | null {
    if (!this.skip("from")) return null;
    const parts = [this.string()];
    while (this.skip("<")) parts.push(this.string());
    return parts.reduceRight<Origin | null>((from, what) => origin(what, from), null);
  }
}

/** A double as text that reads back to the same double. */
export function showNumber(n: number): string {
  if (Number.isNaN(n)) return "nan";
  if (n === Infinity) return "inf";
  if (n === -Infinity) return "-inf";
  return Object.is(n, -0) ? "-0" : String(n);
}

/** A name bare when it reads back as one word, else quoted. */
export function showName(name: string): string {
  return /^(?!(?:inf|nan)(?![\w.]))[A-Za-z_][\w./:-]*$/.test(name) ? name : JSON.stringify(name);
}

export function showTensor(t: Tensor, store: TensorStore | null): string {
  const head = `${t.dtype}[${t.shape.join("x")}]`;
  if (store !== null && t.data.length > inlineMax) return `${head}#${store.put(t)}`;
  const items = t.dtype === "i64" ? Array.from(t.data, String) : Array.from(numbersOf(t), showNumber);
  return `${head}{${items.join(" ")}}`;
}

export function showValue(v: number | string | Tensor, store: TensorStore | null): string {
  if (typeof v === "number") return showNumber(v);
  if (typeof v === "string") return showName(v);
  return showTensor(v, store);
}

/** `key=value key=value`, in the order of the record. */
export function showFields(fields: Readonly<Record<string, number | string | Tensor | undefined>>, store: TensorStore | null): string {
  return Object.entries(fields)
    .flatMap(([k, v]) => (v === undefined ? [] : [`${k}=${showValue(v, store)}`]))
    .join(" ");
}

/** What a quoted string says; null where it breaks the rules of JSON. */
function quoted(text: string): string | null {
  try {
    return JSON.parse(text) as string;
  } catch {
    return null;
  }
}
