/** The panel on the page: what is shown before the frame has met us, and what a phone's screen asks for. */
import { drawIcon, type Launcher } from "./launcher";
import css from "./page.css?inline";
import { AGAIN, CLOSE, TROUBLE, say } from "./words";

const CHEVRON = "M6 9.5l6 6 6-6";
const CROSS = "M6 6l12 12M18 6L6 18";

/** A frame that is quicker than this needs no way out beside it. */
const PATIENCE_MS = 800;

export interface Panel {
  badge: HTMLElement;
  /** Puts what belongs to an open chat onto the button, which may have been drawn anew. */
  settle(): void;
  /** Says that the chat could not be loaded, with a way out; `false` takes that back. */
  trouble(shown: boolean): void;
  /** Shows the frame instead of the waiting. */
  meet(met: boolean): void;
}

interface Wishes {
  address: string;
  locale: string | undefined;
  onClose: () => void;
  onAgain: () => void;
}

export function dressPanel({ host, button, panel }: Launcher, { address, locale, onClose, onAgain }: Wishes): Panel {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  host.shadowRoot!.adoptedStyleSheets.push(sheet);

  const chevron = drawIcon(CHEVRON);
  chevron.classList.add("down");
  const badge = make("i", "badge");

  const wait = make("div", "wait");
  const words = make("p");
  const again = make("button", "again", say(AGAIN, locale));
  const tab = make("a", "", `${button.ariaLabel} ↗`);
  const shut = make("button", "shut");
  words.role = "alert";
  again.onclick = onAgain;
  tab.href = address;
  tab.target = "_blank";
  tab.rel = "noopener";
  shut.ariaLabel = say(CLOSE, locale);
  shut.onclick = onClose;
  shut.append(drawIcon(CROSS));
  wait.append(make("div", "spin"));
  panel.append(wait);
  panel.hidden = false;
  setTimeout(() => wait.append(shut), PATIENCE_MS);
  return {
    badge,
    settle() {
      if (badge.parentNode !== button) button.append(chevron, badge);
    },
    trouble(shown) {
      wait.classList.toggle("trouble", shown);
      for (const part of [words, again, tab]) shown ? wait.append(part) : part.remove();
      words.textContent = shown ? say(TROUBLE, locale) : "";
    },
    meet(met) {
      panel.classList.toggle("met", met);
      met ? wait.remove() : panel.append(wait);
    },
  };
}

/** While held, the page behind neither scrolls nor takes focus. */
export function holdPage(): (wanted: boolean) => void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("html{overflow:hidden!important;overscroll-behavior:none!important}");
  let body: HTMLElement | undefined;
  return (wanted) => {
    // a framework may have put another body in the place of the one we hold
    if (body && (!wanted || body !== document.body)) {
      body.inert = false;
      body = undefined;
    }
    const others = document.adoptedStyleSheets.filter((one) => one !== sheet);
    if (wanted !== others.length < document.adoptedStyleSheets.length) document.adoptedStyleSheets = wanted ? [...others, sheet] : others;
    if (wanted && document.body && !document.body.inert) (body = document.body).inert = true;
  };
}

/** Above an on-screen keyboard, not under it: a phone's fixed box does not shrink by itself. */
export function fitToScreen({ panel }: Launcher): void {
  const view = window.visualViewport;
  if (!view) return;
  panel.style.setProperty("--top", `${view.offsetTop}px`);
  panel.style.setProperty("--height", `${view.height}px`);
}

function make<K extends keyof HTMLElementTagNameMap>(tag: K, name = "", text = ""): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  if (made instanceof HTMLButtonElement) made.type = "button";
  return made;
}
