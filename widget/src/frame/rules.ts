/** What the merchant wants said on this page: rules in order, the first that matches counts, field by field. */
import { matches } from "../pages";
import type { Session } from "../wire";
import { listOf } from "./links";
import type { State } from "./state";

/** The greeting and starters for where the shopper is. */
export function spokenOn(session: Session, { page, phone, nudge }: Pick<State, "page" | "phone" | "nudge">): { greeting: string; suggestions: readonly string[] } {
  const device = phone ? "phone" : "desktop";
  const rules = listOf(session.appearance.rules).filter(
    (rule) => page && (!rule.device || rule.device === device) && matches(rule.match, page.url),
  );
  return {
    greeting: nudge || rules.find((rule) => rule.greeting)?.greeting || session.greeting,
    suggestions: listOf(rules.find((rule) => rule.suggestions)?.suggestions ?? session.suggestions),
  };
}
