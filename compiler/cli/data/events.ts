import { at } from "../../base/bug.ts";
import { fail } from "../../base/diagnostic.ts";
import { openEvents } from "../../frontends/events/samples.ts";
import type { SampleSet } from "../../frontends/samples.ts";
import type { Network } from "../../ir/network/types.ts";
import type { Run } from "../command.ts";
import { fileAt, sourcesAt } from "./open.ts";
import { sampleShape } from "../../ir/codes/index.ts";

export type EventFlags = {
  readonly events?: string;
  readonly labels?: string;
  /** COLUMN=VALUE of the label table. */
  readonly only?: string;
};

/** Recordings, cut into the steps of the network's input. */
export function openRecordings(
  run: Run,
  flags: EventFlags & { readonly events: string },
  network: Network,
  classes: number | null,
): Promise<SampleSet> {
  const code = at(network.inputs, 0);
  const pop = at(network.pops, code.pop);
  const [column = "", value] = flags.only?.split(/=(.*)/s) ?? [];
  if (flags.only !== undefined && value === undefined) fail("option-value", ["evaluate", "only", flags.only, "COLUMN=VALUE"]);
  return openEvents(
    {
      files: sourcesAt(run, flags.events),
      labels: flags.labels === undefined ? null : fileAt(run, flags.labels),
      only: value === undefined ? null : { column, value },
    },
    {
      shape: sampleShape(pop.shape, code.params),
      steps: (pop.stop ?? network.steps) - pop.start,
      dt: typeof code.params["dt"] === "number" ? code.params["dt"] : 0,
      input: pop.name,
    },
    classes,
  );
}
