/** What an answer rests on, numbered as it is cited, each one to be opened. */
import type { ComponentChildren } from "preact";
import type { Message } from "../../wire";
import { useChat } from "../chat";
import { moment } from "../format";
import { Icon } from "../icons";
import { fill, useLanguage } from "../language";
import { listOf, safeLink } from "../links";

export interface Source {
  id: string;
  title: string;
  url: string | undefined;
  checked: string | undefined;
}

/** Sources in the order they came; the metadata adds titles, addresses and times to those of the stream. */
export function sourcesOf(message: Message, home: string): Source[] {
  const found = new Map<string, Source>();
  for (const part of message.parts) {
    if (part.type !== "source-url" && part.type !== "source-document") continue;
    const url = part.type === "source-url" ? safeLink(part.url, home) : undefined;
    found.set(part.sourceId, { id: part.sourceId, title: part.title, url, checked: undefined });
  }
  for (const note of listOf(message.metadata?.sources)) {
    const known = found.get(note.id);
    const url = known?.url ?? safeLink(note.url, home);
    found.set(note.id, { id: note.id, title: known?.title || note.title, url, checked: note.fetched_at });
  }
  return [...found.values()];
}

export function Sources({ sources, open, onOpen }: { sources: Source[]; open: number; onOpen: (n: number) => void }): ComponentChildren {
  const { words } = useLanguage();
  if (!sources.length) return null;
  const chosen = sources[open - 1];
  return (
    <section role="group" class="sources" aria-label={words.sources}>
      <ul>
        {sources.map((source, i) => (
          <li key={source.id}>
            <button aria-expanded={open === i + 1} onClick={() => onOpen(open === i + 1 ? 0 : i + 1)}>
              <i>{i + 1}</i>
              <span>{source.title || fill(words.source, { n: i + 1 })}</span>
            </button>
          </li>
        ))}
      </ul>
      {chosen && <Opened source={chosen} />}
    </section>
  );
}

function Opened({ source }: { source: Source }): ComponentChildren {
  const { words, locale } = useLanguage();
  const { home } = useChat();
  const href = safeLink(source.url, home);
  const checked = moment(source.checked, locale);
  return (
    <div class="card opened" role="status">
      <Icon name="page" />
      <div>
        <b>{source.title}</b>
        <p>{[href ? new URL(href).hostname : words.shop_document, checked && fill(words.checked_at, { time: checked })].filter(Boolean).join(" · ")}</p>
      </div>
      {href && (
        <a href={href} target="_blank" rel="noopener noreferrer" aria-label={source.title}>
          <Icon name="out" />
        </a>
      )}
    </div>
  );
}
