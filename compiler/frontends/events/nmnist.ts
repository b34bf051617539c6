import { fail } from "../../base/diagnostic.ts";
import type { EventFormat } from "./recording.ts";

const bytesPerEvent = 5;
/** A row that the sensor does not have marks that the clock went on by 2^13 us without an event. */
const overflowRow = 240;
const overflow = 2 ** 13;

/** N-MNIST and its kin (.bin, .bs2): x, y, then 24 bits big-endian of which the first is the polarity and the rest the time in us. No header. */
export const nmnistFormat: EventFormat = {
  name: "N-MNIST",
  matches: (file) => /\.(bin|bs2)$/i.test(file.name),
  visit({ name, bytes }, event) {
    if (bytes.length % bytesPerEvent !== 0) fail("events-cut", [name, bytes.length, bytesPerEvent]);
    let passed = 0;
    for (let i = 0; i < bytes.length; i += bytesPerEvent) {
      const [x = 0, y = 0, high = 0, middle = 0, low = 0] = bytes.subarray(i, i + bytesPerEvent);
      if (y === overflowRow) passed += overflow;
      else event(x, y, high >> 7, passed + ((high & 0x7f) << 16) + (middle << 8) + low);
    }
  },
};
