import { table } from "./entry.ts";

/** SANA-FE's architecture and network files, and what is built from them. */
export const sanafeErrors = table({
  "sanafe-syntax": {
    severity: "error",
    message: (what: string) => `this is no YAML: ${what}`,
    explain: "SANA-FE describes chips and networks in YAML: an architecture file and a network file with its mappings.",
    help: "correct the line; blocks are indented with spaces, lists and maps in one line close their brackets",
  },
  "sanafe-key": {
    severity: "error",
    message: (key: string, of: string) => `${of} has no key "${key}"`,
    explain: "SANA-FE needs this key: without it the cost of an event, or a part of the network, would be unknown.",
    help: "add the key; the files that come with SANA-FE show where each belongs",
  },
  "sanafe-value": {
    severity: "error",
    message: (what: string, found: string, wanted: string) => `${what} is "${found}"; ${wanted} is wanted`,
    explain: "The value does not have the form that SANA-FE gives it in its files.",
    help: "correct the value",
  },
  "sanafe-name": {
    severity: "error",
    message: (kind: string, name: string, known: readonly string[]) =>
      `there is no ${kind} "${name}"${known.length === 0 ? "" : `; known: ${known.slice(0, 12).join(", ")}${known.length > 12 ? ", …" : ""}`}`,
    explain:
      "Edges and mappings name groups, neurons, cores (`tile.core`) and units; the names must be those of the network and the architecture.",
    help: "correct the name, or give the architecture file that the network was mapped to",
  },
  "sanafe-model": {
    severity: "error",
    message: (what: string, why: string) => `${what} is not supported: ${why}`,
    explain:
      "Supported are what gives the same result every time: synapses `current_based`, dendrites `accumulator`, somas `leaky_integrate_fire` and `truenorth` without noise, and `input` with spikes or a rate, with the buffer before the soma.",
    help: "use a supported model, or run this network with SANA-FE itself",
  },
  "sanafe-ignored": {
    severity: "note",
    message: (attributes: readonly string[]) => `not used: ${attributes.join(", ")}`,
    explain: "SANA-FE hands attributes that it does not know to the unit's model, which ignores those that it does not know either.",
    help: "check the spelling; attributes of recording (log_…) and of plugins have no meaning here",
  },
  "sanafe-unmapped": {
    severity: "error",
    message: (neuron: string, count: number) => `neuron ${neuron}${count > 1 ? ` and ${count - 1} more are` : " is"} on no core`,
    explain: "SANA-FE's networks say themselves on which core each neuron is; there is no default.",
    help: "add them to `mappings`: `- group.0..9: {core: 0.1}`",
  },
  "sanafe-full": {
    severity: "error",
    message: (core: string, neurons: number, most: number) => `core ${core} has ${neurons} neurons; it holds ${most}`,
    explain: "The architecture's `max_neurons_supported` is the number of neurons that a core can have.",
    help: "map some of them to another core",
  },
  "sanafe-weights": {
    severity: "error",
    message: (edge: string, why: string) => `weights of ${edge}: ${why}`,
    explain:
      "A dense or convolutional edge has a list with a weight for each connection or kernel position, or names an array of a .npz file that holds them.",
    help: "give as many weights as the shapes need, as a list or as `FILE.npz:ARRAY`",
  },
  "sanafe-image": {
    severity: "error",
    message: (file: string, why: string) => `${file}: ${why}`,
    explain: "A build of a SANA-FE network is two files, sanafe.json and sanafe.bin. Their hashes are checked before anything runs.",
    help: "compile the network again",
  },
  "sanafe-inconsistent": {
    severity: "error",
    message: (what: string) => `the image contradicts itself: ${what}`,
    explain:
      "The tables and arrays of a build of a SANA-FE network must fit together: cores follow one another, axons name cores and lists of synapses, synapses name neurons of the axon's core. The hashes are right, so a program wrote it like that.",
    help: "compile the network again; if it is so again, report it with the two files",
  },
  "sanafe-command": {
    severity: "error",
    message: (folder: string) => `${folder} is a network from SANA-FE's files, with which this command can do nothing`,
    explain:
      "SANA-FE's networks come mapped, with their inputs in them, and their builds have no trained model, samples, labels or words of a chip. So there is nothing to evaluate, tune, reduce or present to pins.",
    help: "`ganglion run` gives counts, energy, time and spikes; `show` what is where; `verify` and `lint` check it",
  },
});
