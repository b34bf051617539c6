import { table } from "./entry.ts";

/** The trained model as a dataflow graph: its verifier, its operations, its passes. */
export const graphErrors = table({
  "graph-op-unknown": {
    severity: "error",
    message: (op: string) => `there is no graph operation "${op}"`,
    explain:
      "Graph operations are named as in ONNX, in kebab-case: conv, batch-normalization, average-pool. The table is compiler/ir/graph/ops/index.ts; an operation that is not in it cannot be imported or run.",
    help: "see docs/ir/ for the operations of a graph",
  },
  "graph-inputs": {
    severity: "error",
    message: (op: string, given: number, least: number, most: number) =>
      `${op} takes ${least === most ? least : most === Infinity ? `at least ${least}` : `${least} to ${most}`} inputs, ${given} were given`,
    explain: "An operation was given too few or too many inputs, or an input it cannot do without was left out.",
    help: "give the inputs in the order in which ONNX lists them; leave an optional one out with -",
  },
  "graph-shape": {
    severity: "error",
    message: (op: string, why: string) => `${op}: ${why}`,
    explain:
      "The shapes of an operation's inputs and its attributes do not go together. Shapes are static and images are laid out batch, channel, row, column. Usually the model was exported for another input size, or a layer's weights were replaced by ones of another shape.",
    help: "export the model again with the input shape it is to be used with",
  },
  "graph-dtype": {
    severity: "error",
    message: (op: string, why: string) => `${op}: ${why}`,
    explain: "An operation does not take numbers of this type, or its inputs mix types that ONNX does not let it mix.",
    help: "export the model in float32, or cast the value first",
  },
  "graph-attribute-unknown": {
    severity: "error",
    message: (op: string, key: string, known: readonly string[]) =>
      `${op} has no attribute "${key}"${known.length > 0 ? `; it has ${known.join(", ")}` : ""}`,
    explain: "Each operation states its attributes. One that nobody reads would be silently lost, so it is refused.",
    help: "remove the attribute, or correct its name",
  },
  "graph-attribute-missing": {
    severity: "error",
    message: (op: string, key: string) => `${op} needs the attribute "${key}"`,
    explain: "In a graph everything static is an attribute, and an attribute without a default must be given.",
    help: "give the attribute",
  },
  "graph-attribute-kind": {
    severity: "error",
    message: (op: string, key: string, domain: string) => `${op}: the attribute "${key}" is not ${domain}`,
    explain: "The attribute has a value of another kind than the operation states, for instance a number where a list is needed.",
    help: "write a list as [1 2], a tensor as f32[2]{1 2}",
  },
  "graph-id": {
    severity: "error",
    message: (index: number, id: number) => `value ${index} of the graph says that its id is ${id}`,
    explain: "Values are referred to by their place in the list of values; each must carry that place as its id.",
    help: "build graphs with GraphBuilder",
  },
  "graph-reference": {
    severity: "error",
    message: (what: string, id: number) => `${what} refers to value ${id}, which is not in the graph`,
    explain: "An input or output names a value that does not exist.",
    help: "build graphs with GraphBuilder",
  },
  "graph-undefined": {
    severity: "error",
    message: (name: string) => `nothing gives the value "${name}"`,
    explain: "Every value is an input of the graph, a constant, or the output of one node. This one is none of them.",
    help: "declare it as input or constant, or correct the name",
  },
  "graph-assigned-twice": {
    severity: "error",
    message: (name: string, first: string, second: string) => `the value "${name}" is given twice: by ${first} and by ${second}`,
    explain: "A graph is in single assignment form: every value has exactly one source.",
    help: "give one of the two another name",
  },
  "graph-name-twice": {
    severity: "error",
    message: (name: string) => `two values are named "${name}"`,
    explain: "Names are how a graph's text refers to values, so they must differ.",
    help: "rename one of them",
  },
  "graph-cycle": {
    severity: "error",
    message: (nodes: readonly string[]) => `nodes feed each other in a cycle: ${[...nodes, nodes[0]].join(" -> ")}`,
    explain: "The output of a node depends on itself, so that there is no order in which the graph could be computed.",
    help: "feedback in time cannot be written in a graph; export one time step, or a network of spiking neurons",
  },
  "graph-order": {
    severity: "error",
    message: (where: string, name: string) => `${where} has the value "${name}" out of order`,
    explain:
      "Inputs, constants and nodes are kept in an order in which everything is given before it is used, and value ids follow that order.",
    help: "move what uses the value behind what gives it",
  },
  "graph-value": {
    severity: "error",
    message: (name: string, said: string, found: string) => `the value "${name}" is declared as ${said}, but is ${found}`,
    explain: "The declared type of a value differs from what its node gives for its inputs, or from the constant it holds.",
    help: "correct the declaration, or the attributes of the node",
  },
  "graph-not-finite": {
    severity: "error",
    message: (name: string, index: number, value: string, users: string) =>
      `the constant "${name}" holds ${value} at index ${index}${users}`,
    explain:
      "A weight is not a number or infinite. Whatever it touches becomes not a number too. This happens when training diverged, or when a batch normalization was exported with a variance of zero.",
    help: "look at the layer in the training framework; retrain it, or export an earlier checkpoint",
  },
  "graph-outputs": {
    severity: "error",
    message: (name: string) => `the graph "${name}" has no output`,
    explain: "A graph without an output computes nothing.",
    help: "name the value to be computed as output",
  },
  "graph-run-inputs": {
    severity: "error",
    message: (why: string) => `the graph cannot be run on this: ${why}`,
    explain: "To run a graph, give one tensor for each of its inputs, in their order, of their types and shapes.",
    help: "see the input lines of the graph's text form",
  },
  "graph-index": {
    severity: "error",
    message: (op: string, index: string, size: number) => `${op}: the index ${index} is outside an axis of ${size}`,
    explain: "An index computed or stored in the model points outside the data it selects from.",
    help: "export the model again with the input shape it is to be used with",
  },
  "graph-division": {
    severity: "error",
    message: (op: string) => `${op}: an integer is divided by zero`,
    explain: "Shape arithmetic in the model divides by a dimension that is zero.",
    help: "export the model again with the input shape it is to be used with",
  },
  "graph-batch-norm-left": {
    severity: "note",
    message: (why: string) => `this batch normalization is left as it is: ${why}`,
    explain:
      "A batch normalization is folded into the weights of the layer before it or behind it where this changes nothing. In front of a padded convolution its offset would have to be added to the padding too, which a bias cannot do; and weights that other layers use as well cannot be changed for one of them.",
    help: "place the normalization behind the convolution, or use a convolution without padding",
  },
  "graph-quantized-clip-left": {
    severity: "note",
    message: (why: string) => `this looks like a quantized clip, but is left as it is: ${why}`,
    explain:
      "An activation of the form lambda/L*clip(floor(x*L/lambda + 1/2), 0, L) converts exactly into integrate-and-fire neurons. This one rounds and clips as such an activation does, but its numbers are not of that form: it does not begin at 0, its scales before and after differ, its upper end is not a whole number of steps, or its offset is not half a step.",
    help: "train with a shift of 1/2 and with the clip ending at a whole number of steps",
  },
  "graph-neuron-left": {
    severity: "note",
    message: (op: string, why: string) => `this ${op} looks like a spiking neuron, but is left as it is: ${why}`,
    explain:
      "A spiking neuron compares its potential u with a threshold, and makes the next state of u and the spike z: u*(1-z) for a reset to zero, u - threshold*z for a reset by subtraction, or another way to write these. The state comes in as an input of the model and leaves as an output. A comparison whose next state is of another form cannot be lowered.",
    help: "export one time step of the model, with every state as an input and its next value as an output; docs/recipes has export functions to copy",
  },
  "graph-unrolled-left": {
    severity: "note",
    message: (steps: number, why: string) =>
      `this looks like a spiking network with ${steps} steps written out, but is left as it is: ${why}`,
    explain:
      "A network that was exported with all its time steps is rolled up again into one step: every neuron must be the same in each step, the answer must be the mean over the steps, and no constant may differ between them. The result is run against the file before it is taken.",
    help: "export one time step of the model, with every state as an input and its next value as an output; docs/recipes has export functions to copy",
  },
});
