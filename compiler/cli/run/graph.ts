import { at } from "../../base/bug.ts";
import { numbersOf, sizeOf, tensorFrom } from "../../base/tensor.ts";
import { showNumber } from "../../base/text.ts";
import { prepareGraph } from "../../ir/graph/run.ts";
import type { Graph } from "../../ir/graph/types.ts";
import type { Run } from "../command.ts";
import { readSampleLines } from "../data/text.ts";

/** Prints the outputs of a graph for each sample. */
export function runGraphOn(run: Run, graph: Graph, file: string): void {
  const inputs = graph.inputs.map((v) => at(graph.values, v));
  const samples = readSampleLines(
    run.files.text(file),
    file,
    inputs.map((v) => sizeOf(v.shape)),
  );
  const prepared = prepareGraph(graph);
  const answers = samples.map((sample) => {
    const { outputs } = prepared.run(sample.map((numbers, i) => tensorFrom(at(inputs, i).dtype, at(inputs, i).shape, numbers)));
    return graph.outputs.map((v, i) => ({ name: at(graph.values, v).name, values: [...numbersOf(at(outputs, i))] }));
  });
  answers.forEach((outputs, i) => {
    run.print([`sample ${i}`, ...outputs.map((o) => `  output ${o.name}: ${o.values.map(showNumber).join(" ")}`)].join("\n"));
  });
  run.json({ samples: answers });
}
