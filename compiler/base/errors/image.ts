import { table } from "./entry.ts";

/** Image folders and the words in them. */
export const imageErrors = table({
  // running
  "image-chip": {
    severity: "error",
    message: (what: string, image: string | number, chip: string | number) => `the image's ${what} is ${image}, the chip's is ${chip}`,
    explain: "An image is loaded into a chip of the same name, format and size only: addresses and routes mean something else on another.",
    help: "run the image on the chip it was compiled for, or compile again for this one",
  },
  "image-section-unknown": {
    severity: "error",
    message: (name: string) => `the chip has no memory ${name}`,
    explain: "A section of the image names a core outside the mesh or a memory that cores of this chip do not have.",
    help: "run the image on the chip it was compiled for",
  },
  "image-section-outside": {
    severity: "error",
    message: (name: string, end: number, capacity: number) => `a section writes ${name} up to word ${end}; the memory has ${capacity}`,
    explain: "A section of the image is longer than the memory it is loaded into, so the image was made for a larger chip.",
    help: "run the image on the chip it was compiled for, or compile again for this one",
  },
  "simulator-deadlock": {
    severity: "error",
    message: (step: number, packets: number, cores: readonly string[]) =>
      `in step ${step}, ${packets} packets can no longer move: the event memory of ${cores.join(", ")} is full`,
    explain:
      "A core keeps the events that arrive for later steps. When more arrive than it can keep, packets wait in the routers' FIFOs, and since events are only taken when the next step begins, nothing can move any more. On the chip the step would never end.",
    help: "choose a chip with a larger core.events, spread the network over more cores, or shorten the axon delays",
  },
  "simulator-budget": {
    severity: "error",
    message: (step: number, cycles: number) => `the run used its ${cycles} cycles in step ${step}`,
    explain: "A run may take only so many cycles, so that a mistake ends with a report and not with a computer that is busy for ever.",
    help: "give a larger budget, or run fewer samples at a time",
  },
  "simulator-memory": {
    severity: "error",
    message: (bytes: number, most: number) =>
      `the fast simulator would need ${bytes} bytes for this image, and its memory has at most ${most}`,
    explain:
      "The fast time model keeps all cores in one block of memory whose addresses have 32 bits, with a byte for each weight of up to 8 bits and two for wider ones.",
    help: "use the exact time model (--time exact), or a chip of fewer cores",
  },
  // files and words
  "image-file-missing": {
    severity: "error",
    message: (file: string) => `the image has no file ${file}`,
    explain:
      "An image is a folder: manifest.json names every file that belongs to it. One of them is not there, so the chip's memories would be incomplete.",
    help: "copy the whole folder, or compile again",
  },
  "image-file-damaged": {
    severity: "error",
    message: (file: string, expected: string, actual: string) =>
      `${file} is damaged: its SHA-256 is ${actual}…, the manifest says ${expected}…`,
    explain:
      "The manifest holds the SHA-256 of every file of the image. This file has the right length but another content: at least one bit changed since it was written.",
    help: "copy the file again, or compile again",
  },
  "image-file-length": {
    severity: "error",
    message: (file: string, expected: number, actual: number) =>
      `${file} has ${actual} bytes where the manifest says ${expected}${actual < expected ? ": it was cut short" : ""}`,
    explain: "The manifest holds the length of every file of the image. A shorter file usually comes from a copy that was interrupted.",
    help: "copy the file again, or compile again",
  },
  "image-manifest": {
    severity: "error",
    message: (what: string) => `manifest.json cannot be used: ${what}`,
    explain:
      "manifest.json lists the files of an image with their hashes, and says for which chip they are. It could not be read, or lacks something it must have.",
    help: "compile again; manifest.json is not meant to be edited",
  },
  "image-version": {
    severity: "error",
    message: (found: number, known: number) => `the image is written in format ${found}; this version reads format ${known}`,
    explain: "The layout of words or of the manifest has a version. An image of another version cannot be read safely.",
    help: "compile again with this version of ganglion",
  },
  "image-target": {
    severity: "error",
    message: (target: string, known: readonly string[]) => `the image is for "${target}", which is none of ${known.join(", ")}`,
    explain: "The manifest names the chip that the image was made for. Without knowing the chip, its words mean nothing.",
    help: "see `ganglion list targets`; for a chip of your own give its file with --chip",
  },
  "image-word": {
    severity: "error",
    message: (what: string) => `a word of the image means nothing: ${what}`,
    explain:
      "A word has reserved bits set, a choice that does not exist, or points to something that is not in the image. The hashes were right, so the image was written by another program or for another chip.",
    help: "compile again; if this image was just compiled, please report it",
  },
});
