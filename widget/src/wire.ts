/** The contract as the chat reads it: the server's shapes by the chat's names, and what only the chat knows. */
import type {
  AnswerMetadata,
  ConversationLine,
  DataPart,
  FallbackData,
  HandoffData,
  HandoffResult,
  ItemView,
  PictureView,
  PresenceView,
  ProductCard,
  SessionAnswer,
  ShipmentView,
  SourceDocumentPart,
  SourceUrlPart,
  StatusPart,
  TrackingView,
  VariantCard,
  VerificationData,
} from "./protocol.gen";

export type * from "./protocol.gen";
export type Fallback = FallbackData;
export type OrderItem = ItemView;
export type Picture = PictureView;
export type Presence = PresenceView;
export type Product = ProductCard;
export type Shipment = ShipmentView;
export type Talk = ConversationLine;
export type Tracking = TrackingView;
export type Variant = VariantCard;
export type Verification = VerificationData;
/** The ways to prove an order that the chat has a form for. */
export type Proof = "email" | "postcode" | "code" | "sign_in";

/** What the stream, the history and the request for a person each tell of staff. */
export type Handoff = HandoffData & Partial<Omit<HandoffResult, "state">>;

/** The history may hold less than the stream: answers that broke off, words of the shop's own. */
export type Metadata = Partial<AnswerMetadata>;

/** A picture of the shopper's: `url` is "aisle-image:" and its id, fetched with the session's token. */
export interface FilePart {
  type: "file";
  mediaType: string;
  url: string;
}

/** Data parts that stay in a message. */
export type ShownPart = Exclude<DataPart, StatusPart>;

export type Part =
  | { type: "text"; id?: string; text: string; state?: "streaming" | "done" }
  | FilePart
  | SourceUrlPart
  | SourceDocumentPart
  | (ShownPart & { id?: string })
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

/** The merchant's branding, colours as `#rrggbb`, lengths in CSS pixels. */
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

export interface Session extends SessionAnswer {
  appearance: Appearance & Record<string, unknown>;
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
