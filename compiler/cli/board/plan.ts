import { encodeSample, openSession } from "../../../runtime/session.ts";
import type { LogEntry, Tape, TapeOp } from "../../../runtime/tape/types.ts";
import type { Pins, PinMemory, Target } from "../../../targets/target.ts";
import { at } from "../../base/bug.ts";
import type { Image } from "../../ir/image/types.ts";
import { networkMark } from "./pins.ts";
import type { BoardSample } from "./samples.ts";

/*
 * What a board or an RTL simulation is to do with an image, and what must come out: program the
 * chip, mark the network, present the samples one after another.
 */

export type CosimOptions = {
  readonly samples: readonly BoardSample[];
  /** Memories are loaded around the pins; only what has no back door is programmed. */
  readonly backDoor: boolean;
  /** Memories are read back before the first sample. */
  readonly readBack: boolean;
};

export type CosimPlan = { readonly tape: Tape; readonly expected: readonly LogEntry[] };

export function planCosim(pins: Pins, image: Image, options: CosimOptions): CosimPlan {
  const whole = pins.program(image);
  const board = pins.board();
  const program = options.backDoor ? withoutBackDoor(whole, pins.memories) : whole;
  const tape: TapeOp[] = [...program];
  if (options.readBack) for (const o of pins.readBack(image)) tape.push(o);
  tape.push({ op: "mark", id: networkMark(image) });
  options.samples.forEach((sample, k) => {
    for (const o of pins.present(image, encodeSample(image, sample, 0), k + 1)) tape.push(o);
  });
  // The board has no back door: it is programmed through its pins before it plays the tape.
  if (options.backDoor) board.run(whole);
  return { tape, expected: board.run(tape) };
}

/** Without the writes that the back door makes. */
function withoutBackDoor(program: Tape, memories: readonly PinMemory[]): Tape {
  const covered = memories.filter((m) => m.backDoor !== undefined);
  const inside = (space: number, address: number): boolean =>
    covered.some((m) => m.space === space && address >= m.base && address < m.base + m.words * m.stride);
  return program.filter((o) => o.op !== "write" || !inside(o.space, o.address));
}

export type PredictedSample = {
  readonly mark: number;
  /** The sample: the numbers of each input. */
  readonly input: readonly (readonly number[])[];
  readonly answers: Readonly<Record<string, readonly number[]>>;
  readonly raw: Readonly<Record<string, readonly number[]>>;
  readonly cycles: number;
  readonly firstOutputCycle: number | null;
};

/** What the simulator answers to each sample. */
export async function predict(target: Target, image: Image, samples: readonly BoardSample[]): Promise<readonly PredictedSample[]> {
  const session = await openSession(target.simulate(), image);
  const out: PredictedSample[] = [];
  for (const [k, sample] of samples.entries()) {
    const r = await session.run(sample);
    out.push({
      mark: k + 1,
      input: sample.map((s) => [...s]),
      answers: Object.fromEntries(image.outputs.map((o, i) => [o.name, [...at(r.answers, i)]])),
      raw: Object.fromEntries(image.outputs.map((o, i) => [o.name, [...at(r.raw, i)]])),
      cycles: r.cycles,
      firstOutputCycle: r.firstOutputCycle,
    });
  }
  await session.close();
  return out;
}
