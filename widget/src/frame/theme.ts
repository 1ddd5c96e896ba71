/** The shop's branding on the page: colours as the server worked them out, font, corners, the variables it may set. */
import type { Appearance } from "../wire";

/** The shop's own variables: ours, with "aisle" before them. */
const VARIABLE = /^--aisle-(bubble|bubble-ink|line|card|muted|focus)$/;
/** Colours and lengths: no address, no second declaration. */
const VALUE = /^(?!.*url)[\w#%.,()/ -]{1,80}$/i;
const COLOR = /^#[\da-f]{6}$/i;
const FONT = /^[\w ,'"-]{1,120}$/;
const MAX_RADIUS = 28;

/** Puts it on, and keeps it right when the device turns dark. `repaint` hears of the fill and the ink on it. */
export function applyTheme(appearance: Appearance, repaint?: (accent: string, ink: string) => void): void {
  const device = matchMedia("(prefers-color-scheme: dark)");
  const paint = (): void => {
    const { theme } = appearance;
    const wanted = theme === "dark" || (theme !== "light" && device.matches) ? "dark" : "light";
    const { scheme = wanted, ...colors } = appearance.palette?.[wanted] ?? {};
    const { style, dataset } = document.documentElement;
    const set = (name: string, value: string): void => style.setProperty(`--${name}`, value);
    style.cssText = "";
    dataset.theme = style.colorScheme = scheme === "dark" ? "dark" : "light";
    for (const [name, color] of Object.entries(colors)) if (COLOR.test(color)) set(name, color);
    for (const [name, value] of Object.entries(appearance.variables ?? {})) {
      const known = VARIABLE.exec(name)?.[1];
      if (known && VALUE.test(value)) set(known, value);
    }
    const { radius, font } = appearance;
    if (typeof radius === "number") set("r", `${Math.max(0, Math.min(MAX_RADIUS, radius))}px`);
    if (font && FONT.test(font)) set("font", `${font},system-ui,sans-serif`);
    if ("accent" in colors) repaint?.(colors.accent, colors.ink);
  };
  device.onchange = paint;
  paint();
}
