import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Failure } from "../../compiler/base/diagnostic.ts";
import { compareLogs } from "./compare.ts";
import { eventFileFormat, readEvents, writeEvents } from "./events.ts";
import { parseLog, printLog } from "./log.ts";
import { marchOps } from "./march.ts";
import { cHeader, readmemh, tapeJson } from "./render.ts";
import { parseTape, printTape } from "./text.ts";
import type { LogEntry, TapeOp } from "./types.ts";
import { tapeWord } from "./word.ts";

const count = fc.nat({ max: 2 ** 31 });
const wordOf = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(tapeWord);
const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);

const entry: fc.Arbitrary<LogEntry> = fc.oneof(
  fc.record({ kind: fc.constant("spike" as const), cycle: count, word: wordOf }),
  fc.record({ kind: fc.constant("mark" as const), cycle: count, id: count }),
  fc.record({ kind: fc.constant("read" as const), cycle: count, space: count, address: count, value: wordOf }),
  fc.record({ kind: fc.constant("pin" as const), cycle: count, name, value: count }),
);
const op: fc.Arbitrary<TapeOp> = fc.oneof(
  fc.record({ op: fc.constant("write" as const), space: count, address: count, data: wordOf, mask: count }),
  fc.record({ op: fc.constant("read" as const), space: count, address: count, expect: fc.option(wordOf) }),
  fc.record({ op: fc.constant("event" as const), word: wordOf }),
  fc.record({ op: fc.constant("pin" as const), name, value: count }),
  fc.record({ op: fc.constantFrom("wait" as const, "quiet" as const), cycles: count }),
  fc.record({ op: fc.constant("mark" as const), id: count }),
  fc.record({ op: fc.constantFrom("tick" as const, "reset" as const) }),
);

function codesOf(work: () => unknown): readonly string[] {
  try {
    work();
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.diagnostics.map((d) => `${d.code} ${d.at}`);
  }
}

describe("text forms", () => {
  it("a log reads back as what was printed", () => {
    fc.assert(
      fc.property(fc.array(entry), (list) => {
        const log: LogEntry[] = [...list, { kind: "end", cycle: 9, errors: 0 }];
        expect(parseLog(printLog(log), "log")).toEqual(log);
      }),
    );
  });

  it("a tape reads back as what was printed", () => {
    fc.assert(
      fc.property(fc.array(op), (tape) => {
        expect(parseTape(printTape(tape), "tape")).toEqual(tape);
      }),
    );
  });

  it("a log may hold a simulator's own lines and comments", () => {
    const text = "VCD info: dumpfile x\nM 0 5\n\n# a note\nS 10 1f # here\n- bench.v:12: Verilog $finish\nE 20 0\n";
    expect(parseLog(text, "log").map((e) => e.kind)).toEqual(["mark", "spike", "end"]);
  });

  it("says which lines of a log cannot be read", () => {
    expect(codesOf(() => parseLog("M 0 5\nS ten 1f\nS 10 zz\nR 3 0 1 xx\nS 4 1 2\nE 9 0\n", "log"))).toEqual([
      "log-syntax log:2",
      "log-syntax log:3",
      "log-syntax log:4",
      "log-syntax log:5",
    ]);
    expect(codesOf(() => parseLog("hello\n", "log"))).toEqual(["log-empty null"]);
    expect(codesOf(() => parseLog("M 0 5\nS 10 1\n", "log"))).toEqual(["log-cut log"]);
  });

  it("says which lines of a tape cannot be read", () => {
    expect(codesOf(() => parseTape("mark 1\njump 3\nwrite 1 2\nread 0 0 12345678901234567\n", "tape"))).toEqual([
      "tape-syntax tape:2",
      "tape-syntax tape:3",
      "tape-syntax tape:4",
    ]);
  });
});

