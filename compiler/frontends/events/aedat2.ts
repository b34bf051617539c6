import { fail } from "../../base/diagnostic.ts";
import { viewOf } from "../data/records.ts";
import { type Decoding, line, peek, unitsToEnd } from "./decoder.ts";
import { begins, type EventFormat, type Visit } from "./recording.ts";

/*
 * AEDAT 2 of jAER: lines of text that begin with #, then pairs of a 32-bit address and a 32-bit
 * time in us, big-endian. What an address means depends on the chip, which the line `AEChip`
 * names: the layouts of jAER's DVS128 and DAVIS cameras. Columns and rows are the address's own bits
 * (jAER shows the columns mirrored and counts rows from the bottom); polarity 1 is brighter.
 */

type Layout = {
  /** Bits of an address that no event of a pixel has: frames, inertial measurements, other inputs. */
  readonly other: number;
  readonly x: (address: number) => number;
  readonly y: (address: number) => number;
  readonly polarity: (address: number) => number;
};

const layouts = {
  /** Bit 0 is set for darker; 7 bits of column, 7 of row; bit 15 (and 31 in jAER) marks an input from outside. */
  dvs128: { other: 0x8000_8000, x: (a) => (a >>> 1) & 0x7f, y: (a) => (a >>> 8) & 0x7f, polarity: (a) => 1 - (a & 1) },
  /** Bit 31 marks samples of frames, bit 10 inputs from outside and inertial measurements; bit 11 is set for brighter. */
  davis: { other: 0x8000_0400, x: (a) => (a >>> 12) & 0x3ff, y: (a) => (a >>> 22) & 0x1ff, polarity: (a) => (a >>> 11) & 1 },
} as const satisfies Readonly<Record<string, Layout>>;

const bytesPerEvent = 8;

export const aedat2Format: EventFormat = {
  name: "AEDAT 2",
  matches: ({ bytes }) => begins(bytes, "#!AER-DAT2"),
  *decode(name, event) {
    const layout = layoutOf(yield* header(), name);
    yield* unitsToEnd(name, bytesPerEvent, (block) => visitBlock(block, layout, event));
  },
};

/** jAER of 2014 and later ends the text with a line of its own; before, the first byte that is no # did. */
function* header(): Decoding<readonly string[]> {
  const lines: string[] = [];
  while ((yield* peek()) === 0x23) {
    lines.push((yield* line()).trim());
    if (/^#\s*End Of ASCII Header/i.test(lines.at(-1) ?? "")) break;
  }
  return lines;
}

/** Files that name no chip are of the time when there was only the DVS128. */
function layoutOf(lines: readonly string[], name: string): Layout {
  const chip = lines.map((l) => /^#\s*AEChip:\s*(.*)$/i.exec(l)?.[1]).find((c) => c !== undefined);
  if (chip === undefined || /dvs128/i.test(chip)) return layouts.dvs128;
  if (/davi|sbret/i.test(chip)) return layouts.davis;
  fail("events-malformed", [name, "AEDAT 2", `its chip is ${chip}; the addresses of DVS128 and DAVIS cameras are known`]);
}

function visitBlock(block: Uint8Array, layout: Layout, event: Visit): void {
  const view = viewOf(block);
  for (let i = 0; i < block.length; i += bytesPerEvent) {
    const address = view.getUint32(i);
    if ((address & layout.other) === 0) event(layout.x(address), layout.y(address), layout.polarity(address), view.getInt32(i + 4));
  }
}
