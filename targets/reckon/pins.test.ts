import { describe, expect, test } from "vitest";
import { parseNetwork } from "../../compiler/ir/network/parse.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import type { InputEvents } from "../../runtime/device.ts";
import type { LogEntry, Tape } from "../../runtime/tape/types.ts";
import { targetNamed } from "../index.ts";
import { spaces } from "./board.ts";
import { memorySizes } from "./core.ts";
import { reckonPins as pins } from "./pins.ts";
import * as words from "./words.ts";

const target = targetNamed("reckon");
const { image } = compile(
  parseNetwork(
    [
      "network t steps 5",
      "  input x 3 binary code events",
      "  pop h 3 binary reckon(threshold=300 alpha=31000)",
      "  link x -> h dense i8[3x3]{100 -20 7 50 60 70 3 2 1} gain=4",
      "  link h -> h dense i8[3x3]{0 5 6 7 0 8 9 10 0} delay=1",
      "  pop o 2 binary reckon-readout(kappa=120)",
      "  link h -> o dense i8[2x3]{100 -100 50 -7 9 11} gain=2",
      "  output y of o code potential",
      "",
    ].join("\n"),
    null,
  ),
  job({ target, method: "" }),
  context({ chip: target.chip }),
);

const events: InputEvents[] = [0, 1, 2, 4].map((step) => ({
  input: 0,
  step,
  channel: Int32Array.from(step === 2 ? [0, 1, 2] : [step % 3]),
  payload: new Int32Array(step === 2 ? 3 : 1).fill(1),
}));

const marks = (log: readonly LogEntry[]): number[] => log.flatMap((e) => (e.kind === "mark" ? [e.cycle] : []));

test("a programmed board answers as the simulator does, in as many clocks", async () => {
  const device = target.simulate();
  await device.load(image);
  await device.send(events);
  await device.run(image.steps);
  const simulated = (await device.receive()).map((o) => o.payload);
  const board = pins.board();
  board.run(pins.program(image));
  const log = board.run([{ op: "mark", id: 0 }, ...pins.present(image, events, 1), ...pins.present(image, events, 2)]);
  const bytes = log.flatMap((e) => (e.kind === "spike" ? [Number(e.word) & 0xff] : []));
  const readouts = [0, 1, 2, 3].map((k) => ((bytes[2 * k]! | (bytes[2 * k + 1]! << 8)) << 16) >> 16);
  expect(simulated.some((v) => v !== 0)).toBe(true);
  // The second sample finds nothing of the first.
  expect(readouts).toEqual([...simulated, ...simulated]);
  // Two changes of the pin SAMPLE; and each wait for the ready pin ends a clock after the last in which it was low.
  const [start, first, second] = marks(log);
  expect(second! - first!).toBe(first! - start!);
  expect(first! - start!).toBe(device.now().cycle + 2 * 4);
});

test("what was written is read back", () => {
  const board = pins.board();
  board.run(pins.program(image));
  const log = board.run(pins.readBack(image));
  expect(log.filter((e) => e.kind === "read").length).toBeGreaterThan(5);
  expect(log.at(-1)).toMatchObject({ kind: "end", errors: 0 });
  const faulty = pins.board([{ section: "core(0,0)/inputWeights", address: 64, bit: 9, stuck: 1 }]);
  faulty.run(pins.program(image));
  expect(faulty.run(pins.readBack(image)).at(-1)).toMatchObject({ errors: 1 });
});

test("the back door holds what the tape writes", () => {
  const files = pins.backDoor(image);
  const rows = files.get("inputWeights.hex")!.split("\n");
  // Line 16 is source 1, neurons 0 to 15: -20, 60 and 2.
  expect(rows[16]).toBe("00000000000000000000000000023cec");
  expect(rows.filter((r) => r !== "").length).toBe(memorySizes.inputWeights / words.chunks);
});

test("a memory is out of reach while the register config is clear", () => {
  const address = 8;
  const write: Tape = [{ op: "write", space: spaces.inputWeights, address, data: 0x01020304, mask: 0 }];
  const config = (data: number): Tape => [{ op: "write", space: spaces.registers, address: 0, data, mask: 0 }];
  const read: Tape = [{ op: "read", space: spaces.inputWeights, address, expect: null }];
  const values = (tape: Tape): number[] =>
    pins
      .board()
      .run(tape)
      .flatMap((e) => (e.kind === "read" ? [Number(e.value)] : []));
  expect(values([...config(0), ...write, ...config(1), ...read])).toEqual([0]);
  expect(values([...config(1), ...write, ...read, ...config(0)])).toEqual([0x01020304]);
});

