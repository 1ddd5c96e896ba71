/** What is said besides answers: another way to reach the shop, something went wrong, everything was deleted. */
import type { ComponentChildren } from "preact";
import type { Fallback } from "../../wire";
import { useChat } from "../chat";
import type { Problem } from "../state";
import { Icon } from "../icons";
import { useLanguage } from "../language";
import { safeLink } from "../links";

export function Contact({ fallback }: { fallback: Fallback }): ComponentChildren {
  const { words } = useLanguage();
  const { home } = useChat();
  const { email, phone, url } = fallback.contact ?? {};
  const mail = safeLink(email ? `mailto:${email}` : undefined);
  const page = safeLink(url, home);
  const digits = phone?.replace(/[^\d+]/g, "");
  if (!mail && !page && !digits) return null;
  return (
    <section role="group" class="card contact" aria-label={words.reach_us}>
      <h3>{words.reach_us}</h3>
      {mail && (
        <a href={mail}>
          <Icon name="mail" /> {email}
        </a>
      )}
      {digits && (
        <a href={`tel:${digits}`}>
          <Icon name="phone" /> <span dir="ltr">{phone}</span>
        </a>
      )}
      {page && (
        <a href={page} target="_blank" rel="noopener noreferrer">
          <Icon name="out" /> {new URL(page).hostname}
        </a>
      )}
    </section>
  );
}

export function Trouble({ problem }: { problem: Problem }): ComponentChildren {
  const { words } = useLanguage();
  const { conversation } = useChat();
  return (
    <div class="trouble" role="alert">
      <p>{words[problem]}</p>
      {problem !== "forbidden" && (
        <button class="quiet" onClick={() => conversation.retry()}>
          <Icon name="retry" /> {words.retry}
        </button>
      )}
    </div>
  );
}
