import { fail } from "../../base/diagnostic.ts";
import { viewOf } from "../data/records.ts";
import type { EventFormat, Visit } from "./recording.ts";

/* Recordings of Prophesee cameras: text lines that begin with %, then words, little-endian. */

/** Where the text ends, and the lines. */
function headerOf(bytes: Uint8Array): { readonly lines: readonly string[]; readonly end: number } {
  const lines: string[] = [];
  let at = 0;
  while (bytes[at] === 0x25) {
    let stop = bytes.indexOf(0x0a, at);
    if (stop < 0) stop = bytes.length;
    lines.push(new TextDecoder("latin1").decode(bytes.subarray(at, stop)).trim());
    at = stop + 1;
    if (lines.at(-1) === "% end") break;
  }
  return { lines, end: at };
}

function isEvt(bytes: Uint8Array, version: number): boolean {
  if (bytes[0] !== 0x25) return false;
  return headerOf(bytes).lines.some(
    (l) => new RegExp(`^% evt ${version}(\\.|$)`, "i").test(l) || new RegExp(`^% format EVT${version}\\b`, "i").test(l),
  );
}

function words(name: string, bytes: Uint8Array, end: number, unit: number): DataView {
  if ((bytes.length - end) % unit !== 0) fail("events-cut", [name, bytes.length - end, unit]);
  return viewOf(bytes.subarray(Math.min(end, bytes.length)));
}

/** EVT 2: words of 32 bits; type 8 gives the upper 28 bits of the time, types 0 and 1 are events with its lower 6 bits. */
export const evt2Format: EventFormat = {
  name: "EVT2",
  matches: ({ bytes }) => isEvt(bytes, 2),
  visit({ name, bytes }, event) {
    const view = words(name, bytes, headerOf(bytes).end, 4);
    const clock = new Clock(2 ** 28, 64);
    for (let i = 0; i < view.byteLength; i += 4) {
      const word = view.getUint32(i, true);
      const type = word >>> 28;
      if (type === 8) clock.high(word & 0xfffffff);
      else if (type <= 1 && clock.known) event((word >>> 11) & 0x7ff, word & 0x7ff, type, clock.base + ((word >>> 22) & 0x3f));
    }
  },
};

/** EVT 3: words of 16 bits that set row, column, time or a base column, after which vectors of 12 or 8 columns may follow. */
export const evt3Format: EventFormat = {
  name: "EVT3",
  matches: ({ bytes }) => isEvt(bytes, 3),
  visit({ name, bytes }, event) {
    const view = words(name, bytes, headerOf(bytes).end, 2);
    const clock = new Clock(2 ** 12, 2 ** 12);
    const s = { y: 0, base: 0, polarity: 0, low: 0 };
    const vector = (mask: number, count: number): void => {
      for (let k = 0; k < count; k++) if (mask & (1 << k)) event(s.base + k, s.y, s.polarity, clock.base + s.low);
      s.base += count;
    };
    for (let i = 0; i < view.byteLength; i += 2) {
      const word = view.getUint16(i, true);
      const body = word & 0xfff;
      switch (word >>> 12) {
        case 0x8:
          // The lower bits begin again with every new upper ones.
          if (clock.high(body)) s.low = 0;
          break;
        case 0x6:
          s.low = body;
          break;
        case 0x0:
          s.y = body & 0x7ff;
          break;
        case 0x2:
          if (clock.known) event(body & 0x7ff, s.y, body >>> 11, clock.base + s.low);
          break;
        case 0x3:
          s.base = body & 0x7ff;
          s.polarity = body >>> 11;
          break;
        case 0x4:
          if (clock.known) vector(body, 12);
          break;
        case 0x5:
          if (clock.known) vector(body & 0xff, 8);
          break;
      }
    }
  },
};

/** The upper bits of the time as they come; going around once they are used up. */
class Clock {
  known = false;
  base = 0;
  readonly #modulus: number;
  readonly #unit: number;
  #last = 0;
  #rounds = 0;

  constructor(modulus: number, unit: number) {
    this.#modulus = modulus;
    this.#unit = unit;
  }

  /** Whether the time is another now. */
  high(value: number): boolean {
    if (this.known && value < this.#last && this.#last - value > this.#modulus / 2) this.#rounds++;
    const changed = !this.known || value !== this.#last;
    this.#last = value;
    this.known = true;
    this.base = (this.#rounds * this.#modulus + value) * this.#unit;
    return changed;
  }
}

/** .dat: two bytes of type and size after the text, then a time in us and a word of y, x and polarity. */
export const datFormat: EventFormat = {
  name: "Prophesee .dat",
  matches: ({ name, bytes }) => /\.dat$/i.test(name) && bytes[0] === 0x25,
  visit({ name, bytes }, event) {
    const { end } = headerOf(bytes);
    const [, size = 0] = bytes.subarray(end, end + 2);
    if (size !== 8) fail("events-malformed", [name, "Prophesee .dat", `it says that an event has ${size} bytes, not 8`]);
    visitDat(words(name, bytes, end + 2, 8), event);
  },
};

function visitDat(view: DataView, event: Visit): void {
  for (let i = 0; i < view.byteLength; i += 8) {
    const word = view.getUint32(i + 4, true);
    event(word & 0x3fff, (word >>> 14) & 0x3fff, (word >>> 28) & 1, view.getUint32(i, true));
  }
}
