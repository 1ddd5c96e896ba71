import { describe, expect, test } from "vitest";
import { count, fill, languageFor, LANGUAGES, type Language } from "../../src/frame/language";
import { en, type Plural, type Strings } from "../../src/frame/strings/en";

/** Names, borrowed words, and words that another language happens to write as English does. */
const ALIKE: Record<string, (keyof Strings)[]> = {
  de: ["team"],
  es: ["total"],
  fr: ["assistant_says", "source", "sources", "total", "option", "by_email", "untitled"],
  it: ["by_email"],
  nl: ["postcode", "by_postcode", "by_email", "was"],
  pl: ["by_email"],
  pt: ["total", "by_email"],
};
const FILES = Object.keys(import.meta.glob("../../src/frame/strings/*.ts"));
/** Plural classes that stand for one number only in some languages, which may then say it in words. */
const SAID_IN_WORDS = new Set(["zero", "one", "two"]);

const others = await Promise.all(LANGUAGES.filter((tag) => tag !== "en").map((tag) => languageFor(tag)));
const all: Language[] = [await languageFor("en"), ...others];

function blanks(text: string): string[] {
  return (text.match(/\{\w+\}/g) ?? []).sort();
}

/** Every phrase with where it stands, plural classes apart. */
function phrases(words: Strings): [string, string][] {
  return Object.entries(words).flatMap(([name, value]): [string, string][] =>
    typeof value === "string" ? [[name, value]] : Object.entries(value).map(([rule, text]) => [`${name}.${rule}`, text]),
  );
}

function plurals(words: Strings): [string, Plural][] {
  return Object.entries(words).filter((entry): entry is [string, Plural] => typeof entry[1] !== "string");
}

test("there are twelve, each file is one of them", () => {
  const files = FILES.map((path) => path.slice(path.lastIndexOf("/") + 1, -3));
  expect(files.sort()).toEqual([...LANGUAGES].sort());
  expect(LANGUAGES).toHaveLength(12);
});

describe.each(all)("$locale", ({ locale, words }) => {
  test("has every phrase and none too many, and none is empty", () => {
    expect(Object.keys(words).sort()).toEqual(Object.keys(en).sort());
    for (const [name, text] of phrases(words)) expect(text.trim(), name).not.toBe("");
  });

  test("fills the same blanks", () => {
    for (const [name, text] of Object.entries(en))
      if (typeof text === "string") expect(blanks(String(words[name as keyof Strings])), name).toEqual(blanks(text));
  });

  test("has each plural class of its language and no other", () => {
    const classes = new Intl.PluralRules(locale).resolvedOptions().pluralCategories.toSorted();
    for (const [name, phrase] of plurals(words)) {
      expect(Object.keys(phrase).sort(), name).toEqual(classes);
      for (const [rule, text] of Object.entries(phrase))
        if (!SAID_IN_WORDS.has(rule) || blanks(text).length) expect(blanks(text), `${name}.${rule}`).toEqual(["{n}"]);
    }
  });

  test("counts every number in a whole phrase", () => {
    for (const [name, phrase] of plurals(words))
      for (const n of [0, 1, 2, 3, 5, 11, 12, 22, 100, 101, 1_000_000]) expect(count(phrase, n, locale), `${name} ${n}`).not.toMatch(/[{}]/);
  });

  test("runs the way its script does", () => {
    const letters = Object.values(words).join("");
    expect(words.direction).toBe(/\p{Script=Arabic}/u.test(letters) ? "rtl" : "ltr");
  });

  test("keeps its typography: one ellipsis sign, no straight apostrophe or doubled or loose spaces", () => {
    for (const [name, text] of phrases(words)) {
      expect(text, name).toBe(text.trim());
      expect(text, name).not.toMatch(/\.\.\.| {2}/);
      if (locale !== "en") expect(text, name).not.toMatch(/['"]/);
      if (locale === "fr") expect(text, name).not.toMatch(/ [?!:;]|[a-zé][?!:;]/);
    }
  });
});

describe.each(others)("$locale", ({ locale, words }) => {
  test("has no English left over", () => {
    const same = Object.keys(en).filter((name) => {
      const [mine, theirs] = [words[name as keyof Strings], en[name as keyof Strings]];
      return name !== "direction" && JSON.stringify(mine) === JSON.stringify(theirs);
    });
    expect(same.sort()).toEqual([...(ALIKE[locale] ?? [])].sort());
  });
});

test("Polish and Arabic say numbers as one learns them at school", async () => {
  const said = async (tag: string, numbers: number[]): Promise<string[]> => {
    const { words, locale } = await languageFor(tag);
    return numbers.map((n) => count(words.left, n, locale));
  };
  expect(await said("pl", [1, 2, 5, 12, 22])).toEqual(["Pozostał 1 znak", "Pozostały 2 znaki", "Pozostało 5 znaków", "Pozostało 12 znaków", "Pozostały 22 znaki"]);
  expect(await said("ar", [1, 2, 3, 11, 100])).toEqual(["بقي حرف واحد", "بقي حرفان", "بقيت 3 أحرف", "بقي 11 حرفا", "بقي 100 حرف"]);
});

describe("which language is spoken", () => {
  const spoken = async (...tags: (string | undefined)[]): Promise<[string, string]> => {
    const { locale, words } = await languageFor(...tags);
    return [locale, words.close];
  };

  test("what the page asks for goes before what the server answers in", async () => {
    expect(await spoken("it", "en")).toEqual(["it", "Chiudi la chat"]);
    expect(await spoken(undefined, "sv")).toEqual(["sv", "Stäng chatten"]);
  });

  test("a region keeps its dates and numbers", async () => {
    expect(await spoken("pt_PT")).toEqual(["pt-PT", "Fechar o chat"]);
    expect(await spoken("en-gb")).toEqual(["en-GB", "Close chat"]);
  });

  test("a language that we do not have gives way to the next one, at last to English", async () => {
    expect(await spoken("fi", "de")).toEqual(["de", "Chat schließen"]);
    expect(await spoken("fil", "")).toEqual(["en", "Close chat"]);
    expect(await spoken("fi")).toEqual(["en", "Close chat"]);
    expect(await spoken("<script>")).toEqual(["en", "Close chat"]);
  });
});

test("a blank without a value stays", () => expect(fill("{a} of {b}", { a: 1 })).toBe("1 of {b}"));
