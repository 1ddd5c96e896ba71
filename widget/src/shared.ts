/** What the loader and its two modules share. Types only: each of the three is built for itself. */
import type { AisleApi } from "./aisle";
import type { BackButton } from "./back-button";
import type { Launcher } from "./launcher";
import type { Customer, PageContext } from "./wire";

export interface Rule {
  match: string;
  device?: "phone" | "desktop" | null;
  hidden?: boolean | null;
  position?: string | null;
}

export interface Nudge {
  match: string;
  device?: "phone" | "desktop" | null;
  text: string;
  after_s: number;
  /** Percent of the page's height that must have been seen. */
  scroll?: number | null;
  exit?: boolean | null;
}

/** What `GET /v1/launcher` says, colours already readable. Lengths are CSS pixels. */
export interface Answer {
  accent: string;
  ink: string;
  accent_dark: string | null;
  ink_dark: string | null;
  theme: string;
  icon: string;
  icon_url: string | null;
  label: string;
  shape: string;
  radius: number;
  position: string;
  offset: { x: number; y: number };
  hidden: boolean;
  phone: Partial<Answer> | null;
  desktop: Partial<Answer> | null;
  rules: Rule[];
  nudges: Nudge[];
  quiet: { max_per_page_load?: number; hours_after_close?: number };
  consent: boolean;
}

/** The loader's state, which its modules read and in part write. */
export interface Shop {
  key: string;
  /** Where Aisle lives, ending in "/". */
  base: string;
  api: AisleApi;
  /** Settles with what the listeners returned; fails with the first of their errors. */
  readonly emit: (event: string, detail?: unknown) => Promise<unknown[]>;
  readonly listens: (event: string) => boolean;
  /** Brings launcher and panel in line with this state and the page. */
  readonly settle: () => void;
  /** Ends everything except the global. */
  readonly leave: () => void;
  /** Done when the launcher's answer is there, or when there will be none. */
  asked: Promise<void> | undefined;
  answer: Partial<Answer>;
  ui: Launcher | undefined;
  frame: HTMLIFrameElement | undefined;
  /** The frame's document has come, or the browser's own page in its place. */
  loaded: boolean;
  /** Ends when the launcher goes, for good or because the document is written anew. */
  life: AbortController;
  open: boolean;
  /** Opened by us and not by the shopper: focus stays where it is. */
  quiet: boolean;
  /** Words of a nudge that the shopper clicked on. */
  nudge: string | undefined;
  /** What the frame gave to keep where no storage took it: for as long as this page lives. */
  kept: string | undefined;
  /** null where the shop needs no consent. */
  consent: boolean | null;
  /** The page module's, kept for when it has to begin anew with the chat still open. */
  back: BackButton | undefined;
  customer: Customer | undefined;
  context: PageContext | undefined;
}

/** The page module, once it is there. */
export interface Chat {
  heard(event: MessageEvent): void;
  /** Brings the panel in line with `shop` and the page, and tells the frame what has changed. */
  settle(): void;
}

/** The module for shops with rules, nudges or another icon. */
export interface PageRules {
  /** Path data by name. */
  icons: Record<string, string>;
  rules(shop: Shop): Rule[];
  follow(shop: Shop): void;
  draw(button: HTMLElement, url: string | undefined): void;
}
