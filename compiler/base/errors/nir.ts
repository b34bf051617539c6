import { table } from "./entry.ts";

const reexport = "export the graph again from the framework that trained it";

/** Reading and writing NIR graphs (HDF5). */
export const nirErrors = table({
  "nir-not-hdf5": {
    severity: "error",
    message: (file: string) => `${file} is not an HDF5 file, which a NIR graph is`,
    explain: "A .nir file is HDF5 and begins with the bytes 89 48 44 46. These bytes do not: a text, a Git LFS pointer, or another format.",
    help: `get the file again, or ${reexport}`,
  },
  "nir-truncated": {
    severity: "error",
    message: (file: string, expected: number, actual: number) => `${file} is cut short: ${expected} bytes expected, ${actual} present`,
    explain: "The beginning of an HDF5 file says where it ends. A download or a copy that stopped early does not reach that place.",
    help: "get the file again",
  },
  "nir-hdf5": {
    severity: "error",
    message: (file: string, what: string) => `${file} cannot be read as HDF5: ${what}`,
    explain:
      "The file begins like HDF5, but a group or dataset in it is damaged, uses a filter that is not built in, or points to another file.",
    help: reexport,
  },
  "nir-dtype": {
    severity: "error",
    message: (path: string, dtype: string) => `${path} holds elements of type ${dtype}, which are not the numbers that are needed`,
    explain:
      "Weights and neuron parameters are real numbers (32 or 64 bits), sizes are integers, names are text. Anything else cannot be what the exporter meant.",
    help: "export with float32 or float64 parameters",
  },
  "nir-missing": {
    severity: "error",
    message: (path: string) => `${path} is missing`,
    explain: "A NIR graph has nodes and edges, every node has a type, and every type has parameters that it cannot do without.",
    help: reexport,
  },
  "nir-type-unknown": {
    severity: "error",
    message: (type: string, known: readonly string[]) => `there is no NIR primitive "${type}"; there are ${known.join(", ")}`,
    explain:
      "The primitives of NIR 1.0 are read. A framework's own node types have no agreed meaning, so they are refused rather than guessed.",
    help: "express the node by NIR primitives before exporting (fold batch normalization, replace max pooling by sum pooling)",
  },
  "nir-edge-nowhere": {
    severity: "error",
    message: (from: string, to: string, missing: string) =>
      `the edge ${from} -> ${to} names a node "${missing}" that the graph does not have`,
    explain:
      "Every edge joins two nodes of its graph by their names. Here one end has no node, so the graph is inconsistent and what it computes is unknown.",
    help: `correct the name in the file, or ${reexport}`,
  },
  "nir-unconnected": {
    severity: "error",
    message: (name: string) => `nothing leads into node "${name}"`,
    explain: "Each node other than Input works on what its predecessors send. One without predecessors computes nothing that was meant.",
    help: "remove the node, or add the missing edge",
  },
  "nir-ends": {
    severity: "error",
    message: (what: string) => `the graph has no ${what} node`,
    explain: "A graph is run from its Input nodes to its Output nodes; without one of them there is nothing to give it or nothing to read.",
    help: reexport,
  },
  "nir-shape": {
    severity: "error",
    message: (name: string, what: string) => `node "${name}" does not fit: ${what}`,
    explain:
      "Shapes are computed from the Input on, by each node's own parameters (the shapes that files state are wrong for groups and non-square kernels). Sizes must agree along every edge, and parameters must have one number, one per channel or one per neuron.",
    help: "compare the node's parameters with those of the node before it",
  },
  "nir-number": {
    severity: "error",
    message: (name: string, param: string, value: number) => `${param} of node "${name}" is ${value}`,
    explain: "NaN and infinity spread through the whole network, and training that diverged leaves them.",
    help: "train again from a checkpoint before the numbers were lost",
  },
  "nir-range": {
    severity: "error",
    message: (name: string, param: string, value: number, why: string) => `${param} of node "${name}" is ${value}, but ${why}`,
    explain: "A time constant is positive, a delay is not negative, strides are at least 1.",
    help: "check the parameter",
  },
  "nir-step-long": {
    severity: "error",
    message: (name: string, param: string, value: number, dt: number) =>
      `${param} of node "${name}" is ${value} s, shorter than the step of ${dt} s`,
    explain:
      "Euler's rule takes dt/tau away in each step, which must not be more than all. The step is wrong, or the exporter wrote something else than seconds: norse 1.1 writes time constants multiplied with its step.",
    help: "give the step of the framework (--dt, or --profile NAME:dt=… for that of the neurons alone); for a file of norse 1.1 its square: --profile norse:dt=1e-6 where the step is 1 ms",
  },
  "nir-tau-steps": {
    severity: "warning",
    message: (name: string, param: string, value: number, steps: number) =>
      `${param} of node "${name}" is ${value} s, which is ${steps} steps: its neurons ${steps > 1 ? "hardly take in anything in a step" : "forget nearly all in a step"}`,
    explain:
      "The step is probably not that of the framework, or the exporter did not write seconds: sinabs, for one, writes the time constants that its user gave, which it takes as numbers of steps.",
    help: "give the step of the framework with --dt; where time constants are numbers of steps, --profile NAME:dt=1 (which leaves the step of the input, --dt, as it is)",
  },
  "nir-loop": {
    severity: "error",
    message: (path: readonly string[]) => `a cycle without a neuron: ${path.join(" -> ")}`,
    explain:
      "In one step, every node on this cycle needs the result of the node before it. Only a neuron keeps a state from one step to the next, so each cycle needs one.",
    help: "put a neuron into the cycle",
  },
  "nir-profile-needed": {
    severity: "error",
    message: (what: readonly string[], known: readonly string[]) =>
      `the file does not say which framework it comes from, and the answer depends on it: ${what.join(", ")}; there are profiles for ${known.join(", ")}`,
    explain:
      "Frameworks write the same NIR node for neurons that behave differently: comparison, reset, step and leak are not in the file. A profile states them.",
    help: "give --profile NAME, the framework that the file was exported from",
  },
  "nir-step-needed": {
    severity: "error",
    message: (profile: string, name: string) =>
      `the step is unknown: node "${name}" has times in seconds, and the profile ${profile} has no step of its own`,
    explain:
      "Time constants are in seconds, and a chip runs in steps. Some frameworks always use one step (snnTorch and SpikingJelly 0.1 ms), others that of the user.",
    help: "give --dt, for example --dt 1ms",
  },
  "nir-analog": {
    severity: "error",
    message: (name: string, type: string, to: string) =>
      `the ${type} "${name}" sends its potential to "${to}" in every step, which spikes cannot carry`,
    explain:
      "I, LI and CubaLI have no threshold: what they send is a real number. That can be read at the end of the network, but not be the input of another node.",
    help: "put a spiking neuron in its place",
  },
  "nir-rule": {
    severity: "error",
    message: (name: string, why: string) => `the neurons of node "${name}" cannot be built: ${why}`,
    explain: "What the profile asks for has no equal among the neurons here.",
    help: "choose another profile, or override a rule: --profile NAME:reset=…",
  },
  "nir-delay-rounded": {
    severity: "warning",
    message: (name: string, worst: number) => `delays of node "${name}" are no whole steps; the worst is off by ${worst} of a step`,
    explain:
      "A chip delays by whole steps, so each delay is rounded to the nearest one; signals meet up to half a step earlier or later than they did.",
    help: "choose a step that divides the delays",
  },
  "netx-unsupported": {
    severity: "error",
    message: (what: string, why: string) => `${what} of a lava-dl network cannot be read: ${why}`,
    explain:
      "Of lava-dl's netx format (.net) chains of the layers input, dense, conv and flatten with CUBA neurons are read, which is what lava-dl's own loader takes for Loihi.",
    help: "export the network without that part, or as NIR",
  },
  "nir-cannot-say": {
    severity: "error",
    message: (what: string, why: string) => `${what} cannot be written as NIR: ${why}`,
    explain:
      "NIR has no soft reset, initial potential, silent period, gains finer than Scale, or neurons of single methods. Leaving them out would write another network.",
    help: "write a .snet instead, which holds everything",
  },
  "nir-in-metadata": {
    severity: "warning",
    message: (rules: string) => `${rules}: this is in the metadata only, and other tools will run another network`,
    explain:
      "NIR says nothing about these rules, and its text asks readers not to depend on metadata. This project reads them; others do not.",
    help: "tell who reads the file, or train for what NIR can say",
  },
  "events-unknown": {
    severity: "error",
    message: (file: string, start: string) => `${file} is in no event format that can be recognised (it begins with ${start})`,
    explain:
      "N-MNIST files (.bin, .bs2) have no mark and are known by their name. AEDAT, Prophesee, NumPy and NIRData files are known by their first bytes.",
    help: "rename the file to what it is, or convert it",
  },
  "events-cut": {
    severity: "error",
    message: (file: string, left: number, wanted: number) =>
      `${file} ends in the middle of an event or a packet: of ${wanted} bytes there are ${left}`,
    explain: "Events, and the packets that hold them, have a known number of bytes, so the file was cut while it was written or copied.",
    help: "get the recording again",
  },
  "events-malformed": {
    severity: "error",
    message: (file: string, format: string, what: string) => `${file} is not a proper ${format} recording: ${what}`,
    explain: "The beginning of the file says what it is, but what follows is not built that way.",
    help: "get the recording again",
  },
  "events-outside": {
    severity: "error",
    message: (file: string, index: number, x: number, y: number, p: number, shape: string) =>
      `event ${index} of ${file} is at x ${x}, y ${y}, polarity ${p}, outside the network's input ${shape}`,
    explain:
      "The input has one channel per polarity, row and column. An event elsewhere means another sensor, or a file that is not what it seems.",
    help: "use recordings of the sensor that the network was trained for",
  },
  "events-backwards": {
    severity: "error",
    message: (file: string, index: number, before: number, time: number) =>
      `time runs backwards in ${file}: event ${index} is at ${time} us, after one at ${before} us`,
    explain:
      "Events are stored in the order of their time. A step back means a counter that overflowed, two recordings in one file, or damage.",
    help: "get the recording again, or sort its events",
  },
  "events-labels": {
    severity: "error",
    message: (file: string, line: number, text: string) => `${file}, line ${line}: "${text}" has no class number`,
    explain: "A label table has a header, the file's name in the first column and the class, a whole number, in the column `label`.",
    help: "write one recording a line: file,label",
  },
  "events-step": {
    severity: "error",
    message: () => "the network does not say how long a step is, so recordings cannot be cut into steps",
    explain:
      "Events have times in microseconds. Which of them belong to one step is decided by the step's duration, which the build keeps.",
    help: "compile again with --dt, for example --dt 3ms",
  },
});
