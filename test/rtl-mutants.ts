import { pathToFileURL } from "node:url";
import { Random } from "../compiler/base/random.ts";
import { fateOf, mutantsOf } from "./harness/rtl-mutants.ts";

/*
 * Mutants of the Verilog of the mesh against the simulator, in Icarus: which mistakes random images find.
 *
 *   npx tsx test/rtl-mutants.ts [mutants, 100] [seed, 1] [images, 20] [skip, 0]
 */

async function main(): Promise<void> {
  const [count = 100, seed = 1, images = 20, skip = 0] = process.argv.slice(2, 6).map(Number);
  const fates = { killed: 0, survived: 0, refused: 0 };
  for (const m of mutantsOf(count, new Random(seed)).slice(skip)) {
    const { fate, images: needed } = await fateOf(m, images);
    fates[fate]++;
    console.log(
      `${fate.padEnd(8)} ${String(needed).padStart(2)} ${m.file}:${m.line}:${m.column}  ${m.from.trim()} -> ${m.to.trim()}  ${m.text.trim()}`,
    );
  }
  console.log(
    `seed ${seed}, ${images} images each: ${fates.killed} killed, ${fates.survived} survived, ${fates.refused} refused by the tool`,
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
