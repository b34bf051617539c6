import { z } from "zod";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Replay, ReplayResult } from "../recordings.ts";
import { Core } from "./core.ts";
import { Grid } from "./grid.ts";
import { readLines } from "./memory-file.ts";
import { type Parameters, tickClocks } from "./parameters.ts";
import { decodePacket, neuronWord } from "./words.ts";

/*
 * Recordings of RANC's RTL: memory files of the cores, the packets sent before each tick, the
 * packets that left in each tick, in order of arrival, and the potentials of core 0 after it.
 */

const count = z.number().int().min(0);
const recording = z.object({
  params: z.object({
    gridX: count,
    gridY: count,
    outputX: count,
    outputY: count,
    numAxons: count,
    numNeurons: count,
    numWeights: count.default(4),
    potentialWidth: count.default(9),
    weightWidth: count.default(9),
    leakWidth: count.default(9),
    thresholdWidth: count.default(9),
    routerBufferDepth: count.default(4),
    dxBits: count.default(9),
    dyBits: count.default(9),
  }),
  csram: z.record(z.string(), z.array(z.string())),
  tc: z.record(z.string(), z.array(z.string())),
  ticks: z.array(
    z.object({
      packets: z.array(count),
      outputs: z.array(count),
      core0Potentials: z.array(z.number().int()).optional(),
    }),
  ),
});

type Recording = z.infer<typeof recording>;

export const replayRanc: Replay = (json): ReplayResult => {
  const read = recording.safeParse(json);
  if (!read.success) {
    const [issue] = read.error.issues;
    fail("recording-malformed", ["the recording", `${issue?.path.map(String).join(".")}: ${issue?.message}`]);
  }
  return replay(read.data);
};

function replay(r: Recording): ReplayResult {
  const p = parametersOf(r.params);
  let outputs: number[] = [];
  const grid = new Grid(p, coresOf(r, p), { output: (_, axon) => outputs.push(axon) });
  let compared = 0;
  const longest = 100 * tickClocks(p);
  for (const [t, tick] of r.ticks.entries()) {
    outputs = [];
    for (const word of tick.packets) {
      grid.offer(decodePacket(p, word));
      while (!grid.accepted) grid.runTo(grid.clock + 1);
    }
    grid.settle(longest);
    grid.tick();
    grid.settle(longest);
    const got: Readonly<Record<string, ArrayLike<number>>> = { outputs, core0Potentials: grid.cores[0]?.potentials ?? [] };
    for (const field of ["outputs", "core0Potentials"] as const) {
      const expected = tick[field];
      if (expected === undefined) continue;
      const mine = got[field] ?? [];
      for (let i = 0; i < Math.max(expected.length, mine.length); i++) {
        if (expected[i] !== mine[i])
          return {
            compared,
            difference: {
              where: `tick ${t}, ${field}[${i}]`,
              expected: String(expected[i] ?? "nothing"),
              got: String(mine[i] ?? "nothing"),
            },
          };
        compared++;
      }
      compared++;
    }
  }
  return { compared, difference: null };
}

function parametersOf(params: Recording["params"]): Parameters {
  return {
    columns: params.gridX,
    rows: params.gridY,
    outputX: params.outputX,
    outputY: params.outputY,
    axons: params.numAxons,
    neurons: params.numNeurons,
    weights: params.numWeights,
    potentialBits: params.potentialWidth,
    weightBits: params.weightWidth,
    leakBits: params.leakWidth,
    thresholdBits: params.thresholdWidth,
    dxBits: params.dxBits,
    dyBits: params.dyBits,
    fifo: params.routerBufferDepth,
  };
}

/** Cores by cell; the output cell has none. */
function coresOf(r: Recording, p: Parameters): (Core | null)[] {
  const word = neuronWord(p);
  const output = p.outputX + p.outputY * p.columns;
  return Array.from({ length: p.columns * p.rows }, (_, cell) => {
    if (cell === output) return null;
    const memory = (file: "csram" | "tc", bits: number, chunks: number): Uint32Array =>
      readLines(r[file][cell] ?? [], bits, chunks) ??
      fail("recording-malformed", ["the recording", `${file}.${cell} must be lines of ${bits} binary digits`]);
    return new Core(p, memory("csram", word.bits, word.chunks), memory("tc", Math.ceil(Math.log2(p.weights)), 1));
  });
}
