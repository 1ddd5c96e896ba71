/** Colours from the shop's one accent: what reads on it, and what of it reads on our surfaces. */
import type { Appearance } from "../wire";

type Rgb = readonly [number, number, number];

const DEFAULT_ACCENT = "#18181b";
/** Where accent-coloured text is hardest to read: tinted in light, the raised cards in dark. */
const SURFACE = { light: "#f2f2f2", dark: "#2b2e33" } as const;
/** WCAG 2.2 AA for text. */
const READABLE = 4.5;

export interface Palette {
  accent: string;
  /** Text on the accent. */
  ink: string;
  /** The accent, moved until it reads as text on the surface. */
  text: string;
}

/** Relative luminance contrast of two `#rrggbb` colours, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(rgb(one)), luminance(rgb(other))].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Readable colours for an accent; an unusable one (not `#rrggbb` or `#rgb`) becomes ours. */
export function paletteOf(wanted: string | undefined, scheme: "light" | "dark"): Palette {
  const accent = hex(wanted) ?? DEFAULT_ACCENT;
  const surface = SURFACE[scheme];
  const visible = contrast(accent, surface) < 1.35 ? moved(accent, surface, 1.35) : accent;
  const ink = contrast(visible, "#ffffff") >= READABLE ? "#ffffff" : contrast(visible, "#111113") >= READABLE ? "#111113" : "#ffffff";
  const solid = contrast(visible, ink) >= READABLE ? visible : mixedUntil(visible, "#000000", ink);
  return { accent: solid, ink, text: moved(solid, surface, READABLE) };
}

/** Puts the palette on the page, and keeps it right when the device turns dark. Answers the light-scheme palette. */
export function applyTheme(appearance: Appearance): Palette {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = (): Palette => {
    const wanted = appearance.theme ?? "auto";
    const scheme = wanted === "auto" ? (dark.matches ? "dark" : "light") : wanted === "dark" ? "dark" : "light";
    const palette = paletteOf(appearance.accent, scheme);
    root.dataset.theme = scheme;
    root.style.setProperty("--accent", palette.accent);
    root.style.setProperty("--ink", palette.ink);
    root.style.setProperty("--accent-text", palette.text);
    return palette;
  };
  dark.onchange = paint;
  return paint();
}

/** Darker by black; lighter by its own brightest tone first, so that a dark brand colour does not turn grey. */
function moved(color: string, surface: string, wanted: number): string {
  if (luminance(rgb(surface)) > 0.5) return mixedUntil(color, "#000000", surface, wanted);
  const channels = rgb(color);
  const most = Math.max(...channels) || 255;
  const bright = mix(channels.map((value) => (value * 255) / most) as unknown as Rgb, channels, 0);
  const tinted = mixedUntil(color, bright, surface, wanted);
  return mixedUntil(tinted, "#ffffff", surface, wanted);
}

function mixedUntil(color: string, towards: string, against: string, wanted = READABLE): string {
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = mix(rgb(color), rgb(towards), share);
    if (contrast(mixed, against) >= wanted) return mixed;
  }
  return towards;
}

function mix(one: Rgb, other: Rgb, share: number): string {
  const channels = one.map((value, i) => Math.round(value + ((other[i] ?? 0) - value) * share));
  return `#${channels.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function hex(color: string | undefined): string | undefined {
  if (/^#[0-9a-f]{6}$/i.test(color ?? "")) return color;
  if (/^#[0-9a-f]{3}$/i.test(color ?? "")) return `#${[...color!.slice(1)].map((digit) => digit + digit).join("")}`;
  return;
}

function rgb(color: string): Rgb {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
