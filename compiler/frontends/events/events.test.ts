import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { gzipSync, zipSync } from "fflate";
import { pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { type Diagnostic, Failure } from "../../base/diagnostic.ts";
import { f64, type Tensor, tensor } from "../../base/tensor.ts";
import { type Branch, writeHdf5 } from "../nir/hdf5.ts";
import type { DataFile } from "../data/records.ts";
import { formatOf } from "./formats.ts";
import { inMemory } from "./bytes.ts";
import { unLz4 } from "./lz4.ts";
import { framesOf, visitEvents } from "./recording.ts";
import { type Binning, type EventSource, openEvents } from "./samples.ts";

type Event = readonly [x: number, y: number, polarity: number, time: number];

const text = (s: string): number[] => [...new TextEncoder().encode(s)];
const u16 = (v: number): number[] => [v & 255, (v >>> 8) & 255];
const u32 = (v: number): number[] => [...u16(v & 0xffff), ...u16(v >>> 16)];
const u64 = (v: number): number[] => [...u32(v % 2 ** 32), ...u32(Math.floor(v / 2 ** 32))];
const file = (name: string, bytes: readonly number[]) => ({ name, bytes: Uint8Array.from(bytes) });
const nmnist = ([x, y, p, t]: Event): number[] => [x, y, (p << 7) | (t >>> 16), (t >>> 8) & 255, t & 255];

function eventsOf(name: string, bytes: readonly number[]): Event[] {
  const f = file(name, bytes);
  const out: Event[] = [];
  visitEvents(inMemory(f), formatOf(f) ?? expect.fail("no format"), (...e) => out.push(e));
  return out;
}

function refused(work: () => unknown): Diagnostic["code"][] {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error.diagnostics.map((d) => d.code);
    throw error;
  }
  return [];
}

