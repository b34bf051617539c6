import { fail } from "../../base/diagnostic.ts";
import { sha256 } from "../../base/hash.ts";
import { type Dtype, make, numbersOf, sizeOf, type Tensor } from "../../base/tensor.ts";
import type { Cores } from "../cores/types.ts";
import type { Param } from "../network/types.ts";
import { mapOfMapping, mappingOf } from "./mapping.ts";
import type { Image, ImageMap, Input, Output, Section } from "./types.ts";

/*
 * An image as files:
 *
 *   image.bin      the words of all sections in load order, each as a little-endian u32
 *   inputs.bin     for each input: channels + 1 starts, then its target words
 *   mapping.json   names and places for people and tools (mapping.schema.json); never loaded
 *   manifest.json  what the image is, where each section lies in image.bin, and the SHA-256 of
 *                  every file, every section and of the manifest itself (with its own hash left empty)
 *
 * The same image and facts give the same bytes.
 */

const manifestKind = "ganglion-image";
const manifestVersion = 1;

/** What a manifest may record besides the image. */
export type ImageFacts = {
  /** For the full mapping.json, with axons, rows and routes. */
  readonly cores?: Cores;
  /** What the image was made from: name → SHA-256. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** The options it was made with. */
  readonly options?: unknown;
};

type FileEntry = { readonly bytes: number; readonly sha256: string };

type Manifest = {
  readonly kind: string;
  readonly version: number;
  readonly name: string;
  readonly target: string;
  /** Version of the chip's word tables. */
  readonly format: number;
  readonly steps: number;
  readonly interval: number;
  readonly files: Readonly<Record<string, FileEntry>>;
  readonly sections: readonly {
    readonly name: string;
    readonly wordBits: number;
    readonly base: number;
    readonly offset: number;
    readonly words: number;
    readonly sha256: string;
  }[];
  readonly inputs: readonly (Omit<Input, "start" | "targets" | "params"> & {
    readonly params: Readonly<Record<string, unknown>>;
    readonly starts: number;
    readonly targets: number;
  })[];
  readonly outputs: readonly (Omit<Output, "scale" | "offset"> & { readonly scale: unknown; readonly offset: unknown })[];
  readonly madeFrom: { readonly inputs: Readonly<Record<string, string>>; readonly options: unknown };
  readonly sha256: string;
};

/** The files of an image by name. */
export function imageFiles(image: Image, facts: ImageFacts = {}): Map<string, Uint8Array> {
  const sections = bytesOfWords(image.sections.map((s) => s.words));
  const inputs = bytesOfWords(image.inputs.flatMap((i) => [i.start, i.targets]));
  const files = new Map([
    ["image.bin", sections],
    ["inputs.bin", inputs],
  ]);
  const mapping = mappingOf(image, facts.cores ?? null);
  if (mapping !== null) files.set("mapping.json", new TextEncoder().encode(`${JSON.stringify(mapping)}\n`));
  let offset = 0;
  const manifest: Manifest = {
    kind: manifestKind,
    version: manifestVersion,
    name: image.name,
    target: image.target,
    format: image.format,
    steps: image.steps,
    interval: image.interval,
    files: Object.fromEntries([...files].map(([name, bytes]) => [name, { bytes: bytes.length, sha256: sha256(bytes) }])),
    sections: image.sections.map((s) => {
      const entry = {
        name: s.name,
        wordBits: s.wordBits,
        base: s.base,
        offset,
        words: s.words.length,
        sha256: sha256(sections.subarray(offset, offset + 4 * s.words.length)),
      };
      offset += 4 * s.words.length;
      return entry;
    }),
    inputs: image.inputs.map(({ start, targets, params, ...rest }) => ({
      ...rest,
      params: plain(params),
      starts: start.length,
      targets: targets.length,
    })),
    outputs: image.outputs.map((o) => ({ ...o, scale: plainValue(o.scale), offset: plainValue(o.offset) })),
    madeFrom: { inputs: facts.inputs ?? {}, options: facts.options ?? null },
    sha256: "",
  };
  files.set("manifest.json", new TextEncoder().encode(sealed(manifest)));
  return files;
}

/** The manifest's text, with the hash of the text in which the hash is empty. */
function sealed(manifest: Manifest): string {
  const text = (hash: string): string => `${JSON.stringify({ ...manifest, sha256: hash }, null, 1)}\n`;
  return text(sha256(text("")));
}

/**
 * Reads the files back and checks every hash. `known` are the targets that can be, when the caller
 * knows them. Throws a Failure with all that is damaged.
 */
