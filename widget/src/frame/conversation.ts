/** What the chat knows and does, apart from how it looks: one object the components listen to. */
import { ApiError, type AisleClient } from "../api";
import type { Check, Customer, Handoff, HandoffRequest, Message, PageContext, Part, Session } from "../api";
import { HandoffPolling } from "./handoff-polling";
import { uuid } from "./ids";
import { ImageCache } from "./image-cache";
import { languageFor } from "./language";
import { problemOf, withoutTalk } from "./state";
import type { TokenStore } from "./storage";
import { ChatStore, type Report } from "./store";
import { Tabs } from "./tabs";
import { Turns, type TurnOwner } from "./turns";

const TYPING_MS = 3_000;
/** A page out of sight for less than this still has its connections. */
const NAP_MS = 20_000;

export class Conversation implements TurnOwner {
  customer: Customer | undefined;
  context: PageContext | undefined;
  readonly store: ChatStore;
  readonly pictures: ImageCache;
  readonly tabs: Tabs;
  readonly #turns: Turns;
  readonly #polling: HandoffPolling;
  #typed = 0;

  constructor(
    readonly client: AisleClient,
    readonly tokens: TokenStore,
    readonly report: Report,
    public locale: string,
  ) {
    this.store = new ChatStore(tokens, report);
    this.pictures = new ImageCache(client);
    this.#turns = new Turns(client, this.store, this);
    this.#polling = new HandoffPolling(this.store, () => this.load());
    client.onTrouble = () => this.#offline();
    this.tabs = new Tabs(
      tokens,
      (id = this.#id) => void (id && id === this.#id && !this.store.state.busy && this.#catchUp().catch(() => undefined)),
      (token) => this.#otherTab(token),
    );
  }

  /** Called when the shopper opens the chat, as often as they do. `asking`: not before they agree. */
  async open(asking = false): Promise<void> {
    this.store.visible = true;
    this.store.setUnread(0);
    const { phase } = this.store.state;
    if (asking) {
      this.store.set({ phase: "asking" });
      await this.setLanguage(this.locale);
    }
    else if (phase === "closed" || phase === "failed" || phase === "asking") await this.#begin();
    else this.#polling.poll();
  }

  retry(): void {
    this.#turns.retry();
  }

  stop(): Promise<void> {
    return this.#turns.stop();
  }

  close(): void {
    this.store.visible = false;
  }

  /** The device came back after so long, or its network did. */
  wake(sleptMs = Infinity): void {
    if (sleptMs > NAP_MS) this.client.wake();
    if (this.store.state.phase === "failed" && this.store.state.problem === "network") void this.#begin();
    else if (!this.store.state.busy) this.#polling.poll();
  }

  /** The shop vouches for who this is: the session goes on with that knowledge. */
  async identify(customer: Customer): Promise<void> {
    this.customer = customer;
    const { session } = this.store.state;
    if (session) await this.#session(session.session).catch(() => undefined);
  }

  /** Asks in words, with pictures that are uploaded. */
  async send(text: string, pictures: Part[] = []): Promise<void> {
    const words = text.trim();
    if ((!words && !pictures.length) || this.store.state.busy) return;
    await this.ask([...pictures, ...(words ? [{ type: "text", text: words } as const] : [])]);
  }

  /** One of the shopper's other conversations, or a "new" one. */
  async switchTo(id: string): Promise<void> {
    this.#leave();
    await this.#begin(id);
  }

  /** A fresh shopper; the old conversations stay with the shop but not in this browser. */
  async startOver(): Promise<void> {
    this.end();
    await this.#begin();
  }

  /** The shopper takes their consent back: nothing more is sent, and nothing is remembered here. */
  end(): void {
    this.tokens.forget();
    this.#leave();
    this.store.set({ session: undefined });
  }

  /** Deletes everything about this shopper, here and at the shop. */
  async forget(): Promise<void> {
    this.#turns.abort();
    await this.client.forget();
    await this.startOver();
    this.store.set({ forgotten: true });
  }

  rate(messageId: string, rating: "up" | "down", comment?: string): Promise<void> {
    this.report("rated", { rating });
    return this.client.feedback(messageId, rating, comment);
  }

  /** Checks, and when it holds asks the open question again. Answers the proof level, 0 when it did not match. */
  async verify(orderNumber: string, check: Check, wantedLevel: number): Promise<number> {
    const level = await this.client.verify(orderNumber, check);
    if (level >= wantedLevel) this.askAgain();
    return level;
  }

  /** The open question once more, now that we know who asks; it is shown as our own doing. */
  askAgain(): void {
    const asked = this.store.state.messages.findLast((message) => message.role === "user");
    if (asked && !this.store.state.busy) void this.ask(asked.parts, 8);
  }

  async callPerson(request: HandoffRequest): Promise<Handoff> {
    const handoff = await this.client.handoff(request);
    this.#remember();
    this.setHandoff(handoff);
    await this.refresh();
    return handoff;
  }

  /** Looks what the server has by now. */
  refresh(): Promise<void> {
    return this.load().catch(() => undefined);
  }

  /** The shopper is writing: staff who are there see it, at most every 3 s. */
  typing(): void {
    if (this.store.state.handoff?.state !== "joined" || Date.now() - this.#typed < TYPING_MS) return;
    this.#typed = Date.now();
    void this.client.typing().catch(() => undefined);
  }

  get #id(): string | undefined {
    return this.store.state.session?.conversation_id;
  }

  /** From the first message on, and not before, a reload finds the way back. */
  #remember(): void {
    const { session } = this.store.state;
    if (session) this.tokens.keep(session.session);
  }