describe("comparing logs", () => {
  const spike = (cycle: number, word: number): LogEntry => ({ kind: "spike", cycle, word });
  const mark = (cycle: number, id: number): LogEntry => ({ kind: "mark", cycle, id });
  const end: LogEntry = { kind: "end", cycle: 99, errors: 0 };
  const log = [mark(10, 7), spike(12, 1), spike(15, 2), spike(15, 3), spike(20, 4), mark(30, 1), end];

  it("counts cycles from the first mark", () => {
    const later = log.map((e): LogEntry => ({ ...e, cycle: e.cycle + 1000 }));
    expect(compareLogs(log, later, "exact")).toBeNull();
  });

  it("tells lost, extra, late and wrong events apart", () => {
    const without = log.filter((_, i) => i !== 2 && i !== 3);
    expect(compareLogs(log, without, "ordered")).toMatchObject({ kind: "lost", index: 2, amount: 2, marks: 1, since: 1 });
    expect(compareLogs(without, log, "ordered")).toMatchObject({ kind: "extra", index: 2, amount: 2 });
    const late = log.map((e, i): LogEntry => (i >= 3 ? { ...e, cycle: e.cycle + 2 } : e));
    expect(compareLogs(log, late, "exact")).toMatchObject({ kind: "late", index: 3, amount: 2 });
    expect(compareLogs(log, late, "ordered")).toBeNull();
    expect(compareLogs(log, late, 2)).toBeNull();
    expect(compareLogs(log, late, 1.5)).toMatchObject({ kind: "late", index: 3, amount: 2 });
    const wrong = log.map((e, i): LogEntry => (i === 3 ? spike(15, 9) : e));
    expect(compareLogs(log, wrong, "exact")).toMatchObject({ kind: "wrong", index: 3 });
    expect(compareLogs(log, log.slice(0, 5), "exact")).toMatchObject({ kind: "lost", index: 5 });
  });

  it("tells a word read back", () => {
    const read = (value: number): LogEntry => ({ kind: "read", cycle: 1, space: 2, address: 3, value });
    expect(compareLogs([read(5), ...log], [read(4), ...log], "exact")).toMatchObject({ kind: "value", index: 0, marks: 0 });
  });
});

describe("event files", () => {
  const events = [
    { time: 0, word: 3 },
    { time: 1.25, word: 0x1f },
    { time: 70_000_000_000, word: 2 ** 31 },
  ];

  it("text and CSV keep times and addresses", () => {
    for (const format of ["text", "csv"] as const) {
      const bytes = new TextEncoder().encode(writeEvents(events, format) as string);
      expect(eventFileFormat(bytes)).toBe(format);
      expect(readEvents(bytes, format, "file")).toEqual(events);
    }
  });

  it("AEDAT 2 keeps microseconds, over the overflow of its counter too", () => {
    const whole = [0, 5, 2 ** 32 - 1, 2 ** 32 + 3].map((time, word) => ({ time, word }));
    const bytes = writeEvents(whole, "aedat") as Uint8Array;
    expect(eventFileFormat(bytes)).toBe("aedat");
    expect(readEvents(bytes, "aedat", "file")).toEqual(whole);
  });

  it("reads a logic analyser: an event when the acknowledge rises", () => {
    const csv =
      "Time [s],REQ,ACK,Address\n0,0,0,0x0\n1e-6,1,0,0x11\n2e-6,1,1,0x11\n3e-6,0,1,0x11\n4e-6,0,0,0x12\n5e-6,1,0,0x12\n6e-6,1,1,0x12\n";
    const found = readEvents(new TextEncoder().encode(csv), "csv", "capture");
    expect(found.map((e) => [e.word, Math.round(e.time)])).toEqual([
      [0x11, 2],
      [0x12, 6],
    ]);
  });

  it("reads an address bit by bit, as analysers export channels", () => {
    const csv = "; made by an analyser\nTime [us],D0,D1,D2,REQ\n0,0,0,0,0\n1,1,0,1,1\n2,1,0,1,0\n3,0,1,1,1\n";
    const bytes = new TextEncoder().encode(csv);
    expect(eventFileFormat(bytes)).toBe("csv");
    expect(readEvents(bytes, "csv", "capture")).toEqual([
      { time: 1, word: 5 },
      { time: 3, word: 6 },
    ]);
  });

  const waveform = (vars: string, changes: string): Uint8Array =>
    new TextEncoder().encode(`$timescale 10 ns $end\n$scope module top $end\n${vars}$upscope $end\n$enddefinitions $end\n${changes}`);

  it("reads a waveform: a handshake with a vector, or with an address bit by bit", () => {
    const changes = "#0\nb0 %\n0!\n0&\n#10\nb10001 %\n1!\n#20\n1&\n#30\n0!\n0&\n#40\nb10 %\n1!\n#55\n1&\n";
    const vars = "$var wire 1 ! aer_req $end\n$var wire 1 & aer_ack $end\n$var wire 5 % aer_addr [4:0] $end\n";
    const bytes = waveform(vars, changes);
    expect(eventFileFormat(bytes)).toBe("vcd");
    expect(readEvents(bytes, "vcd", "w").map((e) => [e.word, Math.round(e.time * 1000)])).toEqual([
      [17, 200],
      [2, 550],
    ]);
    const bits = waveform(
      "$var wire 1 a D0 $end\n$var wire 1 b D1 $end\n$var wire 1 r REQ $end\n",
      "#0\n0a\n0b\n0r\n#7\n1b\n1r\n#9\n0r\n#11\n1a\n1r\n",
    );
    expect(readEvents(bits, "vcd", "w").map((e) => e.word)).toEqual([2, 3]);
  });

  it("reads a waveform of a simulator: each rise of the clock at which the word is valid takes what was there before it", () => {
    const vars =
      "$var wire 1 c clk $end\n$var wire 48 p out_packet [47:0] $end\n$var wire 1 v out_valid $end\n$var wire 1 w cfg_rvalid $end\n$var wire 48 q in_packet [47:0] $end\n";
    const changes = "#0\n0c\n0v\nbx p\nb1 q\n#5\n1c\nb11 p\n1v\n#10\n0c\n#15\n1c\nb100 p\n#20\n0c\n#25\n1c\n0v\n#30\n0c\n#35\n1c\n";
    expect(readEvents(waveform(vars, changes), "vcd", "w").map((e) => [e.word, Math.round(e.time * 1000)])).toEqual([
      [3, 150],
      [4, 250],
    ]);
    const none = waveform("$var wire 1 c clk $end\n", "#0\n0c\n");
    expect(codesOf(() => readEvents(none, "vcd", "w"))).toEqual(["event-signals w"]);
  });

  it("refuses what is no event file", () => {
    const read = (text: string, format: "text" | "csv") => codesOf(() => readEvents(new TextEncoder().encode(text), format, "f"));
    expect(read("1 2\nx 3\n", "text")).toEqual(["event-syntax f:2"]);
    expect(read("1 2 3\n", "text")).toEqual(["event-syntax f:1"]);
    expect(read("time,row\n1,2\n", "csv")).toEqual(["event-columns f:1"]);
    expect(read("time_us,req,address\n1,2,3\n", "csv")).toEqual(["event-syntax f:2"]);
    expect(read("5 1\n4 1\n", "text")).toEqual(["event-time f"]);
    expect(codesOf(() => writeEvents([{ time: 0, word: 2 ** 40 }], "aedat"))).toEqual(["event-wide null"]);
  });
});

