import { at } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Image, Section } from "../../compiler/ir/image/types.ts";
import { parseCoreSection } from "../../runtime/parts/memory.ts";
import type { ChipSpec } from "../chip.ts";
import type { Native } from "../target.ts";
import { wordsOfDendrite, wordsOfNeuron } from "./core-words.ts";
import { frame } from "./emit.ts";
import { ownOf, type Place } from "./geometry.ts";
import * as words from "./words.ts";

/*
 * Configuration frames as the authors' tools keep them: 64-bit words, little-endian, bare (.bin), as a
 * NumPy array (.npy), or a line of 64 binary digits each (.txt). For each core: the random seed (3
 * frames), the parameters (3), neurons (1 and four words for each copy), weights (1 and 18 words for each dendrite).
 */

export function paicoreNative(chip: ChipSpec): Native {
  return {
    summary: "configuration frames (config_all.bin, .npy, .txt) as PAIBox writes them",
    files: (image) => filesOf(configurationFrames(image, chip)),
    read: (files) => imageOf(framesOf(files), chip),
  };
}

/** All configuration frames of an image, high and low half after one another. Every core gets its whole weight memory. */
export function configurationFrames(image: Image, chip: ChipSpec): Uint32Array {
  const own = ownOf(chip);
  const out: number[] = [];
  const byCore = new Map<string, Map<string, Section>>();
  for (const s of image.sections) {
    const place = parseCoreSection(s.name);
    if (place === null) continue;
    const key = `${place.x},${place.y}`;
    byCore.set(key, (byCore.get(key) ?? new Map()).set(place.memory, s));
  }
  for (const [key, memories] of byCore) {
    const [x = 0, y = 0] = key.split(",").map(Number);
    const to = { chip: { x: 0, y: 0 }, base: { x, y }, mask: { x: 0, y: 0 } };
    const words32 = (memory: string): Uint32Array => memories.get(memory)?.words ?? new Uint32Array();
    const put = (header: (typeof words.headers)[number], payload: number): void => void out.push(...frame(header, to, payload));
    for (const payload of seedPayloads(words32("random"))) put("config-random", payload);
    for (const payload of words32("parameters")) put("config-parameters", payload);
    const neurons = words32("neurons");
    put("config-neurons", words.packet.encode({ start: 0, testIn: false, words: neurons.length / 2 }));
    pushWords(out, neurons, neurons.length);
    put("config-weights", words.packet.encode({ start: 0, testIn: false, words: (own.dendrites * wordsOfDendrite) / 2 }));
    pushWords(out, words32("weights"), own.dendrites * wordsOfDendrite);
  }
  return Uint32Array.from(out);
}

/** Memory words, lowest half first, as 64-bit words, high half first. */
function pushWords(out: number[], list: Uint32Array, length: number): void {
  for (let i = 0; i < length; i += 2) out.push(list[i + 1] ?? 0, list[i] ?? 0);
}

/** A 64-bit seed in three payloads: bits 63..34, 33..4, and 3..0 from bit 26 on. */
function seedPayloads(seed: Uint32Array): number[] {
  const value = (BigInt(seed[1] ?? 0) << 32n) | BigInt(seed[0] ?? 0);
  return [Number(value >> 34n), Number((value >> 4n) & 0x3fffffffn), Number(value & 15n) * 2 ** 26];
}

const npyMagic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

function filesOf(frames: Uint32Array): ReadonlyMap<string, Uint8Array> {
  const bytes = new Uint8Array(frames.length * 4);
  const view = new DataView(bytes.buffer);
  const lines: string[] = [];
  for (let i = 0; i < frames.length; i += 2) {
    const [high, low] = [at(frames, i), at(frames, i + 1)];
    view.setUint32(4 * i, low, true);
    view.setUint32(4 * i + 4, high, true);
    lines.push(`${high.toString(2).padStart(32, "0")}${low.toString(2).padStart(32, "0")}\n`);
  }
  const text = new TextEncoder();
  return new Map([
    ["config_all.bin", bytes],
    ["config_all.npy", npy(bytes)],
    ["config_all.txt", text.encode(lines.join(""))],
  ]);
}

/** A one-dimensional array of uint64 in NumPy's format, version 1.0. */
function npy(bytes: Uint8Array): Uint8Array {
  const header = `{'descr': '<u8', 'fortran_order': False, 'shape': (${bytes.length / 8},), }`;
  const length = Math.ceil((10 + header.length + 1) / 64) * 64 - 10;
  const out = new Uint8Array(10 + length + bytes.length);
  out.set([...npyMagic, 1, 0, length & 255, length >> 8]);
  out.set(new TextEncoder().encode(`${header.padEnd(length - 1)}\n`), 10);
  out.set(bytes, 10 + length);
  return out;
}

