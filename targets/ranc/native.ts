import { z } from "zod";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Image, Section } from "../../compiler/ir/image/types.ts";
import type { ChipSpec } from "../chip.ts";
import type { Native } from "../target.ts";
import { cellName, elaborationOf, memoriesOf, parameterWords } from "./load.ts";
import { readLines, wordsOfText } from "./memory-file.ts";
import { bitsFor, type Parameters, parametersOf, slots } from "./parameters.ts";
import { fileOf, memoryFiles } from "./tape.ts";
import {
  axonType,
  chunkBits,
  fits,
  formatVersion,
  neuronWord,
  type NeuronField,
  readBit,
  readField,
  writeBit,
  writeField,
} from "./words.ts";

/*
 * The design's own files: `csram_ccc.mem` and `tc_ccc.mem` for each cell, which `$readmemb` loads when
 * the grid is elaborated, and the input and configuration of its authors' C++ simulator,
 * `ranc.json` and `config.json`. That simulator's potentials have 32 bits and do not wrap.
 */

export function rancNative(chip: ChipSpec): Native {
  return {
    summary: "memory files csram_ccc.mem and tc_ccc.mem of the RTL, and ranc.json with config.json for the authors' simulator",
    files,
    read: (given) => read(given, chip),
  };
}

const encoder = new TextEncoder();

function files(image: Image): ReadonlyMap<string, Uint8Array> {
  const { p } = elaborationOf(image);
  const { memories } = memoriesOf(image, p);
  const out = new Map<string, Uint8Array>();
  const empty = new Uint32Array(p.neurons * neuronWord(p).chunks);
  for (const cell of cellsOf(p)) {
    const name = cellName(p, cell);
    const pair = memoryFiles(p, cell, memories.get(`${name}/neurons`) ?? empty, memories.get(`${name}/types`) ?? new Uint32Array(p.axons));
    for (const [file, text] of pair) out.set(file, encoder.encode(text));
  }
  out.set("ranc.json", encoder.encode(`${JSON.stringify(simulatorInput(image, p))}\n`));
  out.set("config.json", encoder.encode(`${JSON.stringify(simulatorConfig(p), null, 2)}\n`));
  return out;
}

/** Every cell but the output's. */
function cellsOf(p: Parameters): number[] {
  const output = p.outputX + p.outputY * p.columns;
  return Array.from({ length: p.columns * p.rows }, (_, c) => c).filter((c) => c !== output);
}

function simulatorConfig(p: Parameters): Readonly<Record<string, number>> {
  return {
    num_neurons: p.neurons,
    num_axons: p.axons,
    num_cores_x: p.columns,
    num_cores_y: p.rows,
    num_weights: p.weights,
    max_tick_offset: slots,
    neuron_block_trace_verbosity: 0,
    core_controller_trace_verbosity: 0,
    scheduler_trace_verbosity: 0,
    neuron_reset_type: 0,
  };
}

/** The simulator's description; packets are the user's to add, a list for each tick. */
function simulatorInput(image: Image, p: Parameters): unknown {
  const { memories } = memoriesOf(image, p);
  const word = neuronWord(p);
  return {
    packets: [],
    output_bus: { coordinates: [p.outputX, p.outputY], num_outputs: p.axons },
    cores: cellsOf(p).map((cell) => {
      const name = cellName(p, cell);
      const neurons = memories.get(`${name}/neurons`) ?? new Uint32Array();
      const types = memories.get(`${name}/types`) ?? new Uint32Array();
      const value = (n: number, f: NeuronField): number => readField(neurons, n * word.chunks, word.field(f));
      return {
        coordinates: [cell % p.columns, Math.floor(cell / p.columns)],
        axons: Array.from({ length: p.axons }, (_, a) => types[a] ?? 0),
        neurons: Array.from({ length: p.neurons }, (_, n) => ({
          reset_potential: value(n, "reset"),
          weights: Array.from({ length: p.weights }, (__, k) => value(n, `weight${k}`)),
          leak: value(n, "leak"),
          positive_threshold: value(n, "positive"),
          negative_threshold: value(n, "negative"),
          destination_core_offset: [value(n, "dx"), value(n, "dy")],
          destination_axon: value(n, "axon"),
          destination_tick: value(n, "delay"),
          current_potential: value(n, "current"),
          reset_mode: value(n, "mode"),
        })),
        connections: Array.from({ length: p.neurons }, (_, n) =>
          Array.from({ length: p.axons }, (__, a) => readBit(neurons, n * word.chunks, word.connections.low + a)),
        ),
      };
    }),
  };
}

function read(given: ReadonlyMap<string, Uint8Array>, chip: ChipSpec): Image {
  const p = parametersOf(chip);
  const names = [...given.keys()];
  const base = (name: string): string => name.split("/").at(-1) ?? name;
  const memory = names.filter((n) => /^(csram|tc)_\d{3}\.mem$/.test(base(n)));
  const json = names.find((n) => base(n) === "ranc.json") ?? names.find((n) => n.endsWith(".json") && base(n) !== "config.json");
  const text = (name: string): string => new TextDecoder().decode(given.get(name));
  const byBase = new Map(memory.map((n) => [base(n), n]));
  const sections =
    memory.length > 0
      ? fromMemory((file) => (byBase.has(file) ? text(byBase.get(file) ?? "") : null), p)
      : json !== undefined
        ? fromSimulator(text(json), json, p)
        : fail("ranc-files", ["neither csram_ccc.mem nor a simulator's JSON is among them"]);
  return {
    kind: "image",
    name: "ranc",
    target: chip.name,
    format: formatVersion,
    steps: 1,
    interval: 65535,
    sections: [
      {
        name: "chip/parameters",
        wordBits: 32,
        base: 0,
        words: Uint32Array.from(parameterWords({ p, steps: 1, interval: 65535, seed: 0 })),
      },
      ...sections,
    ],
    inputs: [],
    outputs: [],
    map: null,
  };
}

