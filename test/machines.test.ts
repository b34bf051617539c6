import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RungName } from "../compiler/cli/evaluate/rungs.ts";
import { buildHash } from "../compiler/cli/evaluate/worker.ts";
import { Files } from "../compiler/cli/files.ts";
import { redisQueue } from "../compiler/cli/queue/redis.ts";
import { Workshop } from "./harness/command.ts";

/*
 * Sweeps and evaluations over a real Redis server and two workers, one of which is killed in the
 * middle of a task. Skipped where there is no redis-server.
 */

const server = spawnSync("redis-server", ["--version"]).status === 0;
const port = 7391;
const redis = `redis://127.0.0.1:${port}`;
const main = resolve(import.meta.dirname, "../compiler/cli/main.ts");
const loader = resolve(import.meta.dirname, "../node_modules/tsx/dist/loader.mjs");
const lenet = resolve(import.meta.dirname, "models/lenet/lenet.onnx");

const shop = new Workshop();
const children = new Set<ChildProcess>();

function start(command: string, ...args: string[]): ChildProcess {
  // A group of its own, so that killing it takes its threads' helpers too.
  const child = spawn(command, args, { cwd: shop.folder, stdio: ["ignore", "ignore", "pipe"], detached: true });
  children.add(child);
  return child;
}

function worker(queue: string): Promise<ChildProcess> {
  const child = start(
    process.execPath,
    "--import",
    loader,
    main,
    "worker",
    "--redis",
    redis,
    "--queue",
    queue,
    "--workers",
    "1",
    "--lease",
    "2",
  );
  return new Promise((ready, broken) => {
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("waiting for tasks")) ready(child);
    });
    child.on("exit", () => broken(new Error(`the worker ended: ${said}`)));
  });
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It has ended.
  }
}

const images = 40;

beforeAll(async () => {
  if (!server) return;
  start("redis-server", "--port", String(port), "--save", "", "--dir", shop.folder);
  const pixels = new Uint8Array(16 + images * 784);
  pixels.set([0, 0, 8, 3, 0, 0, 0, images, 0, 0, 0, 28, 0, 0, 0, 28]);
  for (let i = 16, s = 7; i < pixels.length; i++) {
    s = (Math.imul(s, 1103515245) + 12345) >>> 0;
    pixels[i] = s >>> 24 > 180 ? s >>> 24 : 0;
  }
  shop.write("images", pixels);
  shop.write("labels", Uint8Array.from([0, 0, 8, 1, 0, 0, 0, images, ...Array.from({ length: images }, (_, i) => i % 10)]));
  const file = (steps: string): string => `model: ${lenet}
calibration: { data: images, limit: 5 }
preprocessing: { scale: 1/255 }
data: { data: images, labels: labels, limit: 40, chipLimit: 3 }
sweep:
  target: [mesh-1x1, mesh-4x4]
  method: [rate, css]
  steps: ${steps}
`;
  shop.write("sweep.yaml", file("[3, 4, 5]"));
  shop.write("small.yaml", file("[3]"));
  await new Promise((ready) => setTimeout(ready, 500));
});

afterAll(() => {
  for (const child of children) kill(child, "SIGKILL");
  shop.remove();
});

describe.skipIf(!server)("work on several machines", () => {
  it("gives one machine's results when a worker is killed at its task", { timeout: 240_000 }, async () => {
    const alone = await shop.run("sweep", "sweep.yaml", "-o", "alone", "--json", "--workers", "2");
    expect(alone.code, alone.err).toBe(0);
    const [first, second] = await Promise.all([worker("kill"), worker("kill")]);
    const together = shop.run("sweep", "sweep.yaml", "-o", "together", "--json", "--redis", redis, "--queue", "kill", "--lease", "2");
    await new Promise((soon) => setTimeout(soon, 2500));
    kill(first, "SIGKILL");
    const result = await together;
    expect(result.code, result.err).toBe(0);
    expect(JSON.parse(result.out)).toEqual(JSON.parse(alone.out));
    kill(second, "SIGTERM");
  });

  it("goes on where it was, and does not take another sweep's folder", { timeout: 120_000 }, async () => {
    const again = await shop.run("sweep", "sweep.yaml", "-o", "alone", "--json");
    expect(again.err).toContain("12 of 12 points are there");
    const other = await shop.run("sweep", "small.yaml", "-o", "alone");
    expect(other.code).toBe(1);
    expect(other.err).toContain("error[sweep-output]");
  });

  it("evaluates a build over workers as in one thread, and refuses another build than was meant", { timeout: 120_000 }, async () => {
    const compiled = await shop.run(
      "compile",
      lenet,
      "-t",
      "mesh-4x4",
      "-m",
      "rate",
      "--steps",
      "3",
      "--calibration",
      "images",
      "--scale",
      "1/255",
      "-o",
      "build",
    );
    expect(compiled.code, compiled.err).toBe(0);
    const many = new Uint8Array(16 + 80 * 784);
    many.set([0, 0, 8, 3, 0, 0, 0, 80, 0, 0, 0, 28, 0, 0, 0, 28]);
    for (let i = 16; i < many.length; i++) many[i] = (i * 37) % 251;
    shop.write("many", many);
    const args = ["evaluate", "build", "--data", "many", "--rungs", "ann,snn", "--json"];
    const one = await shop.run(...args, "--workers", "1");
    const child = await worker("evaluate");
    const two = await shop.run(...args, "--redis", redis, "--queue", "evaluate");
    expect(two.code, two.err).toBe(0);
    expect(two.out).toBe(one.out);
    const queue = await redisQueue({ redis, queue: "evaluate", lease: 2 }, () => {});
    const stale = { kind: "samples", build: shop.path("build"), hash: "another", rung: "snn", samples: [] } as const;
    expect(await queue.run(stale)).toMatchObject({ kind: "failed", diagnostics: [{ code: "queue-file" }] });
    await queue.close();
    kill(child, "SIGTERM");
  });

  it("gives a task up that every worker crashes on", { timeout: 60_000 }, async () => {
    const child = await worker("crash");
    const queue = await redisQueue({ redis, queue: "crash", lease: 2 }, () => {});
    const files = new Files({ cwd: shop.folder, stdout: () => {}, stderr: () => {}, isTTY: false });
    const place = { build: shop.path("build"), hash: buildHash(files, "build") };
    const task = { kind: "samples", ...place, rung: "none" as RungName, samples: [new Float32Array(1)] } as const;
    await expect(queue.run(task)).rejects.toMatchObject({ diagnostics: [{ code: "queue-task" }] });
    await queue.close();
    kill(child, "SIGTERM");
  });

  it("warns where nobody works", { timeout: 60_000 }, async () => {
    const lonely = shop.run("sweep", "small.yaml", "-o", "lonely", "--redis", redis, "--queue", "nobody");
    await new Promise((later) => setTimeout(later, 7000));
    const child = await worker("nobody");
    const result = await lonely;
    expect(result.code, result.err).toBe(0);
    expect(result.err).toContain("warning[queue-empty]");
    kill(child, "SIGTERM");
  });
});
