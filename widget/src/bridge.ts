/**
 * What the merchant's page and the frame may say to each other. A message counts only when it comes from the right
 * window, from the right origin, and has the right shape. What may leave the frame of the shopper's is what it would store
 * itself, and only where the browser does not let it ("keep", then "kept" in the next page's "hello", or in another tab).
 */
import type { Customer, PageContext } from "./wire";

/** Where the shopper is. It may hold what is nobody else's business: it is compared with rules, never sent on. */
export interface PageView {
  url: string;
}

/** What the frame asks the page to put into the shop's cart. `quantity` is 1..999. */
export interface CartLine {
  product_id: string;
  variant_id: string | null;
  quantity: number;
}

export type ToFrame =
  /**
   * `kept`: what the frame last gave to keep; "{}" when it gave nothing although the shopper has written in this tab.
   * `consent`: null when the shop wants none; false when the frame must ask before it opens a session.
   */
  | { type: "hello"; locale: string; kept: string; consent: boolean | null; page: PageView | null }
  /**
   * `nudge`: the words the shopper has just clicked on, shown as the greeting. `quiet`: the shopper did not ask for it
   * (it was open on the page before), so focus stays where it is.
   */
  | { type: "open"; phone: boolean; quiet: boolean; nudge?: string | undefined }
  /** Another tab has had something else kept. */
  | { type: "kept"; kept: string }
  | { type: "close" }
  | { type: "identify"; customer: Customer }
  | { type: "context"; context: PageContext }
  | ({ type: "page" } & PageView)
  | { type: "consent"; granted: boolean }
  /** `cart`: the page listens to "add_to_cart"; without that no such button is shown. */
  | { type: "can"; cart: boolean }
  /** `message`: the shop's own words on a failure, at most 300 characters. */
  | { type: "cart_result"; ref: string; ok: boolean; message?: string | undefined };

/** Events of the frame that the page's listeners hear. "cart" is the page's own word: it knows whether it worked. */
const REPORTS = new Set<unknown>(["message", "answer", "product", "handoff", "rated"]);

export type ToPage =
  /** May be said more than once, until "hello" is heard. */
  | { type: "ready" }
  | { type: "close" }
  | { type: "look"; accent: string; ink: string; position: "left" | "right" }
  /** "": forget what was kept, and that there was anything. */
  | { type: "keep"; kept: string }
  | { type: "unread"; count: number }
  | { type: "event"; name: string; detail: unknown }
  /** The shopper has said yes in the frame (or taken it back). */
  | { type: "consent"; granted: boolean }
  | ({ type: "add_to_cart"; ref: string } & CartLine);

interface Envelope {
  source: MessageEventSource | null;
  origin: string;
  data: unknown;
}

const MARK = "aisle";
const MAX_TOKEN = 4_096;
/** A token and a message of 4,000 characters, each of them escaped twice. */
const MAX_KEPT = 65_536;
const MAX_WORDS = 2_000;
const MAX_REASON = 300;
const MAX_QUANTITY = 999;
const COLOR = /^#[0-9a-f]{6}$/i;

/** A message of the frame to the page, or undefined for anybody else's. */
export function fromFrame(event: Envelope, frame: unknown, origin: string): ToPage | undefined {
  const message = opened(event, frame, origin);
  switch (message?.type) {
    case "ready":
    case "close":
      return { type: message.type };
    case "look": {
      const { accent, ink, position } = message;
      if (!isColor(accent) || !isColor(ink)) return;
      return { type: "look", accent, ink, position: position === "left" ? "left" : "right" };
    }
    case "unread":
      return Number.isFinite(message.count) ? { type: "unread", count: message.count as number } : undefined;
    case "keep":
      return isKept(message.kept) ? { type: "keep", kept: message.kept } : undefined;
    case "event":
      return REPORTS.has(message.name) ? { type: "event", name: message.name as string, detail: message.detail } : undefined;
    case "consent":
      return { type: "consent", granted: message.granted === true };
    case "add_to_cart":
      return cartLineOf(message);
  }
  return;
}

/** A message of the page to the frame. `origin` is "" before the first one, whose sender is then pinned. */
export function fromPage(event: Envelope, page: unknown, origin: string): ToFrame | undefined {
  const message = opened(event, page, origin || event.origin);
  if (!message || (!origin && message.type !== "hello")) return;
  switch (message.type) {
    case "hello": {
      const consent = typeof message.consent === "boolean" ? message.consent : null;
      const said = { locale: words(message.locale) ?? "", kept: isKept(message.kept) ? message.kept : "" };
      return { type: "hello", ...said, consent, page: viewOf(message.page) ?? null };
    }
    case "open":
      return { type: "open", phone: message.phone === true, quiet: message.quiet === true, nudge: words(message.nudge) };
    case "kept":
      return isKept(message.kept) ? { type: "kept", kept: message.kept } : undefined;
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
    case "page": {
      const view = viewOf(message);
      return view && { type: "page", ...view };
    }
    case "consent":
      return { type: "consent", granted: message.granted === true };
    case "can":
      return { type: "can", cart: message.cart === true };
    case "cart_result": {
      const ref = words(message.ref);
      const reason = words(message.message)?.slice(0, MAX_REASON);
      return ref ? { type: "cart_result", ref, ok: message.ok === true, message: reason } : undefined;
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
  return typeof value === "string" && value.length <= MAX_WORDS ? value : undefined;
}

function isKept(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_KEPT;
}

function cartLineOf(message: Record<string, unknown>): ToPage | undefined {
  const { ref, product_id, variant_id, quantity } = message;
  if (typeof ref !== "string" || typeof product_id !== "string" || !product_id) return;
  if (!Number.isInteger(quantity) || (quantity as number) < 1 || (quantity as number) > MAX_QUANTITY) return;
  const variant = typeof variant_id === "string" && variant_id ? variant_id : null;
  return { type: "add_to_cart", ref, product_id, variant_id: variant, quantity: quantity as number };
}

function viewOf(value: unknown): PageView | undefined {
  const url = words((value as Record<string, unknown> | null | undefined)?.url);
  return url ? { url } : undefined;
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
