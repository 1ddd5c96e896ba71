/** What the chat knows and does, apart from how it looks: one object the components listen to. */
import { AisleClient, ApiError, NetworkError, fold, settle, wordsOf } from "../api";
import type { Check, Chunk, Customer, Handoff, Message, PageContext, Session } from "../api";
import { uuid } from "./ids";
import { languageFor } from "./language";
import { NOTHING, type Problem, type State } from "./state";
import type { TokenStore } from "./storage";

/** What the merchant's page may hear of. Never what was said. */
export type Report = (name: string, detail?: unknown) => void;

const POLL_MS = 5_000;

export class Conversation {
  state: State = NOTHING;
  customer: Customer | undefined;
  context: PageContext | undefined;
  visible = false;
  #listeners = new Set<() => void>();
  #turn = new AbortController();
  #again: (() => void) | undefined;
  #unread = 0;
  #poll: ReturnType<typeof setInterval> | undefined;

  constructor(
    readonly client: AisleClient,
    readonly tokens: TokenStore,
    readonly report: Report,
    public locale: string,
  ) {}

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called when the shopper opens the chat, as often as they do. */
  async open(): Promise<void> {
    this.visible = true;
    this.#count(0);
    if (this.state.phase === "closed" || this.state.phase === "failed") await this.#begin();
  }

  close(): void {
    this.visible = false;
  }

  /** The shop vouches for who this is: the session goes on with that knowledge. */
  async identify(customer: Customer): Promise<void> {
    this.customer = customer;
    const { session } = this.state;
    if (session) await this.#session(session.session).catch(() => undefined);
  }

  /** Asks; `again` marks a question repeated by us after a check, which is shown as such. */
  async send(text: string, again = false): Promise<void> {
    const words = text.trim();
    if (!words || this.state.busy) return;
    const message: Message = { id: uuid(again ? 8 : 4), role: "user", parts: [{ type: "text", text: words }] };
    this.#set({ messages: [...this.state.messages, message] });
    this.report("message");
    await this.#ask(message);
  }

  retry(): void {
    this.#set({ problem: undefined });
    this.#again?.();
  }

  async stop(): Promise<void> {
    const running = this.state.messages.at(-1);
    if (running?.role === "assistant") this.#set({ stopped: new Set([...this.state.stopped, running.id]) });
    await this.client.stop().catch(() => this.#turn.abort());
  }

  /** A fresh conversation; the old one stays with the shop but not in this browser. */
  async startOver(): Promise<void> {
    this.#turn.abort();
    clearInterval(this.#poll);
    this.tokens.forget();
    this.#set({ ...NOTHING, language: this.state.language });
    await this.#begin();
  }

  rate(messageId: string, rating: "up" | "down", comment?: string): Promise<void> {
    this.report("rated", { rating });
    return this.client.feedback(messageId, rating, comment);
  }

  /** Checks, and when it holds asks the open question again. Answers the proof level, 0 when it did not match. */
  async verify(orderNumber: string, check: Check, wantedLevel: number): Promise<number> {
    const level = await this.client.verify(orderNumber, check);
    if (level >= wantedLevel) void this.send(this.#question(), true);
    return level;
  }

  sendCode(orderNumber: string): Promise<void> {
    return this.client.sendCode(orderNumber);
  }

  async callPerson(email: string): Promise<void> {
    this.#handoff(await this.client.handoff(email || undefined));
    this.#remember();
  }

  /** From the first message on, and not before, a reload finds the way back. */
  #remember(): void {
    const { session } = this.state;
    if (session) this.tokens.keep(session.session);
  }

  /** The last thing the shopper asked. */
  #question(): string {
    const asked = this.state.messages.findLast((message) => message.role === "user");
    return asked ? wordsOf(asked) : "";
  }

  async #begin(): Promise<void> {
    this.#again = () => void this.#begin();
    this.#set({ phase: "starting", problem: undefined });
    const guessed = languageFor(this.locale);
    try {
      const token = this.tokens.recall();
      const session = await this.#session(token).catch((error: unknown) => this.#withoutToken(error, token));
      const language = await (session.locale && session.locale !== this.locale ? languageFor(session.locale) : guessed);
      this.#set({ session, language });
      if (token) await this.#catchUp();
      this.#set({ phase: "ready" });
    } catch (error) {
      this.#set({ language: await guessed, phase: "failed", problem: problemOf(error) });
    }
  }

