/** The head of the chat: who speaks, the menu, and the way out. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Opened } from "./app";
import { useChat, useConversation } from "./chat";
import { Icon, type IconName } from "./icons";
import { useLanguage } from "./language";
import { safeImage } from "./links";

interface HeadProps {
  onClose: (() => void) | undefined;
  onOpen: (what: Opened | undefined) => void;
  /** Where the focus goes when the menu has done its work. */
  onDone: () => void;
}

export function Head({ onClose, onOpen, onDone }: HeadProps): ComponentChildren {
  const { words } = useLanguage();
  const { session, phase } = useConversation();
  return (
    <header class="head">
      <Avatar />
      <div class="who">
        <h1>
          <bdi>{session?.appearance.name ?? (phase === "asking" ? words.assistant : "\u00a0")}</bdi>
        </h1>
        {phase !== "asking" && <p>{words.assistant}</p>}
      </div>
      {phase === "ready" && <Menu onOpen={onOpen} onDone={onDone} />}
      {onClose && (
        <button class="tool" aria-label={words.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      )}
    </header>
  );
}

function Avatar(): ComponentChildren {
  const { session } = useConversation();
  const [broken, setBroken] = useState<string>();
  const src = safeImage(session?.appearance.avatar_url, location.origin);
  return (
    <span class="avatar" aria-hidden="true">
      {src && broken !== src ? <img src={src} alt="" onError={() => setBroken(src)} /> : <Icon name="spark" />}
    </span>
  );
}

function Menu({ onOpen, onDone }: Omit<HeadProps, "onClose">): ComponentChildren {
  const { words } = useLanguage();
  const { conversation } = useChat();
  const { session } = useConversation();
  const { tokens } = conversation;
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
    const away = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);
  const key = (event: KeyboardEvent): void => {
    const items = [...(root.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const next = { ArrowDown: items[(at + 1) % items.length], ArrowUp: items.at(at - 1), Home: items[0], End: items.at(-1) }[event.key];
    if (event.key === "Escape" && open) {
      event.stopPropagation();
      setOpen(false);
      root.current?.querySelector("button")?.focus();
    } else if (event.key === "Tab") setOpen(false);
    else if (open && next) {
      event.preventDefault();
      next.focus();
    }
  };
  const item = (icon: IconName, text: string, action: () => void, checked?: boolean): ComponentChildren => (
    <button
     
      role={checked === undefined ? "menuitem" : "menuitemcheckbox"}
      aria-checked={checked}
      tabIndex={-1}
      onClick={() => {
        setOpen(false);
        root.current?.querySelector("button")?.focus();
        action();
      }}
    >
      <Icon name={icon} /> <span>{text}</span> {checked && <Icon name="check" />}
    </button>
  );
  return (
    <div class="menu" ref={root} onKeyDown={key}>
      <button class="tool" aria-label={words.menu} aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="more" />
      </button>
      {open && (
        <div role="menu" aria-label={words.menu}>
          {item("person", words.person, () => onOpen("person"))}
          {item("page", words.conversations, () => onOpen("talks"))}
          {session?.appearance.sound && item("bell", words.sound, () => (tokens.muted = !tokens.muted), !tokens.muted)}
          {item("retry", words.start_over, () => {
            onDone();
            void conversation.startOver();
          })}
          {item("bin", words.forget, () => onOpen("forget"))}
        </div>
      )}
    </div>
  );
}
