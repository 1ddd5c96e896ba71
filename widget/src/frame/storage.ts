/** What a reload may remember: one token, kept only once the shopper has said something, and what is still unsent. */
import { fromHistory, type Message } from "../api";

/** A message that no network would take yet, and the conversation it belongs to. */
export interface Unsent {
  conversation: string;
  message: Message;
}

interface Kept {
  token?: string | undefined;
  unsent?: Unsent | undefined;
  muted?: boolean | undefined;
  /** When another tab last had something to look at. */
  news?: number;
}

/**
 * What one shop's chat remembers. It lies in the frame's own storage; where the browser gives frames none, or one that
 * does not last, the page outside keeps it (decisions/0010): `handOut` gives it there, "" to have it deleted.
 */
export class TokenStore {
  readonly name: string;
  /** What the page has of ours; undefined while our own storage does. */
  #outside: Kept | undefined;

  constructor(
    key: string,
    readonly handOut: (kept: string) => void,
  ) {
    this.name = `aisle:${key}`;
  }

  /** What the page has kept, "" for nothing. Ours goes first; where the page remembers more than we do, ours does not last. */
  handIn(kept: string): void {
    this.#outside = kept && !this.#own() ? parsed(kept) : undefined;
  }

  recall(): string | undefined {
    return this.#kept.token;
  }

  keep(token: string): void {
    this.#write({ token });
  }

  forget(): void {
    this.#outside = undefined;
    try {
      localStorage.removeItem(this.name);
    } catch {
      // then there is nothing in it
    }
    this.handOut("");
  }

  get unsent(): Unsent | undefined {
    try {
      const { conversation, message } = this.#kept.unsent!;
      return { conversation, message: fromHistory(message) };
    } catch {
      return;
    }
  }

  set unsent(unsent: Unsent | undefined) {
    this.#write({ unsent });
  }

  /** The shopper's own switch; the shop's appearance decides whether there is any sound at all. */
  get muted(): boolean {
    return !!this.#kept.muted;
  }

  set muted(muted: boolean) {
    this.#write({ muted });
  }

  /** Has other tabs look, by way of their pages. */
  stir(): void {
    if (this.#outside) this.#write({ news: Date.now() });
  }

  get #kept(): Kept {
    return this.#outside ?? parsed(this.#own());
  }

  /** Whether this is what our own storage has now. */
  holds(value: string | null): boolean {
    return (this.#own() ?? null) === value;
  }

  #own(): string | null | undefined {
    try {
      return localStorage.getItem(this.name);
    } catch {
      return;
    }
  }

  #write(change: Kept): void {
    const before = JSON.stringify(this.#kept);
    const after = JSON.stringify({ ...this.#kept, ...change });
    if (after === before) return;
    try {
      if (!this.#outside) return localStorage.setItem(this.name, after);
    } catch {
      // denied, or full
    }
    this.#outside = parsed(after);
    this.handOut(after);
  }
}

/** Earlier versions kept the bare token. */
export function parsed(kept: string | null | undefined): Kept {
  try {
    return Object(JSON.parse(kept!));
  } catch {
    return kept ? { token: kept } : {};
  }
}
