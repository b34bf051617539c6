import { dirname } from "node:path";
import { manifestFile, sanafeFiles } from "../../../targets/sanafe/files.ts";
import { buildImage } from "../../../targets/sanafe/image.ts";
import { fail } from "../../base/diagnostic.ts";
import { readArchitecture } from "../../frontends/sanafe/architecture.ts";
import { readMappedNetwork } from "../../frontends/sanafe/network.ts";
import type { Run } from "../command.ts";
import { showPairs } from "../tables.ts";
import { showCount } from "../units.ts";

/** `ganglion compile net.yaml --arch arch.yaml -o build/`: a network that SANA-FE's file maps to SANA-FE's chip. */
export async function compileSanafe(run: Run, network: string, arch: string, output: string | undefined): Promise<void> {
  if (output === undefined) return fail("option-missing", ["compile", "--output FOLDER"]);
  const chip = readArchitecture(run.files.text(arch), arch);
  const folder = dirname(network);
  const file = (name: string): Uint8Array | null => (run.files.exists(`${folder}/${name}`) ? run.files.bytes(`${folder}/${name}`) : null);
  const image = buildImage(chip, await readMappedNetwork(run.files.text(network), network, chip, file, run.report));
  run.check();
  const files = sanafeFiles(image);
  run.files.writeFolder(output, files, manifestFile);
  const { tables, arrays } = image;
  const bytes = [...files.values()].reduce((n, b) => n + b.length, 0);
  const facts = {
    cores: tables.cores.length,
    neurons: arrays.bias.length,
    synapses: arrays.axonSynapses.at(-1) ?? 0,
    messages: arrays.axonCore.length,
    bytes,
  };
  run.print(
    showPairs([
      ["chip", `${chip.name}: ${chip.cores.length} cores in ${chip.tiles.length} tiles`],
      ["cores with neurons", showCount(facts.cores)],
      ["neurons", showCount(facts.neurons)],
      ["synapses", showCount(facts.synapses)],
      ["bytes a synapse", (bytes / Math.max(1, facts.synapses)).toFixed(2)],
      ["written", output],
    ]),
  );
  run.json({ chip: chip.name, ...facts, output });
}
