/**
 * `widget.js`: the one script a merchant pastes. It does nothing before the page is idle, then asks how the button
 * looks and draws it; the chat itself is fetched when a shopper shows interest. It stores nothing and leaves one
 * global, `window.Aisle`.
 */
import type { AisleApi } from "./aisle";
import { drawIcon, drawLauncher, ICON } from "./launcher";
import type { Answer, Chat, PageRules, Shop } from "./shared";

/** Put in by the build. */
declare const PAGE_MODULE: string;
declare const PAGE_RULES_MODULE: string;

const ANSWER_PATIENCE_MS = 2_500;
const BUBBLE = "bubble";
const IDLE_AT_LAST_MS = 4_000;
const DEFAULTS: Partial<Answer> = { label: "Chat", accent: "#18181b", ink: "#fff", shape: "squircle", offset: { x: 20, y: 20 } };

type Listener = (detail?: unknown) => unknown;
type Layer = Record<string, unknown> | null | undefined;

function start(running: HTMLOrSVGScriptElement | null): void {
  const queued = window.Aisle;
  if (queued && !Array.isArray(queued)) return;

  const listeners = new Map<string, Set<Listener>>();
  const shop: Shop = {
    // async, so that one listener's error stops neither the others nor us
    emit: (event, detail) => Promise.all([...(listeners.get(event) ?? [])].map(async (listener) => listener(detail))),
    listens: (event) => !!listeners.get(event)?.size,
    answer: {},
    settle,
    leave,
    open: false,
  } as Shop;
  let data: DOMStringMap;
  let tried = "";
  /**
   * Takes the next snippet on the page whose key was not tried, in the page's order. Combined and inlined files, consent
   * tools, optimizers and jQuery run us under another tag than the pasted one, and keep its address in any attribute; tag
   * managers drop `data-key`, so the key may stand in the address.
   */
  const adopt = (): unknown =>
    [...document.scripts, running].some((tag) => {
      // twice, so that the address comes before the key
      const html = `${(tag?.cloneNode() as Element | undefined)?.outerHTML}`.repeat(2);
      const [, address, mine] = /"([^"]*\/)widget\.js.*key="?(pk_[\w-]+)/.exec(html) ?? [];
      if (!mine || tried.includes(mine)) return;
      tried += shop.key = mine;
      data = tag!.dataset;
      return (shop.base = new URL(address!, location as unknown as URL).href);
    });
  if (!adopt()) return console.error("Aisle: no ?key=pk_...");
  const at = (path: string): string => `${shop.base}${path}?key=${shop.key}`;
  const asks = data!.consent === "required";
  shop.consent = asks ? false : null;
  let early: MessageEvent[];
  let pageRules: PageRules | undefined;
  let chat: Chat | undefined;
  let scene: Element;
  let wanted = false;
  let ended = false;
  let again = false;
  let alone = false;
  let tries = "";
  let face = "";

  const undraw = (): void => {
    shop.life?.abort();
    shop.ui?.host.remove();
    shop.ui = shop.frame = chat = undefined;
    face = "";
  };

  function leave(): void {
    ended = true;
    shop.open = false;
    undraw();
  }

  /** How the button looks. No answer (blocked, offline, slow) is an answer: as the script's attributes say. */
  const learn = async (): Promise<void> => {
    const address = at("v1/launcher");
    const signal = AbortSignal.timeout?.(ANSWER_PATIENCE_MS)!;
    try {
      // an answer that this page may not read is one as well: it is not on the shop's list
      const response = await fetch(address, { signal }).catch(() => fetch(address, { signal, mode: "no-cors" }));
      if (response.ok) {
        shop.answer = await response.json();
        if (shop.answer.consent) shop.consent ??= false;
      } else if (response.status < 404) {
        console.error(response.status === 401 ? `Aisle: wrong key ${shop.key}` : "Aisle: not listed");
        if (adopt()) return learn();
        leave();
      }
    } catch {}
    const { rules, nudges, icon, icon_url } = shop.answer;
    if (rules?.[0] || nudges?.[0] || icon_url || (data.icon ?? icon ?? BUBBLE) !== BUBBLE) {
      pageRules = await import(/* @vite-ignore */ shop.base + PAGE_RULES_MODULE).catch(() => {});
      if (shop.ui) pageRules?.follow(shop);
    }
    settle();
  };

  const ask = (): Promise<void> => (shop.asked ??= learn());

  function settle(): void {
    const { ui, answer, open } = shop;
    if (!ui) return;
    const { root, button } = ui;
    const device = ui.phone.matches ? "phone" : "desktop";
    const layers = [data!, ...(pageRules?.rules(shop) ?? []), answer[device], answer, DEFAULTS] as Layer[];
    const pick = (name: keyof Answer): string => layers.find((layer) => (layer?.[name] ?? "") !== "")?.[name] as string;
    const theme = pick("theme");
    const dark = theme === "dark" || (ui.dark.matches && theme !== "light");
    const own = data.accent;
    const tone = dark && !own && pick("accent_dark") ? "_dark" : "";
    const offset = pick("offset") as unknown as Answer["offset"];
    const label = pick("label");
    const side = pick("position") === "left" ? "left" : "right";
    const from = (edge: string, px: number): string => `${edge}:calc(${px}px + env(safe-area-inset-${edge}));`;
    // of a colour that only the page knows, the readable ink is the browser's to find
    const ink = own ? `oklch(from ${own} clamp(0, (.7 - l) * 999, 1) 0 0)` : pick(`ink${tone}`);
    root.style.cssText = `position:fixed;color:#fff;${from(side, offset.x)}${from("bottom", offset.y)}--accent:${pick(`accent${tone}`)};--ink:${ink}`;
    root.className = [pick("shape"), side, device, dark && "dark", pick("hidden") && "gone", open && (chat ? "open" : "busy")].join(" ");
    button.ariaLabel = label;
    button.ariaExpanded = `${open}`;
    const path = pageRules?.icons[pick("icon")] ?? ICON;
    if (face !== (face = path + pick("icon_url") + label)) {
      button.replaceChildren(drawIcon(path), label);
      pageRules?.draw(button, pick("icon_url"));
    }
    chat?.settle();
  }

  /** Frameworks that replace the body take us with them: come back. A document written anew has dropped every listener. */
  const attach = (): void => {
    const { documentElement } = document;
    if (documentElement === scene) shop.ui!.host.isConnected || show();
    else if (documentElement) {
      undraw();
      draw();
      if (shop.open) load();
    }
  };

  /** On top of everything, where a changed root (`html { transform }`) does not take fixed elements along. */
  const show = (): void => {
    const { host } = shop.ui!;
    scene.append(host);
    host.popover = "manual";
    host.showPopover?.();
  };

  const draw = (): void => {
    if (shop.ui || ended) return;
    const { button, phone, dark } = (shop.ui = drawLauncher());
    const { signal } = (shop.life = new AbortController());
    const heed = (target: EventTarget, event: string, then: (event: never) => void): void =>
      target.addEventListener(event, then as EventListener, { signal });
    button.onclick = api.toggle;
    button.onpointerenter = button.onfocus = () => {
      if (!asks || shop.consent) load();
    };
    heed(phone, "change", settle);
    heed(dark, "change", settle);
    heed(window, "message", (event: MessageEvent) => {
      if (shop.frame && event.source === shop.frame.contentWindow) chat ? chat.heard(event) : early.push(event);
    });
    const observer = new MutationObserver(attach);
    for (const node of [document, (scene = document.documentElement)]) observer.observe(node, { childList: true });
    signal.onabort = () => observer.disconnect();
    show();
    pageRules?.follow(shop);
    settle();
  };

  /** The frame and the module that looks after it, side by side. */
  const load = (): void => {
    draw();
    if (shop.frame || ended || alone) return;
    void ask();
    early = [];
    shop.loaded = false;
    const frame = (shop.frame = document.createElement("iframe"));
    frame.title = shop.ui!.button.ariaLabel!;
    frame.allow = "clipboard-write";
    frame.onload = () => {
      shop.loaded = true;
    };
    frame.src = at("frame");
    shop.ui!.panel.append(frame);
    import(/* @vite-ignore */ shop.base + PAGE_MODULE + tries)
      .then((module) => {
        if (shop.frame !== frame) return;
        chat = module.mount(shop) as Chat;
        early.forEach(chat.heard);
      })
      // a policy keeps it out, or the browser is too old for it
      .catch(() => shop.frame === frame && fail(frame))
      .then(settle);
  };

  const fail = (frame: HTMLIFrameElement): void => {
    frame.remove();
    shop.frame = undefined;
    // a browser may remember that an address failed
    tries += "?";
    if (!navigator.onLine) return window.addEventListener("online", load, { once: true, signal: shop.life.signal });
    if (!again) {
      again = true;
      return load();
    }
    alone = true;
    console.error(`Aisle: script-src must allow ${shop.base}assets/`);
    if (shop.open) {
      shop.open = false;
      api.open();
    }
  };

  const api: AisleApi = {
    open() {
      if (ended || shop.open) return;
      if (asks && !shop.consent && shop.listens("consent_needed")) {
        wanted = true;
        return void shop.emit("consent_needed");
      }
      if (alone) return void window.open(at("frame"));
      shop.open = true;
      load();
      settle();
      void shop.emit("opened");
    },
    close() {
      if (!shop.open) return;
      shop.open = false;
      settle();
      void shop.emit("closed");
    },
    toggle: () => api[shop.open ? "close" : "open"](),
    identify(customer) {
      shop.customer = customer;
      settle();
    },
    context(context) {
      shop.context = { ...shop.context, ...context };
      settle();
    },
    consent(granted) {
      shop.consent = granted;
      if (granted) {
        if (asks) void ask().then(restore);
        if (wanted) api.open();
      } else {
        api.close();
        kept(true);
      }
      wanted = false;
      settle();
    },
    on(event, listener) {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener as Listener));
      settle();
    },
    off(event, listener) {
      listeners.get(event)?.delete(listener as Listener);
      settle();
    },
    destroy() {
      leave();
      delete window.Aisle;
    },
    push(...calls) {
      for (const [name, ...rest] of calls) (api[name] as (...rest: unknown[]) => void)(...rest);
    },
  };


  /** What the page module notes of this tab; a sandboxed page has no storage at all. */
  const kept = (forget?: boolean): string | undefined => {
    try {
      const memory = `aisle:${shop.key}`;
      if (forget) delete sessionStorage[memory], delete localStorage[memory];
      return sessionStorage[memory] as string | undefined;
    } catch {
      return;
    }
  };

  /** On a wide screen a conversation goes on over page changes. */
  const restore = (): void => {
    if (ended) return;
    draw();
    if (shop.ui!.phone.matches || kept()?.[0] !== "1") return;
    shop.quiet = true;
    api.open();
  };

  window.Aisle = shop.api = api;
  if (queued) api.push(...queued);
  // where it is missing, as soon as the browser has nothing else to do
  (window.requestIdleCallback ?? setTimeout)(() => void (asks && !shop.consent ? draw() : ask().then(restore)), { timeout: IDLE_AT_LAST_MS } as IdleRequestOptions & number);
}

start(document.currentScript);
