import { convertIndexedToRgb, type DecodedPng, decode, hasPngSignature } from "fast-png";
import { fail } from "../../base/diagnostic.ts";
import { viewOf, type DataFile, type Records } from "./records.ts";

/*
 * Folders of PNG images: gray or RGB, 1 to 16 bits, palettes resolved. Pixels are
 * the stored integers (0 … 255, or 0 … 65535 at 16 bits; gray of fewer bits is not
 * stretched). Alpha is left out when the image is opaque and refused when it is not.
 */

export function isPng(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && hasPngSignature(bytes.subarray(0, 8));
}

/** Size and channels from the header chunk alone, so that opening a folder decodes nothing. Channels: 1 or 3, without alpha. */
export function pngShape(file: DataFile): number[] {
  const { name, bytes } = file;
  if (!isPng(bytes)) fail("data-malformed", [name, "PNG", "it does not begin with the PNG signature"]);
  if (bytes.length < 33) fail("data-truncated", [name, 33, bytes.length]);
  const view = viewOf(bytes);
  const gray = bytes[25] === 0 || bytes[25] === 4;
  return [view.getUint32(20), view.getUint32(16), gray ? 1 : 3];
}

type Pixels = { readonly data: ArrayLike<number>; readonly channels: number };

function decodePixels(file: DataFile): Pixels {
  let image: DecodedPng;
  try {
    image = decode(file.bytes, { checkCrc: true });
  } catch (error) {
    fail("data-malformed", [file.name, "PNG", error instanceof Error ? error.message : String(error)]);
  }
  if (image.palette !== undefined)
    return opaque(file.name, { data: convertIndexedToRgb(image), channels: image.palette[0]?.length ?? 3 }, 255);
  const data = image.depth < 8 ? unpack(image) : image.data;
  return opaque(file.name, { data, channels: image.channels }, image.depth === 16 ? 65535 : 255);
}

/** Gray of 1, 2 or 4 bits comes packed, each row beginning at a whole byte. */
function unpack(image: DecodedPng): Uint8Array {
  const { width, height, depth, data } = image;
  const rowBytes = Math.ceil((width * depth) / 8);
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      out[y * width + x] = ((data[y * rowBytes + (bit >> 3)] ?? 0) >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
    }
  }
  return out;
}

function opaque(name: string, pixels: Pixels, full: number): Pixels {
  if (pixels.channels === 1 || pixels.channels === 3) return pixels;
  const kept = pixels.channels - 1;
  const count = pixels.data.length / pixels.channels;
  const data = new Uint16Array(count * kept);
  for (let i = 0; i < count; i++) {
    if (pixels.data[i * pixels.channels + kept] !== full)
      fail("data-malformed", [name, "PNG", "it has transparent pixels"], { help: ["save the images without transparency"] });
    for (let c = 0; c < kept; c++) data[i * kept + c] = pixels.data[i * pixels.channels + c] ?? 0;
  }
  return { data, channels: kept };
}

/** One image a file; all must have the same size. A class folder in the path is the label: a number, or its place among the sorted names. */
export function pngRecords(files: readonly DataFile[]): Records {
  const [first] = files;
  const shape = first === undefined ? [] : pngShape(first);
  for (const f of files) if (pngShape(f).some((d, i) => d !== shape[i])) fail("data-mixed", [first?.name ?? "", f.name]);
  const classes = folderClasses(files.map((f) => f.name));
  return {
    count: files.length,
    shape,
    layout: "nhwc",
    read: (index, out) => {
      const file = files[index];
      if (file !== undefined) out.set(decodePixels(file).data);
    },
    label: (index) => classes?.[index] ?? null,
    name: (index) => files[index]?.name ?? "",
  };
}

function folderClasses(names: readonly string[]): readonly number[] | null {
  const folders = names.map((n) => n.split(/[/\\]/).at(-2) ?? "");
  const kinds = [...new Set(folders)].sort();
  if (kinds.length < 2) return null;
  const numbered = kinds.every((k) => /^\d+$/.test(k));
  return folders.map((f) => (numbered ? Number(f) : kinds.indexOf(f)));
}
