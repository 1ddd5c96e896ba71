/**
 * Readable colours out of a shop's own: the arithmetic of WCAG 2.2 and nothing of the page. Colours are `#rrggbb`.
 * Shoppers get colours that the server worked out the same way; this is for the merchant's drafts, as they type.
 */

import type { Appearance, Palette as WholePalette } from "../wire";

type Rgb = readonly [number, number, number];

export type Scheme = "light" | "dark";

export const DEFAULT_ACCENT = "#18181b";
export const DEFAULT_SURFACE = { light: "#ffffff", dark: "#16171a" } as const;
/** Body text of a scheme. */
export const TEXT = { light: "#1c1b1a", dark: "#f1f0ee" } as const;
const MUTED = { light: "#66625f", dark: "#a5a29e" } as const;
const GOOD = { light: "#15703f", dark: "#6fcf97" } as const;
const BAD = { light: "#b42318", dark: "#ff9b8f" } as const;
/** Where coloured text is hardest to read: tinted in light, the raised cards in dark. */
const HARDEST = { light: "#f2f2f2", dark: "#2b2e33" } as const;
/** WCAG 2.2 AA for text. */
const READABLE = 4.5;
/** A surface leaves this much to body text, so that softer text can still be read on it. */
const SURFACE_CONTRAST = 7;
/** A filled shape this close to the surface would not be seen. */
const VISIBLE = 1.35;

export interface Palette {
  accent: string;
  /** Text on the accent. */
  ink: string;
  /** The accent, moved until it reads as text on the surface. */
  text: string;
}

export interface Surfaces {
  /** Which of the two looks the surface asks for: a dark "light background" makes it dark. */
  scheme: Scheme;
  surface: string;
  card: string;
  sunken: string;
  body: string;
  muted: string;
  good: string;
  bad: string;
}

/** Readable colours for an accent; an unusable one (not `#rrggbb`) becomes ours. `hardest`: see `surfacesOf`. */
export function paletteOf(wanted: string | null | undefined, scheme: Scheme, hardest: string = HARDEST[scheme]): Palette {
  const accent = hex(wanted) ?? DEFAULT_ACCENT;
  const visible = contrast(accent, hardest) < VISIBLE ? moved(accent, hardest, VISIBLE) : accent;
  const ink = ["#ffffff", "#111113"].find((one) => contrast(visible, one) >= READABLE) ?? "#ffffff";
  const solid = mixedUntil(visible, "#000000", ink);
  return { accent: solid, ink, text: moved(solid, hardest, READABLE) };
}

/** The chat's own colours on the shop's background, or on ours; `hardest` is the shade of it that is hardest to read on. */
export function surfacesOf(background: string | null | undefined, wanted: Scheme): { surfaces: Surfaces; hardest: string } {
  const own = hex(background);
  const scheme = own ? schemeOn(own) : wanted;
  const light = scheme === "light";
  const [white, black] = ["#ffffff", "#000000"] as const;
  const body = TEXT[scheme];
  const surface = own ? mixedUntil(own, light ? white : black, body, SURFACE_CONTRAST) : DEFAULT_SURFACE[scheme];
  const card = mix(surface, white, light ? 0.6 : 0.05);
  const sunken = mix(surface, light ? black : white, light ? 0.04 : 0.06);
  const hardest = own ? mix(surface, light ? black : white, light ? 0.05 : 0.1) : HARDEST[scheme];
  const read = (color: string): string => moved(color, hardest, READABLE);
  const tints = { muted: read(MUTED[scheme]), good: read(GOOD[scheme]), bad: read(BAD[scheme]) };
  return { surfaces: { scheme, surface, card, sunken, body, ...tints }, hardest };
}

/** What the server would say of a draft. */
export function palettesOf({ accent, accent_dark, background, background_dark }: Appearance): Record<Scheme, WholePalette> {
  const one = (wanted: Scheme, ground: string | null | undefined, fill: string | null | undefined): WholePalette => {
    const { surfaces, hardest } = surfacesOf(ground, wanted);
    return { ...surfaces, ...paletteOf(fill, surfaces.scheme, hardest) };
  };
  return { light: one("light", background, accent), dark: one("dark", background_dark, accent_dark ?? accent) };
}

/** Relative luminance contrast of two colours, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** The scheme whose body text reads better on a background. */
export function schemeOn(background: string): Scheme {
  return contrast(TEXT.light, background) >= contrast(TEXT.dark, background) ? "light" : "dark";
}

/** `color` mixed with `towards` in steps of 5 % until it has `wanted` contrast `against`; `towards` when none has. */
export function mixedUntil(color: string, towards: string, against: string, wanted = READABLE): string {
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = mix(color, towards, share);
    if (contrast(mixed, against) >= wanted) return mixed;
  }
  return towards;
}

/** Darker by black; lighter by its own brightest tone first, so that a dark brand colour does not turn grey. */
export function moved(color: string, surface: string, wanted: number): string {
  if (schemeOn(surface) === "light") return mixedUntil(color, "#000000", surface, wanted);
  const channels = rgb(color);
  const most = Math.max(...channels) || 255;
  const bright = hexOf(channels.map((value) => (value * 255) / most));
  return mixedUntil(mixedUntil(color, bright, surface, wanted), "#ffffff", surface, wanted);
}

function hex(color: string | null | undefined): string | undefined {
  return /^#[0-9a-f]{6}$/i.test(color ?? "") ? color! : undefined;
}

function mix(one: string, other: string, share: number): string {
  const end = rgb(other);
  return hexOf(rgb(one).map((value, i) => value + (end[i]! - value) * share));
}

function hexOf(channels: number[]): string {
  return `#${channels.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;
}

function rgb(color: string): Rgb {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function luminance(color: string): number {
  const [red, green, blue] = rgb(color).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
