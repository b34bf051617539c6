import { describe, expect, it } from "vitest";
import { type Diagnostic, Failure } from "../../base/diagnostic.ts";
import { formatOf } from "./formats.ts";
import { unLz4 } from "./lz4.ts";
import { framesOf } from "./recording.ts";
import { openEvents } from "./samples.ts";

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
  const format = formatOf(f) ?? expect.fail("no format");
  format.visit(f, (...e) => out.push(e));
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

describe("frames", () => {
  const recording = (...events: Event[]) => file("a.bin", events.flatMap(nmnist));

  it("cut time into steps after the first event, count, and leave out what comes later", () => {
    const frames = framesOf(
      recording([0, 0, 0, 1000], [1, 0, 1, 1999], [1, 0, 1, 1999], [1, 1, 0, 2000], [0, 1, 1, 3000]),
      [2, 2, 2],
      2,
      1e-3,
    );
    expect([...frames]).toEqual([1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    // One channel takes both polarities.
    expect([...framesOf(recording([0, 0, 0, 0], [0, 0, 1, 1]), [1, 1, 1], 1, 1e-3)]).toEqual([2]);
  });

  it.each([
    ["an event outside the sensor", "events-outside", recording([2, 0, 0, 1])],
    ["time that runs backwards", "events-backwards", recording([0, 0, 0, 5], [0, 0, 0, 4])],
    ["a cut in the middle of an event", "events-cut", file("a.bin", [0, 0, 0])],
    ["an unknown format", "events-unknown", file("a.xyz", [1, 2, 3, 4])],
  ] as const)("refuse %s", (_, code, f) => {
    expect(refused(() => framesOf(f, [2, 2, 2], 1, 1e-3))).toEqual([code]);
  });

  it("take labels by name, and a part of them by a column", async () => {
    const table = file("labels.csv", text("file,label,split\nb.bin,1,test\na.bin,0,train\n"));
    const files = [file("set/a.bin", nmnist([0, 0, 0, 0])), file("set/b.bin", nmnist([1, 0, 1, 0])), table];
    const binning = { shape: [2, 1, 2], steps: 1, dt: 1e-3 };
    const all = await openEvents({ files, labels: null, only: null }, binning, 2);
    expect([all.count, all.label(0), all.label(1)]).toEqual([2, 0, 1]);
    const part = await openEvents({ files, labels: null, only: { column: "split", value: "test" } }, binning, 2);
    expect([part.count, part.name(0), [...part.sample(0)]]).toEqual([1, "set/b.bin", [0, 0, 0, 1]]);
    await expect(openEvents({ files, labels: null, only: null }, { ...binning, dt: 0 }, 2)).rejects.toThrow("events-step");
    await expect(openEvents({ files, labels: null, only: null }, binning, 1)).rejects.toThrow("label-range");
    const wrong = file("l.csv", text("file,label\na.bin,seven\n"));
    await expect(openEvents({ files, labels: wrong, only: null }, binning, 2)).rejects.toThrow("events-labels");
  });
});
