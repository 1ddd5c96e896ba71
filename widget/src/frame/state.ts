/** Everything the chat shows follows from this. */
import type { Handoff, Message, Session } from "../wire";
import { ENGLISH, type Language } from "./language";

export type Problem = "network" | "busy" | "failed" | "forbidden";

export interface State {
  phase: "closed" | "starting" | "ready" | "failed";
  session: Session | undefined;
  language: Language;
  messages: Message[];
  /** What is being done right now ("Looking up order 1001"), "" when nothing is said of it. */
  status: string;
  busy: boolean;
  problem: Problem | undefined;
  handoff: Handoff | undefined;
  /** Answers that the shopper cut short. */
  stopped: ReadonlySet<string>;
}

/** Before anything has happened. */
export const NOTHING: State = {
  phase: "closed",
  session: undefined,
  language: ENGLISH,
  messages: [],
  status: "",
  busy: false,
  problem: undefined,
  handoff: undefined,
  stopped: new Set(),
};
