/** Money, dates and plurals in the shopper's language. */
import type { Money } from "../wire";

const HOUR = { hour: "numeric", minute: "2-digit" } as const;

/** "€19.99" from 1999 EUR: the currency's own number of digits is the browser's knowledge (ISO 4217). */
export function money(value: Money, locale: string): string {
  try {
    const format = new Intl.NumberFormat(locale, { style: "currency", currency: value.currency });
    return format.format(value.amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
  } catch {
    return `${value.amount / 100} ${value.currency}`;
  }
}

/** A calendar day ("2026-11-20") or a moment, as a short day; "" when it is neither. */
export function day(value: string | null | undefined, locale: string): string {
  const date = dateOf(value);
  const pure = value?.length === 10;
  return date ? date.toLocaleDateString(locale, { day: "numeric", month: "short", ...(pure && { timeZone: "UTC" }), ...yearOf(date) }) : "";
}

/** The time today, the day otherwise; "" for nonsense. */
export function moment(value: string | null | undefined, locale: string): string {
  const date = dateOf(value);
  return date && isToday(date) ? date.toLocaleTimeString(locale, HOUR) : day(value, locale);
}

function dateOf(value: string | null | undefined): Date | undefined {
  const date = new Date(value ?? "");
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function isToday(date: Date): boolean {
  return date.toDateString() === new Date().toDateString();
}

function yearOf(date: Date): { year?: "numeric" } {
  return date.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" };
}

/** A moment to come: the time when it is today, the weekday as well otherwise; "" for nonsense. */
export function coming(value: string | null | undefined, locale: string): string {
  const date = dateOf(value);
  return date ? date.toLocaleString(locale, { ...(!isToday(date) && { weekday: "long" }), ...HOUR }) : "";
}
