import { manifestFile, readSanafeImage } from "../../../targets/sanafe/files.ts";
import type { SanafeImage } from "../../../targets/sanafe/image.ts";
import { coreLines, somaText } from "../../../targets/sanafe/listing.ts";
import { fail } from "../../base/diagnostic.ts";
import type { Run } from "../command.ts";
import { showPairs, showTable } from "../tables.ts";
import { showCount } from "../units.ts";

/** Whether a folder is the build of a network from SANA-FE's files. */
export function isSanafe(run: Run, path: string): boolean {
  return run.files.exists(`${path}/${manifestFile}`);
}

export function openSanafe(run: Run, folder: string): SanafeImage {
  return readSanafeImage((name) => run.files.bytes(`${folder}/${name}`));
}

/** `ganglion show build/ [--core TILE.CORE]`: groups, settings and cores of such a network, or one core with every synapse. */
export function showSanafe(run: Run, folder: string, core: string | null): void {
  const image = openSanafe(run, folder);
  const text = core === null ? overview(image) : coreText(image, core);
  run.print(text);
  run.json({ text });
}

function coreText(image: SanafeImage, name: string): string {
  const { cores } = image.tables;
  const index = cores.findIndex((c) => c.name === name);
  if (index < 0) fail("sanafe-name", ["core with neurons", name, cores.map((c) => c.name)]);
  return coreLines(image, index).join("\n");
}

function overview(image: SanafeImage): string {
  const { tables, arrays } = image;
  const { cores, groups, runs, somas } = tables;
  const [out, received] = [new Uint32Array(cores.length), new Uint32Array(cores.length)];
  cores.forEach((c, i) => {
    out[i] = (arrays.axons[c.first + c.count] ?? 0) - (arrays.axons[c.first] ?? 0);
  });
  arrays.axonCore.forEach((c, a) => {
    received[c]! += arrays.axonSynapses[a + 1]! - arrays.axonSynapses[a]!;
  });
  const facts: [string, string][] = [
    ["network", tables.name],
    ["tiles", `${tables.width} x ${tables.height}, buffers of ${tables.linkBuffer} messages`],
    ["neurons", showCount(arrays.bias.length)],
    ["synapses", showCount(arrays.axonSynapses.at(-1) ?? 0)],
    ["weights", tables.unit === 0 ? "doubles" : `16-bit integers times ${tables.unit}`],
  ];
  const counts = somas.map((_, i) => runs.reduce((n, r) => n + (r.soma === i ? r.count : 0), 0));
  return [
    showPairs(facts),
    showTable({ title: "groups", rows: groups.map((g) => ({ group: g.name, neurons: g.count })) }),
    showTable({ title: "somas", rows: somas.map((s, i) => ({ soma: i, neurons: counts[i] ?? 0, settings: somaText(s) })) }),
    showTable({
      title: "cores",
      rows: cores.map((c, i) => ({
        core: c.name,
        tile: `(${c.x},${c.y})`,
        neurons: c.count,
        "messages out": out[i] ?? 0,
        "synapses in": received[i] ?? 0,
      })),
    }),
  ].join("\n");
}
