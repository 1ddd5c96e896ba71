/** Everything the chat shows follows from this. */
import { ApiError, NetworkError } from "../api";
import type { PageView } from "../bridge";
import type { Handoff, Message, Presence, Session } from "../wire";
import { SILENT, type Language } from "./language";

export type Problem = "network" | "busy" | "failed" | "forbidden";

export interface State {
  /** "asking": the shop wants the shopper's consent before anything is sent. */
  phase: "closed" | "asking" | "starting" | "ready" | "failed";
  session: Session | undefined;
  language: Language;
  messages: Message[];
  /** What is being done right now ("Looking up order 1001"), "" when nothing is said of it. */
  status: string;
  busy: boolean;
  problem: Problem | undefined;
  /** There is no network; what was written goes out by itself when it is back. */
  offline: boolean;
  handoff: Handoff | undefined;
  presence: Presence | undefined;
  /** Staff have closed the conversation. */
  closed: boolean;
  /** Answers that the shopper cut short. */
  stopped: ReadonlySet<string>;
  /** Everything about the shopper has just been deleted. */
  forgotten: boolean;
  page: PageView | null;
  /** The words the shopper clicked on to come here. */
  nudge: string | undefined;
  phone: boolean;
  /** The shop's page can put products into its cart. */
  cart: boolean;
}

/** Before anything has happened. */
export const NOTHING: State = {
  phase: "closed",
  session: undefined,
  language: SILENT,
  messages: [],
  status: "",
  busy: false,
  problem: undefined,
  offline: false,
  handoff: undefined,
  presence: undefined,
  closed: false,
  stopped: new Set(),
  forgotten: false,
  page: null,
  nudge: undefined,
  phone: false,
  cart: false,
};

/** What is gone when another conversation begins; the shopper, the page and the device stay. */
export function withoutTalk(state: State): State {
  const { session, language, page, phone, cart } = state;
  return { ...NOTHING, session, language, page, phone, cart };
}

export function problemOf(error: unknown): Problem {
  if (error instanceof NetworkError) return "network";
  if (!(error instanceof ApiError)) return "failed";
  if (error.status === 403) return "forbidden";
  return error.status === 429 || error.status === 503 ? "busy" : "failed";
}
