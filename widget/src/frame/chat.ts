/** What every component may need: the conversation, where the shop lives, and its cart. */
import { createContext } from "preact";
import { useContext, useEffect, useReducer } from "preact/hooks";
import type { CartLine } from "../bridge";
import type { Conversation } from "./conversation";
import type { State } from "./state";

export interface Chat {
  conversation: Conversation;
  /** Origin of the merchant's page, "" when the chat stands alone. */
  home: string;
  /** Asks the shop's page; `message` is its own word on a failure. */
  addToCart: (line: CartLine) => Promise<{ ok: boolean; message?: string | undefined }>;
  /** The shopper's consent, or their refusal of it. */
  consent: (granted: boolean) => void;
}

const Current = createContext<Chat | undefined>(undefined);
export const ChatProvider = Current.Provider;

export function useChat(): Chat {
  return useContext(Current)!;
}

/** The conversation's state; the component is drawn again whenever it changes. */
export function useConversation(): State {
  const { conversation } = useChat();
  const [, draw] = useReducer<number, void>((n) => n + 1, 0);
  useEffect(() => conversation.store.subscribe(() => draw()), [conversation]);
  return conversation.store.state;
}