describe("rendering", () => {
  const tape: TapeOp[] = [
    { op: "write", space: 1, address: 2, data: 2n ** 63n, mask: 0 },
    { op: "read", space: 1, address: 2, expect: null },
    { op: "pin", name: "sample", value: 1 },
    { op: "tick" },
  ];

  it("pads words for $readmemh", () => {
    expect(readmemh([1, 255n, 2 ** 20], 20)).toBe("00001\n000ff\n100000\n");
  });

  it("makes a C header and JSON", () => {
    const header = cHeader("march-0", tape);
    expect(header).toContain("{1, 1u, 2u, 0x8000000000000000u, 0x0u},");
    expect(header).toContain("#define MARCH_0_PIN_SAMPLE 0");
    expect(header).toContain("march_0_length = 4");
    expect(JSON.parse(tapeJson(tape))[0].data).toBe("0x8000000000000000");
  });
});

describe("march", () => {
  it.each([3, 32, 40])("reads every bit of %i-bit words as 0 and 1, after the other", (wordBits) => {
    const ops = marchOps({ space: 0, base: 4, stride: 2, words: 50, wordBits });
    const all = 2n ** BigInt(wordBits) - 1n;
    const memory = new Map<number, bigint>();
    const seen = new Map<number, { zeros: bigint; ones: bigint }>();
    for (const o of ops) {
      if (o.op === "write") memory.set(o.address, BigInt(o.data));
      if (o.op !== "read") continue;
      expect(BigInt(o.expect ?? -1)).toBe(memory.get(o.address));
      const s = seen.get(o.address) ?? { zeros: 0n, ones: 0n };
      s.ones |= BigInt(o.expect ?? 0);
      s.zeros |= all & ~BigInt(o.expect ?? 0);
      seen.set(o.address, s);
    }
    expect(seen.size).toBe(50);
    expect([...seen.values()].every((s) => s.zeros === all && s.ones === all)).toBe(true);
    expect(Math.min(...seen.keys())).toBe(4);
    expect(Math.max(...seen.keys())).toBe(102);
  });
});
