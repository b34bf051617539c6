import { fail } from "../../compiler/base/diagnostic.ts";
import type { Replay, ReplayResult } from "../recordings.ts";
import { OdinCore } from "./core.ts";
import { type Variant, variants } from "./variant.ts";
import { odinRegisters, signsPerRegister, tinyRegisters } from "./words.ts";

/*
 * Recordings of the RTL of ODIN and tinyODIN: memories, steps of events offered back to
 * back, spikes in order, clocks of each step, memories at the end.
 */

/** Clocks that a step may take; far more than a full queue needs. */
const stepLimit = 2 ** 28;

type Step = { readonly events: readonly number[]; readonly spikes: readonly number[]; readonly cycles: number };

/** Replays a recording on the simulator. */
export const replayOdin: Replay = (recording) => replay(recording, variants.odin);
export const replayTinyOdin: Replay = (recording) => replay(recording, variants.tinyodin);

function replay(recording: Readonly<Record<string, unknown>>, variant: Variant): ReplayResult {
  const core = new OdinCore(variant);
  configure(core, recording);
  core.loadNeurons(memory(recording, "neurons", variant.neuronParts));
  core.loadSynapses(memory(recording, "synapses", 1));
  core.advance(40);
  const compare = comparer();
  (recording["steps"] as readonly Step[]).forEach((step, i) => {
    const first = core.spikes.length;
    const cycles = present(core, step.events);
    const spikes = core.spikes.slice(first).map((s) => s.address);
    const where = `step ${i}`;
    const length = Math.max(spikes.length, step.spikes.length);
    for (let k = 0; k < length; k++) compare(`${where}, spike ${k}`, step.spikes[k], spikes[k]);
    compare(`${where}, cycles`, step.cycles, cycles);
  });
  compareMemory(compare, recording, "finalNeurons", core.neuronWords(), variant.neuronParts);
  compareMemory(compare, recording, "finalSynapses", core.synapseWords(), 1);
  return compare.result;
}

function configure(core: OdinCore, recording: Readonly<Record<string, unknown>>): void {
  core.setRegister(odinRegisters.openLoop, Number(recording["openLoop"]));
  if (core.variant.name === "tinyodin") return core.setRegister(tinyRegisters.maxNeuron, Number(recording["maxNeur"]));
  core.setRegister(odinRegisters.propagateUnmapped, Number(recording["propagateUnmapped"]));
  const signs = recording["synSign"] as ArrayLike<number>;
  for (let k = 0; k < signs.length / signsPerRegister; k++) {
    let bits = 0;
    for (let b = 0; b < signsPerRegister; b++) bits |= Number(signs[k * signsPerRegister + b]) << b;
    core.setRegister(odinRegisters.signs + k, bits);
  }
}

/** Words of 32 bits from a recording's digits: each word of the memory in turn, its parts from the least significant. */
function memory(recording: Readonly<Record<string, unknown>>, key: string, parts: number): Uint32Array {
  const digits = recording[key];
  if (typeof digits !== "string" || digits.length % (8 * parts) !== 0)
    fail("recording-malformed", [String(recording["chip"]), `${key} is not hexadecimal words of ${8 * parts} digits`]);
  const text = digits as string;
  return Uint32Array.from({ length: text.length / 8 }, (_, i) => {
    const word = Math.floor(i / parts);
    const at = 8 * (word * parts + (parts - 1 - (i % parts)));
    return Number.parseInt(text.slice(at, at + 8), 16);
  });
}

/**
 * Offers events back to back: a request is raised as soon as the last acknowledge is
 * seen to fall. Counts clocks from the edge that first sees a request to the edge at which the host
 * has seen the last acknowledge fall and nothing is under way.
 */
function present(core: OdinCore, events: readonly number[]): number {
  let cycles = 0;
  for (const event of events) {
    core.event = event;
    core.request = 1;
    while (core.acknowledge === 0) cycles += core.advance(stepLimit);
    core.request = 0;
    while (core.acknowledge === 1) cycles += core.advance(stepLimit);
  }
  const last = core.advance(1) + core.runQuiet(stepLimit);
  return cycles + last - 1;
}

type Comparer = ((where: string, expected: unknown, got: unknown) => void) & { readonly result: ReplayResult };

/** Counts what is compared and keeps the first difference. */
function comparer(): Comparer {
  let compared = 0;
  let difference: ReplayResult["difference"] = null;
  const compare = (where: string, expected: unknown, got: unknown): void => {
    compared++;
    if (expected !== got && difference === null) difference = { where, expected: show(expected), got: show(got) };
  };
  return Object.defineProperty(compare, "result", { get: () => ({ compared, difference }) }) as Comparer;
}

const show = (value: unknown): string => (value === undefined ? "nothing" : String(value));

function compareMemory(
  compare: Comparer,
  recording: Readonly<Record<string, unknown>>,
  key: string,
  got: Uint32Array,
  parts: number,
): void {
  if (recording[key] === undefined) return;
  const expected = memory(recording, key, parts);
  const hex = (w: number | undefined): string | undefined => w?.toString(16).padStart(8, "0");
  for (let i = 0; i < expected.length; i++)
    compare(`${key}, word ${Math.floor(i / parts)}, part ${i % parts}`, hex(expected[i]), hex(got[i]));
}
