import { fail } from "../../base/diagnostic.ts";
import { sizeOf } from "../../base/tensor.ts";
import { elementBytes, elementReader } from "./elements.ts";
import { type DataFile, type Layout, type Records, recordName } from "./records.ts";

/** Bare numbers, little-endian: real value = (stored - zeroPoint) * scale. */
export type RawSpec = {
  readonly type: "int8" | "uint8" | "float32";
  /** Of one sample; null: the model's. */
  readonly shape: readonly number[] | null;
  readonly zeroPoint: number;
  readonly scale: number;
};

const types = { int8: "i8", uint8: "u8", float32: "f32" } as const;

/** A file of one or many records of `shape`. */
export function rawRecords(file: DataFile, spec: RawSpec, shape: readonly number[], layout: Layout | null): Records {
  const { name, bytes } = file;
  const type = types[spec.type];
  const size = sizeOf(shape);
  const rest = bytes.length % (size * elementBytes[type]);
  if (rest !== 0) fail("data-truncated", [name, bytes.length - rest + size * elementBytes[type], bytes.length]);
  const count = bytes.length / (size * elementBytes[type]);
  const element = elementReader({ bytes, type, little: true });
  return {
    count,
    shape,
    layout,
    read: (index, out) => {
      for (let i = 0; i < size; i++) out[i] = (element(index * size + i) - spec.zeroPoint) * spec.scale;
    },
    label: () => null,
    name: (index) => (count === 1 ? name : recordName(name, index)),
  };
}
