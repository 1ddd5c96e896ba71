/**
 * What the merchant's page and the frame may say to each other. A message counts only when it comes from the right
 * window, from the right origin, and has the right shape. The one secret that may leave the frame is the session
 * token, and only where the browser lets frames store nothing ("keep", then "kept" in the next page's "hello").
 */
import type { Customer, PageContext } from "./wire";

export type ToFrame =
  | { type: "hello"; locale: string; kept: string }
  | { type: "open"; phone: boolean }
  | { type: "close" }
  | { type: "identify"; customer: Customer }
  | { type: "context"; context: PageContext };

export type ToPage =
  | { type: "ready" }
  | { type: "close" }
  | { type: "look"; accent: string; ink: string; position: "left" | "right" }
  | { type: "keep"; token: string }
  | { type: "unread"; count: number }
  | { type: "event"; name: string; detail: unknown };

interface Envelope {
  source: MessageEventSource | null;
  origin: string;
  data: unknown;
}

const MARK = "aisle";
const MAX_TOKEN = 4_096;
const COLOR = /^#[0-9a-f]{6}$/i;

/** A message of the frame to the page, or undefined for anybody else's. */
export function fromFrame(event: Envelope, frame: unknown, origin: string): ToPage | undefined {
  const message = opened(event, frame, origin) as ToPage | undefined;
  switch (message?.type) {
    case "ready":
    case "close":
      return message;
    case "look":
      return isColor(message.accent) && isColor(message.ink) ? message : undefined;
    case "unread":
      return typeof message.count === "number" ? message : undefined;
    case "keep":
      return typeof message.token === "string" ? message : undefined;
    case "event":
      return typeof message.name === "string" ? message : undefined;
  }
  return;
}

/** A message of the page to the frame. `origin` is "" before the first one, whose sender is then pinned. */
export function fromPage(event: Envelope, page: unknown, origin: string): ToFrame | undefined {
  const message = opened(event, page, origin || event.origin);
  if (!message || (!origin && message.type !== "hello")) return;
  switch (message.type) {
    case "hello":
      return { type: "hello", locale: words(message.locale) ?? "", kept: words(message.kept) ?? "" };
    case "open":
      return { type: "open", phone: message.phone === true };
    case "close":
      return { type: "close" };
    case "identify": {
      const customer = customerOf(message.customer);
      return customer && { type: "identify", customer };
    }
    case "context": {
      const context = contextOf(message.context);
      return context && { type: "context", context };
    }
  }
  return;
}

/** Wraps a message so that the other side knows it for ours. */
export function sealed(message: ToFrame | ToPage): object {
  return { [MARK]: 1, ...message };
}

function opened(event: Envelope, from: unknown, origin: string): Record<string, unknown> | undefined {
  const data = event.data as Record<string, unknown> | null;
  const ours = event.source === from && event.origin === origin && typeof data === "object" && data?.[MARK] === 1;
  return ours && from ? data : undefined;
}

function isColor(value: unknown): value is string {
  return typeof value === "string" && COLOR.test(value);
}

function words(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value.length <= 2_000 ? value : undefined;
}

function customerOf(value: unknown): Customer | undefined {
  const { id, email, signature, token } = (value ?? {}) as Record<string, unknown>;
  if (typeof token === "string" && token.length <= MAX_TOKEN) return { token };
  const known = { id: words(id), signature: words(signature) };
  if (!known.id || !known.signature) return;
  const mail = words(email);
  return { id: known.id, signature: known.signature, ...(mail && { email: mail }) };
}

function contextOf(value: unknown): PageContext | undefined {
  if (typeof value !== "object" || value === null) return;
  const context: PageContext = {};
  for (const name of ["product_id", "cart_id", "locale"] as const) {
    const word = words((value as Record<string, unknown>)[name]);
    if (word) context[name] = word;
  }
  return context;
}
