/**
 * `widget.js`: the one script a merchant pastes. It does nothing before the page is idle, then asks how the button
 * looks and draws it; the chat itself is fetched when a shopper shows interest. It stores nothing and leaves one
 * global, `window.Aisle`.
 */
import type { AisleApi } from "./aisle";
import { drawFace, drawLauncher } from "./launcher";
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

function start(script: HTMLScriptElement): void {
  const queued = window.Aisle;
  if (queued && !Array.isArray(queued)) return;

  const data = script.dataset;
  const { href, searchParams } = new URL(script.src);
  // some tag managers drop attributes: the key may stand in the address
  const key = data.key ?? searchParams.get("key");
  if (!key) return;
  const base = new URL(".", href).href;
  const query = `?key=${encodeURIComponent(key)}`;
  const asks = data.consent === "required";
  const memory = `aisle:${key}`;
  const listeners = new Map<string, Set<Listener>>();
  let early: MessageEvent[] = [];
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
    shop.life.abort();
    shop.ui?.host.remove();
    shop.ui = shop.frame = chat = undefined;
    face = "";
  };

  const leave = (): void => {
    ended = true;
    shop.open = false;
    undraw();
  };

  /** How the button looks. No answer (blocked, offline, slow) is an answer: as the script's attributes say. */
  const learn = async (): Promise<void> => {
    const address = `${base}v1/launcher${query}`;
    const limits: RequestInit = { credentials: "omit", signal: AbortSignal.timeout(ANSWER_PATIENCE_MS) };
    try {
      // an answer that this page may not read is one as well: it is not on the shop's list
      const response = await fetch(address, limits).catch(() => fetch(address, { ...limits, mode: "no-cors" }));
      if (response.ok) {
        shop.answer = await response.json();
        if (shop.answer.consent) shop.consent ??= false;
      } else if (response.status < 404) {
        console.error("Aisle: not listed");
        leave();
      }
    } catch {}
    const { rules, nudges, icon } = shop.answer;
    if (rules?.[0] || nudges?.[0] || (data.icon ?? icon ?? BUBBLE) !== BUBBLE) {
      pageRules = await import(/* @vite-ignore */ base + PAGE_RULES_MODULE).catch(() => {});
      if (shop.ui) pageRules?.follow(shop);
    }
    settle();
  };

  const ask = (): Promise<void> => (shop.asked ??= learn());

  const settle = (): void => {
    const { ui, answer, open } = shop;
    if (!ui) return;
    const { root, button } = ui;
    const device = ui.phone.matches ? "phone" : "desktop";
    const layers = [data, ...(pageRules?.rules(shop) ?? []), answer[device], answer, DEFAULTS] as Layer[];
    const pick = (name: keyof Answer): string => layers.find((layer) => (layer?.[name] ?? "") !== "")?.[name] as string;
    const theme = pick("theme");
    const dark = theme === "dark" || (theme !== "light" && ui.dark.matches);
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
    const drawn = [pageRules?.icons[pick("icon")], pick("icon_url"), label] as const;
    if (face !== (face = `${drawn}`)) drawFace(button, ...drawn);
    chat?.settle();
  };

  /** Frameworks that replace the body take us with them: come back. A document written anew has dropped every listener. */
  const attach = (): void => {
    const { documentElement } = document;
    if (!documentElement) return;
    if (scene !== documentElement) {
      undraw();
      draw();
      if (shop.open) load();
    } else if (!shop.ui!.host.isConnected) scene.append(shop.ui!.host);
  };

  const draw = (): void => {
    if (shop.ui || ended) return;
    const { host, button, phone, dark } = (shop.ui = drawLauncher());
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
    scene.append(host);
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
    frame.src = `${base}frame${query}`;
    shop.ui!.panel.append(frame);
    import(/* @vite-ignore */ base + PAGE_MODULE + tries)
      .then(
        (module) => {
          if (shop.frame !== frame) return;
          chat = module.mount(shop) as Chat;
          early.forEach(chat.heard);
        },
        () => shop.frame === frame && fail(frame),
      )
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
    console.error(`Aisle: script-src must allow ${base}assets/`);
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
      if (alone) return void window.open(`${base}frame${query}`);
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

  const shop: Shop = {
    key,
    base,
    api,
    settle,
    leave,
    // async, so that one listener's error stops neither the others nor us
    emit: (event, detail) => Promise.all([...(listeners.get(event) ?? [])].map(async (listener) => listener(detail))),
    listens: (event) => !!listeners.get(event)?.size,
    answer: {},
    life: new AbortController(),
    consent: asks ? false : null,
    open: false,
    quiet: false,
  } as Shop;

  /** What the page module notes of this tab; a sandboxed page has no storage at all. */
  const kept = (forget?: boolean): string | undefined => {
    try {
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

  window.Aisle = api;
  if (queued) api.push(...queued);
  const idle = window.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 200));
  idle(() => void (asks && !shop.consent ? draw() : ask().then(restore)), { timeout: IDLE_AT_LAST_MS });
}

const script = (document.currentScript ?? document.querySelector("script[src*='/widget.js']")) as HTMLScriptElement | null;
if (script) start(script);
