/** A file as the caller opened it: readers are functions of bytes, so they serve Node, browsers and tests alike. */
export type DataFile = { readonly name: string; readonly bytes: Uint8Array };

/** Where the channels stand in a stored sample; null when the format does not say. */
export type Layout = "nchw" | "nhwc";

/** Samples as a file stores them, decoded one at a time: ten thousand images never exist as floats together. */
export type Records = {
  readonly count: number;
  /** Of one record, as stored. */
  readonly shape: readonly number[];
  readonly layout: Layout | null;
  /** Writes the stored numbers of one record, in stored order. */
  readonly read: (index: number, out: Float64Array) => void;
  /** Class of a record when the data carries it, else null. */
  readonly label: (index: number) => number | null;
  /** For messages, and to match label files that name files. */
  readonly name: (index: number) => string;
};

/** The name of record `index` of a file that holds many. */
export function recordName(file: string, index: number): string {
  return `${file}[${index}]`;
}

/** The first bytes, for a message. */
export function showStart(bytes: Uint8Array): string {
  if (bytes.length === 0) return "nothing: it is empty";
  return [...bytes.subarray(0, 4)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
}

/** A view for multi-byte reads. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
