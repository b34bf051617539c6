import { existsSync, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { fromBinary } from "@bufbuild/protobuf";
import { type TensorProto, TensorProtoSchema } from "onnx-buf";
import { extract } from "tar-stream";
import { numbersOf, type Tensor } from "../../compiler/base/tensor.ts";
import { readTensor } from "../../compiler/frontends/onnx/tensors.ts";

/* Files of the reference data beside the project, for the tests of the ONNX front end. */

const shared = new URL("../../../shared/", import.meta.url);

/** Path of a file of the reference data; null where the data is absent. */
export function sharedFile(path: string): string | null {
  const url = new URL(path, shared);
  return existsSync(url) ? url.pathname : null;
}

/** The files of a .tar.gz by path. */
export async function untar(file: string): Promise<Map<string, Uint8Array>> {
  const out = new Map<string, Uint8Array>();
  const archive = extract();
  Readable.from(gunzipSync(readFileSync(file))).pipe(archive);
  for await (const entry of archive) out.set(entry.header.name, await buffer(entry));
  return out;
}

export function protoOf(bytes: Uint8Array): TensorProto {
  return fromBinary(TensorProtoSchema, bytes);
}

export function tensorOf(bytes: Uint8Array): Tensor {
  return readTensor(protoOf(bytes), () => null, {});
}

/** The largest difference, as a fraction of the largest magnitude (at least 1); Infinity when shape or dtype differ. */
export function difference(got: Tensor, expected: Tensor): number {
  if (got.dtype !== expected.dtype || got.shape.join() !== expected.shape.join()) return Infinity;
  const [a, b] = [numbersOf(got), numbersOf(expected)];
  let worst = 0;
  let scale = 1;
  for (let i = 0; i < b.length; i++) {
    if (Object.is(a[i], b[i])) continue;
    const d = Math.abs((a[i] ?? 0) - (b[i] ?? 0));
    worst = Math.max(worst, Number.isNaN(d) ? Infinity : d);
    scale = Math.max(scale, Math.abs(b[i] ?? 0));
  }
  return worst / scale;
}
