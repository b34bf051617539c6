import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { errors } from "../compiler/base/errors.ts";

/* The house rules: layers, forbidden names, and that every error code is provoked by a test. */

const root = resolve(import.meta.dirname, "..");

function filesUnder(folder: string, ending: string): string[] {
  const out: string[] = [];
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) out.push(...filesUnder(path, ending));
    else if (name.endsWith(ending)) out.push(path);
  }
  return out;
}

const sources = ["compiler", "targets", "runtime"].flatMap((f) => filesUnder(join(root, f), ".ts"));
const product = sources.filter((f) => !f.endsWith(".test.ts"));
const text = new Map(sources.map((f) => [f, readFileSync(f, "utf8")]));
const name = (file: string): string => relative(root, file).replaceAll("\\", "/");

/** Layer, and the folder within it whose files may see each other. */
function roomOf(path: string): { layer: number; room: string } {
  const rules: readonly [RegExp, number][] = [
    [/^(compiler\/base)\//, 0],
    [/^(compiler\/ir)\//, 1],
    [/^(targets\/chip\.ts)$/, 2],
    [/^(runtime)\//, 2],
    [/^(compiler\/frontends)\//, 3],
    [/^(compiler\/convert)\//, 3],
    [/^(compiler\/passes)\//, 3],
    [/^(compiler\/map)\//, 3],
    [/^(compiler\/export)\//, 3],
    [/^(targets)\//, 4],
    [/^(compiler\/pipeline\.ts)$/, 5],
    [/^(compiler\/analysis)\//, 6],
    [/^(compiler\/cli|compiler\/index\.ts)/, 7],
  ];
  for (const [pattern, layer] of rules) {
    const m = pattern.exec(path);
    if (m?.[1] !== undefined) return { layer, room: m[1] };
  }
  throw new Error(`${path} belongs to no layer`);
}

function importsOf(file: string): string[] {
  const found = [...(text.get(file) ?? "").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)];
  return found.map((m) => name(resolve(dirname(file), m[1] ?? "")));
}

describe("layers", () => {
  it("a file imports from lower layers or from its own folder", () => {
    const wrong: string[] = [];
    for (const file of product) {
      const from = roomOf(name(file));
      for (const target of importsOf(file)) {
        const to = roomOf(target);
        if (to.layer < from.layer || to.room === from.room) continue;
        wrong.push(`${name(file)} (${from.layer}) imports ${target} (${to.layer})`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("the runtime sees only images, codes and base", () => {
    const wrong = product
      .filter((f) => name(f).startsWith("runtime/"))
      .flatMap((f) => importsOf(f).map((t) => ({ f: name(f), t })))
      .filter(({ t }) => !/^(runtime|compiler\/ir\/image|compiler\/ir\/codes|compiler\/base)\//.test(t));
    expect(wrong).toEqual([]);
  });

  it("passes and conversions never name a chip", () => {
    const wrong = product
      .filter((f) => /^compiler\/(passes|convert|map|export|frontends)\//.test(name(f)))
      .flatMap((f) => importsOf(f).map((t) => ({ f: name(f), t })))
      .filter(({ t }) => t.startsWith("targets/") && t !== "targets/chip.ts");
    expect(wrong).toEqual([]);
  });

  it("chips do not see each other", () => {
    const chip = (path: string): string | null => /^targets\/([^/]+)\//.exec(path)?.[1] ?? null;
    const wrong = product.flatMap((f) =>
      importsOf(f)
        .filter((t) => chip(name(f)) !== null && chip(t) !== null && chip(t) !== chip(name(f)))
        .map((t) => `${name(f)} imports ${t}`),
    );
    expect(wrong).toEqual([]);
  });
});

/** The code without comments and strings, so that prose may name what code may not. */
function bare(source: string): string {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/"(?:[^"\\\n]|\\.)*"/g, '""')
    .replace(/(^|[^:])\/\/.*$/gm, "$1");
}

describe("ambient things stay in the command line", () => {
  const forbidden = /\b(Date\.now|new Date\b|Math\.random|process\.(env|argv|exit|cwd|stdout|stderr)|console\.|performance\.now|hrtime)/;
  it("no clock, chance, environment or console below cli/", () => {
    const wrong = product
      .filter((f) => !name(f).startsWith("compiler/cli/"))
      .flatMap((f) => (forbidden.test(bare(text.get(f) ?? "")) ? [`${name(f)}: ${forbidden.exec(bare(text.get(f) ?? ""))?.[0]}`] : []));
    expect(wrong).toEqual([]);
  });

  it("files are opened only in cli/, for a target's own data, and to compile Verilog", () => {
    const wrong = product
      .filter((f) => /from "node:fs/.test(text.get(f) ?? "") && !/^(compiler\/cli\/|targets\/|runtime\/rtl\/)/.test(name(f)))
      .map(name);
    expect(wrong).toEqual([]);
  });
});

describe("words of the format", () => {
  it("bit fields are declared only in words.ts", () => {
    const wrong = product.filter((f) => /(^|[^.\w])word\("[^"]*",\s*\d+/m.test(text.get(f) ?? "") && !/\/words\.ts$/.test(f)).map(name);
    expect(wrong).toEqual([]);
  });

  it("no price is written in a machine", () => {
    const wrong = product.filter((f) => /machine[^/]*\.ts$/.test(f) && /picojoule|joule/i.test(bare(text.get(f) ?? ""))).map(name);
    expect(wrong).toEqual([]);
  });
});

describe("error codes", () => {
  const tests = [
    ...sources.filter((f) => f.endsWith(".test.ts")),
    ...filesUnder(join(root, "test"), ".ts"),
    ...["compiler", "targets", "test"].flatMap((f) => filesUnder(join(root, f), ".case")),
  ]
    .filter((f) => !f.endsWith("tidy.test.ts"))
    .map((f) => readFileSync(f, "utf8"))
    .join("\n");

  it("every code is used", () => {
    const code = product
      .filter((f) => !name(f).startsWith("compiler/base/errors"))
      .map((f) => text.get(f))
      .join("\n");
    expect(Object.keys(errors).filter((c) => !code.includes(`"${c}"`))).toEqual([]);
  });

  it("every code is provoked by a test or a case", () => {
    expect(Object.keys(errors).filter((c) => !new RegExp(`[^\\w-]${c}[^\\w-]`).test(tests))).toEqual([]);
  });

  it("every code explains itself and says what to do", () => {
    const thin = Object.entries(errors).filter(([, e]) => e.explain.length < 40 || e.help.length < 10);
    expect(thin.map(([c]) => c)).toEqual([]);
  });
});

describe("every folder that people enter has a map", () => {
  it.each(["compiler", "runtime", "test", "docs", "targets/mesh", "test/models"])("%s has a README", (folder) => {
    expect(readFileSync(join(root, folder, "README.md"), "utf8").length).toBeGreaterThan(200);
  });
});