export function readImage(file: (name: string) => Uint8Array | null, known: readonly string[] | null = null): Image {
  const manifest = readManifest(file("manifest.json") ?? fail("image-file-missing", ["manifest.json"]));
  if (known !== null && !known.includes(manifest.target)) fail("image-target", [manifest.target, known], { at: "manifest.json" });
  const checked = (name: string): Uint8Array => {
    const entry = manifest.files[name] ?? fail("image-manifest", [`it does not list ${name}`]);
    return checkFile(name, file(name), entry, manifest);
  };
  const bytes = checked("image.bin");
  const ports = wordsOfBytes(checked("inputs.bin"));
  const map = "mapping.json" in manifest.files ? readMapping(checked("mapping.json")) : null;
  let at = 0;
  const take = (count: number): Uint32Array => {
    const words = ports.slice(at, at + count);
    at += count;
    return words;
  };
  return {
    kind: "image",
    name: manifest.name,
    target: manifest.target,
    format: manifest.format,
    steps: manifest.steps,
    interval: manifest.interval,
    sections: manifest.sections.map(
      (s): Section => ({
        name: s.name,
        wordBits: s.wordBits,
        base: s.base,
        words: wordsOfBytes(bytes.subarray(s.offset, s.offset + 4 * s.words)),
      }),
    ),
    inputs: manifest.inputs.map(
      ({ starts, targets, params, ...rest }): Input => ({ ...rest, params: restore(params), start: take(starts), targets: take(targets) }),
    ),
    outputs: manifest.outputs.map(
      (o): Output => ({ ...o, scale: restoreValue(o.scale) as number | Tensor, offset: restoreValue(o.offset) as number | Tensor }),
    ),
    map,
  };
}

function readManifest(bytes: Uint8Array): Manifest {
  const text = new TextDecoder().decode(bytes);
  let manifest: Manifest;
  try {
    manifest = JSON.parse(text) as Manifest;
  } catch {
    return fail("image-manifest", ["it is not JSON: damaged, or cut short"], { at: "manifest.json" });
  }
  if (typeof manifest !== "object" || manifest === null || manifest.kind !== manifestKind)
    fail("image-manifest", [`its kind is not ${manifestKind}`], { at: "manifest.json" });
  if (manifest.version !== manifestVersion) fail("image-version", [manifest.version, manifestVersion], { at: "manifest.json" });
  if (sealed(manifest) !== text) fail("image-manifest", ["its own SHA-256 does not match its content"], { at: "manifest.json" });
  return manifest;
}

function checkFile(name: string, bytes: Uint8Array | null, entry: FileEntry, manifest: Manifest): Uint8Array {
  if (bytes === null) return fail("image-file-missing", [name]);
  if (bytes.length !== entry.bytes) fail("image-file-length", [name, entry.bytes, bytes.length], { at: name });
  const actual = sha256(bytes);
  if (actual !== entry.sha256) {
    const damaged =
      name === "image.bin" ? manifest.sections.filter((s) => sha256(bytes.subarray(s.offset, s.offset + 4 * s.words)) !== s.sha256) : [];
    const notes = damaged
      .slice(0, 8)
      .map((s) => `section ${s.name} (bytes ${s.offset} to ${s.offset + 4 * s.words - 1}) is not as written`);
    fail("image-file-damaged", [name, entry.sha256.slice(0, 12), actual.slice(0, 12)], { at: name, notes });
  }
  return bytes;
}

function readMapping(bytes: Uint8Array): ImageMap {
  try {
    return mapOfMapping(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return fail("image-manifest", ["mapping.json is not JSON"]);
  }
}

function bytesOfWords(lists: readonly Uint32Array[]): Uint8Array {
  const out = new Uint8Array(lists.reduce((n, l) => n + 4 * l.length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const list of lists) {
    for (const w of list) {
      view.setUint32(at, w, true);
      at += 4;
    }
  }
  return out;
}

function wordsOfBytes(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
}

/** Tensors as JSON: their numbers survive unchanged. */
function plainValue(value: Param): unknown {
  return typeof value === "object" ? { dtype: value.dtype, shape: value.shape, data: Array.from(numbersOf(value)) } : value;
}

function plain(params: Readonly<Record<string, Param>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).map(([k, v]) => [k, plainValue(v)]));
}

function restoreValue(value: unknown): Param {
  if (typeof value !== "object" || value === null) return value as Param;
  const { dtype, shape, data } = value as { dtype: Dtype; shape: number[]; data: number[] };
  const out = make[dtype](sizeOf(shape));
  data.forEach((n, i) => {
    if (dtype === "i64") (out as BigInt64Array)[i] = BigInt(n);
    else (out as Float64Array)[i] = n;
  });
  return { dtype, shape, data: out } as Tensor;
}

function restore(params: Readonly<Record<string, unknown>>): Record<string, Param> {
  return Object.fromEntries(Object.entries(params).map(([k, v]) => [k, restoreValue(v)]));
}
