import type { DataFile } from "../data/records.ts";
import { aedat31Format, aedat4Format } from "./aedat.ts";
import { nmnistFormat } from "./nmnist.ts";
import { npyEventsFormat } from "./npy.ts";
import { datFormat, evt2Format, evt3Format } from "./prophesee.ts";
import type { EventFormat } from "./recording.ts";

/** Formats by their marks, then those that only their names tell. */
export const eventFormats: readonly EventFormat[] = [
  aedat4Format,
  aedat31Format,
  datFormat,
  evt2Format,
  evt3Format,
  npyEventsFormat,
  nmnistFormat,
];

export function formatOf(file: DataFile): EventFormat | null {
  return eventFormats.find((f) => f.matches(file)) ?? null;
}
