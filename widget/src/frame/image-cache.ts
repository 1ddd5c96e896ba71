/** The pictures of this visit, each fetched once. */
import type { AisleClient, FilePart } from "../api";

export class ImageCache {
  #shown = new Map<string, Promise<string>>();

  constructor(readonly client: AisleClient) {}

  /** A `blob:` address of one of the shopper's pictures. */
  show(id: string): Promise<string> {
    const known = this.#shown.get(id) ?? this.client.picture(id).then((blob) => URL.createObjectURL(blob));
    this.#shown.set(id, known);
    known.catch(() => this.#shown.delete(id));
    return known;
  }

  /** Hands one to the shop; what comes back goes into a message. */
  async upload(picture: Blob): Promise<FilePart> {
    const { id, media_type } = await this.client.upload(picture);
    this.#shown.set(id, Promise.resolve(URL.createObjectURL(picture)));
    return { type: "file", mediaType: media_type, url: `aisle-image:${id}` };
  }
}
