/** Which language the chat speaks: English is built in, the others are fetched when the session asks for one. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { en, type Plural, type Strings } from "./strings/en";

export interface Language {
  /** A BCP 47 tag the browser's formatters accept. */
  locale: string;
  words: Strings;
}

export const ENGLISH: Language = { locale: "en", words: en };

const OTHERS: Record<string, () => Promise<{ strings: Strings }>> = {
  fr: () => import("./strings/fr"),
  de: () => import("./strings/de"),
  es: () => import("./strings/es"),
};

const Spoken = createContext<Language>(ENGLISH);
export const LanguageProvider = Spoken.Provider;

/** The language in use, inside a component. */
export function useLanguage(): Language {
  return useContext(Spoken);
}

/** The nearest language we have; English words (with the locale's own dates) when there is none or it will not load. */
export async function languageFor(tag: string): Promise<Language> {
  const locale = supported(tag);
  const load = OTHERS[locale.slice(0, 2).toLowerCase()];
  const words = await load?.().then((found) => found.strings, () => en);
  return { locale, words: words ?? en };
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

function supported(tag: string): string {
  try {
    return Intl.getCanonicalLocales(tag.replace("_", "-"))[0] ?? "en";
  } catch {
    return "en";
  }
}
