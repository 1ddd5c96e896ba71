/** The frame's entry: meets the page outside, then draws the chat. */
import { render } from "preact";
import { AisleClient } from "../api";
import { fromPage, sealed, type CartLine, type ToFrame, type ToPage } from "../bridge";
import { App } from "./app";
import { Conversation } from "./conversation";
import { uuid } from "./ids";
import { allowSound } from "./sound";
import { TokenStore } from "./storage";
import css from "./styles/all.css?inline";
import { applyTheme } from "./theme";

/** A page that never says whether the cart took it has not. */
const CART_MS = 15_000;

const page = window.parent === window ? undefined : window.parent;
const asked = new URLSearchParams(location.search);
const key = asked.get("key") ?? "";
const root = document.getElementById("app")!;
const carts = new Map<string, (result: ToFrame & { type: "cart_result" }) => void>();

const sheet = new CSSStyleSheet();
sheet.replaceSync(css);
document.adoptedStyleSheets = [sheet];

let home = "";
let opened = 0;
let asking = false;
let dressed: object | undefined;

const client = new AisleClient(new URL(".", location.href).href, key);
const tokens = new TokenStore(key, (kept) => tell({ type: "keep", kept }));
const conversation = new Conversation(client, tokens, report, navigator.language);

/** A page without an origin of its own ("null") can only be reached by "*": it hears nothing secret. */
function tell(message: ToPage): void {
  const nameless = !home || home === "null";
  if (!nameless || message.type !== "keep") page?.postMessage(sealed(message), nameless ? "*" : home);
}

function report(name: (ToPage & { type: "event" })["name"] | "unread", detail?: unknown): void {
  tell(name === "unread" ? { type: "unread", count: Number(detail) } : { type: "event", name, detail });
}

function addToCart(line: CartLine): Promise<{ ok: boolean; message?: string | undefined }> {
  const ref = uuid();
  tell({ type: "add_to_cart", ref, ...line });
  return new Promise((resolve) => {
    carts.set(ref, resolve);
    setTimeout(() => resolve({ ok: false }), CART_MS);
  });
}

function consent(granted: boolean): void {
  tell({ type: "consent", granted });
  if (!granted) return tell({ type: "close" });
  asking = false;
  void conversation.open();
}

function draw(): void {
  const close = page && ((): void => tell({ type: "close" }));
  const chat = { conversation, home: home === "null" ? "" : home, addToCart, consent };
  render(<App chat={chat} onClose={close} opened={opened} />, root);
}

function open(quiet = false): void {
  if (!conversation.store.visible && !quiet) opened++;
  void conversation.open(asking);
  draw();
}

function dress(): void {
  const appearance = conversation.store.state.session?.appearance;
  if (!appearance || appearance === dressed) return;
  dressed = appearance;
  const position = appearance.position ?? "right";
  applyTheme(appearance, (accent, ink) => tell({ type: "look", accent, ink, position }));
}

function hear(message: ToFrame): void {
  switch (message.type) {
    case "hello":
      tokens.handIn(message.kept);
      asking = message.consent === false;
      conversation.store.set({ page: message.page });
      if (message.locale) conversation.locale = message.locale;
      return draw();
    case "kept":
      return conversation.tabs.hear(message.kept);
    case "open":
      conversation.store.set({ phone: message.phone, nudge: message.nudge });
      return open(message.quiet);
    case "close":
      return conversation.close();
    case "identify":
      return void conversation.identify(message.customer);
    case "context":
      conversation.context = { ...conversation.context, ...message.context };
      return;
    case "page":
      return conversation.store.set({ page: message });
    case "can":
      return conversation.store.set({ cart: message.cart });
    case "cart_result":
      return carts.get(message.ref)?.(message);
    case "consent":
      asking = !message.granted;
      if (asking) conversation.end();
      if (conversation.store.visible) open();
  }
}

window.addEventListener("message", (event) => {
  const message = fromPage(event, page, home);
  if (message?.type === "hello") home = event.origin;
  if (message) hear(message);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented) tell({ type: "close" });
});
for (const touch of ["pointerdown", "keydown"]) {
  document.addEventListener(touch, () => conversation.store.state.session?.appearance.sound && allowSound());
}
let slept = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) slept = Date.now();
  else conversation.wake(Date.now() - slept);
});
window.addEventListener("online", () => conversation.wake());
conversation.store.subscribe(dress);
applyTheme({});
if (asked.has("preview")) void import("./preview").then(({ preview }) => preview(conversation, draw, tell));
else if (page) tell({ type: "ready" });
else open();
