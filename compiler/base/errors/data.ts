import { table } from "./entry.ts";

/** Calibration and test data: images, tensors, labels. */
export const dataErrors = table({
  "data-format-unknown": {
    severity: "error",
    message: (file: string, start: string) => `${file} is in no format that can be recognised (it begins with ${start})`,
    explain:
      "Formats are recognised by content: IDX (MNIST), CIFAR binary, .npy, .npz, PNG, tar and zip archives of those, each also gzipped. A file of bare numbers has no mark of its own, so its type must be stated.",
    help: "for a file of bare numbers give --raw int8|uint8|float32 and --shape",
  },
  "data-malformed": {
    severity: "error",
    message: (file: string, format: string, what: string) => `${file} is not a proper ${format} file: ${what}`,
    explain:
      "The beginning of the file, or the format that was asked for, says what the file is, but its content does not follow that format.",
    help: "get the file again, or state another format",
  },
  "data-truncated": {
    severity: "error",
    message: (file: string, expected: number, actual: number) => `${file} is cut short: ${expected} bytes expected, ${actual} present`,
    explain: "The header of the file, or the size of one record, says how long it must be. A download that stopped early looks like this.",
    help: "get the file again, or check --shape for raw data",
  },
  "data-dtype": {
    severity: "error",
    message: (file: string, dtype: string) => `${file} holds elements of type ${dtype}, which cannot be read as numbers`,
    explain:
      "Booleans, integers of 8 to 64 bits and floats of 16 to 64 bits can be read, in either byte order. Strings, objects and structures cannot.",
    help: "save the array as float32, int8 or uint8",
  },
  "data-empty": {
    severity: "error",
    message: (what: string) => `${what} holds no samples`,
    explain: "There is nothing to calibrate with or to evaluate on: the header states zero records, or no file of the folder is data.",
    help: "name a file, folder or archive with at least one sample",
  },
  "data-shape": {
    severity: "error",
    message: (what: string, actual: string, expected: string) => `a sample of ${what} is ${actual}, but the model's input is ${expected}`,
    explain:
      "The numbers of one sample must be as many as the model's input takes, in the same arrangement or in the one with the channels at the other end. Samples are never cropped, resized or turned from colour into gray.",
    help: "use the data set that the model was made for, or give --shape and --layout for raw data",
  },
  "data-channels": {
    severity: "error",
    message: (option: string, given: number, channels: number) =>
      `${option} has ${given} numbers, but a sample has ${channels} ${channels === 1 ? "channel" : "channels"}`,
    explain: "Mean and standard deviation are given once for all channels or once per channel: value = (pixel * scale - mean) / std.",
    help: "give one number, or one per channel",
  },
  "data-preprocessing": {
    severity: "error",
    message: (what: string) => `this preprocessing is impossible: ${what}`,
    explain: "value = (pixel * scale - mean) / std must give finite numbers that depend on the pixel.",
    help: "give finite numbers; scale and std must not be zero",
  },
  "data-not-finite": {
    severity: "error",
    message: (name: string, index: number) => `sample ${name} holds a number that is not finite (element ${index})`,
    explain: "NaN or infinity in the input would spread through the whole network, and no spike code can carry it.",
    help: "check how the data was made, and for raw data its type and byte order",
  },
  "data-mixed": {
    severity: "error",
    message: (first: string, second: string) => `${first} and ${second} do not belong together: they differ in format or in shape`,
    explain: "The files of a folder or archive are read as one list of samples, so all of them must have one format and one shape.",
    help: "name one file, or a folder that holds only the samples",
  },
  "data-array-choice": {
    severity: "error",
    message: (file: string, arrays: readonly string[]) => `no array of ${file} is clearly the data (it holds ${arrays.join(", ")})`,
    explain:
      "An .npz file holds several arrays. The one whose records have the shape of the model's input is taken; none has, or several do.",
    help: "save the samples as x and the labels as y, or give the array as an .npy file",
  },
  "labels-length": {
    severity: "error",
    message: (file: string, labels: number, samples: number) => `${file} holds ${labels} labels for ${samples} samples`,
    explain:
      "Labels without file names belong to the samples in order, one each. Another number means that they belong to another data set or split.",
    help: "name the label file of the same split",
  },
  "labels-unnamed": {
    severity: "error",
    message: (file: string, samples: number, example: string) =>
      `${file} has no label for ${samples} of the samples, for example ${example}`,
    explain: "The label file names files. Each sample must be named there, with or without its folder.",
    help: "name the label file that belongs to these samples",
  },
  "labels-syntax": {
    severity: "error",
    message: (file: string, line: number, text: string) => `${file}, line ${line}: "${text}" does not end in a class number`,
    explain:
      "A label file is IDX, .npy with whole numbers, or text: one class number a line, or comma-separated columns with the file name first and the class number last.",
    help: "write one label a line",
  },
  "label-range": {
    severity: "error",
    message: (label: number, sample: string, classes: number) =>
      `label ${label} of sample ${sample} is not a class of the model (0 to ${classes - 1})`,
    explain:
      "The model's output has a fixed number of classes. A label outside of it means that labels and model belong to different tasks, or that classes are counted from 1.",
    help: "use the labels of the model's own data set, counted from 0",
  },
});
