/** The chat's state, those who listen to it, and what the shopper has not seen yet. */
import type { ToPage } from "../bridge";
import type { Message } from "../wire";
import { playSound } from "./sound";
import { NOTHING, type State } from "./state";
import type { TokenStore } from "./storage";

/** What the merchant's page may hear of. Never what was said. */
export type Report = (name: (ToPage & { type: "event" })["name"] | "unread", detail?: unknown) => void;

export class ChatStore {
  state: State = NOTHING;
  /** The shopper has the chat open. */
  visible = false;
  #listeners = new Set<() => void>();
  #unread = 0;

  constructor(
    readonly tokens: TokenStore,
    readonly report: Report,
  ) {}

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Shows a made-up conversation; nothing is sent. */
  preview(state: Partial<State>): void {
    this.set({ phase: "ready", ...state });
  }

  replaceLast(message: Message): void {
    this.set({ messages: [...this.state.messages.slice(0, -1), message] });
  }

  /** Counts new messages of the shop's side, with a sound, for a shopper who is not looking. */
  announce(fresh: number): void {
    if (this.visible && !document.hidden) return;
    if (this.state.session?.appearance.sound && !this.tokens.muted) playSound();
    if (!this.visible) this.setUnread(this.#unread + fresh);
  }

  setUnread(unread: number): void {
    if (unread === this.#unread) return;
    this.#unread = unread;
    this.report("unread", unread);
  }

  set(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