describe("formats", () => {
  const events: Event[] = [
    [3, 1, 1, 100],
    [33, 20, 0, 70_000],
  ];

  it("N-MNIST, with the clock's overflow marks", () => {
    const mark = [0, 240, 0, 0, 0];
    expect(eventsOf("a.bin", [...nmnist(events[0] as Event), ...mark, ...nmnist(events[1] as Event)])).toEqual([
      [3, 1, 1, 100],
      [33, 20, 0, 70_000 + 8192],
    ]);
  });

  it("AEDAT 3.1: invalid events and other packets are left out", () => {
    const packet = (type: number, list: readonly number[][]): number[] => [
      ...u16(type),
      ...u16(0),
      ...u32(8),
      ...u32(4),
      ...u32(1),
      ...u32(list.length),
      ...u32(list.length),
      ...u32(list.length),
      ...list.flat(),
    ];
    const event = (valid: number, [x, y, p, t]: Event): number[] => [...u32(((x << 17) | (y << 2) | (p << 1) | valid) >>> 0), ...u32(t)];
    const bytes = [
      ...text("#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n"),
      ...packet(3, [event(1, [9, 9, 1, 1])]),
      ...packet(1, [event(1, [700, 5, 1, 7]), event(0, [1, 1, 1, 8]), event(1, [2, 3, 0, 9])]),
    ];
    expect(eventsOf("a.aedat", bytes)).toEqual([
      [700, 5, 1, 2 ** 31 + 7],
      [2, 3, 0, 2 ** 31 + 9],
    ]);
    expect(refused(() => eventsOf("a.aedat", bytes.slice(0, -5)))).toEqual(["events-cut"]);
  });

  it("EVT2: the time's upper bits go around", () => {
    const high = (v: number): number[] => u32(((8 << 28) | v) >>> 0);
    const event = (p: number, low: number, x: number, y: number): number[] => u32(((p << 28) | (low << 22) | (x << 11) | y) >>> 0);
    const bytes = [
      ...text("% evt 2.0\n% end\n"),
      ...event(1, 0, 1, 1),
      ...high(2 ** 28 - 1),
      ...event(1, 5, 1279, 719),
      ...high(0),
      ...event(0, 1, 2, 3),
    ];
    expect(eventsOf("a.raw", bytes)).toEqual([
      [1279, 719, 1, (2 ** 28 - 1) * 64 + 5],
      [2, 3, 0, 2 ** 28 * 64 + 1],
    ]);
    expect(refused(() => eventsOf("a.raw", bytes.slice(0, -1)))).toEqual(["events-cut"]);
  });

  it("EVT3: single events and vectors", () => {
    const word = (type: number, body: number): number[] => u16((type << 12) | body);
    const bytes = [
      ...text("% format EVT3;height=720;width=1280\n% end\n"),
      ...word(8, 2),
      ...word(6, 10),
      ...word(0, 40),
      ...word(2, 0x800 | 7),
      ...word(3, 100),
      ...word(4, 0b1001),
      ...word(5, 0b10),
    ];
    const t = 2 * 4096 + 10;
    expect(eventsOf("a.raw", bytes)).toEqual([
      [7, 40, 1, t],
      [100, 40, 0, t],
      [103, 40, 0, t],
      [113, 40, 0, t],
    ]);
  });

  it("Prophesee .dat and NumPy records", () => {
    const dat = [...text("% Data file\n% Version 2\n"), 12, 8, ...u32(55), ...u32(300 | (200 << 14) | (1 << 28))];
    expect(eventsOf("a.dat", dat)).toEqual([[300, 200, 1, 55]]);
    const header = "{'descr': [('t', '<i8'), ('x', '<u2'), ('y', '>u2'), ('p', '|b1')], 'fortran_order': False, 'shape': (1,), }\n";
    const npy = [0x93, ...text("NUMPY"), 1, 0, ...u16(header.length), ...text(header), ...u64(2 ** 33 + 1), ...u16(4), 1, 2, 1];
    expect(eventsOf("a.npy", npy)).toEqual([[4, 258, 1, 2 ** 33 + 1]]);
    expect(refused(() => eventsOf("a.npy", npy.slice(0, -1)))).toEqual(["events-cut"]);
    expect(refused(() => eventsOf("a.dat", [...text("% Data file\n"), 12, 16, ...u64(0)]))).toEqual(["events-malformed"]);
  });

  it("LZ4: literals, copies that overlap, stored blocks", () => {
    // 3 literals, then 9 bytes from 3 back; then a stored block.
    const packed = [(3 << 4) | 5, ...text("abc"), ...u16(3), 0x10, ...text("!")];
    const frame = [
      ...u32(0x184d2204),
      0x60,
      0x40,
      0x82,
      ...u32(packed.length),
      ...packed,
      ...u32((0x80000000 | 2) >>> 0),
      ...text("xy"),
      ...u32(0),
    ];
    expect(new TextDecoder().decode(unLz4(Uint8Array.from(frame)) ?? new Uint8Array())).toBe("abcabcabcabc!xy");
    expect(unLz4(Uint8Array.from(frame.slice(0, -6)))).toBeNull();
  });
});

function frames(f: DataFile, shape: readonly number[], steps: number, dt: number): Float32Array {
  return framesOf(inMemory(f), formatOf(f) ?? expect.fail("no format"), shape, steps, dt);
}

type Set = Pick<EventSource, "labels" | "only"> & { readonly files: readonly DataFile[] };

function open(set: Set, binning: Omit<Binning, "input">, classes: number | null) {
  return openEvents({ ...set, files: set.files.map(inMemory) }, { ...binning, input: "x" }, classes);
}

