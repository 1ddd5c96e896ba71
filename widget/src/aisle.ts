/**
 * `window.Aisle`: what a merchant's page may ask and hear. Types only; `npm run build` makes `cdn/aisle.d.ts` of it.
 */
import type { Customer, PageContext } from "./wire";

/** What is to go into the cart. Ids are those of the shop's platform; `quantity` is 1..999. */
export interface AisleCartLine {
  product_id: string;
  variant_id: string | null;
  quantity: number;
}

/** Event names and what their listeners are given. Never what was said in the chat. */
export interface AisleEvents {
  /** The chat is loaded and has met the page. */
  ready: undefined;
  opened: undefined;
  closed: undefined;
  /** The shopper sent a message. */
  message: undefined;
  /** An answer was given to its end. */
  answer: { answered_by?: "model" | "engine" | "staff" };
  /** The shopper followed a product. */
  product: { id?: string; url?: string };
  /**
   * The shopper wants this in the cart: put it there. A returned (or resolved) `false` or an error means that it did
   * not work; an error's message is shown. Without a listener the chat shows no such button.
   */
  add_to_cart: AisleCartLine;
  /** It is in the cart. */
  cart: AisleCartLine;
  handoff: { state: "requested" | "waiting" | "joined" | "ended" };
  rated: { rating: "up" | "down" };
  /** How many answers the shopper has not seen. */
  unread: number;
  /** `data-consent="required"`: the shopper clicked before `consent(true)`. Ask them. */
  consent_needed: undefined;
}

export type AisleEvent = keyof AisleEvents;

export type AisleListener<E extends AisleEvent> = (
  detail: AisleEvents[E],
) => E extends "add_to_cart" ? boolean | void | Promise<boolean | void> : void;

export type AisleMethod = "open" | "close" | "toggle" | "identify" | "context" | "consent" | "on" | "off" | "destroy";

/** One queued call: the name of a method, then its arguments. */
export type AisleCall = [AisleMethod, ...unknown[]];

/** Every call may be made before the chat is loaded: it is kept and said later. */
export interface AisleApi {
  open(): void;
  close(): void;
  toggle(): void;
  /** Who is signed in, vouched for by the shop's server: id and signature, or a token. */
  identify(customer: Customer): void;
  /** What the page is about. What is left out stays as it was. */
  context(context: PageContext): void;
  /** The shopper's answer where the shop asks first; `false` also closes the chat and forgets its session. */
  consent(granted: boolean): void;
  on<E extends AisleEvent>(event: E, listener: AisleListener<E>): void;
  off<E extends AisleEvent>(event: E, listener: AisleListener<E>): void;
  /** Takes everything off the page, `window.Aisle` included. The script may be inserted again later. */
  destroy(): void;
  /** For pages that queue calls before this script arrives: `(window.Aisle ||= []).push(["open"])`. */
  push(...calls: AisleCall[]): void;
}

declare global {
  interface Window {
    /** An array of queued calls until `widget.js` has run. */
    Aisle?: AisleApi | AisleCall[];
  }
}
