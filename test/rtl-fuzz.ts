import { pathToFileURL } from "node:url";
import { Failure } from "../compiler/base/diagnostic.ts";
import { Random } from "../compiler/base/random.ts";
import type { RtlTool } from "../runtime/rtl/design.ts";
import { rtlDevice } from "../runtime/rtl/device.ts";
import { meshRtl } from "../targets/mesh/rtl/design.ts";
import { handImage } from "./harness/mesh-image.ts";
import { randomImage } from "./harness/random-image.ts";
import { compareWithSimulator, smallMesh } from "./harness/rtl.ts";

/*
 * Random images on the simulator and on the Verilog of the mesh: every traced event must come in the
 * same cycle.
 *
 *   npx tsx test/rtl-fuzz.ts [images, 1000] [first seed, 1] [verilator|icarus] [columns, 2] [rows, 2]
 */

const stepsPerImage = 24;

async function main(): Promise<void> {
  const [count = 1000, from = 1] = process.argv.slice(2, 4).map(Number);
  const tool = (process.argv[4] ?? "verilator") as RtlTool;
  const [columns = 2, rows = 2] = process.argv.slice(5, 7).map(Number);
  const r = new Random(from);
  // One set of parameters a run, since each has to be compiled.
  const chip = smallMesh(columns, rows, {
    fifo: r.int(1, 4),
    cycles: { hop: r.int(1, 3), send: r.int(1, 3), update: r.int(1, 3), event: r.int(2, 3), barrier: r.int(28, 32) },
  });
  const device = await rtlDevice(meshRtl(chip), tool, { progress: (what) => console.log(what) });
  let cycles = 0;
  const seconds = [0, 0];
  let events = 0;
  let refused = 0;
  let wrong = 0;
  for (let seed = from; seed < from + count; seed++) {
    const image = randomImage(seed, chip, stepsPerImage);
    try {
      const found = await compareWithSimulator(chip, device, handImage(image.chip), image.events);
      cycles += found.cycles;
      events += found.events;
      found.milliseconds.forEach((ms, k) => (seconds[k] = (seconds[k] ?? 0) + ms / 1000));
      if (found.difference === null) continue;
      wrong++;
      console.log(`seed ${seed}:\n${found.difference}`);
    } catch (error) {
      // A chip whose event memories are full stops in the simulator, too.
      if (!(error instanceof Failure) || !error.diagnostics.some((d) => d.code.startsWith("simulator-"))) throw error;
      refused++;
    }
  }
  await device.close();
  console.log(
    `seeds ${from} … ${from + count - 1} on ${columns} x ${rows} cores (${tool}): ${cycles} cycles, ${events} events, ${wrong} images differ, ${refused} deadlocked`,
  );
  console.log(
    `cycles a second, traced: simulator ${Math.round(cycles / (seconds[0] ?? 1))}, ${tool} ${Math.round(cycles / (seconds[1] ?? 1))}`,
  );
  if (wrong > 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
