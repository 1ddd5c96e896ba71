/** The page's half of the open chat: the panel, the frame in it, and everything the two say to each other. */
import { backButton } from "./back-button";
import { fromFrame, sealed, type CartLine, type ToFrame, type ToPage } from "./bridge";
import { onNavigation } from "./navigation";
import { dressPanel, fitToScreen, holdPage } from "./panel";
import type { Chat, Shop } from "./shared";

/** From the frame's "load" to its first word, and from its request on where it never loads. Then once more. */
const PATIENCE_MS = 3_000;
const LONG_PATIENCE_MS = 12_000;
const MAX_REASON = 300;
const RADIUS = 22;
const PLACES = ["localStorage", "sessionStorage"] as const;

interface Told extends Pick<Shop, "customer" | "context" | "consent"> {
  at: string;
  cart: boolean;
}

/** Takes charge of the frame that the loader has just requested. Ends with `shop.life`. */
export function mount(shop: Shop): Chat {
  const ui = shop.ui!;
  const frame = shop.frame!;
  const { signal } = shop.life;
  const { origin } = new URL(shop.base);
  const memory = `aisle:${shop.key}`;
  const panel = dressPanel(ui, { address: frame.src, locale: shop.context?.locale, onClose: shop.api.close, onAgain: () => retry() });
  const hold = holdPage();
  const back = (shop.back ??= backButton(shop.api.close));
  let ready = false;
  let told: Partial<Told> = {};
  let met = false;
  let tried = false;
  let shown = false;
  let before: Element | null = null;
  let patience: ReturnType<typeof setTimeout>;

  const tell = (message: ToFrame): void => {
    if (ready) frame.contentWindow?.postMessage(sealed(message), origin);
  };

  const settle = (): void => {
    if (signal.aborted) return;
    const phone = ui.phone.matches;
    const full = shop.open && phone;
    ui.panel.style.setProperty("--radius", `${shop.answer.radius ?? RADIUS}px`);
    panel.settle();
    hold(full);
    if (full) fitToScreen(ui);
    full ? back.hold() : back.release();
    tellNews();
    if (shop.open === shown) return;
    shown = shop.open;
    shown ? appear(phone) : vanish();
  };

  /** Whether the launcher's answer has come: then it decides how things look, and the shop is known to be listed. */
  const isKnown = (): boolean => "rules" in shop.answer;

  /** What the frame does not know yet. */
  const tellNews = (): void => {
    if (!ready) return;
    const { customer, context, consent } = shop;
    const at = location.href;
    const cart = shop.listens("add_to_cart");
    if (customer && customer !== told.customer) tell({ type: "identify", customer });
    if (context && context !== told.context) tell({ type: "context", context });
    if (cart !== told.cart) tell({ type: "can", cart });
    if (at !== told.at) tell({ type: "page", url: at });
    if (consent !== null && consent !== told.consent) tell({ type: "consent", granted: consent });
    told = { customer, context, cart, at, consent };
  };

  const appear = (phone: boolean): void => {
    const { activeElement } = document;
    panel.badge.textContent = "";
    before = activeElement === ui.host || activeElement === document.body ? null : activeElement;
    if (!shop.quiet) frame.focus();
    noteOpen();
    greet(phone);
  };

  const greet = (phone: boolean): void => {
    if (!ready) return;
    tell({ type: "open", phone, quiet: shop.quiet, ...(shop.nudge && { nudge: shop.nudge }) });
    shop.nudge = undefined;
    shop.quiet = false;
  };

  const vanish = (): void => {
    tell({ type: "close" });
    noteOpen();
    if (document.activeElement !== ui.host) return;
    ((before?.isConnected ? before : ui.button) as HTMLElement).focus();
  };

  /** Of this tab, once the shopper has written in it: "1" or "0" for open or not, then what only the tab could keep. */
  const inTab = (): string => stored("sessionStorage", memory) ?? "";
  const note = (kept: string): boolean => stored("sessionStorage", memory, (shop.open ? "1" : "0") + kept) !== undefined;

  const noteOpen = (): void => {
    const last = inTab();
    if (last) note(last.slice(1));
  };

  /** Where the browser lets the frame store nothing: for all tabs, else for this one, else for as long as the page lives. */
  const keep = (kept: string): void => {
    if (!kept) for (const place of PLACES) stored(place, memory, "");
    const lasts = kept && stored("localStorage", memory, kept) !== undefined;
    shop.kept = !kept || note(lasts ? "" : kept) || lasts ? "" : kept;
  };

  const kept = (): string => {
    const tab = inTab();
    return tab.slice(1) || stored("localStorage", memory) || shop.kept || (tab && "{}");
  };

  const meet = async (): Promise<void> => {
    await shop.asked;
    if (signal.aborted) return;
    ready = true;
    clearTimeout(patience);
    panel.trouble(false);
    panel.meet(true);
    tell({
      type: "hello",
      locale: shop.context?.locale ?? document.documentElement.lang,
      kept: kept(),
      consent: shop.consent,
      page: { url: location.href },
    });
    told = { at: location.href, consent: shop.consent };
    tellNews();
    if (shown) greet(ui.phone.matches);
    if (!met) void shop.emit("ready");
    met = true;
  };

  const intoCart = async (ref: string, line: CartLine): Promise<void> => {
    const answers = await shop.emit("add_to_cart", line).catch((error: unknown) => [error]);
    const wrong = answers.find((answer) => answer === false || answer instanceof Error);
    const message = wrong instanceof Error ? wrong.message.slice(0, MAX_REASON) : undefined;
    const ok = wrong === undefined;
    tell({ type: "cart_result", ref, ok, message });
    if (ok) void shop.emit("cart", line);
  };

  const obey = (message: ToPage): void => {
    switch (message.type) {
      case "ready":
        return void meet();
      case "close":
        return shop.api.close();
      case "look": {
        const { accent, ink, position } = message;
        if (isKnown()) return;
        shop.answer = { ...shop.answer, accent, ink, position };
        return shop.settle();
      }
      case "keep":
        return keep(message.kept);
      case "unread":
        panel.badge.textContent = message.count > 0 && !shop.open ? `${Math.min(message.count, 9)}` : "";
        return void shop.emit("unread", message.count);
      case "event":
        if (message.name === "message") note(inTab().slice(1));
        return void shop.emit(message.name, message.detail);
      case "consent":
        shop.consent = told.consent = message.granted;
        return;
      case "add_to_cart": {
        const { ref, product_id, variant_id, quantity } = message;
        return void intoCart(ref, { product_id, variant_id, quantity });
      }
    }
  };

  /** A frame that a browser refuses "loads" as well, as an empty page: better no button than a dead one. */
  const lose = (): void => {
    if (ready || signal.aborted) return;
    if (navigator.onLine && !tried) {
      tried = true;
      return retry();
    }
    if (isKnown() || !navigator.onLine) return panel.trouble(true);
    console.error("Aisle: not listed");
    shop.leave();
  };

  const wait = (limitMs: number): void => {
    clearTimeout(patience);
    patience = setTimeout(lose, limitMs);
  };

  function retry(): void {
    ready = false;
    panel.trouble(false);
    panel.meet(false);
    wait(LONG_PATIENCE_MS);
    frame.src = frame.src;
  }

  const followKeyboard = (): void => {
    if (shop.open && ui.phone.matches) fitToScreen(ui);
  };

  for (const change of ["resize", "scroll"]) window.visualViewport?.addEventListener(change, followKeyboard, { signal });
  frame.addEventListener("load", () => ready || (navigator.onLine ? wait(PATIENCE_MS) : lose()), { signal });
  window.addEventListener("online", () => ready || retry(), { signal });
  window.addEventListener("storage", ({ key }) => key === memory && tell({ type: "kept", kept: kept() }), { signal });
  document.addEventListener(
    "keydown",
    (event) => {
      const ours = document.activeElement === ui.host || document.activeElement === document.body;
      if (event.key === "Escape" && shop.open && ours && !event.defaultPrevented) shop.api.close();
    },
    { signal },
  );
  onNavigation(tellNews, signal);
  signal.addEventListener("abort", () => {
    clearTimeout(patience);
    hold(false);
    if (!shop.open) back.release();
  });
  wait(shop.loaded ? PATIENCE_MS : LONG_PATIENCE_MS);

  return {
    settle,
    heard(event) {
      const message = fromFrame(event, frame.contentWindow, origin);
      if (message) obey(message);
    },
  };
}

/** What lies there under this name, after `value` has been put there ("" for nothing); undefined where nothing may. */
function stored(place: (typeof PLACES)[number], name: string, value?: string): string | undefined {
  try {
    const storage = window[place];
    if (value) storage.setItem(name, value);
    else if (value === "") storage.removeItem(name);
    return storage.getItem(name) ?? "";
  } catch {
    return undefined;
  }
}
