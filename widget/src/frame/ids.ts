/** Message ids that the frame makes. */

/** True for a question that we asked again after a check: such ids are UUIDs of version 8 ("custom"). */
export function isAskedAgain(id: string): boolean {
  return id[14] === "8";
}

/** A random UUID; also where the browser offers no `randomUUID` (pages served without TLS). */
export function uuid(version = 4): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (version << 4) | (bytes[6]! & 15);
  bytes[8] = 128 | (bytes[8]! & 63);
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
