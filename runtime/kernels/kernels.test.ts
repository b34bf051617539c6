import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Random } from "../../compiler/base/random.ts";
import { compareKernels } from "../../test/harness/random-plan.ts";
import { compileKernels, type Kernels, type Memory, viewsOf, wasmKernels, wasmMemory } from "./kernels.ts";
import * as l from "./layout.ts";
import { twinKernels } from "./twin/index.ts";

/* Each compiled kernel against its twin: the same bytes before, the same bytes after. */

const size = 2 ** 17;
const bytes = readFileSync(new URL("./kernels.wasm", import.meta.url));
const module = compileKernels(bytes);
if (module === null) throw new Error("the kernels do not compile on this machine");

/** Fills one memory, runs both kinds of kernels on copies of it, and compares all bytes. */
function same(fill: (m: Memory) => void, work: (k: Kernels) => void): Memory {
  const shared = wasmMemory(size)!;
  const compiled = viewsOf(shared.buffer);
  fill(compiled);
  const twin = viewsOf(new SharedArrayBuffer(size));
  twin.u8.set(compiled.u8);
  work(wasmKernels(module!, shared));
  work(twinKernels(twin));
  for (const m of [compiled, twin]) tidy(m);
  expect(firstDifference(compiled.u8, twin.u8)).toBeNull();
  return twin;
}

/** Behind the end of a list of emissions there may be anything. */
function tidy(m: Memory): void {
  const list = m.i32[(core + l.coreEmissions) >>> 2]!;
  if (list === emissions) m.u8.fill(0, list + m.i32[(core + l.coreEmitted) >>> 2]! * l.emissionBytes, list + 2048);
}

function firstDifference(a: Uint8Array, b: Uint8Array): number | null {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return i;
  return null;
}

describe("whole machines", () => {
  it("150 random machines, in one to three shares: all bytes after each step, and the same for any number of shares", () => {
    for (let seed = 1; seed <= 150; seed++) expect(compareKernels(seed, bytes)).toBeNull();
  });
});

const noise = (m: Memory, r: Random, from: number, bytes: number): void => {
  for (let i = from; i < from + bytes; i += 4) m.i32[i >>> 2] = r.u32();
};

describe("rows", () => {
  it("add8 and add16 add payload times weight, whatever the length and the place", () => {
    const r = new Random(1);
    for (let k = 0; k < 400; k++) {
      const count = r.int(0, 150);
      const payload = r.pick([1, -1, 0, 3, -200, 65535, -(2 ** 31), r.u32() | 0]);
      const sums = 4096 + 4 * r.int(0, 20);
      const weights = 16384 + 2 * r.int(0, 20);
      const wide = r.chance(0.5);
      same(
        (m) => noise(m, r, 4096, 16384),
        (kernels) => (wide ? kernels.add16 : kernels.add8)(sums, weights, count, payload),
      );
    }
  });

  it("addRows8 adds any number of rows, at extremes too", () => {
    const r = new Random(2);
    for (let k = 0; k < 120; k++) {
      const count = r.int(16, 200);
      const rows = r.pick([0, 1, 2, 255, 256, 257, 700]);
      const extreme = r.pick([null, -128, 127]);
      const m = same(
        (memory) => {
          noise(memory, r, 32768, 16384);
          if (extreme !== null) memory.i8.fill(extreme, 32768, 49152);
          for (let i = 0; i < rows; i++) memory.i32[(65536 >>> 2) + i] = 32768 + r.int(0, 8000);
        },
        (kernels) => kernels.addRows8(8192, 65536, rows, count),
      );
      if (extreme !== null) expect(m.i32[8192 >>> 2]).toBe((rows * extreme) | 0);
    }
  });
});

