/** The merchant's draft, shown with made-up messages in the console: nothing is sent, no session is opened. */
import type { ToPage } from "../bridge";
import type { Message, Part, Session } from "../wire";
import { palettesOf } from "./contrast";
import type { Conversation } from "./conversation";
import { languageFor } from "./language";
import type { Strings } from "./strings/en";

type Draft = Partial<Pick<Session, "appearance" | "greeting" | "suggestions" | "locale">> & {
  /** "start": the first screen, before anything was said. */
  view?: "start" | "talk";
};

const DAY_MS = 86_400_000;

/** Listens to a console of our own origin, and to nobody else. */
export function preview(conversation: Conversation, draw: () => void, tell: (message: ToPage) => void): void {
  window.addEventListener("message", ({ source, origin, data }) => {
    if (source !== window.parent || origin !== location.origin || data?.type !== "draft") return;
    void show(conversation, data as Draft);
  });
  conversation.store.visible = true;
  draw();
  tell({ type: "ready" });
}

async function show(conversation: Conversation, draft: Draft): Promise<void> {
  const { appearance: drawn = {}, greeting = "", suggestions = [], locale = "en", view } = draft;
  const appearance = { ...drawn, palette: palettesOf(drawn) };
  const language = await languageFor(locale);
  const session = { session: "", expires_at: "", conversation_id: "preview", appearance, greeting, suggestions, locale };
  const messages = view === "start" ? [] : samples(language.words, appearance.name ?? "", suggestions[0]);
  conversation.store.preview({ session, language, messages });
}

function samples(words: Strings, name: string, asked = words.track): Message[] {
  const day = (offset: number): string => new Date(Date.now() + offset * DAY_MS).toISOString().slice(0, 10);
  const price = { amount: 4_900, currency: "EUR" };
  const shown = { url: null, image_url: null, fetched_at: "", available: true };
  const product = { ...shown, id: "1", title: name || words.products, price, compare_at_price: { ...price, amount: 5_900 } };
  const status = { status: "shipped" as const, status_text: words.step_shipped };
  const order = { ...status, number: "1001", placed_on: day(-3), estimated_delivery: day(2) };
  const parts: Part[] = [
    { type: "text", text: words.is_checked },
    { type: "data-products", data: { products: [product] } },
    { type: "data-order", data: { order: { ...order, items: [{ title: product.title, quantity: 1 }] } } },
    { type: "data-verification", data: { order_number: "1001", methods: ["email", "postcode"] } },
  ];
  return [
    { id: "1", role: "user", parts: [{ type: "text", text: asked }] },
    { id: "2", role: "assistant", parts },
  ];
}
