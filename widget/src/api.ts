/** The headless client: everything the frame says to the server, and nothing of how it looks. */
import { fromHistory } from "./stream-reducer";
import type { ServerEvent } from "./sse";
import { NetworkError, events, parse, patiently, refusal, within } from "./transport";
import type { Chunk, Customer, Handoff, Message, PageContext, Part, Picture, Presence, Session, Talk } from "./wire";

export * from "./wire";
export { fold, fromHistory, settle, wordsOf } from "./stream-reducer";
export { ApiError, NetworkError } from "./transport";

/** A stream that has said nothing this long after the question may be held back on its way. */
const HELD_BACK_MS = 4_000;
const POLL_MS = 700;
const DAY_MS = 86_400_000;

type Opening = (line: AbortSignal) => Promise<Response>;

export interface SessionRequest {
  session?: string | undefined;
  customer?: Customer | undefined;
  locale?: string | undefined;
  /** One of this shopper's conversations, or "new" for another one. */
  conversation_id?: string | undefined;
}

export interface History {
  id: string;
  state: string;
  messages: Message[];
  presence?: Presence | null;
}

export type Check = { email: string } | { postcode: string } | { code: string };

export interface HandoffRequest {
  email?: string;
  message?: string;
}

export class AisleClient {
  /** Hears of each try that found no network; the next try comes by itself. */
  onTrouble: () => void = () => undefined;
  #token = "";
  #conversation = "";
  #polling = false;
  #line: AbortController | undefined;

  /** `base` is where Aisle lives, ending in "/"; `key` is the shop's publishable key. */
  constructor(
    readonly base: string,
    readonly key: string,
    readonly ask: typeof fetch = (...request) => fetch(...request),
  ) {}

  /** Opens a session, or goes on with an earlier one. Every other call needs this first. */
  async start(request: SessionRequest): Promise<Session> {
    const session = await this.#json<Session>("POST", "v1/sessions", { key: this.key, ...request });
    this.#token = session.session;
    this.#conversation = session.conversation_id;
    return session;
  }

