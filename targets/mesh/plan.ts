import type { Image } from "../../compiler/ir/image/types.ts";
import type { Plan } from "../../runtime/fast/plan.ts";
import { columns, type Layout, loadSections, type Memories, parseCoreSection } from "../../runtime/parts/memory.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { ChipSpec } from "../chip.ts";
import { decodeRoutes, loadCore } from "./load.ts";
import * as words from "./words.ts";

/* An image as both machines run it: its memories, decoded. */

/** Low bits of what a packet says that name the axon; above them the member. */
export const axonBits = 12;

/** What the fast model runs of an image. */
export function planOf(image: Image, chip: ChipSpec, memories = loadSections(image.sections, layoutOf(chip)).memories): Plan {
  const registers = readRegisters(memories, chip);
  const locate = (x: number, y: number): number => y * chip.columns + x;
  const cores: (Plan["cores"][number] | null)[] = new Array(chip.columns * chip.rows).fill(null);
  for (const { x, y } of enabledCores(memories)) cores[locate(x, y)] = loadCore(x, y, memories, chip, locate);
  return {
    columns: chip.columns,
    rows: chip.rows,
    routerOf: Int32Array.from(cores.keys()),
    cores,
    inputs: image.inputs.map((input, i) => ({
      channels: input.start.length - 1,
      start: input.start,
      ...decodeRoutes(input.targets, `input ${i} "${input.name}" targets`, chip, locate),
    })),
    interval: registers.interval,
    seed: registers.seed,
    axonBits,
    eventsMax: chip.core.events,
  };
}

/** Memories and their sizes in words. */
export function layoutOf(chip: ChipSpec): Layout {
  const c = chip.core;
  return {
    columns: chip.columns,
    rows: chip.rows,
    chip: { registers: 3 },
    core: {
      control: 1,
      profiles: 4 * c.profiles,
      neurons: 6 * c.neurons,
      routes: c.routes,
      axons: 2 * c.axons,
      shapes: 2 * c.shapes,
      synapses: c.synapseWords,
    },
  };
}

function readRegisters(memories: Memories, chip: ChipSpec): { readonly interval: number; readonly seed: number } {
  const name = "chip/registers";
  const memory = memories.get(name) ?? new Uint32Array(3);
  const size = columns(words.registerSize, memory, 0, 1, 1, name);
  if (size.format[0] !== words.formatVersion)
    fail("image-chip", ["format", size.format[0]!, words.formatVersion], { at: `${name} word 0` });
  if (size.columns[0] !== chip.columns || size.rows[0] !== chip.rows) {
    fail("image-chip", ["mesh", `${size.columns[0]} x ${size.rows[0]}`, `${chip.columns} x ${chip.rows}`], { at: `${name} word 0` });
  }
  const interval = columns(words.registerSteps, memory, 1, 1, 1, name).interval[0]!;
  if (interval === 0) fail("image-word", ["samples begin every 0 steps"], { at: `${name} word 1` });
  return { interval, seed: columns(words.registerSeed, memory, 2, 1, 1, name).seed[0]! >>> 0 };
}

/** Places of the cores whose `control` is enabled, row by row. */
function enabledCores(memories: Memories): { readonly x: number; readonly y: number }[] {
  const out: { readonly x: number; readonly y: number }[] = [];
  for (const [name, memory] of memories) {
    const place = parseCoreSection(name);
    if (place?.memory === "control" && columns(words.control, memory, 0, 1, 1, name).enabled[0] === 1) out.push(place);
  }
  return out.sort((p, q) => p.y - q.y || p.x - q.x);
}
