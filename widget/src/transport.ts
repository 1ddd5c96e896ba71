/** What travels between a chat and its server: refusals, lost connections, events out of a response. */
import { EventParser, type ServerEvent } from "./sse";
import type { Chunk } from "./wire";

/** Longer than the server's heartbeat (15 s) twice over: silence past this is a dead connection. */
const SILENCE_MS = 40_000;
const RETRY_MS = [300, 1_000, 2_500, 5_000];
const RETRY_MOST_MS = 8_000;

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

/** The error that an answer of RFC 9457 stands for. */
export async function refusal(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string };
  const wait = Number.parseFloat(response.headers.get("Retry-After") ?? "");
  const detail = problem.detail ?? problem.title ?? `status ${response.status}`;
  return new ApiError(response.status, problem.code ?? "", detail, Number.isFinite(wait) ? wait : null);
}

/** Events of one response; ends quietly when the connection breaks, falls silent or finishes. */
export async function* events(response: Response, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  const reader = response.body?.getReader();
  if (!reader) return;
  const parser = new EventParser();
  try {
    for (;;) {
      const step = await within(SILENCE_MS, reader.read()).catch(() => undefined);
      if (signal.aborted || !step || step.done) return;
      yield* parser.push(step.value);
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

/** One part of the stream, or undefined for anything else. */
export function parse(data: string): Chunk | undefined {
  try {
    const chunk = JSON.parse(data) as Chunk | null;
    return typeof chunk?.type === "string" ? chunk : undefined;
  } catch {
    return;
  }
}

/** The work's result; undefined when it takes longer. A failure is the work's own. */
export function within<T>(limitMs: number, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, limitMs, undefined);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * Calls until there is an answer of any kind, sooner when the browser says that the network is back. `onTrouble`
 * hears of each time there was none.
 */
export async function patiently<T>(call: () => Promise<T>, signal: AbortSignal, onTrouble: () => void): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (signal.aborted || !(error instanceof NetworkError)) throw error;
      onTrouble();
      await pause(RETRY_MS[attempt] ?? RETRY_MOST_MS, signal);
    }
  }
}

/** Waits; ends sooner when the signal aborts or the browser comes online. */
export function pause(waitMs: number, signal: AbortSignal): Promise<void> {
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
