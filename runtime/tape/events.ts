import { fail } from "../../compiler/base/diagnostic.ts";
import { ackLine, addressBit, readVcd } from "./vcd.ts";
import { type TapeWord, tapeWord } from "./word.ts";

/*
 * Streams of address events with time stamps, as boards, loggers and analysers keep them.
 *
 *   text     `time_us address`, one event a line, # begins a comment; addresses decimal or 0x…
 *   csv      a heading that names the columns: time (s, ms, us or ns) and address, or the lines of a
 *            logic analyser: time, address (or its bits, a column each: addr0, D0, Channel 0 …), req and, where
 *            recorded, ack
 *   vcd      a waveform with the same signals, or with a clock and `valid` (vcd.ts); only read
 *   aedat    AEDAT 2: lines of text that begin with #, then pairs of 32 bits, big-endian: address, time in us
 *
 * Times are microseconds since the stream's own beginning. Cycle c of a chip with f hertz is at
 * c / f seconds.
 */

export type TimedEvent = { readonly time: number; readonly word: TapeWord };
export type EventFileFormat = "text" | "csv" | "aedat" | "vcd";

/** Which format a file has, by its content; null where it is none of them. */
export function eventFileFormat(bytes: Uint8Array): EventFileFormat | null {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 4096));
  if (head.startsWith("#!AER-DAT2")) return "aedat";
  if (/^\s*\$(timescale|date|version|comment|scope)\b/.test(head)) return "vcd";
  const line = head
    .split(/\r?\n/)
    .map((l) => l.replace(/[#;].*$/, "").trim())
    .find((l) => l !== "");
  if (line === undefined) return null;
  if (/time/i.test(line) && line.includes(",")) return "csv";
  return /^[\d.]+\s+(0x[\da-f]+|\d+)$/i.test(line) ? "text" : null;
}

export function readEvents(bytes: Uint8Array, format: EventFileFormat, name: string): readonly TimedEvent[] {
  const text = (): string => new TextDecoder().decode(bytes);
  if (format === "aedat") return readAedat(bytes, name);
  if (format === "vcd") return readVcd(text(), name);
  const events = format === "csv" ? readCsv(text(), name) : readText(text(), name);
  const back = events.findIndex((e, i) => i > 0 && e.time < (events[i - 1] as TimedEvent).time);
  if (back > 0) fail("event-time", [name, back], { at: name });
  return events;
}

export function writeEvents(events: readonly TimedEvent[], format: Exclude<EventFileFormat, "vcd">): Uint8Array | string {
  const show = (e: TimedEvent): string => showTime(e.time);
  switch (format) {
    case "text":
      return events.map((e) => `${show(e)} 0x${e.word.toString(16)}\n`).join("");
    case "csv":
      return `time_us,address\n${events.map((e) => `${show(e)},0x${e.word.toString(16)}\n`).join("")}`;
    case "aedat":
      return writeAedat(events);
  }
}

/** Microseconds with as many digits as the number has, up to picoseconds. */
function showTime(time: number): string {
  return String(Number(time.toFixed(6)));
}

function readText(text: string, name: string): TimedEvent[] {
  const out: TimedEvent[] = [];
  text.split(/\r?\n/).forEach((raw, i) => {
    const line = raw.replace(/#.*$/, "").trim();
    if (line === "") return;
    const [time = "", word = "", ...rest] = line.split(/\s+/);
    const at = `${name}:${i + 1}`;
    if (rest.length > 0) fail("event-syntax", ["time_us address", line], { at });
    out.push({ time: timeOf(time, 1, at), word: addressOf(word, at) });
  });
  return out;
}

/** Microseconds of one unit of a heading such as `Time [s]` or `time_ns`; seconds where it says none, as analysers export. */
function unitOf(heading: string): number {
  const unit = /(?:[_([\s])(ps|ns|us|µs|ms|s)\b/i.exec(heading)?.[1]?.toLowerCase() ?? "s";
  return { ps: 1e-6, ns: 1e-3, us: 1, µs: 1, ms: 1e3, s: 1e6 }[unit] ?? 1e6;
}

function readCsv(text: string, name: string): TimedEvent[] {
  const lines = text.split(/\r?\n/);
  const headingLine = lines.findIndex((l) => l.trim() !== "" && !/^[#;]/.test(l));
  const headings = (lines[headingLine] ?? "").split(",").map((h) => h.trim());
  const column = (pattern: RegExp): number => headings.findIndex((h) => pattern.test(h));
  const time = column(/time/i);
  const bits = headings.flatMap((h, index) => {
    const bit = addressBit(h);
    return bit === null ? [] : [{ index, bit }];
  });
  const address = headings.findIndex((h) => /addr|word|data|bus/i.test(h) && addressBit(h) === null);
  const req = column(/req/i);
  const ack = column(ackLine);
  if (time < 0 || (address < 0 && bits.length === 0)) fail("event-columns", [name, headings], { at: `${name}:${headingLine + 1}` });
  const unit = unitOf(headings[time] ?? "");
  const out: TimedEvent[] = [];
  // With an acknowledge line the event is taken when it rises, else when the request does, else every row is one.
  const strobe = ack >= 0 ? ack : req;
  let before = 0;
  lines.slice(headingLine + 1).forEach((raw, i) => {
    if (raw.trim() === "" || /^[#;]/.test(raw)) return;
    const at = `${name}:${headingLine + 2 + i}`;
    const cells = raw.split(",").map((c) => c.trim());
    const level = strobe < 0 ? 1 : levelOf(cells[strobe] ?? "", at);
    const taken = strobe < 0 || (level === 1 && before === 0);
    before = level;
    if (!taken) return;
    const word = address >= 0 ? addressOf(cells[address] ?? "", at) : wordOf(bits, cells, at);
    out.push({ time: timeOf(cells[time] ?? "", unit, at), word });
  });
  return out;
}

/** An address whose bits are columns of their own. */
function wordOf(bits: readonly { readonly index: number; readonly bit: number }[], cells: readonly string[], at: string): TapeWord {
  let word = 0n;
  for (const { index, bit } of bits) word |= BigInt(levelOf(cells[index] ?? "", at)) << BigInt(bit);
  return tapeWord(word);
}

function levelOf(text: string, at: string): number {
  return text === "0" ? 0 : text === "1" ? 1 : fail("event-syntax", ["a level, 0 or 1", text], { at });
}

function timeOf(text: string, unit: number, at: string): number {
  const n = Number(text);
  return text !== "" && Number.isFinite(n) ? n * unit : fail("event-syntax", ["a time", text], { at });
}

function addressOf(text: string, at: string): TapeWord {
  return /^(0x[\da-f]{1,16}|\d{1,19})$/i.test(text)
    ? tapeWord(BigInt(text))
    : fail("event-syntax", ["an address, decimal or 0x…", text], { at });
}

const aedatHeading = "#!AER-DAT2.0\r\n# Events: int32 address, int32 timestamp, big-endian\r\n# Timestamps tick is 1 us\r\n";

function writeAedat(events: readonly TimedEvent[]): Uint8Array {
  const heading = new TextEncoder().encode(aedatHeading);
  const out = new Uint8Array(heading.length + 8 * events.length);
  out.set(heading);
  const view = new DataView(out.buffer, heading.length);
  events.forEach((e, i) => {
    if (BigInt(e.word) >= 2n ** 32n) fail("event-wide", [`0x${e.word.toString(16)}`]);
    view.setUint32(8 * i, Number(e.word));
    view.setUint32(8 * i + 4, Math.round(e.time) >>> 0);
  });
  return out;
}

function readAedat(bytes: Uint8Array, name: string): TimedEvent[] {
  let from = 0;
  while (bytes[from] === 0x23) {
    const end = bytes.indexOf(0x0a, from);
    if (end < 0) break;
    from = end + 1;
  }
  const count = (bytes.length - from) / 8;
  if (!Number.isInteger(count)) fail("event-syntax", ["whole events of 8 bytes", `${bytes.length - from} bytes`], { at: name });
  const view = new DataView(bytes.buffer, bytes.byteOffset + from);
  const out: TimedEvent[] = [];
  // The counter of 32 bits starts over every 71.6 minutes.
  let high = 0;
  let last = 0;
  for (let i = 0; i < count; i++) {
    const low = view.getUint32(8 * i + 4);
    if (low < last) high += 2 ** 32;
    last = low;
    out.push({ time: high + low, word: view.getUint32(8 * i) });
  }
  return out;
}
