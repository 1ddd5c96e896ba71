/** What is said besides answers: a person joins, another way to reach the shop, something went wrong. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Fallback, Handoff } from "../../wire";
import { useChat } from "../chat";
import type { Problem } from "../state";
import { Icon } from "../icons";
import { fill, useLanguage } from "../language";
import { safeLink } from "../links";
import { Field, Footer, useForm } from "./verification";

/** The name in either form that the server may give it, "" when it gives none. */
export function staffName(staff: Handoff["staff"]): string {
  return (typeof staff === "string" ? staff : staff?.name) ?? "";
}

export function HandoffLine({ handoff }: { handoff: Handoff }): ComponentChildren {
  const { words } = useLanguage();
  const lines = {
    requested: words.handoff_requested,
    waiting: words.handoff_waiting,
    joined: fill(words.handoff_joined, { name: staffName(handoff.staff) || words.team }),
    ended: words.handoff_ended,
  };
  return (
    <p class="line" role="status">
      <Icon name="person" /> {lines[handoff.state] ?? words.handoff_requested}
    </p>
  );
}

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
          <Icon name="phone" /> {phone}
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
        <button type="button" class="quiet" onClick={() => conversation.retry()}>
          <Icon name="retry" /> {words.retry}
        </button>
      )}
    </div>
  );
}

/** Asks for a person; `onDone` when asked or thought better of. */
export function CallPerson({ onDone }: { onDone: () => void }): ComponentChildren {
  const { words } = useLanguage();
  const { conversation } = useChat();
  const [email, setEmail] = useState("");
  const form = useForm(async () => {
    await conversation.callPerson(email.trim());
    onDone();
    return "";
  });
  return (
    <form class="card form person" onSubmit={form.submit} aria-label={words.handoff_title}>
      <h3>
        <Icon name="person" /> {words.handoff_title}
      </h3>
      <p>{words.handoff_hint}</p>
      <Field label={words.handoff_email} value={email} onValue={setEmail} type="email" autocomplete="email" maxLength={254} optional focus />
      <Footer form={form} label={words.handoff_ask}>
        <button type="button" class="quiet" onClick={onDone}>
          {words.cancel}
        </button>
      </Footer>
    </form>
  );
}