describe("decoding as bytes come", () => {
  const event4 = ([x, y, p, t]: Event): number[] => {
    return [...u64(t), ...u16(x), ...u16(y), p, 0, 0, 0];
  };
  const evt3Word = (type: number, body: number): number[] => u16((type << 12) | body);
  /** A flatbuffer of a table with one field. */
  const table = (field: readonly number[]): number[] => [...u32(12), ...u16(0), ...u16(6), ...u16(8), ...u16(4), ...u32(6), ...field];
  const npyText = "{'descr': [('x', '<i2'), ('y', '<i2'), ('t', '<i4'), ('p', '|u1')], 'fortran_order': False, 'shape': (2,), }\n";
  const big = (v: number): number[] => u32(v).reverse();
  const aedat4 = (how: number, pack: (plain: readonly number[]) => number[]): number[] => {
    const header = table(u32(how));
    const plain = packet4([event4([3, 1, 1, 100]), event4([33, 20, 0, 70_000])]);
    const packed = pack(plain);
    const other = pack(packet4([event4([1, 1, 1, 1])]).map((b, i) => (i === 8 ? 0x46 : b)));
    return [
      ...text("#!AER-DAT4.0\r\n"),
      ...u32(header.length),
      ...header,
      ...u32(1),
      ...u32(other.length),
      ...other,
      ...u32(0),
      ...u32(packed.length),
      ...packed,
    ];
  };
  /** The size, where the table is, the mark, what the table has, and the table: its field 0 is the list. */
  function packet4(events: readonly (readonly number[])[]): number[] {
    const description = [...u16(6), ...u16(8), ...u16(4), ...u16(0)];
    const list = [...u32(events.length), ...events.flat()];
    const body = [...u32(16), ...text("EVTS"), ...description, ...u32(8), ...u32(4), ...list];
    return [...u32(body.length), ...body];
  }
  /** A frame of one stored block. */
  const zstd = (plain: readonly number[]): number[] => {
    const head = (plain.length << 3) | 1;
    return [...u32(0xfd2fb528), 0x60, ...u16(plain.length - 256), head & 255, (head >> 8) & 255, head >> 16, ...plain];
  };
  const lz4 = (plain: readonly number[]): number[] => [
    ...u32(0x184d2204),
    0x60,
    0x40,
    0x82,
    ...u32((0x80000000 | plain.length) >>> 0),
    ...plain,
    ...u32(0),
  ];

  const recordings: readonly (readonly [name: string, bytes: readonly number[], events: readonly Event[]])[] = [
    [
      "a.bin",
      [...nmnist([3, 1, 1, 100]), 0, 240, 0, 0, 0, ...nmnist([33, 20, 0, 70_000])],
      [
        [3, 1, 1, 100],
        [33, 20, 0, 78_192],
      ],
    ],
    [
      "dvs128.aedat",
      [
        ...text("#!AER-DAT2.0\r\n# AEChip: ch.unizh.ini.jaer.chip.retina.DVS128\r\n"),
        ...big((5 << 8) | (7 << 1)),
        ...big(9),
        ...big(0x8000),
        ...big(10),
        ...big((127 << 8) | 0xff),
        ...big(11),
      ],
      [
        [7, 5, 1, 9],
        [127, 127, 0, 11],
      ],
    ],
    [
      "davis.aedat",
      [
        ...text("#!AER-DAT2.0\r\n# AEChip: eu.seebetter.ini.chips.davis.Davis346B\r\n#End Of ASCII Header\r\n"),
        ...big(((0x8c << 22) | (345 << 12) | (1 << 11)) >>> 0),
        ...big(9),
        ...big(0x80000000),
        ...big(10),
        ...big(0x400),
        ...big(10),
        ...big((259 << 22) | (2 << 12)),
        ...big(11),
      ],
      [
        [345, 140, 1, 9],
        [2, 259, 0, 11],
      ],
    ],
    [
      "a.aedat",
      [
        ...text("#!AER-DAT3.1\r\n#!END-HEADER\r\n"),
        ...u16(1),
        ...u16(0),
        ...u32(8),
        ...u32(4),
        ...u32(0),
        ...u32(3),
        ...u32(2),
        ...u32(2),
        ...u32(((700 << 17) | (5 << 2) | 3) >>> 0),
        ...u32(7),
        ...u32((2 << 17) | (3 << 2) | 1),
        ...u32(9),
        ...u64(0),
      ],
      [
        [700, 5, 1, 7],
        [2, 3, 0, 9],
      ],
    ],
    [
      "plain.aedat4",
      aedat4(0, (p) => [...p]),
      [
        [3, 1, 1, 100],
        [33, 20, 0, 70_000],
      ],
    ],
    [
      "lz4.aedat4",
      aedat4(1, lz4),
      [
        [3, 1, 1, 100],
        [33, 20, 0, 70_000],
      ],
    ],
    [
      "a.raw",
      [...text("% evt 2.0\n% end\n"), ...u32((8 << 28) >>> 0), ...u32(((1 << 28) | (5 << 22) | (9 << 11) | 4) >>> 0)],
      [[9, 4, 1, 5]],
    ],
    [
      "b.raw",
      [
        ...text("% evt 3.0\n% end\n"),
        ...evt3Word(8, 1),
        ...evt3Word(6, 3),
        ...evt3Word(0, 4),
        ...evt3Word(3, 10),
        ...evt3Word(4, 0b101),
        ...evt3Word(5, 1),
      ],
      [
        [10, 4, 0, 4099],
        [12, 4, 0, 4099],
        [22, 4, 0, 4099],
      ],
    ],
    ["a.dat", [...text("% Version 2\n"), 12, 8, ...u32(55), ...u32(300 | (200 << 14) | (1 << 28))], [[300, 200, 1, 55]]],
    [
      "a.npy",
      [
        0x93,
        ...text("NUMPY"),
        1,
        0,
        ...u16(npyText.length),
        ...text(npyText),
        ...u16(4),
        ...u16(2),
        ...u32(9),
        1,
        ...u16(5),
        ...u16(3),
        ...u32(10),
        0,
      ],
      [
        [4, 2, 1, 9],
        [5, 3, 0, 10],
      ],
    ],
  ];

  it.each(recordings)("%s: any cut of the bytes gives the same events", (name, bytes, events) => {
    expect(eventsOf(name, bytes)).toEqual(events);
    const cuts = fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, (at) => {
        expect(inPieces(name, bytes, at)).toEqual(events);
      }),
      { numRuns: 60 },
    );
    expect(
      inPieces(
        name,
        bytes,
        Array.from(bytes, (_, i) => i),
      ),
    ).toEqual(events);
  });

  it.each(recordings)("%s: cut short, it is refused or gives the first events", (name, bytes, events) => {
    let refusals = 0;
    for (let length = startOfEvents(bytes); length < bytes.length; length++) {
      const codes = refused(() => expect(events.join()).toContain(eventsOf(name, bytes.slice(0, length)).join()));
      if (codes.length > 0) refusals++;
      expect(["", "events-cut", "events-malformed"]).toContain(codes.join());
    }
    expect(refusals).toBeGreaterThan(0);
  });

  it("AEDAT 4 with Zstandard; what is no such frame is refused", () => {
    const long = (p: readonly number[]): number[] => zstd([...p, ...new Array<number>(300).fill(0)]);
    expect(eventsOf("a.aedat4", aedat4(3, long))).toEqual([
      [3, 1, 1, 100],
      [33, 20, 0, 70_000],
    ]);
    expect(refused(() => eventsOf("a.aedat4", aedat4(3, lz4)))).toEqual(["events-malformed"]);
    expect(refused(() => eventsOf("a.aedat4", aedat4(7, lz4)))).toEqual(["events-malformed"]);
  });

  it("AEDAT 2 of a chip whose addresses are not known is refused", () => {
    const other = [...text("#!AER-DAT2.0\r\n# AEChip: ch.unizh.ini.jaer.chip.cochlea.CochleaAMS1c\r\n"), ...big(1), ...big(1)];
    expect(refused(() => eventsOf("a.aedat", other))).toEqual(["events-malformed"]);
  });

  /** Where the first event of any of them can be cut. */
  function startOfEvents(bytes: readonly number[]): number {
    return bytes.lastIndexOf(0x0a) + 1;
  }

  /** As pieces whose memory is overwritten once they were given. */
  function inPieces(name: string, bytes: readonly number[], cuts: readonly number[]): Event[] {
    const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
    const memory = new Uint8Array(bytes.length);
    const source = {
      name,
      *chunks() {
        for (let i = 1; i < places.length; i++) {
          const piece = bytes.slice(places[i - 1], places[i]);
          memory.set(piece);
          yield memory.subarray(0, piece.length);
          memory.fill(0xa5);
        }
      },
    };
    const out: Event[] = [];
    const format = formatOf(file(name, bytes)) ?? expect.fail("no format");
    visitEvents(source, format, (...e) => out.push(e));
    return out;
  }
});

