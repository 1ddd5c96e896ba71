/**
 * A few words above the button, where the merchant wants them: once they are due, never over an open chat, never on a
 * phone whose shopper is typing, and never again for a while once the shopper has closed or taken one.
 */
import css from "./nudge.css?inline";
import type { Nudge, Shop } from "./shared";
import { CLOSE, say } from "./words";

const HOUR_MS = 3_600_000;
const DEFAULT_HOURS = 24;
const DEFAULT_PER_LOAD = 1;
/** While a nudge may not be shown although it is due: when to look again. */
const LOOK_AGAIN_MS = 2_000;

let shownSoFar = 0;
let page = new AbortController();

/** Waits for the first of `nudges` that comes due on this page. Ends what was waited for on the page before. */
export function watch(shop: Shop, nudges: Nudge[]): void {
  page.abort();
  page = new AbortController();
  const signal = AbortSignal.any([page.signal, shop.life.signal]);
  const name = `aisle:${shop.key}:quiet`;
  const { max_per_page_load = DEFAULT_PER_LOAD, hours_after_close = DEFAULT_HOURS } = shop.answer.quiet ?? {};
  const tired = (): boolean => shownSoFar >= max_per_page_load || isQuiet(name, hours_after_close);
  let taken = false;

  const show = (nudge: Nudge): void => {
    if (taken || tired() || signal.aborted) return;
    if (isBusy(shop)) return void later(LOOK_AGAIN_MS, () => show(nudge), signal);
    taken = true;
    shownSoFar++;
    draw(shop, nudge.text, signal, () => stay(name));
  };

  if (tired()) return;
  for (const nudge of nudges) later(nudge.after_s * 1_000, () => whenSeen(nudge, () => whenLeaving(nudge, () => show(nudge), signal), signal), signal);
}

function later(waitMs: number, then: () => void, signal: AbortSignal): void {
  const timer = setTimeout(then, waitMs);
  signal.addEventListener("abort", () => clearTimeout(timer));
}

/** Once the wanted part of the page's height has been seen. */
function whenSeen({ scroll }: Nudge, then: () => void, signal: AbortSignal): void {
  const seen = (): boolean => {
    const { scrollTop, clientHeight, scrollHeight } = document.scrollingElement ?? document.documentElement;
    return (scrollTop + clientHeight) / scrollHeight >= (scroll ?? 0) / 100;
  };
  if (seen()) return then();
  const done = new AbortController();
  const look = (): void => {
    if (!seen()) return;
    done.abort();
    then();
  };
  window.addEventListener("scroll", look, { signal: AbortSignal.any([signal, done.signal]), passive: true, capture: true });
}

/** Once the pointer leaves the page at its top; at once where the nudge does not wait for that. */
function whenLeaving({ exit }: Nudge, then: () => void, signal: AbortSignal): void {
  if (!exit) return then();
  const done = new AbortController();
  const look = (event: MouseEvent): void => {
    if (event.clientY > 0) return;
    done.abort();
    then();
  };
  document.documentElement.addEventListener("mouseleave", look, { signal: AbortSignal.any([signal, done.signal]) });
}

/** Not now: the chat is open, nobody looks, there is no button, or a phone's keyboard is up. */
function isBusy({ open, ui }: Shop): boolean {
  const typing = document.activeElement?.matches("input, textarea, select, [contenteditable]");
  return open || document.hidden || !ui || ui.root.classList.contains("gone") || (ui.phone.matches && !!typing);
}

function draw(shop: Shop, text: string, signal: AbortSignal, onAct: () => void): void {
  const { host, root } = shop.ui!;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  host.shadowRoot!.adoptedStyleSheets.push(sheet);
  const box = document.createElement("div");
  const words = document.createElement("button");
  const cross = document.createElement("button");
  box.className = "nudge";
  box.role = "status";
  words.type = cross.type = "button";
  words.dir = "auto";
  cross.className = "cross";
  cross.textContent = "×";
  cross.ariaLabel = say(CLOSE, shop.context?.locale);
  root.append(box);
  // a live region speaks of what is put into it, not of what it came with
  requestAnimationFrame(() => box.append(words, cross));
  words.textContent = text;

  const gone = new AbortController();
  const end = (): void => {
    gone.abort();
    box.remove();
    const { shadowRoot } = host;
    if (shadowRoot) shadowRoot.adoptedStyleSheets = shadowRoot.adoptedStyleSheets.filter((one) => one !== sheet);
  };
  const onOpened = (): void => end();
  shop.api.on("opened", onOpened);
  gone.signal.addEventListener("abort", () => shop.api.off("opened", onOpened));
  signal.addEventListener("abort", end, { signal: gone.signal });
  words.onclick = () => {
    shop.nudge = text;
    onAct();
    shop.api.open();
    end();
  };
  cross.onclick = () => {
    onAct();
    end();
  };
}

/** Only what the shopper did may be remembered: when they closed one, or took it. */
function stay(name: string): void {
  try {
    localStorage.setItem(name, `${Date.now()}`);
  } catch {
    // then it holds for this page
  }
}

function isQuiet(name: string, hours: number): boolean {
  try {
    const at = localStorage.getItem(name);
    return at !== null && Date.now() - Number(at) < hours * HOUR_MS;
  } catch {
    return false;
  }
}
