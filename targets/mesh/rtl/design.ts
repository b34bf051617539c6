import { readdirSync, readFileSync } from "node:fs";
import { at } from "../../../compiler/base/bug.ts";
import { fail } from "../../../compiler/base/diagnostic.ts";
import type { Image } from "../../../compiler/ir/image/types.ts";
import type { InputEvents } from "../../../runtime/device.ts";
import { parseCoreSection } from "../../../runtime/parts/memory.ts";
import type { RtlDesign, RtlEvent } from "../../../runtime/rtl/design.ts";
import type { ChipSpec } from "../../chip.ts";
import { meshMachine } from "../machine.ts";
import { meshEvents } from "../trace.ts";
import * as words from "../words.ts";
import { paramsHeader, payloadBits, wordsHeader } from "./generate.ts";

/** The mesh's Verilog with the headers of this chip, and what its harness and bench understand. Throws Failure for a chip that the Verilog cannot be. */
export function meshRtl(chip: ChipSpec): RtlDesign {
  const checker = meshMachine(chip);
  return {
    name: chip.name,
    files: files(chip),
    top: "mesh",
    bench: "bench",
    defines: ["MESH_TRACE"],
    barrier: chip.cycles["barrier"] ?? 0,
    load: async (image) => {
      // The Verilog trusts its memories; what points nowhere is refused here, as the simulator does.
      await checker.load(image);
      const commands = image.sections.flatMap((s) => Array.from(s.words, (w, k) => loadCommand(s.name, s.base + k, w)));
      return { commands: ["z 1", ...commands, "z 0"], answers: 2, words: commands.length };
    },
    reset: ["z 0"],
    packets: packetsOf,
    step: (traced, limit) => `s ${traced ? 1 : 0} ${limit.toString(16)}`,
    event: (line) => eventOf(line, chip),
    begin: meshEvents.stepBegin.name,
    quiet: meshEvents.stepQuiet.name,
    peek,
  };
}

const folder = new URL("./", import.meta.url);

function files(chip: ChipSpec): ReadonlyMap<string, string> {
  const sources = readdirSync(folder).filter((name) => /\.(v|cpp)$/.test(name));
  return new Map([
    ...sources.map((name): [string, string] => [name, readFileSync(new URL(name, folder), "utf8")]),
    ["mesh_params.vh", paramsHeader(chip)],
    ["mesh_words.vh", wordsHeader(chip)],
  ]);
}

/** The Verilog behind the host port, top `mesh_chip`. Throws Failure for a chip that the Verilog cannot be. */
export function pinsVerilog(chip: ChipSpec): ReadonlyMap<string, string> {
  return new Map([...files(chip)].filter(([name]) => name !== "bench.v" && name !== "harness.cpp"));
}

/** Memories in the order of the loader's codes, and how many words each entry has. */
const memories: readonly (readonly [string, number])[] = [
  ["control", 1],
  ["profiles", 4],
  ["neurons", 6],
  ["routes", 1],
  ["axons", 2],
  ["shapes", 2],
  ["synapses", 1],
];

const hex = (n: number): string => (n >>> 0).toString(16);

function loadCommand(section: string, address: number, data: number): string {
  const place = parseCoreSection(section);
  if (place === null) return `c ${hex(address)} ${hex(data)}`;
  const code = memories.findIndex(([name]) => name === place.memory);
  const [, size] = at(memories, code);
  return `w ${hex(place.x)} ${hex(place.y)} ${code} ${address % size} ${hex(Math.floor(address / size))} ${hex(data)}`;
}

/** The host's packets of a step: in order of input, then channel, then target. */
function packetsOf(image: Image, events: readonly InputEvents[]): readonly string[] {
  const out: string[] = [];
  image.inputs.forEach((input, i) => {
    const pairs = events
      .filter((e) => e.input === i)
      .flatMap((e) => Array.from(e.channel, (channel, k) => ({ channel, payload: at(e.payload, k) })));
    for (const { channel, payload } of pairs.sort((p, q) => p.channel - q.channel)) {
      const half = 2 ** (payloadBits - 1);
      if (payload < -half || payload >= half)
        fail("rtl-unsupported", [`payload ${payload}; packets carry ${payloadBits} bits`], { at: input.name });
      for (let k = at(input.start, channel); k < at(input.start, channel + 1); k++)
        out.push(`k ${hex(at(input.targets, k))} ${hex(payload & (2 ** payloadBits - 1))}`);
    }
  });
  return out;
}

/** Letters of lines that name a core and two numbers as they are. */
const plain: Readonly<Record<string, string>> = {
  b: meshEvents.integrateBegin.name,
  t: meshEvents.eventTake.name,
  u: meshEvents.updateBegin.name,
  o: meshEvents.spikeOut.name,
  p: meshEvents.potentialOut.name,
  s: meshEvents.packetSend.name,
  d: meshEvents.coreDone.name,
  e: meshEvents.eventStore.name,
  l: meshEvents.packetLost.name,
};

function eventOf(line: string, chip: ChipSpec): RtlEvent | null {
  const [kind, ...rest] = line.split(" ");
  const [cycle = 0, first = 0, a = 0, b = 0] = rest.map(Number);
  if (kind === "r") return { cycle, core: -1, event: meshEvents.hostReceive.name, a: first, b: a };
  if (kind === "h") return hostSend(cycle, first, chip);
  const event = plain[kind ?? ""];
  return event === undefined ? null : { cycle, core: first, event, a, b };
}

function hostSend(cycle: number, route: number, chip: ChipSpec): RtlEvent | null {
  const r = words.route.decode(route);
  if (!("value" in r)) return null;
  const { host, x, y, axon, member } = r.value;
  const event = { cycle, core: -1, event: meshEvents.hostSend.name };
  return host ? { ...event, a: -1, b: axon + member * 2 ** 12 } : { ...event, a: y * chip.columns + x, b: axon };
}

/** Numbers of an answer to `x`, in order. */
const stateColumns = ["touched", "accumulator", "fired", "current", "potential"];

function peek(section: string, image: Image): { readonly command: string; readonly column: number } | null {
  const place = parseCoreSection(section);
  const column = stateColumns.indexOf(place?.memory ?? "");
  if (place === null || column < 0) return null;
  const control = image.sections.find((s) => s.name === `core(${place.x},${place.y})/control`);
  const decoded = words.control.decode(at(control?.words ?? Uint32Array.of(0), 0));
  const slots = "value" in decoded ? decoded.value.slots : 0;
  return { command: `x ${hex(place.x)} ${hex(place.y)} ${hex(slots)}`, column };
}