describe("archives", () => {
  const [a, b] = [file("a.bin", nmnist([0, 0, 0, 5])), file("b.bin", nmnist([1, 0, 1, 7]))];
  const labels = file("labels.csv", text("file,label\na.bin,0\nb.bin,1\n"));
  const binning = { shape: [2, 1, 2], steps: 1, dt: 1e-3 };

  async function tar(files: readonly DataFile[]): Promise<Uint8Array> {
    const archive = pack();
    for (const f of files) archive.entry({ name: f.name }, Buffer.from(f.bytes));
    archive.finalize();
    return new Uint8Array(await buffer(archive));
  }

  it("tar, tar.gz, zip and gzip give their members one by one, in any order, any number of times", async () => {
    const members = [a, labels, b].map((f) => ({ ...f, name: `set/${f.name}` }));
    const plain = await tar(members);
    const archives = [
      file("s.tar", [...plain]),
      file("s.tar.gz", [...gzipSync(plain)]),
      file("s.zip", [...zipSync(Object.fromEntries(members.map((f) => [f.name, f.bytes])))]),
    ];
    for (const archive of archives) {
      const set = await open({ files: [archive], labels: null, only: null }, binning, 2);
      expect([set.count, set.name(1), set.label(1)]).toEqual([2, "set/b.bin", 1]);
      for (const i of [1, 0, 0, 1]) expect([...set.sample(i)]).toEqual(i === 0 ? [1, 0, 0, 0] : [0, 0, 0, 1]);
    }
    const gz = file("a.bin.gz", [...gzipSync(a.bytes)]);
    const one = await open({ files: [gz], labels: null, only: null }, binning, 2);
    expect([one.name(0), ...one.sample(0)]).toEqual(["a.bin", 1, 0, 0, 0]);
  });

  it("are refused when they are damaged or cut", async () => {
    const packed = [...gzipSync(await tar([a, b]))];
    const flipped = packed.map((v, i) => (i === packed.length - 6 ? v ^ 1 : v));
    const zip = [...zipSync({ "a.bin": a.bytes })];
    for (const f of [
      file("s.tgz", packed.slice(0, -20)),
      file("s.tgz", flipped),
      file("s.tar", [...(await tar([a, b]))].slice(0, 700)),
      file("a.bin.gz", [...gzipSync(a.bytes)].slice(0, -3)),
      file("s.zip", zip.slice(0, 40)),
    ])
      await expect(open({ files: [f], labels: null, only: null }, binning, 2)).rejects.toThrow("data-malformed");
  });
});

