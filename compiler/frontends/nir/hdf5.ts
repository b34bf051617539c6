import type { Dataset, Group } from "h5wasm";
import { fail } from "../../base/diagnostic.ts";
import { type Tensor, tensor } from "../../base/tensor.ts";

/*
 * An HDF5 file as a plain tree. The library reads both layouts (contiguous and
 * chunked) and the filters; it works on a file system in memory, so this is a function
 * of bytes like every reader here.
 */

export type Leaf = { readonly kind: "leaf"; readonly value: number | string | readonly string[] | Tensor };
export type Branch = {
  readonly kind: "branch";
  readonly children: ReadonlyMap<string, Leaf | Branch>;
  /** Those that are a number or a text; absent: none. */
  readonly attributes?: ReadonlyMap<string, number | string>;
};

/** Some megabytes of WebAssembly, which commands that read no HDF5 need not wait for. */
async function library() {
  const { File, ready } = await import("h5wasm");
  const { FS, activate_throwing_error_handler } = await ready;
  // Errors become exceptions; otherwise the library prints its own trace of them.
  activate_throwing_error_handler();
  return { File, FS };
}

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

export function isHdf5(bytes: Uint8Array): boolean {
  return signature.every((b, i) => bytes[i] === b);
}

/** The whole file. Throws a Failure for what is no HDF5, is cut short, or holds what is neither number nor text. */
export async function readHdf5(bytes: Uint8Array, name: string): Promise<Branch> {
  checkEnd(bytes, name);
  checkHeaps(bytes, name);
  const path = `/${name.replaceAll(/[^\w.]/g, "_")}`;
  const { File, FS } = await library();
  FS.writeFile(path, bytes);
  try {
    const file = new File(path, "r");
    try {
      return branch(file, name, "");
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof Error && error.name !== "Failure") fail("nir-hdf5", [name, error.message]);
    throw error;
  } finally {
    FS.unlink(path);
  }
}

/** Writes a tree of groups, numbers, text and arrays; arrays of more than one number are chunked and compressed. */
export async function writeHdf5(root: Branch): Promise<Uint8Array> {
  const path = "/written.h5";
  const { File, FS } = await library();
  const file = new File(path, "w");
  writeChildren(file, root);
  file.flush();
  file.close();
  const bytes = FS.readFile(path) as Uint8Array;
  FS.unlink(path);
  return bytes.slice();
}

/** The superblock states where the file ends; a download that stopped early does not reach it. */
function checkEnd(bytes: Uint8Array, name: string): void {
  if (!isHdf5(bytes)) fail("nir-not-hdf5", [name]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[8] ?? 0;
  // Offsets of 8 bytes are what every writer in use chooses; others are left to the library.
  const [sizeAt, endAt] = version >= 2 ? [9, 28] : [13, version === 1 ? 44 : 40];
  if (bytes.length < endAt + 8) fail("nir-truncated", [name, endAt + 8, bytes.length]);
  if (bytes[sizeAt] !== 8) return;
  const end = Number(view.getBigUint64(endAt, true));
  if (end > bytes.length) fail("nir-truncated", [name, end, bytes.length]);
}

const heapMark = [0x47, 0x43, 0x4f, 0x4c, 1, 0, 0, 0];
const objectHead = 16;

/**
 * Texts lie in global heaps (GCOL): objects of 16 bytes of head, with their size in the last 8, and
 * content padded to 8 bytes; index 0 is the free rest. The library goes on for ever over a size that is
 * damaged, so sizes are checked before it reads.
 */
function checkHeaps(bytes: Uint8Array, name: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = bytes.indexOf(0x47); start >= 0; start = bytes.indexOf(0x47, start + 1)) {
    if (start + objectHead > bytes.length || !heapMark.every((b, i) => bytes[start + i] === b)) continue;
    const end = start + Number(view.getBigUint64(start + 8, true));
    const damage = (what: string): never => fail("nir-hdf5", [name, `the heap of texts at byte ${start} is damaged: ${what}`]);
    if (end > bytes.length) damage("it goes beyond the file");
    for (let at = start + objectHead; at + objectHead <= end; ) {
      const size = Number(view.getBigUint64(at + 8, true));
      const next = view.getUint16(at, true) === 0 ? at + size : at + objectHead + 8 * Math.ceil(size / 8);
      if (next > end || next <= at) damage(`an object at byte ${at} has ${size} bytes`);
      at = next;
    }
  }
}

