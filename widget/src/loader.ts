/**
 * `widget.js`: the one script a merchant pastes. It does nothing before the page is idle, then draws a button;
 * the chat itself is fetched when a shopper shows interest. It stores nothing and leaves one global, `window.Aisle`.
 */
import { fromFrame, sealed, type ToFrame } from "./bridge";
import { drawLauncher, type Launcher } from "./launcher";
import type { Customer, PageContext } from "./wire";

export type AisleEvent = "ready" | "opened" | "closed" | "message" | "answer" | "product" | "handoff" | "rated" | "unread";
type Listener = (detail?: unknown) => void;

/** `window.Aisle`. Every call may be made before the chat is loaded: it is kept and said later. */
export interface AisleApi {
  open(): void;
  close(): void;
  toggle(): void;
  identify(customer: Customer): void;
  context(context: PageContext): void;
  on(event: AisleEvent, listener: Listener): void;
  off(event: AisleEvent, listener: Listener): void;
  destroy(): void;
  /** For pages that queue calls before this script arrives: `(window.Aisle ||= []).push(["open"])`. */
  push(...calls: [keyof AisleApi, ...unknown[]][]): void;
}

const PATIENCE_MS = 4_000;

type Global = typeof globalThis & { Aisle?: AisleApi | [keyof AisleApi, ...unknown[]][] | undefined };

