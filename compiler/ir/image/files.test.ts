import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { randomNetwork } from "../../../test/harness/random-network.ts";
import type { ChipSpec } from "../../../targets/chip.ts";
import { knownChips } from "../../../targets/chip-yaml.ts";
import { emit } from "../../../targets/mesh/emit.ts";
import { Failure } from "../../base/diagnostic.ts";
import { genericMapping } from "../../map/index.ts";
import { context } from "../../passes/pass.ts";
import { f64 } from "../../base/tensor.ts";
import { imageFiles, readImage } from "./files.ts";
import type { Image } from "./types.ts";

const chip = knownChips()["mesh-4x4"] as ChipSpec;
const cores = genericMapping.map(randomNetwork(3, { forMesh: true }), chip, { partition: "tiles", place: "rows" }, context({ chip }));
const image = emit(cores);
const files = imageFiles(image, { cores, inputs: { "model.onnx": "00ff" }, options: { steps: 8 } });

/** Reads the files with one of them replaced, or absent. */
function reading(name: string, bytes: Uint8Array | null, known: readonly string[] | null = null): Image {
  return readImage((n) => (n === name ? bytes : (files.get(n) ?? null)), known);
}

function problem(run: () => unknown): string {
  try {
    run();
  } catch (e) {
    if (e instanceof Failure) return e.diagnostics.map((d) => `${d.code}: ${d.message} ${d.notes.join("; ")}`).join("\n");
    throw e;
  }
  return "none";
}

function fileOf(name: string): Uint8Array {
  return files.get(name) ?? new Uint8Array();
}

describe("the files of an image", () => {
  it("read back to the same image, tensors included", () => {
    expect(readImage((n) => files.get(n) ?? null)).toEqual(image);
    const odd: Image = { ...image, map: null, outputs: image.outputs.map((o) => ({ ...o, scale: f64([2], [0.1, 1e-300]) })) };
    const again = imageFiles(odd);
    expect(readImage((n) => again.get(n) ?? null)).toEqual(odd);
    expect([...again.keys()]).not.toContain("mapping.json");
  });

  it("are the same bytes twice", () => {
    expect(imageFiles(image, { cores, inputs: { "model.onnx": "00ff" }, options: { steps: 8 } })).toEqual(files);
  });

  it("any flipped bit is found", () => {
    for (const [name, bytes] of files) {
      for (let i = 0; i < 40; i++) {
        const at = Math.floor((i * bytes.length) / 40);
        const flipped = bytes.slice();
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (i % 8));
        expect(
          problem(() => reading(name, flipped)),
          `${name}, byte ${at}`,
        ).toMatch(/^image-(file-damaged|manifest|version)/);
      }
    }
  });

  it("a damaged section is named", () => {
    const flipped = fileOf("image.bin").slice();
    flipped[0] = 7;
    expect(problem(() => reading("image.bin", flipped))).toMatch(
      /^image-file-damaged: image\.bin is damaged.*section chip\/registers \(bytes 0 to 11\)/,
    );
  });

  it("a file that was cut short is found", () => {
    for (const [name, bytes] of files) {
      const found = problem(() => reading(name, bytes.slice(0, -4)));
      expect(found.split(":")[0]).toBe(name === "manifest.json" ? "image-manifest" : "image-file-length");
      expect(found).toContain("cut short");
    }
  });

  it("a missing file is named", () => {
    for (const name of files.keys()) expect(problem(() => reading(name, null))).toBe(`image-file-missing: the image has no file ${name} `);
  });

  it("another version, another kind and an unknown chip are refused", () => {
    const text = new TextDecoder().decode(fileOf("manifest.json"));
    const changed = (from: string, to: string): Uint8Array => new TextEncoder().encode(text.replace(from, to));
    expect(problem(() => reading("manifest.json", changed('"version": 1', '"version": 2')))).toMatch(
      /^image-version: .*format 2; this version reads format 1/,
    );
    expect(problem(() => reading("manifest.json", changed("ganglion-image", "something")))).toMatch(/^image-manifest/);
    expect(problem(() => reading("manifest.json", fileOf("manifest.json"), ["chip-a"]))).toMatch(
      /^image-target: the image is for "mesh-4x4", which is none of chip-a/,
    );
  });

  it("mapping.json obeys its schema", () => {
    const schema = z.fromJSONSchema(JSON.parse(readFileSync(new URL("./mapping.schema.json", import.meta.url), "utf8")));
    const mapping = JSON.parse(new TextDecoder().decode(fileOf("mapping.json")));
    expect(schema.safeParse(mapping).error).toBeUndefined();
    expect(schema.safeParse({ ...mapping, more: 1 }).success).toBe(false);
    expect(mapping.cores[0].groups[0].indices.length).toBe(mapping.cores[0].groups[0].count);
  });
});
