import { parseCoreSection } from "../../runtime/parts/memory.ts";
import type { ChipSpec } from "../chip.ts";
import type { PinMemory } from "../target.ts";

/*
 * The chip's memories as its host port numbers them: space 0 holds the registers, space
 * 1 + 8 * (y * columns + x) + m memory m of core (x, y). README.md, section Pins.
 */

const memoryNames = ["control", "profiles", "neurons", "routes", "axons", "shapes", "synapses"] as const;
const spacesPerCore = 8;
const wordBits = 32;

/** Words of each memory of a core. */
function sizesOf({ core }: ChipSpec): Readonly<Record<(typeof memoryNames)[number], number>> {
  return {
    control: 1,
    profiles: 4 * core.profiles,
    neurons: 6 * core.neurons,
    routes: core.routes,
    axons: 2 * core.axons,
    shapes: 2 * core.shapes,
    synapses: core.synapseWords,
  };
}

/** Space of a section; null for a name that is no memory of this chip. */
export function spaceOf(section: string, chip: ChipSpec): number | null {
  if (section === "chip/registers") return 0;
  const place = parseCoreSection(section);
  const memory = memoryNames.findIndex((n) => n === place?.memory);
  if (place === null || memory < 0 || place.x >= chip.columns || place.y >= chip.rows) return null;
  return 1 + spacesPerCore * (place.y * chip.columns + place.x) + memory;
}

/** Every memory that the host port writes and reads. */
export function memoriesOf(chip: ChipSpec): readonly PinMemory[] {
  const out: PinMemory[] = [memory("chip/registers", 0, 3)];
  const sizes = sizesOf(chip);
  for (let y = 0; y < chip.rows; y++)
    for (let x = 0; x < chip.columns; x++)
      for (const [m, name] of memoryNames.entries())
        out.push(memory(`core(${x},${y})/${name}`, 1 + spacesPerCore * (y * chip.columns + x) + m, sizes[name]));
  return out;
}

function memory(section: string, space: number, words: number): PinMemory {
  return { section, space, base: 0, stride: 1, words, wordBits, readable: true, backDoor: backDoorFile(section) };
}

/** File for `$readmemh`: `core-3-1-axons.hex`. */
export function backDoorFile(section: string): string {
  return `${section.replace(/[(),/]+/g, "-")}.hex`;
}
