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
    items: {
        title: string;
        quantity: number;
    }[];
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
    ship_to?: {
        city?: string | null;
        postcode_end?: string | null;
    } | null;
    refunds?: {
        refunded_on: string;
        amount: Money;
    }[];
    total?: Money | null;
    other_orders?: {
        number: string;
        status: string;
        status_text: string;
        placed_on?: string | null;
    }[];
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
    contact?: {
        email?: string | null;
        url?: string | null;
        phone?: string | null;
    } | null;
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
export type Part = {
    type: "text";
    id?: string;
    text: string;
    state?: "streaming" | "done";
} | FilePart | {
    type: "source-url";
    sourceId: string;
    url: string;
    title?: string;
} | {
    type: "source-document";
    sourceId: string;
    mediaType?: string;
    title: string;
    filename?: string;
} | {
    type: "data-products";
    id?: string;
    data: {
        products: Product[];
    };
} | {
    type: "data-order";
    id?: string;
    data: {
        order: OrderView;
    };
} | {
    type: "data-verification";
    id?: string;
    data: Verification;
} | {
    type: "data-suggestions";
    id?: string;
    data: {
        suggestions: string[];
    };
} | {
    type: "data-handoff";
    id?: string;
    data: Handoff;
} | {
    type: "data-fallback";
    id?: string;
    data: Fallback;
} | {
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
/** How stream parts become messages: the UI message stream v1, kept to what our server says. */
/** The message with one more stream part in it; the same object when the part does not change it. */
export declare function fold(message: Message, chunk: Chunk): Message;
/** Every text part closed: for a turn that ended without saying so. */
export declare function settle(message: Message): Message;
/** A message of the history, with parts we do not know set aside instead of trusted. */
export declare function fromHistory(raw: {
    id: string;
    role: string;
    parts?: unknown;
    created_at?: string;
    metadata?: Metadata | null;
}): Message;
/** All the words of a message, paragraphs apart. */
export declare function wordsOf(message: Message): string;
/** Server-sent events out of a byte stream, as the WHATWG standard reads them. */
export interface ServerEvent {
    /** The last `id:` seen, "" before any. */
    id: string;
    data: string;
}
/**
 * Feed it bytes as they come, cut anywhere (inside a character, inside a line end), and it hands back whole events.
 * An event that never got its empty line is not an event: a cut stream loses nothing but that, and a resume brings it again.
 */
export declare class EventParser {
    #private;
    push(bytes: Uint8Array): ServerEvent[];
}
/** What travels between a chat and its server: refusals, lost connections, events out of a response. */
/** The server refused. `code` is stable; `retryAfterS` is set when waiting helps. */
export declare class ApiError extends Error {
    readonly status: number;
    readonly code: string;
    readonly retryAfterS: number | null;
    constructor(status: number, code: string, detail: string, retryAfterS: number | null);
}
/** No answer at all: no connection, or it broke and stayed broken. */
export declare class NetworkError extends Error {
}
/** The error that an answer of RFC 9457 stands for. */
export declare function refusal(response: Response): Promise<ApiError>;
/** Events of one response; ends quietly when the connection breaks, falls silent or finishes. */
export declare function events(response: Response, signal: AbortSignal): AsyncGenerator<ServerEvent>;
/** One part of the stream, or undefined for anything else. */
export declare function parse(data: string): Chunk | undefined;
/** The work's result; undefined when it takes longer. A failure is the work's own. */
export declare function within<T>(limitMs: number, work: Promise<T>): Promise<T | undefined>;
/**
 * Calls until there is an answer of any kind, sooner when the browser says that the network is back. `onTrouble`
 * hears of each time there was none.
 */
export declare function patiently<T>(call: () => Promise<T>, signal: AbortSignal, onTrouble: () => void): Promise<T>;
/** Waits; ends sooner when the signal aborts or the browser comes online. */
export declare function pause(waitMs: number, signal: AbortSignal): Promise<void>;
export interface SessionRequest {
    session?: string | undefined;
    customer?: Customer | undefined;
    locale?: string | undefined;
    /** One of this shopper's conversations, or "new" for another one. */
    conversation_id?: string | undefined;
}
export interface History {
    id: string;
    state: string;
    messages: Message[];
    presence?: Presence | null;
}
export type Check = {
    email: string;
} | {
    postcode: string;
} | {
    code: string;
};
export interface HandoffRequest {
    email?: string;
    message?: string;
}
export declare class AisleClient {
    #private;
    readonly base: string;
    readonly key: string;
    readonly ask: typeof fetch;
    /** Hears of each try that found no network; the next try comes by itself. */
    onTrouble: () => void;
    /** `base` is where Aisle lives, ending in "/"; `key` is the shop's publishable key. */
    constructor(base: string, key: string, ask?: typeof fetch);
    /** Opens a session, or goes on with an earlier one. Every other call needs this first. */
    start(request: SessionRequest): Promise<Session>;
    /**
     * Sends one shopper message and yields the parts of what answers it. The connection may break at any point:
     * the same message id is sent again (it never makes a second turn) or the stream resumed after the last event
     * seen. A chunk `{type: "gone"}` means the turn ended out of sight: load the history.
     */
    send(id: string, parts: Part[], context: PageContext | undefined, signal: AbortSignal): AsyncGenerator<Chunk>;
    /** The running turn from its start, or nothing at all when none runs. */
    resume(signal: AbortSignal): AsyncGenerator<Chunk>;
    /** The device slept or changed networks: a connection that looks open may be dead. The turn goes on over a new one. */
    wake(): void;
    history(): Promise<History>;
    /** This shopper's conversations, newest first. */
    conversations(): Promise<Talk[]>;
    /** Deletes all of this shopper's conversations and ends the session. */
    forget(): Promise<void>;
    stop(): Promise<void>;
    feedback(messageId: string, rating: "up" | "down", comment?: string): Promise<void>;
    /** The proof level after the check; 0 when it did not match (wrong and unknown are one answer). */
    verify(orderNumber: string, check: Check): Promise<number>;
    /** Asks for a code by e-mail; says nothing about whether the order exists. */
    sendCode(orderNumber: string): Promise<void>;
    handoff(request?: HandoffRequest): Promise<Handoff>;
    /** Tells staff that the shopper is writing; the server forgets it after 6 s. */
    typing(): Promise<void>;
    /** Takes in a picture of at most 8 MB; a message may then carry `aisle-image:<id>`. */
    upload(picture: Blob): Promise<Picture>;
    picture(id: string): Promise<Blob>;
    /** The address at which the shopper signs in at the shop, to be opened as a window of its own. */
    signIn(): Promise<string>;
    /** Who signed in, from what that window handed back: for the next `start`. */
    signedIn(result: string): Promise<Customer>;
}
