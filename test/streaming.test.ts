import { spawnSync } from "node:child_process";
import { createWriteStream, mkdtempSync, openSync, rmSync, statSync, truncateSync, writeFileSync, writeSync, closeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { afterAll, describe, expect, it } from "vitest";

/* Recordings larger than the memory that reading them may take. */

const folder = mkdtempSync(join(tmpdir(), "ganglion-streaming-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const megabyte = 2 ** 20;
const large = 340_000_000;
const bound = 96 * megabyte;
/** The last event lies in the next step, at x 1, polarity 1. */
const last = Uint8Array.of(1, 0, 0x80, 0x07, 0xd0);

/** Zeros are events at the first place and time; a file of them takes no room on the disk. */
function recording(name: string, size: number): void {
  const path = join(folder, name);
  writeFileSync(path, "");
  truncateSync(path, size);
  const file = openSync(path, "r+");
  writeSync(file, last, 0, last.length, size - last.length);
  closeSync(file);
}

/** An archive of so many recordings of a size each. */
async function archive(name: string, count: number, size: number): Promise<void> {
  const tar = pack();
  const written = pipeline(tar, createGzip({ level: 1 }), createWriteStream(join(folder, name)));
  for (let i = 0; i < count; i++) {
    const entry = tar.entry({ name: `r${i}.bin`, size });
    function* content(): Generator<Uint8Array> {
      const zeros = new Uint8Array(5 * 2 ** 16);
      for (let left = size - last.length; left > 0; left -= zeros.length) yield zeros.subarray(0, left);
      yield last;
    }
    await pipeline(Readable.from(content()), entry);
  }
  tar.finalize();
  await written;
}

/** Reads a recording in a process of its own: its frames, and the most memory that the process had. */
function read(name: string): { readonly frames: number[][]; readonly memory: number } {
  const code = `
    import { Files } from "./compiler/cli/files.ts";
    import { openEvents } from "./compiler/frontends/events/samples.ts";
    const files = new Files({ cwd: ${JSON.stringify(folder)}, stdout() {}, stderr() {}, isTTY: false });
    const source = { name: ${JSON.stringify(name)}, chunks: () => files.chunks(${JSON.stringify(name)}) };
    const set = await openEvents({ files: [source], labels: null, only: null }, { shape: [2, 1, 2], steps: 2, dt: 2e-3, input: "" }, null);
    const frames = Array.from({ length: set.count }, (_, i) => [...set.sample(i)]);
    console.log(JSON.stringify({ frames, memory: process.resourceUsage().maxRSS * 1024 }));
  `;
  const run = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], { encoding: "utf8" });
  if (run.status !== 0) expect.fail(run.stderr);
  return JSON.parse(run.stdout) as { frames: number[][]; memory: number };
}

describe("a recording of hundreds of megabytes", () => {
  it("is read in the memory that a small one takes, but for a bounded part", () => {
    recording("small.bin", 5_000);
    const base = read("small.bin").memory;
    recording("large.bin", large);
    expect(statSync(join(folder, "large.bin")).size).toBe(large);
    const { frames, memory } = read("large.bin");
    // A 32-bit float counts as far as 2^24.
    expect(frames).toEqual([[2 ** 24, 0, 0, 0, 0, 0, 0, 1]]);
    console.info(`memory: ${Math.round(base / megabyte)} MB for 5 kB, ${Math.round(memory / megabyte)} MB for ${large / 1e6} MB`);
    expect(memory - base).toBeLessThan(bound);
  });

  it("so is an archive of recordings, compressed", async () => {
    await archive("small.tar.gz", 1, 5_000);
    const base = read("small.tar.gz").memory;
    await archive("large.tar.gz", 20, 17_000_000);
    const { frames, memory } = read("large.tar.gz");
    expect(frames).toEqual(new Array(20).fill([17_000_000 / 5 - 1, 0, 0, 0, 0, 0, 0, 1]));
    console.info(`memory: ${Math.round(base / megabyte)} MB for 5 kB in an archive, ${Math.round(memory / megabyte)} MB for 340 MB`);
    expect(memory - base).toBeLessThan(bound);
  });
});