function start(script: HTMLScriptElement): void {
  const page = window as Global;
  const queued = page.Aisle;
  if (queued && !Array.isArray(queued)) return;

  const base = new URL(".", script.src);
  const { key = "", position, label = "Chat", accent } = script.dataset;
  const listeners = new Map<string, Set<Listener>>();
  const name = `aisle:${key}`;
  const view = window.visualViewport;
  const gone = new AbortController();
  const { signal } = gone;
  let ui: Launcher | undefined;
  let frame: HTMLIFrameElement | undefined;
  let ready = false;
  let open = false;
  let before: Element | null = null;
  let customer: Customer | undefined;
  let context: PageContext | undefined;

  const emit = (event: string, detail?: unknown): void => {
    listeners.get(event)?.forEach((listener) => listener(detail));
  };
  const say = (message: ToFrame): void => {
    if (ready) frame?.contentWindow?.postMessage(sealed(message), base.origin);
  };

  /** The frame's session, for this tab only, where the browser lets frames store nothing. */
  const memory = (token?: string): string | undefined => {
    try {
      return token === undefined ? sessionStorage[name] : (sessionStorage[name] = token);
    } catch {
      return;
    }
  };

  /** Frameworks that replace the body, or the whole document, take us with them: come back. */
  const attach = (): void => {
    if (ui && !ui.host.isConnected && !signal.aborted) document.documentElement.append(ui.host);
  };

  const draw = (): Launcher => {
    if (ui) return ui;
    const made = (ui = drawLauncher());
    const { host, root, button, phone } = made;
    root.classList.toggle("left", position === "left");
    button.ariaLabel = label;
    if (accent) host.style.setProperty("--accent", accent);
    button.onclick = api.toggle;
    button.onpointerenter = button.onfocus = load;
    phone.onchange = settle;
    for (const change of ["resize", "scroll"]) view?.addEventListener(change, fit, { signal });
    const observer = new MutationObserver(attach);
    observer.observe(document, { childList: true });
    observer.observe(document.documentElement, { childList: true });
    signal.addEventListener("abort", () => observer.disconnect());
    attach();
    settle();
    return made;
  };

  const load = (): void => {
    if (frame) return;
    frame = document.createElement("iframe");
    frame.title = label;
    frame.allow = "clipboard-write";
    frame.src = `${base.href}frame?key=${encodeURIComponent(key)}`;
    // a frame that a browser refuses "loads" as well, as an empty page: better no button than a dead one
    frame.onload = () =>
      setTimeout(() => {
        if (ready) return;
        console.error("Aisle: not listed");
        api.destroy();
      }, PATIENCE_MS);
    draw().panel.append(frame);
  };

  /** Above an on-screen keyboard, not under it: a phone's fixed box does not shrink by itself. */
  const fit = (): void => {
    if (!ui || !view || !open || !ui.phone.matches) return;
    ui.root.style.setProperty("--top", `${view.offsetTop}px`);
    ui.root.style.setProperty("--height", `${view.height}px`);
  };

  const lock = new CSSStyleSheet();
  lock.replaceSync("html{overflow:hidden!important}");
  let locked = false;
  /** On a phone the chat is the whole screen: the page behind neither scrolls nor takes focus. */
  const hold = (wanted: boolean): void => {
    if (wanted === locked) return;
    locked = wanted;
    const others = document.adoptedStyleSheets.filter((sheet) => sheet !== lock);
    document.adoptedStyleSheets = wanted ? [...others, lock] : others;
    if (document.body) document.body.inert = wanted;
  };

  const settle = (): void => {
    if (!ui) return;
    const phone = ui.phone.matches;
    ui.root.classList.toggle("phone", phone);
    ui.root.classList.toggle("open", open);
    ui.button.ariaExpanded = `${open}`;
    hold(open && phone);
    fit();
    if (open) say({ type: "open", phone });
  };

  const leave = (): void => {
    const host = ui?.host;
    const inside = document.activeElement === host;
    open = false;
    settle();
    say({ type: "close" });
    if (inside) (before !== host && before?.isConnected ? (before as HTMLElement) : ui?.button)?.focus();
    emit("closed");
  };

  const heard = (event: MessageEvent): void => {
    const message = frame && fromFrame(event, frame.contentWindow, base.origin);
    switch (message?.type) {
      case "ready":
        ready = true;
        say({ type: "hello", locale: context?.locale ?? document.documentElement.lang, kept: memory() ?? "" });
        if (customer) say({ type: "identify", customer });
        if (context) say({ type: "context", context });
        settle();
        return emit("ready");
      case "close":
        return api.close();
      case "look":
        ui?.host.style.setProperty("--accent", message.accent);
        ui?.host.style.setProperty("--ink", message.ink);
        if (!position) ui?.root.classList.toggle("left", message.position === "left");
        return;
      case "keep":
        return void memory(message.token);
      case "unread":
        if (ui) ui.badge.textContent = message.count && !open ? `${Math.min(message.count, 9)}` : "";
        return emit("unread", message.count);
      case "event":
        return emit(message.name, message.detail);
    }
  };

  const api: AisleApi = {
    open() {
      if (open || signal.aborted) return;
      before = document.activeElement === document.body ? null : document.activeElement;
      open = true;
      draw().badge.textContent = "";
      load();
      settle();
      frame?.focus();
      emit("opened");
    },
    close() {
      if (open) leave();
    },
    toggle() {
      open ? api.close() : api.open();
    },
    identify(who) {
      say({ type: "identify", customer: (customer = who) });
    },
    context(what) {
      say({ type: "context", context: (context = { ...context, ...what }) });
    },
    on(event, listener) {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener));
    },
    off(event, listener) {
      listeners.get(event)?.delete(listener);
    },
    destroy() {
      open = false;
      hold(false);
      gone.abort();
      ui?.host.remove();
      delete page.Aisle;
    },
    push(...calls) {
      for (const [name, ...rest] of calls) (api[name] as (...rest: unknown[]) => void)(...rest);
    },
  };

  window.addEventListener("message", heard, { signal });
  document.addEventListener(
    "keydown",
    (event) => {
      const ours = document.activeElement === ui?.host || document.activeElement === document.body;
      if (event.key === "Escape" && open && ours && !event.defaultPrevented) api.close();
    },
    { signal },
  );
  page.Aisle = api;
  if (queued) api.push(...queued);
  const idle = window.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 200));
  idle(() => signal.aborted || draw(), { timeout: 4_000 });
}

const script = (document.currentScript ?? document.querySelector("script[data-key][src*='widget.js']")) as HTMLScriptElement | null;
if (script?.dataset.key) start(script);

