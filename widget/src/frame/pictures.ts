/** Pictures on their way to the shop: known by their content, small enough, and without what a camera writes into them. */

export const MAX_PER_MESSAGE = 4;
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_EDGE_PX = 1_600;
const QUALITY = 0.86;

/** First bytes in hexadecimal, of the formats' own specifications; WebP has its length in between. */
const MAGIC: Record<string, RegExp> = {
  "image/jpeg": /^ffd8ff/,
  "image/png": /^89504e470d0a1a0a/,
  "image/webp": /^52494646.{8}57454250/,
  "image/gif": /^47494638/,
};

/** Why a picture cannot go; the name of the words that say so. */
export class Unfit extends Error {
  constructor(readonly reason: "picture_large" | "picture_type") {
    super(reason);
  }
}

/** The media type that the first bytes show, whatever the file is called. */
export function kindOf(bytes: Uint8Array): string | undefined {
  const start = [...bytes.subarray(0, 12)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return Object.keys(MAGIC).find((kind) => MAGIC[kind]!.test(start));
}

/** The size within 1,600 px on its longer edge, never larger than it is. */
export function fitted(width: number, height: number): [number, number] {
  const share = Math.min(1, MAX_EDGE_PX / Math.max(width, height));
  return [Math.max(1, Math.round(width * share)), Math.max(1, Math.round(height * share))];
}

/** The picture drawn anew: upright, at most 1,600 px, no EXIF. Throws `Unfit`. */
export async function prepared(file: Blob): Promise<Blob> {
  if (file.size > MAX_BYTES) throw new Unfit("picture_large");
  const kind = kindOf(new Uint8Array(await file.slice(0, 12).arrayBuffer()));
  const bitmap = kind && (await createImageBitmap(file).catch(() => undefined));
  if (!bitmap) throw new Unfit("picture_type");
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = fitted(bitmap.width, bitmap.height);
  canvas.getContext("2d")!.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const drawn = (type: string): Promise<Blob | null> => new Promise((resolve) => canvas.toBlob(resolve, type, QUALITY));
  const same = await drawn(kind === "image/gif" ? "image/png" : kind!);
  const blob = same && same.size <= MAX_BYTES ? same : await drawn("image/jpeg");
  if (!blob) throw new Unfit("picture_type");
  return blob;
}
