/** What a reload may remember: one token, kept only once the shopper has said something. */

const PREFIX = "aisle:";

/**
 * The session token of one shop. It lives in the frame's own storage; where a browser forbids that to frames
 * (third-party storage blocked), the page outside keeps it for the life of its tab: `handOut` asks it to.
 */
export class TokenStore {
  #name: string;
  #handedIn = "";

  constructor(
    key: string,
    readonly handOut: (token: string) => void,
  ) {
    this.#name = PREFIX + key;
  }

  /** What the page outside has kept for us. Ours goes first. */
  handIn(token: string): void {
    this.#handedIn = token;
  }

  recall(): string | undefined {
    return this.#local((storage) => storage.getItem(this.#name)) || this.#handedIn || undefined;
  }

  keep(token: string): void {
    if (token === this.recall()) return;
    const kept = this.#local((storage) => {
      storage.setItem(this.#name, token);
      return "kept";
    });
    if (kept) return;
    this.#handedIn = token;
    this.handOut(token);
  }

  forget(): void {
    this.#local((storage) => storage.removeItem(this.#name));
    if (this.#handedIn) this.handOut((this.#handedIn = ""));
  }

  #local<T>(use: (storage: Storage) => T): T | undefined {
    try {
      return use(localStorage);
    } catch {
      return undefined;
    }
  }
}