describe("bring-up", () => {
  const tests = pins.bringup();

  test("every branch is exercised by a vector, and no vector names another", () => {
    const covered = new Set(tests.flatMap((t) => t.covers));
    expect([...covered].sort()).toEqual(Object.keys(pins.branches).sort());
  });

  test("every memory is marched through", () => {
    const marched = tests.filter((t) => t.name.startsWith("march-"));
    expect(marched.map((t) => t.name)).toEqual(["march-neurons", "march-input-weights", "march-recurrent-weights", "march-output-weights"]);
  });

  // Changes of the semantics that each of these vectors must see.
  const logOf = (name: string, change: (tape: Tape) => Tape = (t) => t): string =>
    JSON.stringify(pins.board().run(change(tests.find((t) => t.name === name)!.tape)));
  const withRegister =
    (address: number, data: number) =>
    (tape: Tape): Tape =>
      tape.map((o) => (o.op === "write" && o.space === spaces.registers && o.address === address ? { ...o, data } : o));
  const { registers } = words;
  const changes: readonly (readonly [string, number, number])[] = [
    ["resets", registers.reset.address, 1],
    ["leak", registers.growth0.address, 0],
    ["output-leak", registers.kappa.address, 128],
    ["odd-counts", registers.neurons.address, 3],
    ["ghosts", registers.inputs.address, 1],
    ["labels", registers.outputs.address, 4],
    ["output-bytes", registers.outputs.address, 1],
    ["shifts", registers.recurrentShift.address, 0],
    ["saturation", registers.inputShift.address, 0],
    ["early-tick-on", registers.errorHalt.address, 1],
  ];
  for (const [name, address, data] of changes)
    test(`${name} sees another value of register ${address}`, () => {
      expect(logOf(name, withRegister(address, data))).not.toBe(logOf(name));
    });

  test("the new potentials of all pairs show their growth bits", () => {
    const reads = (pins.board().run(tests.find((t) => t.name === "growth")!.tape) as readonly LogEntry[]).flatMap((e) =>
      e.kind === "read" ? [Number(e.value) & 0xffff] : [],
    );
    // 100 << 7 is kept with a growth bit, and loses an eighth without.
    const pattern = (first: number): number[] => Array.from({ length: 128 }, (_, p) => ((p & 1) === first ? 12800 : 11200));
    expect(reads).toEqual([...pattern(0), ...pattern(1)]);
  });

  test("a line beyond the count of lines and neurons is not looked at", () => {
    const log = pins.board().run(tests.find((t) => t.name === "counted")!.tape);
    const first = log.flatMap((e) => (e.kind === "read" && e.address === 0 ? [Number(e.value) & 0xffff] : []));
    expect(first).toEqual([0x56, 0x56, 0xab, 0xab]);
  });

  test("registers that the pins cannot read have the bits that are modelled, each at 0 and at 1 in some vector", () => {
    const memory = pins.memories.find((m) => m.section === "chip/registers")!;
    expect(memory.widths!.reduce((n, w) => n + w, 0)).toBe(1 + 1 + 1 + 3 * 3 + 1 + 4 * 32 + 8 + 8 + 8 + 4);
    const [zeros, ones] = [new Map<number, number>(), new Map<number, number>()];
    for (const t of tests)
      for (const o of t.tape) {
        if (o.op !== "write" || o.space !== spaces.registers) continue;
        zeros.set(o.address, (zeros.get(o.address) ?? 0) | ~Number(o.data));
        ones.set(o.address, (ones.get(o.address) ?? 0) | Number(o.data));
      }
    const { errorHalt } = registers;
    memory.widths!.forEach((bits, address) => {
      const all = bits === 32 ? -1 : (1 << bits) - 1;
      expect([address, (zeros.get(address) ?? 0) & all], "bits at 0").toEqual([address, all]);
      // After a reset this one is set.
      if (address !== errorHalt.address) expect([address, (ones.get(address) ?? 0) & all], "bits at 1").toEqual([address, all]);
    });
  });

  test("a stuck bit of a weight shows in its march", () => {
    const march = tests.find((t) => t.name === "march-output-weights")!;
    const fault = { section: "core(0,0)/outputWeights", address: 77, bit: 31, stuck: 0 } as const;
    const good = pins.board().run(march.tape).at(-1);
    const bad = pins.board([fault]).run(march.tape).at(-1);
    expect(good).toMatchObject({ errors: 0 });
    expect(bad).toMatchObject({ kind: "end" });
    expect((bad as { errors: number }).errors).toBeGreaterThan(0);
  });
});
