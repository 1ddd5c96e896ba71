/** Turns as they are told: parts of a stream become the last message, until the turn ends in one way or another. */
import { fold, settle, type AisleClient, type Chunk, type Handoff, type Part } from "../api";
import { ChatStore, type Report } from "./store";
import { uuid } from "./ids";
import { primary } from "./language";
import type { TokenStore } from "./storage";

export abstract class Turns extends ChatStore {
  protected turn = new AbortController();
  /** What "Try again" does. */
  protected again: (() => void) | undefined;

  constructor(
    readonly client: AisleClient,
    tokens: TokenStore,
    report: Report,
  ) {
    super(tokens, report);
  }

  /** The conversation as the server has it; `running` while a turn of ours is on. */
  protected abstract load(running?: boolean): Promise<void>;
  protected abstract handoff(handoff: Handoff): void;
  protected abstract say(parts: Part[]): Promise<void>;
  protected abstract speak(...locales: string[]): Promise<void>;
  /** A turn of ours has begun or ended: other tabs may want to look. */
  protected abstract tell(): void;

  retry(): void {
    this.set({ problem: undefined });
    this.again?.();
  }

  async stop(): Promise<void> {
    const running = this.state.messages.at(-1);
    if (running?.role === "assistant") this.set({ stopped: new Set([...this.state.stopped, running.id]) });
    await this.client.stop().catch(() => this.turn.abort());
  }

  /** Follows a turn to its end and answers what went wrong, if anything. `quiet` when we only look whether one runs. */
  protected async listen(chunks: () => AsyncGenerator<Chunk>, quiet = false): Promise<unknown> {
    const turn = (this.turn = new AbortController());
    let wrong: unknown;
    this.set({ busy: !quiet, status: "", problem: undefined, offline: !quiet && !navigator.onLine });
    try {
      for await (const chunk of chunks()) {
        if (turn.signal.aborted) break;
        if (this.state.offline) this.set({ offline: false });
        if (chunk.type === "start" && !quiet) this.tell();
        await this.#take(chunk);
      }
    } catch (error) {
      wrong = error;
    }
    if (turn === this.turn) this.#finish(turn.signal.aborted);
    return turn.signal.aborted || quiet ? undefined : wrong;
  }

  async #take(chunk: Chunk): Promise<void> {
    switch (chunk.type) {
      case "start":
        return this.#openAnswer(String(chunk.messageId ?? uuid()), chunk);
      case "data-status":
        return this.set({ status: String((chunk.data as { text?: unknown } | undefined)?.text ?? "") });
      case "error":
        return this.#failTurn();
      case "gone":
        return this.load(true);
      case "data-handoff":
        this.handoff(chunk.data as Handoff);
        break;
      case "text-delta":
        if (this.state.status) this.set({ status: "" });
        break;
    }
    const last = this.state.messages.at(-1);
    if (last?.role === "assistant") this.replaceLast(fold(last, chunk));
  }

  /** A new answer, or one told again from its start. */
  #openAnswer(id: string, chunk: Chunk): void {
    const answer = fold({ id, role: "assistant", parts: [], created_at: new Date().toISOString() }, chunk);
    const others = this.state.messages.filter((message) => message.id !== id);
    this.set({ busy: true, messages: [...others, answer] });
  }

  /** The turn failed on the server: ask the same again as a new turn, in place of the failed one. */
  #failTurn(): void {
    const at = this.state.messages.findLastIndex((message) => message.role === "user");
    const asked = this.state.messages[at];
    this.set({ problem: "failed" });
    if (!asked) return;
    this.again = () => {
      this.set({ messages: this.state.messages.slice(0, at) });
      void this.say(asked.parts);
    };
  }

  #finish(aborted: boolean): void {
    const last = this.state.messages.at(-1);
    const answered = this.state.busy && last?.role === "assistant";
    const unsent = aborted && this.state.offline;
    if (answered) this.replaceLast(settle(last));
    this.set({ busy: false, status: "", offline: false, ...(unsent && { problem: "network" }) });
    if (!answered) return;
    const { answered_by, locale } = last.metadata ?? {};
    this.report("answer", { answered_by });
    this.notice(1);
    // Forms speak the language that the answer speaks.
    const spoken = this.state.language.locale;
    if (locale && primary(locale) !== primary(spoken)) void this.speak(locale, spoken);
  }
}