  /**
   * Sends one shopper message and yields the parts of what answers it. The connection may break at any point:
   * the same message id is sent again (it never makes a second turn) or the stream resumed after the last event
   * seen. A chunk `{type: "gone"}` means the turn ended out of sight: load the history.
   */
  send(id: string, parts: Part[], context: PageContext | undefined, signal: AbortSignal): AsyncGenerator<Chunk> {
    const body = { id: this.#conversation, message: { id, role: "user", parts }, ...(context && { context }) };
    return this.#follow((line) => this.#call("POST", "v1/chat", body, line), signal);
  }

  /** The running turn from its start, or nothing at all when none runs. */
  resume(signal: AbortSignal): AsyncGenerator<Chunk> {
    return this.#follow((line) => this.#stream("", line), signal, true);
  }

  /** The device slept or changed networks: a connection that looks open may be dead. The turn goes on over a new one. */
  wake(): void {
    this.#line?.abort();
  }

  async history(): Promise<History> {
    const raw = await this.#json<History & { messages: Parameters<typeof fromHistory>[0][] }>("GET", this.#path());
    return { ...raw, messages: raw.messages.map(fromHistory) };
  }

  /** This shopper's conversations, newest first. */
  async conversations(): Promise<Talk[]> {
    return (await this.#json<{ data: Talk[] }>("GET", "v1/chat")).data;
  }

  /** Deletes all of this shopper's conversations and ends the session. */
  async forget(): Promise<void> {
    await this.#call("DELETE", "v1/chat");
    this.#token = "";
  }

  async stop(): Promise<void> {
    await this.#call("POST", this.#path("/stop"), {});
  }

  async feedback(messageId: string, rating: "up" | "down", comment?: string): Promise<void> {
    await this.#call("POST", this.#path("/feedback"), { message_id: messageId, rating, ...(comment && { comment }) });
  }

  /** The proof level after the check; 0 when it did not match (wrong and unknown are one answer). */
  async verify(orderNumber: string, check: Check): Promise<number> {
    const body = { order_number: orderNumber, ...check };
    return (await this.#json<{ level?: number }>("POST", this.#path("/verification"), body)).level ?? 0;
  }

  /** Asks for a code by e-mail; says nothing about whether the order exists. */
  async sendCode(orderNumber: string): Promise<void> {
    await this.#call("POST", this.#path("/verification"), { order_number: orderNumber, send_code: true });
  }

  handoff(request: HandoffRequest = {}): Promise<Handoff> {
    return this.#json("POST", this.#path("/handoff"), request);
  }

  /** Tells staff that the shopper is writing; the server forgets it after 6 s. */
  async typing(): Promise<void> {
    await this.#call("POST", this.#path("/typing"), {});
  }

  /** Takes in a picture of at most 8 MB; a message may then carry `aisle-image:<id>`. */
  upload(picture: Blob): Promise<Picture> {
    return this.#json("POST", this.#path("/images"), picture);
  }

  async picture(id: string): Promise<Blob> {
    return (await this.#call("GET", this.#path(`/images/${encodeURIComponent(id)}`))).blob();
  }

  /** The address at which the shopper signs in at the shop, to be opened as a window of its own. */
  async signIn(): Promise<string> {
    return (await this.#json<{ url: string }>("POST", this.#path("/sign-in"), {})).url;
  }

  /** Who signed in, from what that window handed back: for the next `start`. */
  async signedIn(result: string): Promise<Customer> {
    return (await this.#json<{ customer: Customer }>("POST", this.#path("/sign-in/result"), { result })).customer;
  }

  /** Events until the turn says it is over, through as many connections as it takes. `maybe` when none may run. */
  async *#follow(open: Opening, signal: AbortSignal, maybe = false): AsyncGenerator<Chunk> {
    const seen = new Set<string>();
    const place = { last: "" };
    for (;;) {
      for await (const event of this.#arrivals(place.last ? this.#onFrom(place.last) : open, place, signal)) {
        if (!event) {
          if (!maybe || place.last) yield { type: "gone" };
          return;
        }
        if (event.data === "[DONE]") return;
        const chunk = parse(event.data);
        if (!chunk) continue;
        // A server that lost its place begins the turn again; one that repeats itself must not double the text.
        if (chunk.type === "start" && !this.#polling) seen.clear();
        else if (event.id && seen.has(event.id)) continue;
        if (event.id) seen.add((place.last = event.id));
        yield chunk;
        if (chunk.type === "finish" || chunk.type === "abort" || chunk.type === "error") return;
      }
      signal.throwIfAborted();
    }
  }

  /**
   * What one connection brings, until it ends; null when no turn runs. Where something on the way holds the stream
   * back (it is silent, yet asking shows events), asking takes over from then on and the shop is told once.
   */
  async *#arrivals(open: Opening, place: { last: string }, signal: AbortSignal): AsyncGenerator<ServerEvent | null> {
    const line = (this.#line = new AbortController());
    const hangUp = (): void => line.abort();
    signal.addEventListener("abort", hangUp);
    const source = this.#connection(open, line.signal, signal);
    try {
      for (let step = source.next(); ; ) {
        const arrived = await within(this.#polling ? POLL_MS : place.last ? DAY_MS : HELD_BACK_MS, step);
        if (!arrived) yield* await this.#held(place.last, signal);
        else if (arrived.done) return;
        else {
          yield arrived.value;
          step = source.next();
        }
      }
    } finally {
      signal.removeEventListener("abort", hangUp);
      hangUp();
    }
  }

  /** One connection, opened as often as it takes; hung up on by `line`, given up by `signal`. */
  async *#connection(open: Opening, line: AbortSignal, signal: AbortSignal): AsyncGenerator<ServerEvent | null> {
    try {
      const response = await patiently(() => open(line), line, this.onTrouble);
      if (response.status === 204) yield null;
      else yield* events(response, line);
    } catch (error) {
      if (!line.aborted || signal.aborted) throw error;
    }
  }

  /** The events after `last` that are there by now, asked for in a request that ends. */
  async #held(last: string, signal: AbortSignal): Promise<(ServerEvent | null)[]> {
    const found: (ServerEvent | null)[] = [];
    try {
      const response = await this.#stream(last, signal, "?poll=true");
      if (response.status === 204 && last) return [null];
      for await (const event of events(response, signal)) if (event.data !== "[DONE]") found.push(event);
    } catch {
      return [];
    }
    if (found.length && !this.#polling) {
      this.#polling = true;
      void this.#call("POST", this.#path("/reports"), { kind: "buffered_stream" }).catch(() => undefined);
    }
    return found;
  }

  #onFrom(last: string): Opening {
    return (line) => this.#stream(last, line);
  }

  #stream(last: string, signal: AbortSignal, how = ""): Promise<Response> {
    return this.#call("GET", this.#path(`/stream${how}`), undefined, signal, last ? { "Last-Event-ID": last } : {});
  }

  #path(end = ""): string {
    return `v1/chat/${encodeURIComponent(this.#conversation)}${end}`;
  }

  async #json<T>(method: string, path: string, body?: object): Promise<T> {
    return (await (await this.#call(method, path, body)).json()) as T;
  }

  async #call(
    method: string,
    path: string,
    body?: object,
    signal?: AbortSignal,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    if (this.#token && path !== "v1/sessions") headers.Authorization = `Bearer ${this.#token}`;
    const request: RequestInit = { method, headers, credentials: "omit", cache: "no-store" };
    if (signal) request.signal = signal;
    if (body) {
      const bytes = body instanceof Blob;
      headers["Content-Type"] = bytes ? body.type : "application/json";
      request.body = bytes ? body : JSON.stringify(body);
    }
    const response = await this.ask(this.base + path, request).catch((error: unknown) => {
      throw signal?.aborted ? error : new NetworkError("no connection");
    });
    if (!response.ok) throw await refusal(response);
    return response;
  }
}