/** A machine of one core with one run of neurons, all of it drawn by chance. */
function randomCore(m: Memory, r: Random): { readonly slots: number; readonly copies: number; readonly touched: boolean } {
  const slots = r.int(1, 70);
  const copies = r.int(1, 3);
  const touched = r.chance(0.5);
  const set = (address: number, value: number): void => {
    m.i32[address >>> 2] = value;
  };
  const at = (k: number): number => 8192 + 2048 * k;
  set(machine + l.machineCopies, copies);
  set(machine + l.machineCopyBytes, 1024);
  set(machine + l.machineParityBytes, 4096);
  set(machine + l.machineSeed, r.u32() | 0);
  set(core + l.coreAccumulators, 32768);
  set(core + l.coreTouched, touched ? at(0) : 0);
  const fields = [l.coreThreshold, l.coreReset, l.coreBias, l.coreInitial, l.coreNoiseKey, l.corePotential, l.coreCurrent];
  fields.forEach((field, k) => set(core + field, at(k + 1)));
  set(core + l.coreFired, at(8));
  set(core + l.coreEmissions, emissions);
  // Numbers as the chip has them: 24 bits, often small, sometimes at an end.
  const number24 = (): number => r.pick([r.int(-40, 40), r.int(-(2 ** 23), 2 ** 23 - 1), -(2 ** 23), 2 ** 23 - 1, 0]);
  for (let k = 0; k < slots; k++) {
    fields.forEach((_, f) => set(at(f + 1) + 4 * k, number24()));
    m.u8[at(8) + k] = r.pick([0, 1, 254, 255]);
    m.u8[at(0) + k] = r.int(0, 1);
    for (let c = 0; c < copies; c++) {
      set(32768 + 1024 * c + 4 * k, r.pick([0, r.int(-50, 50), r.u32() | 0]));
      set(32768 + 4096 + 1024 * c + 4 * k, r.u32() | 0);
    }
  }
  const first = r.int(0, slots - 1);
  const bits = r.int(1, 16);
  const signed = r.chance(0.5);
  const words: readonly (readonly [number, number])[] = [
    [l.runFirst, first],
    [l.runEnd, r.int(first, slots)],
    [l.runLeak, r.int(0, 3)],
    [l.runLeakArgument, r.pick([0, 1, 4, 23, 40, 4095, 8191])],
    [l.runCurrent, r.int(0, 1)],
    [l.runGreater, r.int(0, 1)],
    [l.runReset, r.int(0, 2)],
    [l.runNegative, r.int(0, 3)],
    [l.runNegativeAtZero, r.int(0, 1)],
    [l.runBiasFirst, r.int(0, 1)],
    [l.runTouched, touched ? r.int(0, 1) : 0],
    [l.runEmit, r.int(0, 2)],
    [l.runBoundary, r.int(0, 2)],
    [l.runOutput, r.pick([0, 0, 0, 1])],
    [l.runNoise, r.int(0, 2)],
    [l.runCurrentDecay, r.int(0, 8191)],
    [l.runNoiseBits, r.pick([0, 1, 5, 20, 31])],
    [l.runPayloadLow, signed ? -(2 ** (bits - 1)) : 0],
    [l.runPayloadHigh, signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1],
    [l.runStart, r.int(0, 65535)],
    [l.runSilent, r.int(0, 2)],
    [l.runLength, r.int(0, 4)],
    [l.runBias, r.int(0, 1)],
  ];
  for (const [field, value] of words) set(run + field, value);
  // The common case has a loop of its own: half of the runs are such.
  if (r.chance(0.5)) {
    for (const field of [l.runCurrent, l.runNegative, l.runTouched, l.runEmit, l.runOutput, l.runNoise]) set(run + field, 0);
    if (r.chance(0.8)) set(run + l.runLeak, r.pick([0, 1, 3]));
  }
  return { slots, copies, touched };
}

const emissions = 8192 + 2048 * 9;
const machine = 1024;
const core = 2048;
const run = 4096;

describe("neurons", () => {
  it("3,000 random runs: potentials, currents, counters, emissions", () => {
    const r = new Random(3);
    for (let k = 0; k < 3000; k++) {
      const c = r.int(0, 4);
      const parity = r.int(0, 1);
      same(
        (m) => randomCore(m, r),
        (kernels) => {
          kernels.update(machine, core, run, c, parity);
          kernels.update(machine, core, run, c + 1, parity);
        },
      );
    }
  });

  it("idle runs forget what arrived", () => {
    const r = new Random(4);
    for (let k = 0; k < 100; k++)
      same(
        (m) => randomCore(m, r),
        (kernels) => kernels.idle(machine, core, run, k & 1),
      );
  });
});
