/** The few words that are needed where the frame cannot speak for itself. By the page's language, English else. */

type Texts = Record<string, string>;

export const CLOSE: Texts = {
  ar: "إغلاق",
  de: "Schließen",
  en: "Close",
  es: "Cerrar",
  fr: "Fermer",
  it: "Chiudi",
  ja: "閉じる",
  nl: "Sluiten",
  pl: "Zamknij",
  pt: "Fechar",
  sv: "Stäng",
  tr: "Kapat",
};

export const TROUBLE: Texts = {
  ar: "تعذّر تحميل الدردشة.",
  de: "Der Chat konnte nicht geladen werden.",
  en: "The chat could not be loaded.",
  es: "No se ha podido cargar el chat.",
  fr: "Le chat n’a pas pu être chargé.",
  it: "Impossibile caricare la chat.",
  ja: "チャットを読み込めませんでした。",
  nl: "De chat kon niet worden geladen.",
  pl: "Nie udało się wczytać czatu.",
  pt: "Não foi possível carregar o chat.",
  sv: "Chatten kunde inte läsas in.",
  tr: "Sohbet yüklenemedi.",
};

export const AGAIN: Texts = {
  ar: "إعادة المحاولة",
  de: "Erneut versuchen",
  en: "Try again",
  es: "Reintentar",
  fr: "Réessayer",
  it: "Riprova",
  ja: "再試行",
  nl: "Opnieuw proberen",
  pl: "Spróbuj ponownie",
  pt: "Tentar novamente",
  sv: "Försök igen",
  tr: "Yeniden dene",
};

/** `locale` as the page was told, or the document's, or the browser's. */
export function say(texts: Texts, locale?: string): string {
  for (const known of [locale, document.documentElement.lang, navigator.language]) {
    const text = texts[(known ?? "").slice(0, 2).toLowerCase()];
    if (text) return text;
  }
  return texts.en!;
}
