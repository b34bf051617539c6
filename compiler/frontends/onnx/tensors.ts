import { type SparseTensorProto, type TensorProto, TensorProto_DataLocation as Location, TensorProto_DataType as Kind } from "onnx-buf";
import { at } from "../../base/bug.ts";
import { fail, type Place } from "../../base/diagnostic.ts";
import { bytesOf, make, numbersOf, sizeOf, type Tensor } from "../../base/tensor.ts";
import { type Element, elementName, elements } from "./dtypes.ts";

/** Tensors that come from a few bytes (filled, repeated, sparse) may hold this many elements; a network for a chip has far fewer. */
export const elementsMax = 2 ** 28;

/** Gives `length` bytes (null: up to the end) of a file beside the model, as many as there are; null when there is no such file. */
export type ReadExternal = (location: string, offset: number, length: number | null) => Uint8Array | null;

/**
 * Reads a TensorProto: raw data, typed fields or external data.
 * Errors: onnx-dtype, onnx-tensor-size, onnx-external-*.
 */
export function readTensor(t: TensorProto, readExternal: ReadExternal, place: Place): Tensor {
  const element = elements.get(t.dataType) ?? fail("onnx-dtype", [elementName(t.dataType)], place);
  const shape = t.dims.map(Number);
  if (shape.some((d) => d < 0)) fail("onnx-tensor-size", [0, shape.find((d) => d < 0) ?? 0, "elements"], place);
  if (t.segment !== undefined) fail("onnx-dtype", [`${element.name} in segments`], place);
  const count = sizeOf(shape);
  // What is stored is measured before memory is taken, so that a damaged shape cannot ask for too much.
  const bytes = rawBytes(t, Math.ceil((count * element.bits) / 8), readExternal, place);
  if (bytes === null) checkTyped(t, count, element, place);
  const data = make[element.dtype](count);
  if (bytes !== null) fillRaw(data, bytes, element);
  else fillTyped(data, t, element);
  const tensor = { dtype: element.dtype, shape, data } as Tensor;
  // Unsigned numbers of 2^63 and more have turned negative on the way in.
  if (t.dataType === Kind.UINT64 && (tensor.data as BigInt64Array).some((v) => v < 0n)) fail("onnx-dtype", ["uint64 beyond 2^63"], place);
  return tensor;
}

/** The little-endian bytes of the elements, or null when they lie in a typed field. */
function rawBytes(t: TensorProto, needed: number, readExternal: ReadExternal, place: Place): Uint8Array | null {
  if (t.dataLocation === Location.EXTERNAL) return externalBytes(t, needed, readExternal, place);
  if (t.rawData.length === 0 && (needed === 0 || typedField(t).length > 0)) return null;
  if (t.rawData.length !== needed) fail("onnx-tensor-size", [needed, t.rawData.length, "bytes"], place);
  return t.rawData;
}

function externalBytes(t: TensorProto, needed: number, readExternal: ReadExternal, place: Place): Uint8Array {
  const entries = new Map(t.externalData.map((e) => [e.key, e.value]));
  const location = entries.get("location") ?? "";
  const wrong = wrongPath(location);
  if (wrong !== null) fail("onnx-external-path", [location, wrong], place);
  const offset = Number(entries.get("offset") ?? 0);
  const length = Number(entries.get("length") ?? needed);
  if (!Number.isSafeInteger(offset) || offset < 0)
    fail("onnx-external-path", [location, `has the offset "${entries.get("offset")}"`], place);
  if (length !== needed) fail("onnx-tensor-size", [needed, length, "bytes"], place);
  const bytes = readExternal(location, offset, needed) ?? fail("onnx-external-missing", [location], place);
  if (bytes.length < needed) fail("onnx-external-short", [location, offset, needed, bytes.length], place);
  return bytes.subarray(0, needed);
}

/** What is wrong with a path of external data; null when it stays inside the folder of the model. */
function wrongPath(location: string): string | null {
  if (location === "") return "is empty";
  if (/^[/\\]|^[A-Za-z]:/.test(location)) return "is absolute";
  if (location.split(/[/\\]/).includes("..")) return "leaves the folder of the model";
  return location.includes("\0") ? "holds a zero byte" : null;
}

