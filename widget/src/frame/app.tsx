/** The whole chat: head, conversation, composer. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Announcer } from "./announcer";
import { ChatProvider, useConversation, type Chat } from "./chat";
import { Composer } from "./composer";
import { Icon } from "./icons";
import { LanguageProvider, useLanguage } from "./language";
import { safeImage } from "./links";
import { Thread } from "./thread";

export interface AppProps {
  chat: Chat;
  /** Tells the page to fold the chat away; absent when it stands alone. */
  onClose: (() => void) | undefined;
  /** Counts up each time the chat is opened. */
  opened: number;
  phone: boolean;
}

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

function Frame({ chat, onClose, opened, phone }: AppProps): ComponentChildren {
  const field = useRef<HTMLTextAreaElement>(null);
  const main = useRef<HTMLElement>(null);
  const [calling, setCalling] = useState(false);
  const { phase, messages } = useConversation();
  useEffect(() => {
    // On a phone focus in the field would throw up the keyboard over the greeting.
    if (opened) (phone ? main.current : field.current)?.focus({ preventScroll: true });
  }, [opened]);
  return (
    <main ref={main} tabIndex={-1} class={messages.length ? "" : "fresh"} aria-busy={phase === "starting"}>
      <Head
        onClose={onClose}
        onPerson={() => setCalling(true)}
        onStartOver={() => {
          setCalling(false);
          void chat.conversation.startOver();
        }}
      />
      <Thread calling={calling} onCalled={() => setCalling(false)} />
      <Composer field={field} />
      <Announcer />
    </main>
  );
}

interface HeadProps {
  onClose: (() => void) | undefined;
  onPerson: () => void;
  onStartOver: () => void;
}

function Head({ onClose, onPerson, onStartOver }: HeadProps): ComponentChildren {
  const { words } = useLanguage();
  const { session } = useConversation();
  return (
    <header class="head">
      <Avatar />
      <div class="who">
        <h1 dir="auto">{session?.appearance?.name ?? "\u00a0"}</h1>
        <p>{words.assistant}</p>
      </div>
      <Menu onPerson={onPerson} onStartOver={onStartOver} />
      {onClose && (
        <button type="button" class="tool" aria-label={words.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      )}
    </header>
  );
}

function Avatar(): ComponentChildren {
  const { session } = useConversation();
  const [broken, setBroken] = useState(false);
  const src = safeImage(session?.appearance?.avatar_url, location.origin);
  return (
    <span class="avatar" aria-hidden="true">
      {src && !broken ? <img src={src} alt="" onError={() => setBroken(true)} /> : <Icon name="spark" />}
    </span>
  );
}

function Menu({ onPerson, onStartOver }: Omit<HeadProps, "onClose">): ComponentChildren {
  const { words } = useLanguage();
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const away = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);
  const key = (event: KeyboardEvent): void => {
    const items = [...(root.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    if (event.key === "Escape" && open) {
      event.stopPropagation();
      setOpen(false);
      root.current?.querySelector("button")?.focus();
    } else if (event.key === "ArrowDown") items[(at + 1) % items.length]?.focus();
    else if (event.key === "ArrowUp") items.at(at - 1)?.focus();
    else if (event.key === "Tab") setOpen(false);
  };
  const choose = (action: () => void) => (): void => {
    setOpen(false);
    action();
  };
  return (
    <div class="menu" ref={root} onKeyDown={key}>
      <button type="button" class="tool" aria-label={words.menu} aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="more" />
      </button>
      {open && (
        <div role="menu" aria-label={words.menu}>
          <button type="button" role="menuitem" onClick={choose(onPerson)}>
            <Icon name="person" /> {words.person}
          </button>
          <button type="button" role="menuitem" onClick={choose(onStartOver)}>
            <Icon name="retry" /> {words.start_over}
          </button>
        </div>
      )}
    </div>
  );
}
