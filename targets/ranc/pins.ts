import type { Image } from "../../compiler/ir/image/types.ts";
import type { InputEvents } from "../../runtime/device.ts";
import type { Tape, TapeOp } from "../../runtime/tape/types.ts";
import type { ChipSpec } from "../chip.ts";
import type { PinMemory, Pins, WordMeaning } from "../target.ts";
import { boardOf, sizesOf, spaces } from "./board.ts";
import { branches, bringupTests } from "./bringup.ts";
import { decode } from "./decode.ts";
import { Grid } from "./grid.ts";
import { cellName, coresFrom, elaborationOf, memoriesOf } from "./load.ts";
import { packetsOf } from "./machine.ts";
import { type Parameters, parametersOf, tickClocks } from "./parameters.ts";
import { suspectsOf } from "./suspects.ts";
import { benchOf, fileOf, filesOfTape, tapeHex } from "./tape.ts";
import { axonType, chunkBits, decodePacket, encodePacket, neuronWord } from "./words.ts";

/** The grid at the ports of its top module. */
export function rancPins(chip: ChipSpec): Pins {
  const p = parametersOf(chip);
  return {
    board: (faults) => boardOf(p, faults),
    memories: memoriesAt(p),
    program: (image) => writesOf(image, p),
    readBack: () => [],
    present: (image, events, mark) => present(image, events, mark, chip.cycles["margin"] ?? 0),
    backDoor: (image) => filesOfTape(p, writesOf(image, p)),
    elaboration: (tape) => filesOfTape(p, tape),
    bench: () => benchOf(p),
    tapeHex,
    notes: [
      "The top module is RANCNetworkGrid. Its memories are loaded when it is elaborated, from csram_ccc.mem and tc_ccc.mem in the folder of the run (parameter MEMORY of the bench); a tape's writes say what is in them and are not played.",
      "A reset clears routers and the slot in use, not the potentials: each sample, and each test, needs a run of its own to begin with the configured ones.",
      "The design's FIFO assigns its registers both ways in one block, which Verilator refuses; Icarus Verilog runs it as it is (-g2012).",
    ],
    revision: "UA-RCL/RANC 08ae4bdddc60",
    branches,
    bringup: () => bringupTests(p),
    routes: (p.columns * p.rows) ** 2,
    meaning: (image) => meaning(image),
    suspects: (tape, word, marks) => suspectsOf(p, tape, Number(word), marks),
  };
}

function cellsOf(p: Parameters): number[] {
  const output = p.outputX + p.outputY * p.columns;
  return Array.from({ length: p.columns * p.rows }, (_, c) => c).filter((c) => c !== output);
}

function memoriesAt(p: Parameters): PinMemory[] {
  const sizes = sizesOf(p);
  const { bits, chunks } = neuronWord(p);
  return cellsOf(p).flatMap((cell) =>
    (["neurons", "types"] as const).map(
      (name): PinMemory => ({
        // The last of a neuron's words may be shorter.
        ...(name === "neurons" &&
          bits % chunkBits !== 0 && {
            widths: Array.from({ length: sizes.neurons }, (_, i) => Math.min(chunkBits, bits - (i % chunks) * chunkBits)),
          }),
        section: `${cellName(p, cell)}/${name}`,
        space: spaces[name],
        base: cell * sizes[name],
        stride: 1,
        words: sizes[name],
        wordBits: name === "neurons" ? chunkBits : axonType.bits,
        readable: false,
        backDoor: fileOf(name === "neurons" ? "csram" : "tc", cell),
      }),
    ),
  );
}

/** What is in the memories when the grid is elaborated, as writes. */
function writesOf(image: Image, p: Parameters): TapeOp[] {
  const { memories } = memoriesOf(image, p);
  const sizes = sizesOf(p);
  const out: TapeOp[] = [];
  for (const cell of cellsOf(p))
    for (const name of ["neurons", "types"] as const) {
      const memory = memories.get(`${cellName(p, cell)}/${name}`);
      memory?.forEach((data, i) => {
        if (data !== 0) out.push({ op: "write", space: spaces[name], address: cell * sizes[name] + i, data, mask: 0 });
      });
    }
  return out;
}

/** Ticks and packets of a sample. How long each takes is what the simulator says, with the host's margin. */
function present(image: Image, events: readonly InputEvents[], mark: number, margin: number): Tape {
  const { p } = elaborationOf(image);
  const { memories } = memoriesOf(image, p);
  const inputs = image.inputs.map((input) => ({ start: input.start, packets: Array.from(input.targets, (w) => decodePacket(p, w)) }));
  const cores = coresFrom(p, (cell, name) => memories.get(`${cellName(p, cell)}/${name}`) ?? new Uint32Array());
  const grid = new Grid(p, cores, { output: () => {} });
  const tape: TapeOp[] = [];
  const wait = (): void => {
    const from = grid.clock;
    grid.settle(200 * tickClocks(p));
    grid.runTo(grid.clock + margin);
    tape.push({ op: "wait", cycles: grid.clock - from });
  };
  for (let step = 0; step < image.steps; step++) {
    grid.tick();
    grid.runTo(grid.clock + 1);
    tape.push({ op: "tick" });
    wait();
    const own = events.filter((e) => e.step === step);
    for (const { packet } of packetsOf(inputs, own)) {
      grid.offer(packet);
      do grid.runTo(grid.clock + 1);
      while (!grid.accepted);
      tape.push({ op: "event", word: encodePacket(p, packet) });
    }
    wait();
  }
  tape.push({ op: "mark", id: mark });
  return tape;
}

/** Output lines by name, and the neuron that sends to each. */
function meaning(image: Image): (word: number | bigint) => WordMeaning {
  const cores = decode(image);
  const senders = new Map<number, { core: number; slot: number }>();
  cores.cores.forEach((core, index) => {
    for (let slot = 0; slot + 1 < core.sends.start.length; slot++)
      for (let k = core.sends.start[slot] ?? 0; k < (core.sends.start[slot + 1] ?? 0); k++)
        if ((core.sends.core[k] ?? 0) < 0) senders.set(core.sends.axon[k] ?? 0, { core: index, slot });
  });
  return (word) => {
    const line = Number(word);
    const output = image.outputs.find((o) => line >= o.first && line < o.first + o.count);
    return {
      text: output === undefined ? `line ${line}` : `output ${output.name}[${line - output.first}]`,
      from: senders.get(line) ?? null,
    };
  };
}

/** The words of an image that say what a neuron does, or what an axon adds to it. */
export function wordsOf(
  image: Image,
  core: number,
  slot: number,
  axon: number | null,
): { section: string; address: number; why: string }[] {
  const { p } = elaborationOf(image);
  const place = decode(image).cores[core]?.at;
  if (place == null) return [];
  const { chunks, connections } = neuronWord(p);
  const name = `core(${place.x},${place.y})`;
  if (axon === null)
    return Array.from({ length: chunks }, (_, k) => ({ section: `${name}/neurons`, address: slot * chunks + k, why: "the neuron's word" }));
  return [
    {
      section: `${name}/neurons`,
      address: slot * chunks + Math.floor((connections.low + axon) / chunkBits),
      why: `the connection to axon ${axon}`,
    },
    { section: `${name}/types`, address: axon, why: `the type of axon ${axon}` },
  ];
}
