/** The whole chat: head, conversation, composer, and what is opened over them. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Announcer } from "./announcer";
import { ChatProvider, useConversation, type Chat } from "./chat";
import { Composer } from "./composer";
import { Head } from "./head";
import { LanguageProvider } from "./language";
import { Forget, Talks } from "./overlays";
import { Consent } from "./parts/consent";
import { Thread } from "./thread";

export interface AppProps {
  chat: Chat;
  /** Tells the page to fold the chat away; absent when it stands alone. */
  onClose: (() => void) | undefined;
  /** Counts up each time the chat is opened. */
  opened: number;
}

/** What the menu opens. */
export type Opened = "person" | "talks" | "forget";

export function App(props: AppProps): ComponentChildren {
  return (
    <ChatProvider value={props.chat}>
      <Spoken {...props} />
    </ChatProvider>
  );
}

function Spoken(props: AppProps): ComponentChildren {
  const { language } = useConversation();
  useEffect(() => {
    document.documentElement.lang = language.locale;
    document.documentElement.dir = language.words.direction;
  }, [language]);
  return (
    <LanguageProvider value={language}>
      <Frame {...props} />
    </LanguageProvider>
  );
}

function Frame({ onClose, opened }: AppProps): ComponentChildren {
  const field = useRef<HTMLTextAreaElement>(null);
  const main = useRef<HTMLElement>(null);
  const [shown, setShown] = useState<Opened>();
  const { phase, messages, phone, session } = useConversation();
  const asking = phase === "asking";
  const home = (): void => (phone ? main.current : field.current)?.focus({ preventScroll: true });
  useEffect(() => {
    // On a phone focus in the field would throw up the keyboard over the greeting.
    if (opened) home();
  }, [opened, asking]);
  // Another conversation: what was asked in the last one is no longer wanted.
  useEffect(() => setShown(undefined), [session?.conversation_id]);
  const close = (): void => setShown(undefined);
  return (
    <main ref={main} tabIndex={-1} class={`${messages.length ? "" : "fresh"} ${phone ? "phone" : ""}`} aria-busy={phase === "starting"}>
      <Head onClose={onClose} onOpen={setShown} onDone={home} />
      {asking ? <Consent /> : <Thread calling={shown === "person"} onCall={() => setShown("person")} onCalled={close} />}
      {!asking && <Composer field={field} />}
      {shown === "talks" && <Talks onDone={close} />}
      {shown === "forget" && <Forget onDone={close} />}
      <Announcer key={session?.conversation_id} />
    </main>
  );
}
