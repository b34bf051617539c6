import { deflateSync, gzipSync } from "node:zlib";
import { encode } from "fast-png";
import { zipSync } from "fflate";
import { pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { Failure } from "../base/diagnostic.ts";
import type { DataFile } from "./data/records.ts";
import { openSamples, type Preprocessing, type SampleSource, unprocessed } from "./samples.ts";

const text = (s: string): Uint8Array => new TextEncoder().encode(s);

function idx(type: number, dims: readonly number[], data: readonly number[]): Uint8Array {
  const head = dims.flatMap((d) => [d >> 24, (d >> 16) & 255, (d >> 8) & 255, d & 255]);
  return Uint8Array.from([0, 0, type, dims.length, ...head, ...data]);
}

function npy(descr: string, shape: string, data: ArrayBufferView, options: { fortran?: boolean; version?: number } = {}): Uint8Array {
  const version = options.version ?? 1;
  const head = text(`{'descr': '${descr}', 'fortran_order': ${options.fortran ? "True" : "False"}, 'shape': (${shape}), }\n`);
  const length = version === 1 ? [head.length & 255, head.length >> 8] : [head.length & 255, head.length >> 8, 0, 0];
  const body = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Uint8Array.from([0x93, ...text("NUMPY"), version, 0, ...length, ...head, ...body]);
}

async function tar(files: readonly DataFile[]): Promise<Uint8Array> {
  const archive = pack();
  for (const f of files) archive.entry({ name: f.name }, f.bytes);
  archive.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of archive as AsyncIterable<Uint8Array>) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}

