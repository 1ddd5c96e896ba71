/**
 * The server's shapes as they travel, made by `.ci/protocol` from its structs: change those and run `make widget`.
 * Times are ISO 8601; money is integer minor units of an ISO 4217 currency.
 */

/** What is being done at this moment; not stored with the message. */
export interface StatusPart {
  type: "data-status";
  data: StatusData;
  transient: true;
}

/** What is being done at this moment, in the shopper's language. */
export interface StatusData {
  text: string;
}

/** Shows products. */
export interface ProductsPart {
  type: "data-products";
  data: ProductsData;
}

/** Product cards. */
export interface ProductsData {
  products: ProductCard[];
}

/** The contract's `Product`. `fetched_at` is when it was read from the shop (ISO 8601). */
export interface ProductCard {
  id: string;
  title: string;
  url: string | null;
  image_url: string | null;
  price: Money | null;
  available: boolean;
  fetched_at: string;
  variants?: VariantCard[];
  compare_at_price?: Money | null;
}

/** An exact amount: `amount` in the minor unit of `currency` (ISO 4217), so 19.99 USD is 1999. */
export interface Money {
  amount: number;
  currency: string;
}

/** One variant of a product, as a card shows it. */
export interface VariantCard {
  id: string;
  title: string;
  sku: string | null;
  price: Money | null;
  available: boolean;
  on_backorder?: boolean;
  can_add_to_cart?: boolean;
}

/** Shows an order. */
export interface OrderPart {
  type: "data-order";
  data: OrderData;
}

/** An order as the proof level allows. */
export interface OrderData {
  order: OrderView;
}

/** An order as one proof level may see it; fields above the level are UNSET and so not in the JSON at all. */
export interface OrderView {
  number: string;
  status: "pending" | "payment_failed" | "on_hold" | "processing" | "preorder" | "partially_shipped" | "shipped" | "out_for_delivery" | "ready_for_pickup" | "delivery_failed" | "delivered" | "completed" | "download_ready" | "return_in_progress" | "returned" | "partially_refunded" | "refunded" | "cancelled" | "unknown";
  status_text: string;
  placed_on: string;
  estimated_delivery: string | null;
  status_label?: string;
  items?: ItemView[];
  tracking?: TrackingView[];
  shipments?: ShipmentView[];
  ship_to?: ShipToView;
  refunds?: RefundView[];
  total?: Money;
  other_orders?: OtherOrderView[];
}

/** One order line. `available_from` is an ISO date, for pre-orders. */
export interface ItemView {
  title: string;
  quantity: number;
  variant?: string | null;
  refunded_quantity?: number;
  available_from?: string | null;
}

/** One parcel number; `url` is https or None. */
export interface TrackingView {
  carrier: string | null;
  number: string;
  url: string | null;
}

/** One parcel. Dates are ISO. */
export interface ShipmentView {
  status: "pending" | "payment_failed" | "on_hold" | "processing" | "preorder" | "partially_shipped" | "shipped" | "out_for_delivery" | "ready_for_pickup" | "delivery_failed" | "delivered" | "completed" | "download_ready" | "return_in_progress" | "returned" | "partially_refunded" | "refunded" | "cancelled" | "unknown";
  status_text: string;
  items?: ShippedItemView[];
  tracking?: TrackingView[];
  shipped_on?: string | null;
  delivered_on?: string | null;
  estimated_delivery?: string | null;
}

/** A line inside a parcel. */
export interface ShippedItemView {
  title: string;
  quantity: number;
}

/** Enough to recognise one's own address, not enough to find somebody else's. */
export interface ShipToView {
  city: string | null;
  postcode_end: string | null;
}

/** Money given back, on an ISO date. */
export interface RefundView {
  refunded_on: string;
  amount: Money;
}

/** A line of the signed-in shopper's own list. */
export interface OtherOrderView {
  number: string;
  status: "pending" | "payment_failed" | "on_hold" | "processing" | "preorder" | "partially_shipped" | "shipped" | "out_for_delivery" | "ready_for_pickup" | "delivery_failed" | "delivered" | "completed" | "download_ready" | "return_in_progress" | "returned" | "partially_refunded" | "refunded" | "cancelled" | "unknown";
  status_text: string;
  placed_on: string;
}

/** Asks the shopper to prove an order. */
export interface VerificationPart {
  type: "data-verification";
  data: VerificationData;
}

/** How the shopper can prove that an order is theirs. */
export interface VerificationData {
  methods: string[];
  order_number?: string;
}

/** Offers questions. */
export interface SuggestionsPart {
  type: "data-suggestions";
  data: SuggestionsData;
}

/** What the shopper may ask next. */
export interface SuggestionsData {
  suggestions: string[];
}

/** The conversation passes to staff or comes back. */
export interface HandoffPart {
  type: "data-handoff";
  data: HandoffData;
}

/** The state of a hand-off; `staff` is the name of whoever of them has joined. */
export interface HandoffData {
  state: "ended" | "joined" | "requested" | "waiting";
  staff?: string;
}

/** Instead of an answer. */
export interface FallbackPart {
  type: "data-fallback";
  data: FallbackData;
}