function branch(group: Group, file: string, path: string): Branch {
  const children = new Map<string, Leaf | Branch>();
  for (const key of group.keys()) {
    const entry = group.get(key);
    const at = path === "" ? key : `${path}/${key}`;
    if (entry === null) fail("nir-hdf5", [file, `${at} cannot be opened`]);
    if ("keys" in entry) children.set(key, branch(entry, file, at));
    else if ("dtype" in entry) children.set(key, leaf(entry, file, at));
    else fail("nir-hdf5", [file, `${at} is a link to another place`]);
  }
  const attributes = attributesOf(group);
  return { kind: "branch", children, ...(attributes.size === 0 ? {} : { attributes }) };
}

function attributesOf(group: Group): ReadonlyMap<string, number | string> {
  const out = new Map<string, number | string>();
  for (const [name, { value }] of Object.entries(group.attrs)) {
    const plain = typeof value === "bigint" ? Number(value) : value;
    if (typeof plain === "number" || typeof plain === "string") out.set(name, plain);
  }
  return out;
}

function leaf(data: Dataset, file: string, path: string): Leaf {
  const value = data.value;
  const shape = data.shape ?? [];
  if (typeof value === "string" || typeof value === "number") return { kind: "leaf", value };
  if (typeof value === "bigint") return { kind: "leaf", value: Number(value) };
  if (typeof value === "boolean") return { kind: "leaf", value: value ? 1 : 0 };
  if (Array.isArray(value)) {
    if (value.every((v) => typeof v === "string")) return { kind: "leaf", value };
    if (value.every((v) => typeof v === "boolean" || typeof v === "number"))
      return { kind: "leaf", value: tensor("f64", shape, Float64Array.from(value, Number)) };
  }
  const numbers = ArrayBuffer.isView(value) ? tensorOf(value, shape) : null;
  if (numbers === null) fail("nir-dtype", [path, String(data.dtype)], { at: file });
  return { kind: "leaf", value: numbers };
}

function tensorOf(data: ArrayBufferView, shape: readonly number[]): Tensor | null {
  if (data instanceof Float32Array) return tensor("f32", shape, data.slice());
  if (data instanceof Float64Array) return tensor("f64", shape, data.slice());
  if (data instanceof BigInt64Array) return tensor("i64", shape, data.slice());
  if (data instanceof BigUint64Array) return tensor("i64", shape, BigInt64Array.from(data));
  if (data instanceof Int32Array) return tensor("i32", shape, data.slice());
  if (data instanceof Int16Array) return tensor("i16", shape, data.slice());
  if (data instanceof Int8Array) return tensor("i8", shape, data.slice());
  if (data instanceof Uint8Array) return tensor("u8", shape, data.slice());
  if (data instanceof Uint16Array) return tensor("i32", shape, Int32Array.from(data));
  if (data instanceof Uint32Array) return tensor("i64", shape, BigInt64Array.from(data, BigInt));
  return null;
}

const dtypes: Readonly<Record<Tensor["dtype"], string>> = {
  f32: "<f",
  f64: "<d",
  i8: "<b",
  i16: "<h",
  i32: "<i",
  i64: "<q",
  u8: "<B",
  bool: "<B",
};

function writeChildren(group: Group, of: Branch): void {
  for (const [name, value] of of.attributes ?? [])
    group.create_attribute(name, value, typeof value === "number" ? [] : null, typeof value === "number" ? "<d" : null);
  for (const [name, child] of of.children) {
    if (child.kind === "branch") writeChildren(group.create_group(name), child);
    else writeLeaf(group, name, child.value);
  }
}

function writeLeaf(group: Group, name: string, value: Leaf["value"]): void {
  if (typeof value === "string") group.create_dataset({ name, data: value });
  else if (typeof value === "number") {
    const whole = Number.isInteger(value);
    group.create_dataset(
      whole
        ? { name, data: new BigInt64Array([BigInt(value)]), shape: [], dtype: "<q" }
        : { name, data: new Float64Array([value]), shape: [], dtype: "<d" },
    );
  } else if (isStrings(value)) group.create_dataset({ name, data: [...value], shape: [value.length / 2, 2] });
  else {
    const packed = value.data.length > 1 ? { chunks: [...value.shape], compression: "gzip" as const } : {};
    group.create_dataset({ name, data: value.data, shape: [...value.shape], dtype: dtypes[value.dtype], ...packed });
  }
}

function isStrings(value: readonly string[] | Tensor): value is readonly string[] {
  return Array.isArray(value);
}