/** Two pixels of a palette of two colours, (9,8,7) and (6,5,4), at 8 bits; written by hand since the library writes none. */
function indexedPng(): Uint8Array {
  const chunk = (type: string, body: readonly number[]): Buffer => {
    const typed = Buffer.concat([Buffer.from(type), Buffer.from(body)]);
    const frame = Buffer.alloc(8 + typed.length);
    frame.writeUInt32BE(body.length, 0);
    typed.copy(frame, 4);
    frame.writeUInt32BE(crc32(typed), 4 + typed.length);
    return frame;
  };
  return new Uint8Array(
    Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
      chunk("IHDR", [0, 0, 0, 2, 0, 0, 0, 1, 8, 3, 0, 0, 0]),
      chunk("PLTE", [9, 8, 7, 6, 5, 4]),
      chunk("IDAT", [...deflateSync(Uint8Array.of(0, 0, 1))]),
      chunk("IEND", []),
    ]),
  );
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const b of bytes) {
    crc ^= b;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function one(name: string, bytes: Uint8Array, labels?: DataFile): SampleSource {
  return { files: [{ name, bytes }], labels: labels ?? null };
}

const raw = (type: "int8" | "uint8" | "float32", over: Partial<Preprocessing> = {}): Preprocessing => ({
  ...unprocessed,
  raw: { type, shape: null, zeroPoint: 0, scale: 1 },
  ...over,
});

async function code(source: SampleSource, p: Preprocessing, shape: readonly number[], classes: number | null = null): Promise<string> {
  try {
    const set = await openSamples(source, p, shape, classes);
    for (let i = 0; i < set.count; i++) set.sample(i);
  } catch (e) {
    if (e instanceof Failure) return e.diagnostics.map((d) => d.code).join();
    throw e;
  }
  return "none";
}

describe("samples", () => {
  it("reads IDX images and labels, gzipped too, with value = (pixel * scale - mean) / std", async () => {
    const images = gzipSync(idx(8, [2, 2, 2], [0, 255, 51, 102, 1, 2, 3, 4]));
    const labels = { name: "labels.gz", bytes: gzipSync(idx(8, [2], [7, 3])) };
    const set = await openSamples(
      one("images.gz", images, labels),
      { ...unprocessed, scale: 1 / 255, mean: [0.5], std: [0.25] },
      [1, 2, 2],
      10,
    );
    expect(set.count).toBe(2);
    expect([...set.sample(0)]).toEqual([-2, 2, -1.2, -0.4].map(Math.fround));
    expect([set.label(0), set.label(1)]).toEqual([7, 3]);
    expect([...(await openSamples(one("x", images), unprocessed, [4])).sample(1)]).toEqual([1, 2, 3, 4]);
  });

  it("reads CIFAR records with their labels, for models with channels first or last", async () => {
    const record = (label: number): number[] => [label, ...Array.from({ length: 3072 }, (_, i) => Math.floor(i / 1024) * 100 + (i % 7))];
    const bytes = Uint8Array.from([...record(4), ...record(9)]);
    const mean = { ...unprocessed, mean: [0, 100, 200] };
    const first = await openSamples(one("batch.bin", bytes), mean, [3, 32, 32], 10);
    expect([first.count, first.label(0), first.label(1)]).toEqual([2, 4, 9]);
    expect([0, 1024, 2049].map((i) => first.sample(1)[i])).toEqual([0, 1024 % 7, 2049 % 7]);
    const last = await openSamples(one("batch.bin", bytes), mean, [32, 32, 3], 10);
    expect([0, 1, 2, 5].map((i) => last.sample(0)[i])).toEqual([0, 1024 % 7, 2048 % 7, 2049 % 7]);
    const fine = await openSamples(one("c100.bin", Uint8Array.from([19, ...record(99)])), unprocessed, [3, 32, 32], 100);
    expect(fine.label(0)).toBe(99);
  });

  it("reads .npy of every element type, byte order, index order and header version", async () => {
    const values = [1, 2, 3, 4, 5, 6];
    const arrays: readonly [string, ArrayBufferView][] = [
      ["|b1", Uint8Array.of(1, 1, 0, 1, 0, 1)],
      ["|i1", Int8Array.from(values)],
      ["|u1", Uint8Array.from(values)],
      ["<i2", Int16Array.from(values)],
      ["<u4", Uint32Array.from(values)],
      ["<i8", BigInt64Array.from(values.map(BigInt))],
      ["<f2", Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600)],
      ["<f4", Float32Array.from(values)],
      ["<f8", Float64Array.from(values)],
    ];
    for (const [descr, data] of arrays) {
      const set = await openSamples(one("a.npy", npy(descr, "2, 3", data)), unprocessed, [3]);
      expect([...set.sample(1)], descr).toEqual(descr === "|b1" ? [1, 0, 1] : [4, 5, 6]);
    }
    const big = npy(">u2", "2, 3", Uint8Array.of(0, 1, 0, 2, 0, 3, 1, 0, 0, 5, 0, 6), { version: 2 });
    expect([...(await openSamples(one("a", big), unprocessed, [3])).sample(1)]).toEqual([256, 5, 6]);
    const fortran = npy("<f4", "2, 1, 3", Float32Array.from([1, 4, 2, 5, 3, 6]), { fortran: true, version: 3 });
    expect([...(await openSamples(one("a", fortran), unprocessed, [1, 3])).sample(1)]).toEqual([4, 5, 6]);
  });

  it("arranges arrays with channels last as the model's shape or --layout says", async () => {
    const data = Float32Array.from({ length: 12 }, (_, i) => i);
    const set = await openSamples(one("a.npy", npy("<f4", "1, 2, 3, 2", data)), { ...unprocessed, mean: [0, 1] }, [2, 2, 3]);
    expect([...set.sample(0)]).toEqual([0, 2, 4, 6, 8, 10, 0, 2, 4, 6, 8, 10]);
    const square = npy("<f4", "1, 2, 2, 2", Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7]));
    expect([...(await openSamples(one("a", square), { ...unprocessed, layout: "nhwc" }, [2, 2, 2])).sample(0)]).toEqual([
      0, 2, 4, 6, 1, 3, 5, 7,
    ]);
    expect([...(await openSamples(one("a", square), unprocessed, [2, 2, 2])).sample(0)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("chooses samples and labels in an .npz by shape and name", async () => {
    const bytes = zipSync({
      "x_test.npy": npy("|u1", "2, 3", Uint8Array.of(1, 2, 3, 4, 5, 6)),
      "y_test.npy": npy("<i8", "2,", BigInt64Array.of(1n, 0n)),
      "weights.npy": npy("<f4", "5, 2", new Float32Array(10)),
    });
    const set = await openSamples(one("d.npz", bytes), unprocessed, [3], 2);
    expect([[...set.sample(1)], set.label(0), set.label(1)]).toEqual([[4, 5, 6], 1, 0]);
    const both = zipSync({ "x_a.npy": npy("|u1", "1, 3", Uint8Array.of(1, 2, 3)), "x_b.npy": npy("|u1", "1, 3", Uint8Array.of(4, 5, 6)) });
    expect(await code(one("d.npz", both), unprocessed, [3])).toBe("data-array-choice");
    expect([...(await openSamples({ ...one("d.npz", both), array: "x_b" }, unprocessed, [3])).sample(0)]).toEqual([4, 5, 6]);
  });

  it("reads raw numbers from one file, several files, and a tar, and matches labels by file name", async () => {
    const spec = raw("int8", { raw: { type: "int8", shape: [2, 1], zeroPoint: 83, scale: 0.5 } });
    const bytes = new Uint8Array(Int8Array.of(83, 85, -17, 127).buffer);
    const set = await openSamples(one("all.bin", bytes), spec, [1, 2, 1]);
    expect([set.count, ...set.sample(0), ...set.sample(1)]).toEqual([2, 0, 1, -50, 22]);
    const files = [
      { name: "clips/b.bin", bytes: bytes.subarray(2) },
      { name: "clips/a.bin", bytes: bytes.subarray(0, 2) },
    ];
    const labels = { name: "y.csv", bytes: text("file,classes,class\na.bin,12,7\nb.bin,12,11\nc.bin,12,1\n") };
    for (const source of [files, [{ name: "kws.tar", bytes: await tar(files) }]]) {
      const tarred = await openSamples({ files: source, labels }, spec, [2], 12);
      expect([tarred.count, ...tarred.sample(0), tarred.label(0), tarred.label(1)]).toEqual([2, -50, 22, 11, 7]);
    }
    const floats = new Uint8Array(Float32Array.of(0.25, -8).buffer);
    expect([...(await openSamples(one("f", floats), raw("float32"), [2])).sample(0)]).toEqual([0.25, -8]);
  });

  it("reads folders of PNG: gray, RGB, palette, 16 bits; class folders are labels", async () => {
    const rgb = encode({ width: 2, height: 1, channels: 3, depth: 8, data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    const set = await openSamples(
      {
        files: [
          { name: "dog/1.png", bytes: rgb },
          { name: "cat/2.png", bytes: rgb },
          { name: "README.md", bytes: text("#") },
        ],
      },
      unprocessed,
      [3, 1, 2],
      2,
    );
    expect([set.name(0), set.label(0), set.label(1)]).toEqual(["cat/2.png", 0, 1]);
    expect([...set.sample(0)]).toEqual([1, 4, 2, 5, 3, 6]);
    const rgba = encode({ width: 1, height: 1, channels: 4, depth: 8, data: Uint8Array.of(9, 8, 7, 255) });
    expect([...(await openSamples(one("a.png", rgba), unprocessed, [3, 1, 1])).sample(0)]).toEqual([9, 8, 7]);
    const clear = encode({ width: 1, height: 1, channels: 2, depth: 8, data: Uint8Array.of(9, 1) });
    expect(await code(one("a.png", clear), unprocessed, [1, 1, 1])).toBe("data-malformed");
    const bits = encode({ width: 3, height: 2, channels: 1, depth: 1, data: Uint8Array.of(0b10100000, 0b01000000) });
    expect([...(await openSamples(one("a.png", bits), unprocessed, [1, 2, 3])).sample(0)]).toEqual([1, 0, 1, 0, 1, 0]);
    const palette = await openSamples(one("a.png", indexedPng()), unprocessed, [3, 1, 2]);
    expect([...palette.sample(0)]).toEqual([9, 6, 8, 5, 7, 4]);
    const deep = encode({ width: 2, height: 1, channels: 1, depth: 16, data: Uint16Array.of(65535, 256) });
    expect([...(await openSamples(one("a.png", deep), unprocessed, [2])).sample(0)]).toEqual([65535, 256]);
  });

  it("tells each kind of bad data apart", async () => {
    const images = idx(8, [2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7]);
    const source = one("x", images);
    const list = (n: number): DataFile => ({ name: "y.txt", bytes: text(Array.from({ length: n }, (_, i) => `${i}\n`).join("")) });
    const found = {
      shape: await code(source, unprocessed, [1, 3, 3]),
      cut: await code(one("x", images.subarray(0, 20)), unprocessed, [4]),
      header: await code(one("x", images.subarray(0, 9)), unprocessed, [4]),
      empty: await code(one("x", idx(8, [0, 2, 2], [])), unprocessed, [4]),
      nothing: await code({ files: [] }, unprocessed, [4]),
      unknown: await code(one("x", text("hello")), unprocessed, [4]),
      magic: await code({ ...one("x", text("hello world")), format: "idx" }, unprocessed, [4]),
      notPng: await code({ ...source, format: "png" }, unprocessed, [4]),
      gzip: await code(one("x.gz", gzipSync(images).subarray(0, 20)), unprocessed, [4]),
      raw: await code(one("x", images), raw("float32"), [5]),
      strings: await code(one("x", npy("<U4", "2,", new Uint8Array(32))), unprocessed, [1]),
      mixed: await code(
        {
          files: [
            { name: "a", bytes: images },
            { name: "b", bytes: npy("|u1", "1, 4", new Uint8Array(4)) },
          ],
        },
        unprocessed,
        [4],
      ),
      channels: await code(source, { ...unprocessed, mean: [1, 2, 3] }, [1, 2, 2]),
      zeroStd: await code(source, { ...unprocessed, std: [0] }, [1, 2, 2]),
      nan: await code(one("x", npy("<f4", "1, 2", Float32Array.of(1, Number.NaN))), unprocessed, [2]),
      labels: await code({ ...source, labels: list(3) }, unprocessed, [4]),
      range: await code({ ...source, labels: list(2) }, unprocessed, [4], 1),
      syntax: await code({ ...source, labels: { name: "y", bytes: text("1\ncat\n") } }, unprocessed, [4]),
      unnamed: await code(
        { files: [{ name: "a", bytes: images.subarray(0, 4) }], labels: { name: "y", bytes: text("b,1\nc,2\n") } },
        raw("uint8"),
        [4],
      ),
    };
    expect(found).toEqual({
      shape: "data-shape",
      cut: "data-truncated",
      header: "data-truncated",
      empty: "data-empty",
      nothing: "data-empty",
      unknown: "data-format-unknown",
      magic: "data-malformed",
      notPng: "data-malformed",
      gzip: "data-malformed",
      raw: "data-truncated",
      strings: "data-dtype",
      mixed: "data-mixed",
      channels: "data-channels",
      zeroStd: "data-preprocessing",
      nan: "data-not-finite",
      labels: "labels-length",
      range: "label-range",
      syntax: "labels-syntax",
      unnamed: "labels-unnamed",
    });
  });
});
