/** The shapes of the public contract, as they arrive. Money is integer minor units of an ISO 4217 currency. */

export interface Money {
  amount: number;
  currency: string;
}

export interface Variant {
  id: string;
  title: string;
  sku?: string | null;
  price?: Money | null;
  available: boolean;
}

export interface Product {
  id: string;
  title: string;
  url?: string | null;
  image_url?: string | null;
  price?: Money | null;
  compare_at_price?: Money | null;
  available: boolean;
  variants?: Variant[];
  /** ISO 8601 time at which the shop told us. */
  fetched_at?: string;
}

export interface Tracking {
  carrier?: string | null;
  number: string;
  url?: string | null;
}

export interface OrderItem {
  title: string;
  variant?: string | null;
  quantity: number;
  refunded_quantity?: number;
  available_from?: string | null;
}

export interface Shipment {
  status: string;
  status_text: string;
  items: { title: string; quantity: number }[];
  tracking?: Tracking[];
  delivered_on?: string | null;
  estimated_delivery?: string | null;
}

/** What the proof level allows: absent fields are not for this shopper. Dates are `YYYY-MM-DD`. */
export interface OrderView {
  number: string;
  status: string;
  status_text: string;
  placed_on?: string | null;
  estimated_delivery?: string | null;
  items?: OrderItem[];
  tracking?: Tracking[];
  shipments?: Shipment[];
  ship_to?: { city?: string | null; postcode_end?: string | null } | null;
  refunds?: { refunded_on: string; amount: Money }[];
  total?: Money | null;
  other_orders?: { number: string; status: string; status_text: string; placed_on?: string | null }[];
}

export type Proof = "email" | "postcode" | "code" | "sign_in";

export interface Verification {
  order_number?: string | null;
  methods: Proof[];
}

export interface Handoff {
  state: "requested" | "waiting" | "joined" | "ended";
  staff?: string | null;
  /** People before this shopper; null when nobody can say. */
  ahead?: number | null;
  wait_s?: number | null;
  /** ISO 8601 time at which the team is back. */
  opens_at?: string | null;
  online?: boolean;
}

/** Who of the team is there. */
export interface Presence {
  staff_online: boolean;
  /** The name of whoever is writing now. */
  typing: string | null;
  handoff: Handoff | null;
}

/** One of the shopper's conversations, as a list shows it. */
export interface Talk {
  id: string;
  title: string;
  state: string;
  last_message_at: string;
  preview: string;
}

/** A picture the server has taken in. */
export interface Picture {
  id: string;
  media_type: string;
  width: number;
  height: number;
  bytes: number;
}

export interface Fallback {
  reason: string;
  contact?: { email?: string | null; url?: string | null; phone?: string | null } | null;
}

export interface SourceNote {
  id: string;
  kind: string;
  title: string;
  url?: string | null;
  fetched_at?: string | null;
}

export interface Metadata {
  answered_by?: "model" | "engine" | "staff";
  staff?: string | null;
  confidence?: number;
  sources?: SourceNote[];
  /** The language the answer is in, where the server knows it (BCP 47). */
  locale?: string;
  /** Cut short by the shopper, or by a failure. */
  stopped?: boolean;
  interrupted?: boolean;
}

/** A picture of the shopper's: `url` is "aisle-image:" and its id, fetched with the session's token. */
export interface FilePart {
  type: "file";
  mediaType: string;
  url: string;
}

export type Part =
  | { type: "text"; id?: string; text: string; state?: "streaming" | "done" }
  | FilePart
  | { type: "source-url"; sourceId: string; url: string; title?: string }
  | { type: "source-document"; sourceId: string; mediaType?: string; title: string; filename?: string }
  | { type: "data-products"; id?: string; data: { products: Product[] } }
  | { type: "data-order"; id?: string; data: { order: OrderView } }
  | { type: "data-verification"; id?: string; data: Verification }
  | { type: "data-suggestions"; id?: string; data: { suggestions: string[] } }
  | { type: "data-handoff"; id?: string; data: Handoff }
  | { type: "data-fallback"; id?: string; data: Fallback }
  | { type: "other"; name: string; key?: string; data?: unknown };

export interface Message {
  id: string;
  role: "user" | "assistant" | "system";
  parts: Part[];
  created_at?: string;
  metadata?: Metadata;
}

/** What a page of the shop changes: `match` is a glob over the path, or over the whole address when it has a host. */
export interface PageRule {
  match: string;
  device?: "phone" | "desktop" | null;
  greeting?: string | null;
  suggestions?: string[] | null;
}

/** The merchant's branding, colours as `#rrggbb`, lengths in CSS pixels. */
/** `scheme` is the look that the surface asks for: a dark "light background" makes it dark. */
export interface Palette {
  scheme: "light" | "dark";
  surface: string;
  card: string;
  sunken: string;
  body: string;
  muted: string;
  good: string;
  bad: string;
  accent: string;
  /** Text on the accent. */
  ink: string;
  /** The accent as text. */
  text: string;
}

export interface Appearance {
  accent?: string | null;
  accent_dark?: string | null;
  background?: string | null;
  background_dark?: string | null;
  theme?: "auto" | "light" | "dark";
  /** Every colour of the chat as `#rrggbb`, readable on each other, by the device's scheme. */
  palette?: Partial<Record<"light" | "dark", Palette>>;
  font?: string | null;
  radius?: number | null;
  name?: string;
  logo_url?: string | null;
  avatar_url?: string | null;
  position?: "left" | "right";
  rules?: PageRule[];
  variables?: Record<string, string>;
  sound?: boolean;
  images?: boolean;
  hide_branding?: boolean;
  consent?: boolean;
}

export interface Session {
  session: string;
  expires_at: string;
  conversation_id: string;
  appearance: Appearance;
  greeting: string;
  suggestions: string[];
  locale: string;
}

/** The shop's word for a signed-in customer: id and e-mail with a signature, or a short-lived token. */
export type Customer = { id: string; email?: string; signature: string } | { token: string };

export interface PageContext {
  product_id?: string;
  cart_id?: string;
  locale?: string;
}

/** One JSON part of the stream (UI message stream v1), loosely typed: `fold` decides what it means. */
export type Chunk = { type: string } & Record<string, unknown>;
