/** The headless client: everything the frame says to the server, and nothing of how it looks. */
import { EventParser } from "./sse";
import { fromHistory } from "./fold";
import type { Chunk, Customer, Handoff, Message, PageContext, Session } from "./wire";

export * from "./wire";
export { fold, fromHistory, settle, wordsOf } from "./fold";

/** Longer than the server's heartbeat (15 s) twice over: silence past this is a dead connection. */
const SILENCE_MS = 40_000;
const RETRY_MS = [300, 1_000, 2_500, 5_000, 8_000];

/** The server refused. `code` is stable; `retryAfterS` is set when waiting helps. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly retryAfterS: number | null,
  ) {
    super(detail);
  }
}

/** No answer at all: no connection, or it broke and stayed broken. */
export class NetworkError extends Error {}

export interface SessionRequest {
  session?: string | undefined;
  customer?: Customer | undefined;
  locale?: string | undefined;
}

export interface History {
  id: string;
  state: string;
  messages: Message[];
}

export type Check = { email: string } | { postcode: string } | { code: string };

export class AisleClient {
  #token = "";
  #conversation = "";

  /** `base` is where Aisle lives, ending in "/"; `key` is the shop's publishable key. */
  constructor(
    readonly base: string,
    readonly key: string,
    readonly ask: typeof fetch = (...request) => fetch(...request),
  ) {}

  /** Opens a session, or goes on with an earlier one. Every other call needs this first. */
  async start(request: SessionRequest): Promise<Session> {
    const response = await this.#call("POST", "v1/sessions", { key: this.key, ...request });
    const session = (await response.json()) as Session;
    this.#token = session.session;
    this.#conversation = session.conversation_id;
    return session;
  }

  /**
   * Sends one shopper message and yields the parts of what answers it. The connection may break at any point:
   * the same message id is sent again (it never makes a second turn) or the stream resumed after the last event
   * seen. A chunk `{type: "gone"}` means the turn ended out of sight: load the history.
   */
  async *send(id: string, text: string, context: PageContext | undefined, signal: AbortSignal): AsyncGenerator<Chunk> {
    const message = { id, role: "user", parts: [{ type: "text", text }] };
    const body = { id: this.#conversation, message, ...(context && { context }) };
    const response = await this.#patiently(() => this.#call("POST", "v1/chat", body, signal), signal);
    yield* this.#follow(response, signal);
  }

  /** The running turn from its start, or nothing at all when none runs. */
  async *resume(signal: AbortSignal): AsyncGenerator<Chunk> {
    const response = await this.#patiently(() => this.#stream("", signal), signal);
    if (response.status !== 204) yield* this.#follow(response, signal);
  }

  async history(): Promise<History> {
    const response = await this.#call("GET", this.#path());
    const raw = (await response.json()) as { id: string; state: string; messages: Parameters<typeof fromHistory>[0][] };
    return { id: raw.id, state: raw.state, messages: raw.messages.map(fromHistory) };
  }

  async stop(): Promise<void> {
    await this.#call("POST", this.#path("/stop"), {});
  }

  async feedback(messageId: string, rating: "up" | "down", comment?: string): Promise<void> {
    await this.#call("POST", this.#path("/feedback"), { message_id: messageId, rating, ...(comment && { comment }) });
  }

  /** The proof level after the check; 0 when it did not match (wrong and unknown are one answer). */
  async verify(orderNumber: string, check: Check): Promise<number> {
    const response = await this.#call("POST", this.#path("/verification"), { order_number: orderNumber, ...check });
    return ((await response.json()) as { level?: number }).level ?? 0;
  }

  /** Asks for a code by e-mail; says nothing about whether the order exists. */
  async sendCode(orderNumber: string): Promise<void> {
    await this.#call("POST", this.#path("/verification"), { order_number: orderNumber, send_code: true });
  }

  async handoff(email?: string): Promise<Handoff> {
    const response = await this.#call("POST", this.#path("/handoff"), email ? { email } : {});
    const answer: unknown = await response.json().catch(() => null);
    return isHandoff(answer) ? answer : { state: "requested" };
  }

  /** Events until the turn says it is over, through as many connections as it takes. */
  async *#follow(first: Response, signal: AbortSignal): AsyncGenerator<Chunk> {
    const seen = new Set<string>();
    let last = "";
    for (let response = first; ; ) {
      for await (const event of events(response, signal)) {
        if (event.data === "[DONE]") return;
        const chunk = parse(event.data);
        if (!chunk) continue;
        // A server that lost its place begins the turn again; one that repeats itself must not double the text.
        if (chunk.type === "start") seen.clear();
        else if (event.id && seen.has(event.id)) continue;
        if (event.id) seen.add((last = event.id));
        yield chunk;
        if (chunk.type === "finish" || chunk.type === "abort" || chunk.type === "error") return;
      }
      signal.throwIfAborted();
      response = await this.#patiently(() => this.#stream(last, signal), signal);
      if (response.status === 204) return yield { type: "gone" };
    }
  }

  #stream(lastEventId: string, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = lastEventId ? { "Last-Event-ID": lastEventId } : {};
    return this.#call("GET", this.#path("/stream"), undefined, signal, headers);
  }

  /** Tries again while the network is away, sooner when the browser says that it is back. */
  async #patiently(call: () => Promise<Response>, signal: AbortSignal): Promise<Response> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        const wait = RETRY_MS[attempt];
        if (signal.aborted || !(error instanceof NetworkError) || wait === undefined) throw error;
        await pause(wait, signal);
      }
    }
  }

  #path(end = ""): string {
    return `v1/chat/${encodeURIComponent(this.#conversation)}${end}`;
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
      headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    const response = await this.ask(this.base + path, request).catch((error: unknown) => {
      throw signal?.aborted ? error : new NetworkError("no connection");
    });
    if (!response.ok) throw await refusal(response);
    return response;
  }
}

/** Events of one response; ends quietly when the connection breaks, falls silent or finishes. */
async function* events(response: Response, signal: AbortSignal): AsyncGenerator<{ id: string; data: string }> {
  const reader = response.body?.getReader();
  if (!reader) return;
  const parser = new EventParser();
  try {
    for (;;) {
      const step = await within(SILENCE_MS, reader.read()).catch(() => null);
      if (signal.aborted || !step || step.done) return;
      yield* parser.push(step.value);
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(reject, limitMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, waitMs);
    globalThis.addEventListener?.("online", done);
    signal.addEventListener("abort", done);
  });
}

async function refusal(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string };
  const wait = Number.parseFloat(response.headers.get("Retry-After") ?? "");
  const detail = problem.detail ?? problem.title ?? `status ${response.status}`;
  return new ApiError(response.status, problem.code ?? "", detail, Number.isFinite(wait) ? wait : null);
}

function parse(data: string): Chunk | null {
  try {
    const chunk: unknown = JSON.parse(data);
    return typeof chunk === "object" && chunk !== null && typeof (chunk as Chunk).type === "string" ? (chunk as Chunk) : null;
  } catch {
    return null;
  }
}

function isHandoff(answer: unknown): answer is Handoff {
  return typeof answer === "object" && answer !== null && "state" in answer;
}
