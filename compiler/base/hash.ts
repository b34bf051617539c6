import { createHash } from "node:crypto";

/** SHA-256 of the bytes, in hexadecimal. */
export function sha256(...parts: readonly (Uint8Array | string)[]): string {
  const h = createHash("sha256");
  for (const p of parts) h.update(p);
  return h.digest("hex");
}
