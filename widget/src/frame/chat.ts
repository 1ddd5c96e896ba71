/** What every component may need: the conversation, and where the shop lives. */
import { createContext } from "preact";
import { useContext, useEffect, useReducer } from "preact/hooks";
import type { Conversation } from "./conversation";
import type { State } from "./state";

export interface Chat {
  conversation: Conversation;
  /** Origin of the merchant's page, "" when the chat stands alone. */
  home: string;
}

const Current = createContext<Chat | undefined>(undefined);
export const ChatProvider = Current.Provider;

export function useChat(): Chat {
  const chat = useContext(Current);
  if (!chat) throw new Error("outside of the chat");
  return chat;
}

/** The conversation's state; the component is drawn again whenever it changes. */
export function useConversation(): State {
  const { conversation } = useChat();
  const [, draw] = useReducer<number, void>((n) => n + 1, 0);
  useEffect(() => conversation.subscribe(() => draw()), [conversation]);
  return conversation.state;
}
