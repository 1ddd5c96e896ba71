/** Server-sent events out of a byte stream, as the WHATWG standard reads them. */

export interface ServerEvent {
  /** The last `id:` seen, "" before any. */
  id: string;
  data: string;
}

/**
 * Feed it bytes as they come, cut anywhere (inside a character, inside a line end), and it hands back whole events.
 * An event that never got its empty line is not an event: a cut stream loses nothing but that, and a resume brings it again.
 */
export class EventParser {
  readonly #decoder = new TextDecoder();
  #rest = "";
  #id = "";
  #data: string[] = [];
  #skipNewline = false;

  push(bytes: Uint8Array): ServerEvent[] {
    const events: ServerEvent[] = [];
    const text = this.#decoder.decode(bytes, { stream: true });
    let start = 0;
    for (let at = 0; at < text.length; at++) {
      const letter = text[at];
      if (letter !== "\n" && letter !== "\r") {
        this.#skipNewline = false;
        continue;
      }
      if (letter === "\n" && this.#skipNewline) {
        this.#skipNewline = false;
        start = at + 1;
        continue;
      }
      this.#skipNewline = letter === "\r";
      this.#line(this.#rest + text.slice(start, at), events);
      this.#rest = "";
      start = at + 1;
    }
    this.#rest += text.slice(start);
    return events;
  }

  #line(line: string, events: ServerEvent[]): void {
    if (line === "") return this.#dispatch(events);
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.#data.push(value);
    if (field === "id" && !value.includes("\0")) this.#id = value;
  }

  #dispatch(events: ServerEvent[]): void {
    if (this.#data.length) events.push({ id: this.#id, data: this.#data.join("\n") });
    this.#data = [];
  }
}
