/** Turns as they are read: parts of a stream become the last message, until the turn ends in one way or another. */
import { fold, settle, type AisleClient, type Chunk, type Handoff, type Part } from "../api";
import { uuid } from "./ids";
import { primary } from "./language";
import type { ChatStore } from "./store";

/** What a turn needs of the conversation it belongs to. */
export interface TurnOwner {
  /** Loads the conversation as the server has it; `running` while a turn of ours is on. */
  load(running?: boolean): Promise<void>;
  setHandoff(handoff: Handoff): void;
  ask(parts: Part[]): Promise<void>;
  setLanguage(...locales: string[]): Promise<void>;
  /** A turn of ours has begun or ended: other tabs may want to load it. */
  notifyTabs(): void;
}

export class Turns {
  #turn = new AbortController();
  /** What "Try again" does. */
  again: (() => void) | undefined;

  constructor(
    readonly client: AisleClient,
    readonly store: ChatStore,
    readonly owner: TurnOwner,
  ) {}

  get signal(): AbortSignal {
    return this.#turn.signal;
  }

  abort(): void {
    this.#turn.abort();
  }

  retry(): void {
    this.store.set({ problem: undefined });
    this.again?.();
  }

  async stop(): Promise<void> {
    const running = this.store.state.messages.at(-1);
    if (running?.role === "assistant") this.store.set({ stopped: new Set([...this.store.state.stopped, running.id]) });
    await this.client.stop().catch(() => this.#turn.abort());
  }

  /** Follows a turn to its end and answers what went wrong, if anything. `quiet` when we only look whether one runs. */
  async listen(chunks: () => AsyncGenerator<Chunk>, quiet = false): Promise<unknown> {
    const turn = (this.#turn = new AbortController());
    let wrong: unknown;
    this.store.set({ busy: !quiet, status: "", problem: undefined, offline: !quiet && !navigator.onLine });
    try {
      for await (const chunk of chunks()) {
        if (turn.signal.aborted) break;
        if (this.store.state.offline) this.store.set({ offline: false });
        if (chunk.type === "start" && !quiet) this.owner.notifyTabs();
        await this.#take(chunk);
      }
    } catch (error) {
      wrong = error;
    }
    if (turn === this.#turn) this.#finish(turn.signal.aborted);
    return turn.signal.aborted || quiet ? undefined : wrong;
  }

  async #take(chunk: Chunk): Promise<void> {
    switch (chunk.type) {
      case "start":
        return this.#openAnswer(String(chunk.messageId ?? uuid()), chunk);
      case "data-status":
        return this.store.set({ status: String((chunk.data as { text?: unknown } | undefined)?.text ?? "") });
      case "error":
        return this.#failTurn();
      case "gone":
        return this.owner.load(true);
      case "data-handoff":
        this.owner.setHandoff(chunk.data as Handoff);
        break;
      case "text-delta":
        if (this.store.state.status) this.store.set({ status: "" });
        break;
    }
    const last = this.store.state.messages.at(-1);
    if (last?.role === "assistant") this.store.replaceLast(fold(last, chunk));
  }

  /** A new answer, or one told again from its start. */
  #openAnswer(id: string, chunk: Chunk): void {
    const answer = fold({ id, role: "assistant", parts: [], created_at: new Date().toISOString() }, chunk);
    const others = this.store.state.messages.filter((message) => message.id !== id);
    this.store.set({ busy: true, messages: [...others, answer] });
  }

  /** The turn failed on the server: ask the same again as a new turn, in place of the failed one. */
  #failTurn(): void {
    const at = this.store.state.messages.findLastIndex((message) => message.role === "user");
    const asked = this.store.state.messages[at];
    this.store.set({ problem: "failed" });
    if (!asked) return;
    this.again = () => {
      this.store.set({ messages: this.store.state.messages.slice(0, at) });
      void this.owner.ask(asked.parts);
    };
  }

  #finish(aborted: boolean): void {
    const last = this.store.state.messages.at(-1);
    const answered = this.store.state.busy && last?.role === "assistant";
    const unsent = aborted && this.store.state.offline;
    if (answered) this.store.replaceLast(settle(last));
    this.store.set({ busy: false, status: "", offline: false, ...(unsent && { problem: "network" }) });
    if (!answered) return;
    const { answered_by, locale } = last.metadata ?? {};
    this.store.report("answer", { answered_by });
    this.store.announce(1);
    // Forms speak the language that the answer speaks.
    const spoken = this.store.state.language.locale;
    if (locale && primary(locale) !== primary(spoken)) void this.owner.setLanguage(locale, spoken);
  }
}
