import { unitsToEnd } from "./decoder.ts";
import type { EventFormat } from "./recording.ts";

const bytesPerEvent = 5;
/** A row that the sensor does not have marks that the clock went on by 2^13 us without an event. */
const overflowRow = 240;
const overflow = 2 ** 13;

/** N-MNIST and its kin (.bin, .bs2): x, y, then 24 bits big-endian of which the first is the polarity and the rest the time in us. No header. */
export const nmnistFormat: EventFormat = {
  name: "N-MNIST",
  matches: (file) => /\.(bin|bs2)$/i.test(file.name),
  decode(name, event) {
    let passed = 0;
    return unitsToEnd(name, bytesPerEvent, (block) => {
      for (let i = 0; i < block.length; i += bytesPerEvent) {
        const [y = 0, high = 0] = [block[i + 1], block[i + 2]];
        if (y === overflowRow) passed += overflow;
        else event(block[i] ?? 0, y, high >> 7, passed + ((high & 0x7f) << 16) + ((block[i + 3] ?? 0) << 8) + (block[i + 4] ?? 0));
      }
    });
  },
};
