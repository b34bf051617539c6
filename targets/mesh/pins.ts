import { readFileSync } from "node:fs";
import { at, bug } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import type { InputEvents } from "../../runtime/device.ts";
import { readmemh } from "../../runtime/tape/render.ts";
import type { Tape, TapeOp } from "../../runtime/tape/types.ts";
import type { ChipSpec } from "../chip.ts";
import type { Pins, WordMeaning } from "../target.ts";
import { meshBoard, packetWord, splitOutput } from "./board.ts";
import { branchesOf, bringupTests } from "./bringup.ts";
import { backDoor } from "./back-door.ts";
import { pinsVerilog } from "./rtl/design.ts";
import { memoriesOf, spaceOf } from "./spaces.ts";
import { placesOf } from "./where.ts";
import * as words from "./words.ts";

/** The reference chip at its host port. */
export function meshPins(chip: ChipSpec): Pins {
  return {
    board: (faults) => meshBoard(chip, faults),
    memories: memoriesOf(chip),
    program: (image) => [{ op: "reset" }, ...writes(image, chip), { op: "reset" }],
    readBack: (image) => writes(image, chip).map(({ space, address, data }): TapeOp => ({ op: "read", space, address, expect: data })),
    present,
    backDoor,
    rtl: () => pinsVerilog(chip),
    bench: () => readFileSync(new URL("./bench.v", import.meta.url), "utf8"),
    tapeHex,
    notes: [
      "The cycle of a line is the chip's own counter, which runs while a step runs and stands while the host loads or waits.",
      "A write stops the chip: the next step is the first one after a reset.",
    ],
    revision: `word format ${words.formatVersion}`,
    branches: branchesOf(chip),
    bringup: () => bringupTests(chip),
    routes: (chip.columns * chip.rows) ** 2,
    meaning,
  };
}

type Write = Extract<TapeOp, { op: "write" }>;

function writes(image: Image, chip: ChipSpec): Write[] {
  const out: Write[] = [];
  for (const s of image.sections) {
    const space = spaceOf(s.name, chip) ?? bug(`the image writes ${s.name}, which the chip does not have`);
    s.words.forEach((data, i) => out.push({ op: "write", space, address: s.base + i, data, mask: 0 }));
  }
  return out;
}

/** Packets of one step that the chip has room for: README.md, section Pins. */
const packetsMost = 65_535;

/** The packets of each step and the step, as many as the sample takes; then idle steps up to where a sample can begin. */
function present(image: Image, events: readonly InputEvents[], mark: number): Tape {
  const tape: TapeOp[] = [];
  const total = Math.ceil(image.steps / image.interval) * image.interval;
  for (let step = 0; step < total; step++) {
    const before = tape.length;
    for (const [i, input] of image.inputs.entries()) {
      for (const e of events) {
        if (e.input !== i || e.step !== step) continue;
        // The host sends in order of channel, whatever order the events are in.
        const order = [...e.channel.keys()].sort((p, q) => at(e.channel, p) - at(e.channel, q) || p - q);
        for (const k of order) {
          const channel = at(e.channel, k);
          for (let t = at(input.start, channel); t < at(input.start, channel + 1); t++)
            tape.push({ op: "event", word: packetWord(at(input.targets, t), at(e.payload, k)) });
        }
      }
    }
    if (tape.length - before > packetsMost)
      fail("rtl-unsupported", [`${tape.length - before} packets of the host in step ${step}; there is room for ${packetsMost}`]);
    tape.push({ op: "tick" });
  }
  tape.push({ op: "mark", id: mark });
  return tape;
}

/** Which neuron sends to each output line, and what the line is of. */
function meaning(image: Image): (word: number | bigint) => WordMeaning {
  const senders = new Map<number, { readonly core: number; readonly slot: number }>();
  const sections = new Map(image.sections.map((s) => [s.name, s.words]));
  for (const [core, place] of placesOf(image).entries()) {
    const neurons = sections.get(`${place}/neurons`) ?? new Uint32Array();
    const routes = sections.get(`${place}/routes`) ?? new Uint32Array();
    for (let slot = 0; 6 * slot < neurons.length; slot++) {
      const n = words.neuron0.decode(at(neurons, 6 * slot));
      if (!("value" in n) || !n.value.used) continue;
      for (let k = n.value.routeStart; k < n.value.routeStart + n.value.routeCount; k++) {
        const r = words.route.decode(routes[k] ?? 0);
        if ("value" in r && r.value.host) senders.set(r.value.axon + 4096 * r.value.member, { core, slot });
      }
    }
  }
  return (word) => {
    const { line, payload } = splitOutput(word);
    const output = image.outputs.find((o) => line >= o.first && line < o.first + o.count);
    const what = output?.code === "potential" ? "potential" : "payload";
    return {
      text: output === undefined ? `line ${line}, payload ${payload}` : `output ${output.name}[${line - output.first}], ${what} ${payload}`,
      from: senders.get(line) ?? null,
    };
  };
}

/** Operations of the bench's tape: bits 63..60; the rest is the argument, and writes and reads have a second word, the data. */
const opcodes: Readonly<Record<TapeOp["op"], bigint>> = {
  write: 1n,
  event: 2n,
  wait: 3n,
  reset: 4n,
  read: 5n,
  mark: 6n,
  quiet: 7n,
  tick: 8n,
  pin: 9n,
};
const endOfTape = 15n;

function tapeHex(tape: Tape): string {
  const lines: bigint[] = [];
  for (const o of tape) {
    const head = opcodes[o.op] << 60n;
    if (o.op === "write") lines.push(head | (BigInt(o.space) << 32n) | BigInt(o.address), BigInt(o.data));
    else if (o.op === "read")
      lines.push(head | (o.expect === null ? 0n : 1n << 59n) | (BigInt(o.space) << 32n) | BigInt(o.address), BigInt(o.expect ?? 0));
    else if (o.op === "event") lines.push(head | BigInt(o.word));
    else if (o.op === "wait" || o.op === "quiet") lines.push(head | BigInt(o.cycles));
    else if (o.op === "mark") lines.push(head | BigInt(o.id));
    else lines.push(head);
  }
  return readmemh([...lines, endOfTape << 60n], 64);
}
