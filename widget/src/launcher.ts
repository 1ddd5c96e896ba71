/** The button on the merchant's page and the panel it opens: drawing only, inside one shadow root. */
import css from "./launcher.css?inline";

const SVG = "http://www.w3.org/2000/svg";
const BUBBLE = "M4 11.5A7.5 7.5 0 0 1 11.5 4h1a7.5 7.5 0 0 1 0 15H5.2c-.7 0-1-.8-.6-1.3l1-1.3A7.5 7.5 0 0 1 4 11.5ZM9 11.5h0M12 11.5h0M15 11.5h0";
const CHEVRON = "M6 9.5l6 6 6-6";

/** Below this a panel would not fit: the chat takes the whole screen. */
const PHONE = "(max-width: 540px), (max-height: 440px)";

export interface Launcher {
  host: HTMLElement;
  root: HTMLElement;
  button: HTMLButtonElement;
  panel: HTMLElement;
  badge: HTMLElement;
  phone: MediaQueryList;
}

/** Builds it without putting it on the page. Styles go in as a constructed sheet, which no style-src forbids. */
export function drawLauncher(): Launcher {
  const host = document.createElement("aisle-chat");
  const shadow = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  shadow.adoptedStyleSheets = [sheet];
  const root = element("div", "root");
  const button = element("button");
  const panel = element("div", "panel");
  const badge = element("i");
  button.type = "button";
  button.append(icon(BUBBLE), icon(CHEVRON), badge);
  root.append(panel, button);
  shadow.append(root);
  return { host, root, button, panel, badge, phone: matchMedia(PHONE) };
}

function element<K extends keyof HTMLElementTagNameMap>(tag: K, name?: string): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (name) made.className = name;
  return made;
}

function icon(path: string): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
