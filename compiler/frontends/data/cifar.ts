import { fail } from "../../base/diagnostic.ts";
import { type DataFile, type Records, recordName } from "./records.ts";

/*
 * CIFAR binary: records without a header, each one label byte (CIFAR-10, or the
 * fine class of a hundred) or two (CIFAR-100: coarse, fine), then the red, green
 * and blue planes of 32 x 32 pixels.
 * Source: https://www.cs.toronto.edu/~kriz/cifar.html, "binary version".
 */

const pixels = 3 * 32 * 32;

/** Label bytes before the pixels, when the size and every label fit; null when the file cannot be CIFAR. */
export function cifarLabelBytes(bytes: Uint8Array): 1 | 2 | null {
  for (const labels of [1, 2] as const) {
    const size = pixels + labels;
    if (bytes.length === 0 || bytes.length % size !== 0) continue;
    let fits = true;
    for (let at = 0; at < bytes.length && fits; at += size)
      fits = (bytes[at + labels - 1] ?? 255) < 100 && (labels === 1 || (bytes[at] ?? 255) < 20);
    if (fits) return labels;
  }
  return null;
}

/** The label is the last label byte: the class, or the fine class. */
export function cifarRecords(file: DataFile, labels: 1 | 2): Records {
  const { bytes, name } = file;
  const size = pixels + labels;
  const rest = bytes.length % size;
  if (rest !== 0) fail("data-truncated", [name, bytes.length - rest + size, bytes.length]);
  return {
    count: bytes.length / size,
    shape: [3, 32, 32],
    layout: "nchw",
    read: (index, out) => out.set(bytes.subarray(index * size + labels, (index + 1) * size)),
    label: (index) => bytes[index * size + labels - 1] ?? null,
    name: (index) => recordName(name, index),
  };
}