  async #session(token: string | undefined): Promise<Session> {
    const session = await this.client.start({
      session: token,
      customer: this.customer,
      locale: this.context?.locale ?? (this.locale || undefined),
    });
    if (token) this.tokens.keep(session.session);
    const before = this.state.session?.conversation_id;
    this.#set(before && before !== session.conversation_id ? { session, messages: [] } : { session });
    return session;
  }

  /** A token that no longer holds costs the old conversation, not the chat. */
  #withoutToken(error: unknown, token: string | undefined): Promise<Session> {
    if (!token || !(error instanceof ApiError) || error.status >= 500 || error.status === 429) throw error;
    this.tokens.forget();
    return this.#session(undefined);
  }

  /** After a reload: what was said, and the rest of an answer still being given. */
  async #catchUp(): Promise<void> {
    await this.#load();
    void this.#listen(() => this.client.resume(this.#turn.signal), true);
  }

  async #load(): Promise<void> {
    const { messages } = await this.client.history();
    const before = this.state.messages.length;
    this.#set({ messages });
    this.#noticeHandoff(messages);
    const fresh = messages.slice(before).filter((message) => message.role === "assistant").length;
    if (before && fresh && !this.visible) this.#count(this.#unread + fresh);
  }

  async #ask(message: Message, renewed = false): Promise<void> {
    this.#again = () => void this.#ask(message);
    this.#remember();
    const text = wordsOf(message);
    const refused = await this.#listen(() => this.client.send(message.id, text, this.context, this.#turn.signal));
    if (refused instanceof ApiError && refused.status === 401 && !renewed && (await this.#renew())) {
      return this.#ask(message, true);
    }
    if (refused) this.#set({ problem: problemOf(refused) });
  }

  /** Follows a turn to its end and answers what went wrong, if anything. `quiet` when we only look whether one runs. */
  async #listen(chunks: () => AsyncGenerator<Chunk>, quiet = false): Promise<unknown> {
    const turn = (this.#turn = new AbortController());
    let wrong: unknown;
    this.#set({ busy: !quiet, status: "", problem: undefined });
    try {
      for await (const chunk of chunks()) {
        if (turn.signal.aborted) return;
        await this.#take(chunk);
      }
    } catch (error) {
      wrong = error;
    }
    if (turn === this.#turn) this.#finish();
    return turn.signal.aborted || quiet ? undefined : wrong;
  }

  /** A session that ran out is opened again; false when even that is refused. */
  async #renew(): Promise<boolean> {
    const old = this.state.session?.session;
    const session = this.#session(old).catch((error: unknown) => this.#withoutToken(error, old));
    return session.then(() => true, () => false);
  }

  async #take(chunk: Chunk): Promise<void> {
    switch (chunk.type) {
      case "start":
        return this.#openAnswer(String(chunk.messageId ?? uuid()), chunk);
      case "data-status":
        return this.#set({ status: String((chunk.data as { text?: unknown } | undefined)?.text ?? "") });
      case "error":
        return this.#failTurn();
      case "gone":
        return this.#load();
      case "data-handoff":
        this.#handoff(chunk.data as Handoff);
        break;
      case "text-delta":
        if (this.state.status) this.#set({ status: "" });
        break;
    }
    const last = this.state.messages.at(-1);
    if (last?.role === "assistant") this.#replaceLast(fold(last, chunk));
  }

  /** A new answer, or one told again from its start. */
  #openAnswer(id: string, chunk: Chunk): void {
    const answer = fold({ id, role: "assistant", parts: [], created_at: new Date().toISOString() }, chunk);
    const others = this.state.messages.filter((message) => message.id !== id);
    this.#set({ busy: true, messages: [...others, answer] });
  }

  /** The turn failed on the server: ask the same again as a new turn, in place of the failed one. */
  #failTurn(): void {
    const at = this.state.messages.findLastIndex((message) => message.role === "user");
    const asked = this.state.messages[at];
    this.#set({ problem: "failed" });
    if (!asked) return;
    this.#again = () => {
      this.#set({ messages: this.state.messages.slice(0, at) });
      void this.send(wordsOf(asked));
    };
  }

  #finish(): void {
    const last = this.state.messages.at(-1);
    const answered = this.state.busy && last?.role === "assistant";
    if (answered) this.#replaceLast(settle(last));
    this.#set({ busy: false, status: "" });
    if (answered) this.report("answer", { answered_by: last.metadata?.answered_by });
    if (answered && !this.visible) this.#count(this.#unread + 1);
  }

  #noticeHandoff(messages: Message[]): void {
    const state = messages.flatMap((message) => message.parts).findLast((part) => part.type === "data-handoff");
    if (state?.type === "data-handoff") this.#handoff(state.data);
  }

  /** While people may answer, nobody streams: look for news. */
  #handoff(handoff: Handoff): void {
    if (handoff.state !== this.state.handoff?.state) this.report("handoff", { state: handoff.state });
    this.#set({ handoff });
    clearInterval(this.#poll);
    if (handoff.state === "ended") return;
    this.#poll = setInterval(() => {
      if (!this.state.busy && !document.hidden) void this.#load().catch(() => undefined);
    }, POLL_MS);
  }

  #replaceLast(message: Message): void {
    this.#set({ messages: [...this.state.messages.slice(0, -1), message] });
  }

  #count(unread: number): void {
    if (unread === this.#unread) return;
    this.#unread = unread;
    this.report("unread", unread);
  }

  #set(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function problemOf(error: unknown): Problem {
  if (error instanceof NetworkError) return "network";
  if (!(error instanceof ApiError)) return "failed";
  if (error.status === 403) return "forbidden";
  return error.status === 429 || error.status === 503 ? "busy" : "failed";
}
