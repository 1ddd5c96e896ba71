/** What a reload may remember: one token, kept only once the shopper has said something, and what is still unsent. */
import type { Message } from "../wire";

const PREFIX = "aisle:";

/** A message that no network would take yet, and the conversation it belongs to. */
export interface Unsent {
  conversation: string;
  message: Message;
}

/**
 * The session token of one shop. It lives in the frame's own storage; where a browser forbids that to frames
 * (third-party storage blocked), the page outside keeps it for the life of its tab: `handOut` asks it to.
 */
export class TokenStore {
  readonly name: string;
  #handedIn = "";

  constructor(
    key: string,
    readonly handOut: (token: string) => void,
  ) {
    this.name = PREFIX + key;
  }

  /** What the page outside has kept for us. Ours goes first. */
  handIn(token: string): void {
    this.#handedIn = token;
  }

  recall(): string | undefined {
    return this.#read("") || this.#handedIn || undefined;
  }

  keep(token: string): void {
    if (token === this.recall()) return;
    if (this.#write("", token)) return;
    this.#handedIn = token;
    this.handOut(token);
  }

  forget(): void {
    for (const what of ["", ":unsent", ":mute"]) this.#write(what, undefined);
    if (this.#handedIn) this.handOut((this.#handedIn = ""));
  }

  get unsent(): Unsent | undefined {
    try {
      return JSON.parse(this.#read(":unsent") || "null") ?? undefined;
    } catch {
      return;
    }
  }

  set unsent(unsent: Unsent | undefined) {
    this.#write(":unsent", unsent && JSON.stringify(unsent));
  }

  /** The shopper's own switch; the shop's appearance decides whether there is any sound at all. */
  get muted(): boolean {
    return !!this.#read(":mute");
  }

  set muted(muted: boolean) {
    this.#write(":mute", muted ? "1" : undefined);
  }

  #read(what: string): string | undefined {
    try {
      return localStorage.getItem(this.name + what) ?? undefined;
    } catch {
      return;
    }
  }

  #write(what: string, value: string | undefined): boolean {
    try {
      if (value === undefined) localStorage.removeItem(this.name + what);
      else localStorage.setItem(this.name + what, value);
      return true;
    } catch {
      return false;
    }
  }
}
