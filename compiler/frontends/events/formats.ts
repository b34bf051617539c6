import type { DataFile } from "../data/records.ts";
import { aedat2Format } from "./aedat2.ts";
import { aedat31Format, aedat4Format } from "./aedat.ts";
import { nmnistFormat } from "./nmnist.ts";
import { npyEventsFormat } from "./npy.ts";
import { datFormat, evt2Format, evt3Format } from "./prophesee.ts";
import type { EventFormat } from "./recording.ts";

/** Formats by their marks, then those that only their names tell. */
const eventFormats: readonly EventFormat[] = [
  aedat4Format,
  aedat31Format,
  aedat2Format,
  datFormat,
  evt2Format,
  evt3Format,
  npyEventsFormat,
  nmnistFormat,
];

/** How many of the first bytes a format is known by. */
export const startBytes = 4096;

/** The format of a recording, by its name and first bytes; null for none. */
export function formatOf(start: DataFile): EventFormat | null {
  return eventFormats.find((f) => f.matches(start)) ?? null;
}
