import { fail } from "../../base/diagnostic.ts";
import { viewOf } from "../data/records.ts";
import { type Decoding, exactly, line, peek, unitsToEnd } from "./decoder.ts";
import type { EventFormat, Visit } from "./recording.ts";

/* Recordings of Prophesee cameras: text lines that begin with %, then words, little-endian. */

/** The lines of text among the first bytes. */
function textOf(bytes: Uint8Array): readonly string[] {
  const lines: string[] = [];
  for (const text of new TextDecoder("latin1").decode(bytes).split("\n")) {
    if (!text.startsWith("%")) break;
    lines.push(text.trim());
    if (lines.at(-1) === "% end") break;
  }
  return lines;
}

function isEvt(bytes: Uint8Array, version: number): boolean {
  return textOf(bytes).some(
    (l) => new RegExp(`^% evt ${version}(\\.|$)`, "i").test(l) || new RegExp(`^% format EVT${version}\\b`, "i").test(l),
  );
}

/** Passes over the text. */
function* textLines(): Decoding {
  while ((yield* peek()) === 0x25) if ((yield* line()).trim() === "% end") return;
}

/** EVT 2: words of 32 bits; type 8 gives the upper 28 bits of the time, types 0 and 1 are events with its lower 6 bits. */
export const evt2Format: EventFormat = {
  name: "EVT2",
  matches: ({ bytes }) => isEvt(bytes, 2),
  *decode(name, event) {
    yield* textLines();
    const clock = new Clock(2 ** 28, 64);
    yield* unitsToEnd(name, 4, (block) => {
      const view = viewOf(block);
      for (let i = 0; i < block.length; i += 4) {
        const word = view.getUint32(i, true);
        const type = word >>> 28;
        if (type === 8) clock.high(word & 0xfffffff);
        else if (type <= 1 && clock.known) event((word >>> 11) & 0x7ff, word & 0x7ff, type, clock.base + ((word >>> 22) & 0x3f));
      }
    });
  },
};

/** EVT 3: words of 16 bits that set row, column, time or a base column, after which vectors of 12 or 8 columns may follow. */
export const evt3Format: EventFormat = {
  name: "EVT3",
  matches: ({ bytes }) => isEvt(bytes, 3),
  *decode(name, event) {
    yield* textLines();
    const reader = new Evt3(event);
    yield* unitsToEnd(name, 2, (block) => {
      const view = viewOf(block);
      for (let i = 0; i < block.length; i += 2) reader.word(view.getUint16(i, true));
    });
  },
};

/** What the words so far have set. */
class Evt3 {
  readonly #event: Visit;
  readonly #clock = new Clock(2 ** 12, 2 ** 12);
  #row = 0;
  #base = 0;
  #polarity = 0;
  #low = 0;

  constructor(event: Visit) {
    this.#event = event;
  }

  word(word: number): void {
    const body = word & 0xfff;
    switch (word >>> 12) {
      case 0x8:
        // The lower bits begin again with every new upper ones.
        if (this.#clock.high(body)) this.#low = 0;
        break;
      case 0x6:
        this.#low = body;
        break;
      case 0x0:
        this.#row = body & 0x7ff;
        break;
      case 0x2:
        if (this.#clock.known) this.#event(body & 0x7ff, this.#row, body >>> 11, this.#clock.base + this.#low);
        break;
      case 0x3:
        this.#base = body & 0x7ff;
        this.#polarity = body >>> 11;
        break;
      case 0x4:
        if (this.#clock.known) this.#vector(body, 12);
        break;
      case 0x5:
        if (this.#clock.known) this.#vector(body & 0xff, 8);
        break;
    }
  }

  #vector(mask: number, count: number): void {
    for (let k = 0; k < count; k++)
      if (mask & (1 << k)) this.#event(this.#base + k, this.#row, this.#polarity, this.#clock.base + this.#low);
    this.#base += count;
  }
}

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
  *decode(name, event) {
    yield* textLines();
    const [, size = 0] = yield* exactly(name, 2);
    if (size !== 8) fail("events-malformed", [name, "Prophesee .dat", `it says that an event has ${size} bytes, not 8`]);
    yield* unitsToEnd(name, 8, (block) => {
      const view = viewOf(block);
      for (let i = 0; i < block.length; i += 8) {
        const word = view.getUint32(i + 4, true);
        event(word & 0x3fff, (word >>> 14) & 0x3fff, (word >>> 28) & 1, view.getUint32(i, true));
      }
    });
  },
};