/** Why there is no answer; `contact` is how the shop can be reached, by kind (e-mail, phone and others). */
export interface FallbackData {
  reason: string;
  contact: Record<string, string>;
}

/** The first part of every answer. */
export interface StartPart {
  type: "start";
  messageId: string;
}

/** A text begins. */
export interface TextStartPart {
  type: "text-start";
  id: string;
}

/** More of a text. */
export interface TextDeltaPart {
  type: "text-delta";
  id: string;
  delta: string;
}

/** The text is complete. */
export interface TextEndPart {
  type: "text-end";
  id: string;
}

/** A tool was called. */
export interface ToolInputPart {
  type: "tool-input-available";
  toolCallId: string;
  toolName: string;
  input: Record<string, unknown>;
}

/** The result of a tool call: a short public summary. */
export interface ToolOutputPart {
  type: "tool-output-available";
  toolCallId: string;
  output: Record<string, unknown>;
}

/** A source with an address. */
export interface SourceUrlPart {
  type: "source-url";
  sourceId: string;
  url: string;
  title: string;
}

/** A source without one. */
export interface SourceDocumentPart {
  type: "source-document";
  sourceId: string;
  mediaType: string;
  title: string;
}

/** The metadata of the answer, before its last part. */
export interface MetadataPart {
  type: "message-metadata";
  messageMetadata: AnswerMetadata;
}

/** What is sent with an answer besides its parts. `kind` names the sort of answer. */
export interface AnswerMetadata {
  answered_by: "engine" | "model" | "staff";
  confidence: number;
  kind?: string;
  sources: SourceNote[];
  receipts: Receipt[];
  staff?: string | null;
  locale?: string;
  stopped?: boolean;
  interrupted?: boolean;
}

/** A source of the answer, as its readers see it. */
export interface SourceNote {
  id: string;
  kind: string;
  title: string;
  url: string | null;
  fetched_at: string;
}

/** A claim of the answer and the source field it rests on. */
export interface Receipt {
  claim: string;
  source_id: string;
  field: string;
}

/** The answer broke off; the text is for the shopper. */
export interface ErrorPart {
  type: "error";
  errorText: string;
}

/** The shopper stopped the answer. */
export interface AbortPart {
  type: "abort";
}

/** The last part of every answer that was not stopped. */
export interface FinishPart {
  type: "finish";
}

/** What a widget needs to begin a conversation. */
export interface SessionAnswer {
  session: string;
  expires_at: string;
  conversation_id: string;
  appearance: Record<string, unknown>;
  greeting: string;
  suggestions: string[];
  locale: string;
}

/** `GET /v1/chat/{conversation_id}`. */
export interface ConversationView {
  id: string;
  state: string;
  messages: MessageView[];
  presence: PresenceView;
}

/** One message of the history, in the AI SDK's shape. */
export interface MessageView {
  id: string;
  role: string;
  parts: unknown;
  created_at: string;
  metadata: unknown;
}

/** Whether staff are on duty; `typing` is the name of whoever of them is writing at this moment. */
export interface PresenceView {
  staff_online: boolean;
  typing: string | null;
  handoff: QueuePlace | null;
}

/** The place of a conversation that was handed off. state: requested, waiting, joined or ended (staff closed it). `ahead` counts conversations that have waited longer, null once staff have joined; `wait_s` is the median time that shoppers lately waited for a first reply, null where too few waited; `opens_at` is when staff are next on duty, null where they are on duty now or the shop names no hours. */
export interface QueuePlace {
  state: "ended" | "joined" | "requested" | "waiting";
  ahead: number | null;
  wait_s: number | null;
  opens_at: string | null;
}

/** One line of `GET /v1/chat`: `title` is the shopper's first words, `preview` the latest of anybody's. */
export interface ConversationLine {
  id: string;
  title: string;
  state: string;
  last_message_at: string;
  preview: string;
}

/** What asking for staff led to. state: requested (staff are on duty), waiting (none are; an e-mail helps) or joined (they answer already); the rest as in `handoff.QueuePlace`. */
export interface HandoffResult {
  state: "ended" | "joined" | "requested" | "waiting";
  contact: Record<string, string>;
  online: boolean;
  ahead: number | null;
  wait_s: number | null;
  opens_at: string | null;
}

/** `POST .../images`: the picture as it is stored, with its width and height in pixels. */
export interface PictureView {
  id: string;
  media_type: string;
  width: number;
  height: number;
  bytes: number;
}

/** The proof level that was reached; a wrong proof and an unknown order get the same answer. */
export interface VerificationAnswer {
  level: number;
  status: string;
}

export type DataPart =
  | StatusPart
  | ProductsPart
  | OrderPart
  | VerificationPart
  | SuggestionsPart
  | HandoffPart
  | FallbackPart;

export type StreamPart =
  | StartPart
  | TextStartPart
  | TextDeltaPart
  | TextEndPart
  | ToolInputPart
  | ToolOutputPart
  | SourceUrlPart
  | SourceDocumentPart
  | StatusPart
  | ProductsPart
  | OrderPart
  | VerificationPart
  | SuggestionsPart
  | HandoffPart
  | FallbackPart
  | MetadataPart
  | ErrorPart
  | AbortPart
  | FinishPart;
