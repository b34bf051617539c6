import type { ReportMesh } from "../../../runtime/report/data.ts";
import type { Build } from "../build/build.ts";
import type { Activity } from "./activity.ts";

/** The mesh as the report draws it: what sits in each core, and what happened there (null: nothing has run). */
export function meshOf({ image, chip }: Build, activity: Activity | null): ReportMesh {
  const words = new Map(image.sections.map((s) => [s.name, s.base + s.words.length]));
  return {
    columns: chip.columns,
    rows: chip.rows,
    cores: (image.map?.cores ?? []).map((core) => {
      const router = core.y * chip.columns + core.x;
      return {
        x: core.x,
        y: core.y,
        content: [...new Set(core.groups.map((g) => g.pop))],
        neurons: core.groups.reduce((sum, g) => sum + g.count, 0),
        synapseWords: words.get(`core(${core.x},${core.y})/synapses`) ?? 0,
        synapseWordsMax: chip.core.synapseWords,
        events: activity === null ? null : (activity.events[router] ?? 0),
        synapses: activity === null ? null : (activity.synapses[router] ?? 0),
        spikes: activity === null ? null : (activity.fired[router] ?? 0),
      };
    }),
    traffic: activity?.traffic ?? [],
  };
}
