import { fail } from "../../compiler/base/diagnostic.ts";
import { sha256 } from "../../compiler/base/hash.ts";
import type { SanafeArrays, SanafeImage, SanafeTables } from "./image.ts";

/*
 * An image as two files, a format of our own:
 *
 *   sanafe.bin    the arrays one after the other, little-endian, each at a multiple of 8 bytes
 *   sanafe.json   kind, version, the tables, where each array lies, and the SHA-256 of both (its own left empty)
 */

export const manifestFile = "sanafe.json";
const arraysFile = "sanafe.bin";
const kind = "ganglion-sanafe";
const version = 1;

const types = {
  bias: Float64Array,
  id: Uint32Array,
  axons: Uint32Array,
  axonCore: Uint16Array,
  axonLoad: Uint16Array,
  axonSynapses: Uint32Array,
  synapses: Uint32Array,
  slots: Uint16Array,
  weights: Float64Array,
} as const;
type ArrayName = keyof typeof types;
const names = Object.keys(types) as ArrayName[];

type Manifest = {
  readonly kind: string;
  readonly version: number;
  readonly tables: SanafeTables;
  readonly arrays: Readonly<Record<ArrayName, { readonly offset: number; readonly length: number }>>;
  readonly bytes: number;
  readonly bin: string;
  readonly sha256: string;
};

export function sanafeFiles(image: SanafeImage): Map<string, Uint8Array> {
  let bytes = 0;
  const arrays = Object.fromEntries(
    names.map((name) => {
      const entry = { offset: bytes, length: image.arrays[name].length };
      bytes += Math.ceil(image.arrays[name].byteLength / 8) * 8;
      return [name, entry];
    }),
  ) as Manifest["arrays"];
  const bin = new Uint8Array(bytes);
  for (const name of names) {
    const a = image.arrays[name];
    bin.set(new Uint8Array(a.buffer, a.byteOffset, a.byteLength), arrays[name].offset);
  }
  const manifest: Manifest = { kind, version, tables: image.tables, arrays, bytes, bin: sha256(bin), sha256: "" };
  return new Map([
    [arraysFile, bin],
    [manifestFile, new TextEncoder().encode(sealed(manifest))],
  ]);
}

function sealed(manifest: Manifest): string {
  const text = (hash: string): string => `${JSON.stringify({ ...manifest, sha256: hash })}\n`;
  return text(sha256(text("")));
}

/** Reads the files back; a Failure where they are damaged, cut short or of another version. The arrays are views of the bytes. */
export function readSanafeImage(file: (name: string) => Uint8Array): SanafeImage {
  const text = new TextDecoder().decode(file(manifestFile));
  const manifest = parse(text);
  if (manifest?.kind !== kind) return fail("sanafe-image", [manifestFile, `it is damaged, or its kind is not ${kind}`]);
  if (manifest.version !== version)
    fail("sanafe-image", [manifestFile, `its version is ${manifest.version}; this program reads ${version}`]);
  if (sealed(manifest) !== text) fail("sanafe-image", [manifestFile, "its SHA-256 does not match its content"]);
  let bin = file(arraysFile);
  if (bin.length !== manifest.bytes) fail("sanafe-image", [arraysFile, `it has ${bin.length} bytes instead of ${manifest.bytes}`]);
  if (sha256(bin) !== manifest.bin) fail("sanafe-image", [arraysFile, "its SHA-256 is not that of the manifest"]);
  if (bin.byteOffset % 8 !== 0) bin = bin.slice();
  const arrays = Object.fromEntries(
    names.map((name) => {
      const { offset, length } = manifest.arrays[name];
      return [name, new types[name](bin.buffer as ArrayBuffer, bin.byteOffset + offset, length)];
    }),
  ) as unknown as SanafeArrays;
  return { tables: manifest.tables, arrays };
}

function parse(text: string): Manifest | null {
  try {
    return JSON.parse(text) as Manifest | null;
  } catch {
    return null;
  }
}