function fromMemory(file: (name: string) => string | null, p: Parameters): Section[] {
  const word = neuronWord(p);
  return cellsOf(p).flatMap((cell) => {
    const pair = [file(fileOf("csram", cell)), file(fileOf("tc", cell))];
    const [neurons, types] = pair;
    if (neurons === null && types === null) return idleCell(p, cell);
    if (neurons == null) return fail("ranc-files", [`${fileOf("csram", cell)} is missing`]);
    if (types == null) return fail("ranc-files", [`${fileOf("tc", cell)} is missing`]);
    return [
      section(p, cell, "neurons", words(neurons, fileOf("csram", cell), p.neurons, word.bits, word.chunks)),
      section(p, cell, "types", words(types, fileOf("tc", cell), p.axons, bitsFor(p.weights), 1)),
    ];
  });
}

/** A cell that no file is about: its neurons never fire. */
function idleCell(p: Parameters, cell: number): Section[] {
  const word = neuronWord(p);
  const neurons = new Uint32Array(p.neurons * word.chunks);
  for (let n = 0; n < p.neurons; n++) writeField(neurons, n * word.chunks, word.field("positive"), 1);
  return [section(p, cell, "neurons", neurons), section(p, cell, "types", new Uint32Array(p.axons))];
}

function section(p: Parameters, cell: number, name: string, list: Uint32Array): Section {
  return { name: `${cellName(p, cell)}/${name}`, wordBits: name === "neurons" ? chunkBits : axonType.bits, base: 0, words: list };
}

function words(text: string, file: string, count: number, bits: number, chunks: number): Uint32Array {
  const lines = wordsOfText(text);
  const width = lines[0]?.length ?? 0;
  if (lines.length !== count) fail("ranc-files", [`${file} has ${lines.length} words; the chip has ${count}`]);
  return readLines(lines, bits, chunks) ?? fail("ranc-files", [`${file} has words of ${width} binary digits; the chip's have ${bits}`]);
}

const whole = z.number().int();
const simulatorFile = z.object({
  output_bus: z.object({ coordinates: z.tuple([whole, whole]) }),
  cores: z.array(
    z.object({
      coordinates: z.tuple([whole, whole]),
      axons: z.array(whole),
      neurons: z.array(
        z.object({
          reset_potential: whole,
          weights: z.array(whole),
          leak: whole,
          positive_threshold: whole,
          negative_threshold: whole,
          destination_core_offset: z.tuple([whole, whole]),
          destination_axon: whole,
          destination_tick: whole,
          current_potential: whole,
          reset_mode: whole,
        }),
      ),
      connections: z.array(z.array(whole)),
    }),
  ),
});

function fromSimulator(text: string, file: string, p: Parameters): Section[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fail("ranc-files", [`${file} is no JSON`]);
  }
  const found = simulatorFile.safeParse(json);
  if (!found.success) {
    const [issue] = found.error.issues;
    return fail("ranc-files", [`${file}: ${issue?.path.map(String).join(".")}: ${issue?.message}`]);
  }
  const { output_bus: bus, cores } = found.data;
  if (bus.coordinates[0] !== p.outputX || bus.coordinates[1] !== p.outputY)
    fail("ranc-files", [`${file} has its outputs at (${bus.coordinates.join(",")}); the chip has them at (${p.outputX},${p.outputY})`]);
  const byCell = new Map(cores.map((c) => [c.coordinates[0] + c.coordinates[1] * p.columns, c]));
  return cellsOf(p).flatMap((cell) => {
    const core = byCell.get(cell);
    return core === undefined ? idleCell(p, cell) : coreSections(core, cell, file, p);
  });
}

type SimulatorCore = z.infer<typeof simulatorFile>["cores"][number];

function coreSections(core: SimulatorCore, cell: number, file: string, p: Parameters): Section[] {
  const word = neuronWord(p);
  if (core.neurons.length > p.neurons || core.axons.length > p.axons)
    fail("ranc-files", [
      `${file} has ${core.neurons.length} neurons and ${core.axons.length} axons in a core; the chip has ${p.neurons} and ${p.axons}`,
    ]);
  const memory = idleCell(p, cell)[0]?.words ?? new Uint32Array();
  core.neurons.forEach((n, i) => {
    const base = i * word.chunks;
    memory.fill(0, base, base + word.chunks);
    const put = (name: NeuronField, value: number): void => {
      const f = word.field(name);
      if (!fits(f, value))
        fail("ranc-files", [`${file}: ${name} of neuron ${i} of ${cellName(p, cell)} is ${value}, which ${f.bits} bits do not hold`]);
      writeField(memory, base, f, value);
    };
    put("current", n.current_potential);
    put("reset", n.reset_potential);
    n.weights.forEach((w, k) => put(`weight${k}`, w));
    put("leak", n.leak);
    put("positive", n.positive_threshold);
    put("negative", n.negative_threshold);
    put("mode", n.reset_mode);
    put("dx", n.destination_core_offset[0]);
    put("dy", n.destination_core_offset[1]);
    put("axon", n.destination_axon);
    put("delay", n.destination_tick);
    (core.connections[i] ?? []).forEach((c, a) => {
      if (c === 1) writeBit(memory, base, word.connections.low + a);
    });
  });
  return [
    section(p, cell, "neurons", memory),
    section(
      p,
      cell,
      "types",
      Uint32Array.from({ length: p.axons }, (_, a) => core.axons[a] ?? 0),
    ),
  ];
}
