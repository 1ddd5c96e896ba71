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
export type DataPart = StatusPart | ProductsPart | OrderPart | VerificationPart | SuggestionsPart | HandoffPart | FallbackPart;
export type StreamPart = StartPart | TextStartPart | TextDeltaPart | TextEndPart | ToolInputPart | ToolOutputPart | SourceUrlPart | SourceDocumentPart | StatusPart | ProductsPart | OrderPart | VerificationPart | SuggestionsPart | HandoffPart | FallbackPart | MetadataPart | ErrorPart | AbortPart | FinishPart;
/** The contract as the chat reads it: the server's shapes by the chat's names, and what only the chat knows. */
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
export type Part = {
    type: "text";
    id?: string;
    text: string;
    state?: "streaming" | "done";
} | FilePart | SourceUrlPart | SourceDocumentPart | (ShownPart & {
    id?: string;
}) | {
    type: "other";
    name: string;
    key?: string;
    data?: unknown;
};
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
export type Customer = {
    id: string;
    email?: string;
    signature: string;
} | {
    token: string;
};
export interface PageContext {
    product_id?: string;
    cart_id?: string;
    locale?: string;
}
/** One JSON part of the stream (UI message stream v1), loosely typed: `fold` decides what it means. */
export type Chunk = {
    type: string;
} & Record<string, unknown>;
/**
 * `window.Aisle`: what a merchant's page may ask and hear. Types only; `npm run build` makes `cdn/aisle.d.ts` of it.
 */
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
    answer: {
        answered_by?: "model" | "engine" | "staff";
    };
    /** The shopper followed a product. */
    product: {
        id?: string;
        url?: string;
    };
    /**
     * The shopper wants this in the cart: put it there. A returned (or resolved) `false` or an error means that it did
     * not work; an error's message is shown. Without a listener the chat shows no such button.
     */
    add_to_cart: AisleCartLine;
    /** It is in the cart. */
    cart: AisleCartLine;
    handoff: {
        state: "requested" | "waiting" | "joined" | "ended";
    };
    rated: {
        rating: "up" | "down";
    };
    /** How many answers the shopper has not seen. */
    unread: number;
    /** `data-consent="required"`: the shopper clicked before `consent(true)`. Ask them. */
    consent_needed: undefined;
}
export type AisleEvent = keyof AisleEvents;
export type AisleListener<E extends AisleEvent> = (detail: AisleEvents[E]) => E extends "add_to_cart" ? boolean | void | Promise<boolean | void> : void;
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