describe("NIRData", () => {
  const group = (
    children: Readonly<Record<string, Branch | Tensor>>,
    attributes: Readonly<Record<string, string | number>> = {},
  ): Branch => ({
    kind: "branch",
    attributes: new Map(Object.entries(attributes)),
    children: new Map(Object.entries(children).map(([k, v]) => [k, "kind" in v ? v : { kind: "leaf", value: v }])),
  });
  const graph = (nodes: Readonly<Record<string, Branch>>) => group({ nodes: group(nodes) }, { __type__: "NIRGraphData" });
  const node = (observables: Readonly<Record<string, Branch>>) => group({ observables: group(observables) }, { __type__: "NIRNodeData" });
  const grid = group({ data: f64([2, 3, 2], [1, 0, 0, 0, 0, 1, 0, 1, 0, 2, 0, 0]) }, { __type__: "TimeGriddedData", dt: 1e-3 });
  const list = (idx: readonly number[], time: readonly number[]) =>
    group(
      { idx: tensor("i64", [1, idx.length], BigInt64Array.from(idx, BigInt)), time: f64([1, time.length], time) },
      { __type__: "EventData", n_neurons: 2, t_max: 0.01 },
    );

  async function opened(root: Branch, steps = 3, dt = 1e-3) {
    return open({ files: [{ name: "d.nir", bytes: await writeHdf5(root) }], labels: null, only: null }, { shape: [2], steps, dt }, 2);
  }

  it("gives a recording for each sample of the input's node, from grids and from lists", async () => {
    const set = await opened(graph({ x: node({ spikes: grid, v: list([0], [0]) }), lif: node({ spikes: list([0], [0]) }) }));
    expect([set.count, set.name(1), [...set.sample(0)], [...set.sample(1)]]).toEqual([
      2,
      "d.nir[1]",
      [1, 0, 0, 0, 0, 1],
      [0, 1, 0, 2, 0, 0],
    ]);
    // Other steps than the data's: the first holds its steps 0 and 1.
    expect([...(await opened(graph({ x: node({ spikes: grid }) }), 2, 2e-3)).sample(1)]).toEqual([0, 3, 0, 0]);
    const events = await opened(graph({ other: node({ anything: list([1, 0, -1], [0.003, 0.0011, Infinity]) }) }), 4);
    expect([...events.sample(0)]).toEqual([0, 0, 1, 0, 0, 0, 0, 1]);
  });

  it("is refused when it is not the network's, or no events", async () => {
    await expect(opened(graph({ a: node({ spikes: grid }), b: node({ spikes: grid }) }))).rejects.toThrow("events-malformed");
    await expect(opened(graph({ x: node({}) }))).rejects.toThrow("events-malformed");
    await expect(opened(group({ nodes: group({}) }))).rejects.toThrow("events-malformed");
    for (const [bad, code] of [
      [list([2], [0]), "events-outside"],
      [list([0], [-1]), "events-malformed"],
      [group({ data: f64([1, 1, 2], [0.5, 0]) }, { __type__: "TimeGriddedData", dt: 1e-3 }), "events-malformed"],
      [group({ data: f64([1, 1, 3], [1, 0, 0]) }, { __type__: "TimeGriddedData", dt: 1e-3 }), "data-shape"],
    ] as const) {
      const set = await opened(graph({ x: node({ spikes: bad }) }));
      expect(refused(() => set.sample(0))).toEqual([code]);
    }
  });
});

