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

export type Proof = "email" | "postcode" | "code";

export interface Verification {
  order_number?: string | null;
  methods: Proof[];
}

export interface Handoff {
  state: "requested" | "waiting" | "joined" | "ended";
  staff?: string | { name?: string } | null;
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
  staff?: string | { name?: string } | null;
  confidence?: number;
  sources?: SourceNote[];
}

export type Part =
  | { type: "text"; id?: string; text: string; state?: "streaming" | "done" }
  | { type: "source-url"; sourceId: string; url: string; title?: string }
  | { type: "source-document"; sourceId: string; mediaType?: string; title: string; filename?: string }
  | { type: "data-products"; id?: string; data: { products: Product[] } }
  | { type: "data-order"; id?: string; data: { order: OrderView } }
  | { type: "data-verification"; id?: string; data: Verification }
  | { type: "data-suggestions"; id?: string; data: { suggestions: string[] } }
  | { type: "data-handoff"; id?: string; data: Handoff }
  | { type: "data-fallback"; id?: string; data: Fallback }
  | { type: "other"; name: string; key?: string; input?: unknown; output?: unknown; data?: unknown };

export interface Message {
  id: string;
  role: "user" | "assistant" | "system";
  parts: Part[];
  created_at?: string;
  metadata?: Metadata;
}

export interface Appearance {
  accent?: string;
  name?: string;
  avatar_url?: string | null;
  position?: "left" | "right";
  theme?: "auto" | "light" | "dark";
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