/** Bytes of the message have no alignment, so plain numbers are copied and odd ones read through a view. All of our machines are little-endian. */
function fillRaw(into: Tensor["data"], bytes: Uint8Array, element: Element): void {
  if (element.decode === null && element.bits === bytesOf[element.dtype] * 8) {
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(bytes);
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  fill(into, element, (i) => {
    if (element.bits === 32) return view.getUint32(i * 4, true);
    if (element.bits === 16) return view.getUint16(i * 2, true);
    return packed(bytes, i, element.bits);
  });
}

/** Element i of elements of 2, 4 or 8 bits; the first one of a byte lies in its low bits. */
function packed(bytes: Uint8Array, i: number, bits: number): number {
  const perByte = 8 / bits;
  return (at(bytes, Math.floor(i / perByte)) >>> ((i % perByte) * bits)) & (2 ** bits - 1);
}

/** Elements of less than a byte are packed into bytes first, and the bytes stored one per int32. */
function checkTyped(t: TensorProto, count: number, element: Element, place: Place): void {
  const stored = element.bits < 8 ? Math.ceil((count * element.bits) / 8) : count;
  if (typedField(t).length !== stored) fail("onnx-tensor-size", [stored, typedField(t).length, "numbers"], place);
}

function fillTyped(into: Tensor["data"], t: TensorProto, element: Element): void {
  const field = typedField(t);
  if (element.bits < 8) {
    const bytes = Uint8Array.from(field as number[]);
    return fill(into, element, (i) => packed(bytes, i, element.bits));
  }
  if (into instanceof BigInt64Array) for (let i = 0; i < into.length; i++) into[i] = BigInt(at(field, i));
  else fill(into, element, (i) => Number(at(field, i)));
}

function fill(into: Tensor["data"], element: Element, raw: (index: number) => number): void {
  const decode = element.decode ?? ((x) => x);
  if (into instanceof BigInt64Array) for (let i = 0; i < into.length; i++) into[i] = BigInt(decode(raw(i)));
  else for (let i = 0; i < into.length; i++) into[i] = decode(raw(i));
}

/** The typed field that holds a type's elements (onnx.proto, comments of TensorProto). */
function typedField(t: TensorProto): readonly (number | bigint)[] {
  if (t.dataType === Kind.FLOAT) return t.floatData;
  if (t.dataType === Kind.DOUBLE) return t.doubleData;
  if (t.dataType === Kind.INT64) return t.int64Data;
  if (t.dataType === Kind.UINT64 || t.dataType === Kind.UINT32) return t.uint64Data;
  return t.int32Data;
}

/** Writes a sparse tensor out: values [n] at linear indices [n] or coordinates [n, rank], zero elsewhere. */
export function readSparse(t: SparseTensorProto, readExternal: ReadExternal, place: Place): Tensor {
  if (t.values === undefined || t.indices === undefined) return fail("onnx-tensor-size", [1, 0, "lists of values and indices"], place);
  const values = readTensor(t.values, readExternal, place);
  const indices = numbersOf(readTensor(t.indices, readExternal, place));
  const shape = t.dims.map(Number);
  if (!(sizeOf(shape) <= elementsMax)) fail("onnx-too-large", [sizeOf(shape), elementsMax], place);
  const data = make[values.dtype](sizeOf(shape));
  const count = values.data.length;
  const rank = count === 0 ? 1 : indices.length / count;
  if (rank !== 1 && rank !== shape.length) fail("onnx-tensor-size", [count * shape.length, indices.length, "indices"], place);
  for (let i = 0; i < count; i++) {
    let index = 0;
    for (let axis = 0; axis < rank; axis++) index = rank === 1 ? at(indices, i) : index * at(shape, axis) + at(indices, i * rank + axis);
    if (!(index >= 0 && index < data.length)) fail("onnx-tensor-size", [data.length, index, "elements"], place);
    (data as unknown as (number | bigint)[])[index] = at(values.data as ArrayLike<number | bigint>, i);
  }
  return { dtype: values.dtype, shape, data } as Tensor;
}