describe("frames", () => {
  const recording = (...events: Event[]) => file("a.bin", events.flatMap(nmnist));

  it("cut time into steps after the first event, count, and leave out what comes later", () => {
    const counts = frames(
      recording([0, 0, 0, 1000], [1, 0, 1, 1999], [1, 0, 1, 1999], [1, 1, 0, 2000], [0, 1, 1, 3000]),
      [2, 2, 2],
      2,
      1e-3,
    );
    expect([...counts]).toEqual([1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    // One channel takes both polarities.
    expect([...frames(recording([0, 0, 0, 0], [0, 0, 1, 1]), [1, 1, 1], 1, 1e-3)]).toEqual([2]);
  });

  it.each([
    ["an event outside the sensor", "events-outside", recording([2, 0, 0, 1])],
    ["time that runs backwards", "events-backwards", recording([0, 0, 0, 5], [0, 0, 0, 4])],
    ["a cut in the middle of an event", "events-cut", file("a.bin", [0, 0, 0])],
  ] as const)("refuse %s", (_, code, f) => {
    expect(refused(() => frames(f, [2, 2, 2], 1, 1e-3))).toEqual([code]);
  });

  it("take labels by name, and a part of them by a column", async () => {
    const table = file("labels.csv", text("file,label,split\nb.bin,1,test\na.bin,0,train\n"));
    const files = [file("set/a.bin", nmnist([0, 0, 0, 0])), file("set/b.bin", nmnist([1, 0, 1, 0])), table];
    const binning = { shape: [2, 1, 2], steps: 1, dt: 1e-3 };
    const all = await open({ files, labels: null, only: null }, binning, 2);
    expect([all.count, all.label(0), all.label(1)]).toEqual([2, 0, 1]);
    const part = await open({ files, labels: null, only: { column: "split", value: "test" } }, binning, 2);
    expect([part.count, part.name(0), [...part.sample(0)]]).toEqual([1, "set/b.bin", [0, 0, 0, 1]]);
    const odd = [file("a.xyz", [1, 2, 3, 4])];
    await expect(open({ files: odd, labels: null, only: null }, binning, 2)).rejects.toThrow("events-unknown");
    await expect(open({ files, labels: null, only: null }, { ...binning, dt: 0 }, 2)).rejects.toThrow("events-step");
    await expect(open({ files, labels: null, only: null }, binning, 1)).rejects.toThrow("label-range");
    const wrong = file("l.csv", text("file,label\na.bin,seven\n"));
    await expect(open({ files, labels: wrong, only: null }, binning, 2)).rejects.toThrow("events-labels");
  });
});
