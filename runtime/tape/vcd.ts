import { fail } from "../../compiler/base/diagnostic.ts";
import type { TimedEvent } from "./events.ts";
import { tapeWord } from "./word.ts";

/*
 * Address events in a waveform (VCD), as logic analysers and simulators of Verilog write it. The signals are
 * found by their names: an address as a vector or bit by bit, and what says that it counts, the first that is
 * there of an acknowledge and a request (an event at each rise), or `valid` with a clock (an event at each
 * rise of the clock while it is high). Of several of a name the one nearest to the top is meant.
 */

type Signal = { readonly code: string; readonly name: string; readonly width: number; readonly depth: number };

const units: Readonly<Record<string, number>> = { s: 1e6, ms: 1e3, us: 1, ns: 1e-3, ps: 1e-6, fs: 1e-9 };

/** Which column or signal is one bit of the address; null: none. */
export function addressBit(name: string): number | null {
  const found = /^(?:aer|addr(?:ess)?|data|channel|ch|d|a)[ _]*[[(]?(\d+)[\])]?$/i.exec(name.trim());
  return found === null ? null : Number(found[1]);
}

/** Handshake lines; a packet, or what goes back, is none. */
export const ackLine = /(^|_|\W|aer|in|out)ack/i;
const reqLine = /(^|_|\W|aer|in|out)req/i;

export function readVcd(text: string, name: string): readonly TimedEvent[] {
  const end = text.indexOf("$enddefinitions");
  const head = end < 0 ? text : text.slice(0, end);
  const signals = signalsOf(head);
  const named = (is: (name: string) => boolean): Signal | undefined =>
    signals.filter((s) => is(s.name)).sort((p, q) => p.depth - q.depth || p.name.length - q.name.length)[0];
  const address = (name: string): boolean => /addr|packet|word/i.test(name) && !ackLine.test(name) && !/req|valid|ready|cfg/i.test(name);
  // What comes out of a chip is meant before what goes in.
  const vector = named((n) => address(n) && /out/i.test(n)) ?? named(address);
  const bits = signals.flatMap((s) => {
    const bit = s.width === 1 ? addressBit(s.name) : null;
    return bit === null ? [] : [{ code: s.code, bit }];
  });
  const ack = named((n) => ackLine.test(n)) ?? named((n) => reqLine.test(n));
  const prefix = stem(vector?.name ?? "");
  const valid = named((n) => n.startsWith(prefix) && /valid/i.test(n)) ?? named((n) => /valid/i.test(n));
  const clock = named((n) => /^(clk|clock)/i.test(n));
  const usable = (vector !== undefined || bits.length > 0) && (ack !== undefined || (valid !== undefined && clock !== undefined));
  if (!usable) fail("event-signals", [name, signals.map((s) => s.name)], { at: name });
  return eventsOf(
    text.slice(end < 0 ? 0 : end),
    { vector, bits, strobe: ack ?? clock, gate: ack === undefined ? valid : undefined },
    unitOf(head),
  );
}

/** `out_` of `out_packet`. */
function stem(name: string): string {
  return /^(.*_)?/.exec(name)?.[0] ?? "";
}

function unitOf(head: string): number {
  const [, count, unit] = /\$timescale\s+(\d+)\s*(s|ms|us|ns|ps|fs)\s+\$end/.exec(head) ?? [];
  return Number(count ?? 1) * (units[unit ?? "ns"] ?? 1e-3);
}

function signalsOf(head: string): Signal[] {
  const out: Signal[] = [];
  let depth = 0;
  for (const m of head.matchAll(/\$(scope|upscope|var)\b([\s\S]*?)\$end/g)) {
    if (m[1] === "scope") depth++;
    else if (m[1] === "upscope") depth--;
    else {
      const [, width, code, ...rest] = (m[2] ?? "").trim().split(/\s+/);
      // `addr [7:0]` is a vector of that name, `addr [3]` one bit of it.
      const name = rest.join("").replace(/\[\d+:\d+\]$/, "");
      if (code !== undefined) out.push({ code, name, width: Number(width), depth });
    }
  }
  return out;
}

type Watched = {
  readonly vector: Signal | undefined;
  readonly bits: readonly { readonly code: string; readonly bit: number }[];
  readonly strobe: Signal | undefined;
  readonly gate: Signal | undefined;
};

function eventsOf(body: string, { vector, bits, strobe, gate }: Watched, unit: number): TimedEvent[] {
  const out: TimedEvent[] = [];
  const now = new Map<string, string>();
  let time = 0;
  // Everything that changes in one instant counts as it is after it, but a clock's rise takes what was before.
  let rises = false;
  let before: string | null = null;
  const word = (): bigint | null => {
    const text = vector === undefined ? null : (now.get(vector.code) ?? "x");
    if (text !== null) return /^[01]+$/.test(text) ? BigInt(`0b${text}`) : null;
    return bits.reduce((sum, b) => sum | (now.get(b.code) === "1" ? 1n << BigInt(b.bit) : 0n), 0n);
  };
  const snapshot = (): string | null => (gate === undefined || now.get(gate.code) === "1" ? (word()?.toString() ?? null) : null);
  const settle = (): void => {
    const seen = gate === undefined ? snapshot() : before;
    if (rises && seen !== null) out.push({ time: time * unit, word: tapeWord(BigInt(seen)) });
    rises = false;
    before = snapshot();
  };
  for (const raw of body.split(/\r?\n/)) {
    const line = raw.trim();
    if (line.startsWith("#")) {
      settle();
      time = Number(line.slice(1));
    } else {
      const m = /^(?:b([01xz]+)\s+|([01xz]))(\S+)$/i.exec(line);
      if (m === null) continue;
      const [, many, single, code = ""] = m;
      const value = many ?? single ?? "x";
      if (strobe?.code === code && value === "1" && now.get(code) !== "1") rises = true;
      now.set(code, value);
    }
  }
  settle();
  return out;
}
