/** While people may answer, nobody streams: look for news, often while the shopper looks and seldom when not. */
import type { ChatStore } from "./store";

const JOINED_MS = 2_500;
const WAITING_MS = 4_000;
const AWAY_MS = 15_000;
const MOST_DOUBLINGS = 4;

export class HandoffPolling {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #misses = 0;

  constructor(
    readonly store: ChatStore,
    readonly load: () => Promise<void>,
  ) {}

  /** Looks in due time, for as long as the handoff is open; again and again, slower after each failure. */
  schedule(): void {
    clearTimeout(this.#timer);
    const { handoff, presence } = this.store.state;
    if (!handoff || handoff.state === "ended") return;
    const here = this.store.visible && !document.hidden && presence?.staff_online !== false;
    const wait = !here ? AWAY_MS : handoff.state === "joined" ? JOINED_MS : WAITING_MS;
    this.#timer = setTimeout(() => this.poll(), wait * 2 ** Math.min(this.#misses, MOST_DOUBLINGS));
  }

  /** Looks now, where there may be news. */
  poll(): void {
    const { handoff, busy } = this.store.state;
    if (!handoff || handoff.state === "ended") return;
    const seen = busy ? Promise.resolve() : this.load();
    void seen.then(
      () => (this.#misses = 0),
      () => this.#misses++,
    ).then(() => this.schedule());
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