  async #begin(conversation?: string): Promise<void> {
    this.#turns.again = () => void this.#begin(conversation);
    this.store.set({ phase: "starting", problem: undefined });
    const wanted = this.context?.locale ?? this.locale;
    const guessed = this.setLanguage(wanted);
    try {
      const token = conversation && this.store.state.session ? this.store.state.session.session : this.tokens.recall();
      const session = await this.#session(token, conversation).catch((error: unknown) => this.#withoutToken(error, token));
      await guessed;
      if (session.locale && session.locale !== wanted) await this.setLanguage(wanted, session.locale);
      if (token && conversation !== "new") await this.#catchUp();
      this.store.set({ phase: "ready" });
    } catch (error) {
      await guessed;
      this.store.set({ phase: "failed", problem: problemOf(error) });
    }
  }

  /** The first of these that there are words for. */
  async setLanguage(...locales: string[]): Promise<void> {
    this.store.set({ language: await languageFor(...locales) });
  }

  async #session(token: string | undefined, conversation?: string): Promise<Session> {
    const session = await this.client.start({
      session: token,
      customer: this.customer,
      conversation_id: conversation,
      locale: this.context?.locale ?? (this.locale || undefined),
    });
    if (this.tokens.recall()) this.tokens.keep(session.session);
    const before = this.#id;
    this.store.set(before && before !== session.conversation_id ? { session, messages: [] } : { session });
    return session;
  }

  /** A token that no longer holds costs the old conversation, not the chat. */
  #withoutToken(error: unknown, token: string | undefined): Promise<Session> {
    if (!token || !(error instanceof ApiError) || error.status >= 500 || error.status === 429) throw error;
    this.tokens.forget();
    return this.#session(undefined);
  }

  /** After a reload: what was said, the rest of an answer still being given, or what had found no network. */
  async #catchUp(): Promise<void> {
    await this.load();
    const { unsent } = this.tokens;
    const lost = unsent?.conversation === this.#id && !this.store.state.messages.some(({ id }) => id === unsent?.message.id);
    if (unsent && lost) {
      this.store.set({ messages: [...this.store.state.messages, unsent.message] });
      void this.#deliver(unsent.message);
    } else void this.#turns.listen(() => this.client.resume(this.#turns.signal), true);
  }

  /** The conversation as the server has it, unless something newer has begun meanwhile. */
  async load(running = false): Promise<void> {
    const id = this.#id;
    const { messages, state, presence } = await this.client.history();
    if (id !== this.#id || (this.store.state.busy && !running)) return;
    const known = new Set(this.store.state.messages.map((message) => message.id));
    const fresh = messages.filter((message) => message.role === "assistant" && !known.has(message.id)).length;
    this.store.set({ messages, presence: presence ?? undefined, closed: state === "closed" });
    const told = messages.flatMap((message) => message.parts).findLast((part) => part.type === "data-handoff");
    const handoff = told?.type === "data-handoff" ? { ...told.data, ...presence?.handoff } : presence?.handoff;
    if (handoff) this.setHandoff(handoff);
    if (known.size && fresh) this.store.announce(fresh);
  }

  async ask(parts: Part[], version = 4): Promise<void> {
    const message: Message = { id: uuid(version), role: "user", parts };
    this.store.set({ messages: [...this.store.state.messages, message], closed: false, forgotten: false });
    this.report("message");
    await this.#deliver(message);
  }

  async #deliver(message: Message, renewed = false): Promise<void> {
    this.#turns.again = () => void this.#deliver(message);
    this.#remember();
    const refused = await this.#turns.listen(() => this.client.send(message.id, message.parts, this.context, this.#turns.signal));
    if (refused instanceof ApiError && refused.status === 401 && !renewed && (await this.#renew())) {
      if (!this.store.state.messages.includes(message)) this.store.set({ messages: [message] });
      return this.#deliver(message, true);
    }
    this.tokens.unsent = undefined;
    if (refused) this.store.set({ problem: problemOf(refused) });
    else this.notifyTabs();
  }

  /** A session that ran out is opened again; false when even that is refused. */
  async #renew(): Promise<boolean> {
    const old = this.store.state.session?.session;
    const session = this.#session(old).catch((error: unknown) => this.#withoutToken(error, old));
    return session.then(() => true, () => false);
  }

  #offline(): void {
    const message = this.store.state.messages.findLast(({ role }) => role === "user");
    if (!this.store.state.busy || this.store.state.messages.at(-1) !== message) return;
    this.store.set({ offline: true });
    if (message && this.#id) this.tokens.unsent = { conversation: this.#id, message };
  }

  /** Another tab has forgotten the shopper, or has begun while this one has not. */
  #otherTab(token: string | undefined): void {
    const { phase, session, messages } = this.store.state;
    if (phase !== "ready" || (token ? messages.length || token === session?.session : !messages.length)) return;
    this.#leave();
    this.store.set({ session: undefined });
    void this.#begin();
  }

  #leave(): void {
    this.#turns.abort();
    this.#polling.end();
    this.store.set(withoutTalk(this.store.state));
  }

  setHandoff(handoff: Handoff): void {
    if (handoff.state !== this.store.state.handoff?.state) this.report("handoff", { state: handoff.state });
    this.store.set({ handoff });
    this.#polling.schedule();
  }

  notifyTabs(): void {
    if (this.#id) this.tabs.say(this.#id);
  }
}
