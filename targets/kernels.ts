import { readFileSync } from "node:fs";

let bytes: Uint8Array | null | undefined;

/**
 * The compiled kernels, as `npm run build` makes them; null where nobody has built them, and then
 * their twins in TypeScript do the same more slowly.
 */
export function kernelBytes(): Uint8Array | null {
  if (bytes === undefined) bytes = read();
  return bytes;
}

function read(): Uint8Array | null {
  try {
    return readFileSync(new URL("../runtime/kernels/kernels.wasm", import.meta.url));
  } catch {
    return null;
  }
}
