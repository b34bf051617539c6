import { bug } from "../../../compiler/base/bug.ts";
import { fail } from "../../../compiler/base/diagnostic.ts";
import { type AnyWord, verilogOf } from "../../../compiler/ir/image/word.ts";
import type { ChipSpec } from "../../chip.ts";
import * as words from "../words.ts";

/*
 * What the Verilog needs to know of a chip, as two headers: sizes and cycles from its ChipSpec, and
 * the bit ranges of every word from the tables in words.ts. No bit position and no number of
 * cycles is written in Verilog.
 */

const tables: readonly AnyWord[] = Object.values(words).filter((w): w is Extract<typeof w, object> => typeof w === "object");

const define = (name: string, value: string | number): string => `\`define ${name} ${value}`;
/** Bits of an address in a memory of so many words. */
const bitsFor = (count: number): number => Math.max(1, Math.ceil(Math.log2(count)));

/** The ranges and choices of every word of the format, and of packets, as macros. */
export function wordsHeader(chip: ChipSpec): string {
  return guarded("MESH_WORDS", [...tables.map(verilogOf), ...packetRanges(chip)]);
}

/** Payload of a packet: wide enough for a potential. */
export const payloadBits = 24;

/** A packet is a route word without its unused bits, above the payload. */
function packetRanges(chip: ChipSpec): string[] {
  const f = words.route.fields;
  const at = (field: { readonly high: number; readonly low: number }): string =>
    field.high === field.low ? `${field.high + payloadBits}` : `${field.high + payloadBits}:${field.low + payloadBits}`;
  const axonIndex = { low: f.axon.low, high: f.axon.low + bitsFor(chip.core.axons) - 1 };
  const slotIndex = words.entry.fields.slot.low + slotBits(chip) - 1;
  return [
    define("PACKET_PAYLOAD", `${payloadBits - 1}:0`),
    define("PACKET_AXON", at(f.axon)),
    define("PACKET_AXON_INDEX", at(axonIndex)),
    define("PACKET_X", at(f.x)),
    define("PACKET_Y", at(f.y)),
    define("PACKET_MEMBER", at(f.member)),
    define("PACKET_HOST", at(f.host)),
    define("PACKET_ROUTE", `${routeTop}:0`),
    define("ENTRY_SLOT_INDEX", `${slotIndex}:${words.entry.fields.slot.low}`),
  ];
}

const routeTop = Math.max(...Object.values(words.route.fields).map((f) => f.high));

/** Slots lie in banks, one for each weight of a word, with at least two rows. */
function slotBits(chip: ChipSpec): number {
  return Math.max(laneBits(chip) + 1, bitsFor(chip.core.neurons));
}

function laneBits(chip: ChipSpec): number {
  return bitsFor(Math.floor(32 / chip.weight.bitsMin));
}

const cycleWidths: Readonly<Record<string, number>> = { event: 40, row: 40, word: 40, gate: 40, update: 8, skip: 8, send: 8, barrier: 16 };
/** Least cycles that the pipelines can keep up with. */
const cyclesLeast: Readonly<Record<string, number>> = {
  event: 2,
  row: 1,
  word: 1,
  gate: 0,
  update: 1,
  skip: 1,
  send: 1,
  hop: 1,
  barrier: 28,
};

/** Refuses chips whose parameters are outside the Verilog's range. */
function check(chip: ChipSpec): void {
  for (const [key, least] of Object.entries(cyclesLeast)) {
    const found = chip.cycles[key] ?? bug(`chip ${chip.name} does not say how many cycles "${key}" takes`);
    const most = 2 ** Math.min(16, cycleWidths[key] ?? 6) - 1;
    if (found < least || found > most)
      fail("rtl-unsupported", [`${key} in ${found} cycles; it takes ${least} to ${most}`], { at: chip.name });
  }
}

/** Sizes and cycles of a chip. Throws Failure for a chip that the Verilog cannot be. */
export function paramsHeader(chip: ChipSpec): string {
  check(chip);
  const { core } = chip;
  const fifoBits = bitsFor(chip.fifo);
  const pool = bitsFor(2 * core.events);
  const synapses = Math.max(2, bitsFor(core.synapseWords));
  const deepest = Math.max(2 ** slotBits(chip), core.axons, 64);
  const widest = Math.max(deepest, core.routes, 2 ** synapses);
  const has = (flag: boolean): number => (flag ? 1 : 0);
  const noise = chip.unit["noise"] ?? [];
  return guarded("MESH_PARAMS", [
    define("MESH_COLUMNS", chip.columns),
    define("MESH_ROWS", chip.rows),
    define("MESH_PACKET", routeTop + 1 + payloadBits),
    define("MESH_FIFO_BITS", fifoBits),
    define("MESH_FIFO_LAST", `${fifoBits}'d${chip.fifo - 1}`),
    define("MESH_FIFO_SIZE", `${fifoBits + 1}'d${chip.fifo}`),
    define("MESH_HOP", chip.cycles["hop"] ?? 0),
    define("MESH_SLOT_BITS", slotBits(chip)),
    define("MESH_LANES", 2 ** laneBits(chip)),
    define("MESH_LANE_BITS", laneBits(chip)),
    define("MESH_NEURONS", core.neurons),
    define("MESH_SHAPES", core.shapes),
    define("MESH_SYNAPSE_WORDS", core.synapseWords),
    define("MESH_AXONS", core.axons),
    define("MESH_AXON_BITS", bitsFor(core.axons)),
    define("MESH_ROUTES", core.routes),
    define("MESH_ROUTE_BITS", bitsFor(core.routes)),
    define("MESH_SYNAPSE_BITS", synapses),
    define("MESH_PROFILES", core.profiles),
    define("MESH_EVENTS", core.events),
    define("MESH_EVENT_BITS", bitsFor(core.events + 1)),
    define("MESH_POOL_BITS", pool),
    define("MESH_CLEAR_LAST", `16'd${deepest - 1}`),
    define("MESH_WIPE_LAST", `16'd${widest - 1}`),
    define("MESH_HAS_GATE", has(chip.pools.includes("gate"))),
    define("MESH_HAS_CONV", has(chip.sharedKernels)),
    define("MESH_HAS_NOISE", has(noise.some((n) => n !== "none"))),
    define("MESH_HAS_COUNT", has((chip.unit["emit"] ?? []).includes("count"))),
    ...Object.entries(cycleWidths).map(([key, width]) => define(`MESH_CYCLES_${key.toUpperCase()}`, `${width}'d${chip.cycles[key]}`)),
  ]);
}

function guarded(name: string, lines: readonly string[]): string {
  return [`\`ifndef ${name}`, `\`define ${name}`, ...lines, "`endif", ""].join("\n");
}
