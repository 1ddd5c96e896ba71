/** Which language the chat speaks: the one that is wanted is fetched, no other. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Plural, Strings } from "./strings/en";

export interface Language {
  /** A BCP 47 tag the browser's formatters accept. */
  locale: string;
  words: Strings;
}

/** Until words have come, and where they cannot: what is needed to try again. */
const FEW: Partial<Strings> = { network: "No connection", retry: "Try again", close: "Close chat" };
export const SILENT: Language = {
  locale: "en",
  words: new Proxy(FEW, { get: (few, name) => few[name as keyof Strings] ?? "" }) as Strings,
};

const VOCABULARIES: Record<string, () => Promise<{ strings: Strings }>> = {
  ar: () => import("./strings/ar"),
  de: () => import("./strings/de"),
  en: () => import("./strings/en").then(({ en }) => ({ strings: en })),
  es: () => import("./strings/es"),
  fr: () => import("./strings/fr"),
  it: () => import("./strings/it"),
  ja: () => import("./strings/ja"),
  nl: () => import("./strings/nl"),
  pl: () => import("./strings/pl"),
  pt: () => import("./strings/pt"),
  sv: () => import("./strings/sv"),
  tr: () => import("./strings/tr"),
};

/** Every language that the chat has words for, as the first part of its tag. */
export const LANGUAGES: readonly string[] = Object.keys(VOCABULARIES);

const Spoken = createContext(SILENT);
export const LanguageProvider = Spoken.Provider;

/** The language in use, inside a component. */
export function useLanguage(): Language {
  return useContext(Spoken);
}

/**
 * The first of these tags that we have words for, most wanted first: what the page asks for, then what the server
 * answers in. English when there is none or it will not load; dates and numbers always go with the words.
 */
export async function languageFor(...tags: (string | undefined)[]): Promise<Language> {
  const locale = tags.map(canonical).find((tag) => LANGUAGES.includes(primary(tag))) ?? "en";
  const load = (tag: string): Promise<Language> => VOCABULARIES[primary(tag)]!().then(({ strings }) => ({ locale: tag, words: strings }));
  return load(locale).catch(() => load("en")).catch(() => SILENT);
}

/** "Parcel {n} of {total}" with its blanks filled. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (blank, name: string) => String(values[name] ?? blank));
}

/** A counted phrase in its right plural. */
export function count(phrase: Plural, n: number, locale: string): string {
  const rule = new Intl.PluralRules(locale).select(n);
  return fill(phrase[rule] ?? phrase.other, { n: n.toLocaleString(locale) });
}

function canonical(tag = ""): string {
  try {
    return Intl.getCanonicalLocales(tag.replaceAll("_", "-"))[0] ?? "";
  } catch {
    return "";
  }
}

/** The language of a tag, without script and region. */
export const primary = (tag: string): string => tag.split("-")[0] ?? "";
