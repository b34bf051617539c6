import { at } from "../../../base/bug.ts";
import { pass } from "../../pass.ts";
import { incoming, isInput, settle } from "../edit.ts";

/*
 * Removes populations that no output depends on, with their links. Inputs stay:
 * a sample has one tensor for each of them, and its form is part of the model.
 *
 *   pop a … pop b …             pop a …
 *   link x -> a                 link x -> a
 *   link a -> b          ==>    output a code spikes
 *   output a code spikes
 */
export const removeUnread = pass({
  name: "remove-unread",
  on: "network",
  summary: "Removes populations that no output depends on, directly or through others.",
  keeps: "spikes",
  options: {},
  run(network) {
    const into = incoming(network);
    const live = network.pops.map(isInput);
    const work = network.outputs.map((o) => o.pop);
    for (const p of work) live[p] = true;
    for (let p = work.pop(); p !== undefined; p = work.pop()) {
      for (const l of at(into, p)) {
        if (live[l.from]) continue;
        live[l.from] = true;
        work.push(l.from);
      }
    }
    if (live.every((l) => l)) return network;
    return settle({ ...network, pops: network.pops.filter((p) => live[p.id]) });
  },
});
