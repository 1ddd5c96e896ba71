/** The button on the merchant's page: drawing only, inside one shadow root. */
import css from "./launcher.css?inline";

const SVG = "http://www.w3.org/2000/svg";
export const ICON = "M12 4a8 8 0 1 1-4 15l-4 1 1-4a8 8 0 0 1 7-12ZM8.5 12h0m3.5 0h0m3.5 0h0";

/** Below this a panel would not fit: the chat takes the whole screen. */
const PHONE = "(max-width: 540px), (max-height: 440px)";
const DARK = "(prefers-color-scheme: dark)";

export interface Launcher {
  host: HTMLElement;
  root: HTMLElement;
  button: HTMLButtonElement;
  /** Where the frame goes; shown by the page module. */
  panel: HTMLElement;
  phone: MediaQueryList;
  dark: MediaQueryList;
}

/** Builds it without putting it on the page. Styles go in as a constructed sheet, which no style-src forbids. */
export function drawLauncher(): Launcher {
  const host = document.createElement("aisle-chat");
  const shadow = host.attachShadow({ mode: "open" });
  // Safari before 16.4 draws a plain button
  if (shadow.adoptedStyleSheets) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    shadow.adoptedStyleSheets = [sheet];
  }
  const root = document.createElement("div");
  const panel = document.createElement("div");
  const button = document.createElement("button");
  panel.hidden = true;
  panel.className = "panel";
  root.append(panel, button);
  shadow.append(root);
  return { host, root, button, panel, phone: matchMedia(PHONE), dark: matchMedia(DARK) };
}

export function drawIcon(path: string): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("width", "32");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