/** The frames of whichever file there is, high half first. */
function framesOf(files: ReadonlyMap<string, Uint8Array>): Uint32Array {
  const [name, bytes] = [...files][0] ?? fail("paicore-frames", ["there is no file"]);
  if (npyMagic.every((b, i) => bytes[i] === b)) {
    const length = at(bytes, 8) | (at(bytes, 9) << 8);
    return fromBytes(bytes.subarray(10 + length), name);
  }
  if (/^[01\s]+$/.test(new TextDecoder().decode(bytes.subarray(0, 130)))) return fromLines(new TextDecoder().decode(bytes), name);
  return fromBytes(bytes, name);
}

function fromBytes(bytes: Uint8Array, name: string): Uint32Array {
  if (bytes.length === 0 || bytes.length % 8 !== 0)
    fail("paicore-frames", [`${bytes.length} bytes are no whole number of 64-bit frames`], { at: name });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const out = new Uint32Array(bytes.length / 4);
  for (let i = 0; i < out.length; i += 2) {
    out[i] = view.getUint32(4 * i + 4, true);
    out[i + 1] = view.getUint32(4 * i, true);
  }
  return out;
}

function fromLines(text: string, name: string): Uint32Array {
  const lines = text.split(/\s+/).filter((l) => l !== "");
  return Uint32Array.from(
    lines.flatMap((line, i) =>
      /^[01]{64}$/.test(line)
        ? [Number.parseInt(line.slice(0, 32), 2), Number.parseInt(line.slice(32), 2)]
        : fail("paicore-frames", ["a line is not 64 binary digits"], { at: `${name}:${i + 1}` }),
    ),
  );
}

/** Frames as an image without inputs and outputs, which frames do not name. */
function imageOf(frames: Uint32Array, chip: ChipSpec): Image {
  const memories = new Map<string, Uint32Array>();
  const put = (place: Place, memory: string, base: number, list: Uint32Array): void => {
    const name = `core(${place.x},${place.y})/${memory}`;
    const old = memories.get(name) ?? new Uint32Array();
    const whole = new Uint32Array(Math.max(old.length, base + list.length));
    whole.set(old);
    whole.set(list, base);
    memories.set(name, whole);
  };
  const payloads = new Map<string, number[]>();
  for (let i = 0; i < frames.length; ) {
    const where = `frame ${i / 2}`;
    const [h, l] = [words.frameHigh.decode(at(frames, i)), words.frameLow.decode(at(frames, i + 1))];
    if (!("value" in h) || !("value" in l)) fail("paicore-frames", ["its header is of no kind"], { at: where });
    const { header, coreX: x, coreY: y } = h.value;
    i += 2;
    if (header === "config-random" || header === "config-parameters") {
      const key = `${header} ${x} ${y}`;
      const list = [...(payloads.get(key) ?? []), l.value.payload];
      payloads.set(key, list);
      if (list.length === 3)
        put(
          { x, y },
          header === "config-random" ? "random" : "parameters",
          0,
          header === "config-random" ? seedOf(list) : Uint32Array.from(list),
        );
    } else if (header === "config-neurons" || header === "config-weights") {
      const head = words.packet.decode(l.value.payload);
      if (!("value" in head)) fail("paicore-frames", ["the head of a package is none"], { at: where });
      const count = head.value.words;
      if (i + 2 * count > frames.length)
        fail("paicore-frames", [`${count} words are to follow, ${(frames.length - i) / 2} do`], { at: where });
      const list = new Uint32Array(2 * count);
      for (let k = 0; k < list.length; k += 2) {
        list[k] = at(frames, i + k + 1);
        list[k + 1] = at(frames, i + k);
      }
      const neurons = header === "config-neurons";
      put(
        { x, y },
        neurons ? "neurons" : "weights",
        head.value.start * (neurons ? wordsOfNeuron : wordsOfDendrite),
        neurons ? list : trimmed(list),
      );
      i += 2 * count;
    } else fail("paicore-frames", [`${header} does not configure`], { at: where });
  }
  return {
    kind: "image",
    name: "frames",
    target: chip.name,
    format: words.formatVersion,
    steps: 1,
    interval: 1,
    sections: [...memories].map(([name, list]) => ({ name, wordBits: 32, base: 0, words: list })),
    inputs: [],
    outputs: [],
    map: null,
  };
}

function seedOf([a = 0, b = 0, c = 0]: readonly number[]): Uint32Array {
  const value = (BigInt(a) << 34n) | (BigInt(b) << 4n) | BigInt(Math.floor(c / 2 ** 26));
  return Uint32Array.of(Number(value & 0xffffffffn), Number(value >> 32n));
}

/** Whole dendrites up to the last one that is not empty. */
function trimmed(list: Uint32Array): Uint32Array {
  let last = list.length;
  while (last > 0 && list[last - 1] === 0) last--;
  return list.subarray(0, Math.ceil(last / wordsOfDendrite) * wordsOfDendrite);
}
