/** People of the shop: who is there, how long it takes honestly, and the way to leave a message when nobody is. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Handoff } from "../../wire";
import { useChat, useConversation } from "../chat";
import { coming } from "../format";
import { Icon } from "../icons";
import { count, fill, useLanguage, type Language } from "../language";
import { Field, Footer, useForm } from "./form";

export function HandoffLine({ handoff }: { handoff: Handoff }): ComponentChildren {
  const { words } = useLanguage();
  const { closed } = useConversation();
  if (closed && handoff.state === "ended") return null;
  const lines = {
    requested: words.handoff_requested,
    waiting: words.handoff_waiting,
    joined: fill(words.handoff_joined, { name: handoff.staff || words.team }),
    ended: words.handoff_ended,
  };
  return (
    <p class="line" role="status">
      <Icon name="person" /> {Object.hasOwn(lines, handoff.state) ? lines[handoff.state] : words.handoff_requested}
    </p>
  );
}

/** The end of the thread while people may answer. */
export function StaffNow({ onLeave }: { onLeave: () => void }): ComponentChildren {
  const language = useLanguage();
  const { words } = language;
  const { handoff, presence, closed } = useConversation();
  if (closed)
    return (
      <p class="line" role="status">
        {words.closed}
      </p>
    );
  if (!handoff || handoff.state === "ended") return null;
  if (presence?.typing)
    return (
      <p class="working" role="status">
        <Dots /> <span>{fill(words.typing, { name: presence.typing })}</span>
      </p>
    );
  if (handoff.state === "joined" || !presence) return null;
  return (
    <div class="card waits" role="status">
      <p>{waiting(handoff, presence.staff_online, language)}</p>
      {!presence.staff_online && (
        <button type="button" class="quiet" onClick={onLeave}>
          <Icon name="mail" /> {words.offline_send}
        </button>
      )}
    </div>
  );
}

/** Only what is known: never a guess. */
export function waiting({ ahead, wait_s, opens_at }: Handoff, online: boolean, { words, locale }: Language): string {
  const opens = coming(opens_at, locale);
  if (!online) return [`${words.offline_title}.`, opens && fill(words.opens_at, { time: opens })].filter(Boolean).join(" ");
  const place = ahead === 0 ? words.next : ahead ? count(words.ahead, ahead, locale) : "";
  const time = wait_s ? count(words.wait_minutes, Math.max(1, Math.round(wait_s / 60)), locale) : "";
  return [place, time].filter(Boolean).join(", ") || words.wait_unknown;
}

export function Dots(): ComponentChildren {
  return (
    <span class="dots" aria-hidden="true">
      <i />
      <i />
      <i />
    </span>
  );
}

/** Asks for a person, or leaves a message where nobody is there; `onDone` when asked or thought better of. */
export function CallPerson({ onDone }: { onDone: () => void }): ComponentChildren {
  const { words, locale } = useLanguage();
  const { conversation } = useChat();
  const { presence } = useConversation();
  const [email, setEmail] = useState("");
  const [message, setMessage] = useState("");
  const [left, setLeft] = useState(false);
  const away = presence?.staff_online === false;
  useEffect(() => void conversation.refresh(), []);
  const form = useForm(async () => {
    await conversation.callPerson({ ...(email && { email: email.trim() }), ...(message && { message: message.trim() }) });
    if (away) setLeft(true);
    else onDone();
    return "";
  });
  const title = away ? words.offline_title : words.handoff_title;
  const opens = coming(presence?.handoff?.opens_at, locale);
  if (left)
    return (
      <p class="line good" role="status">
        <Icon name="check" /> {fill(words.offline_sent, { email })}
      </p>
    );
  return (
    <form class="card form person" onSubmit={form.submit} aria-label={title}>
      <h3>
        <Icon name="person" /> {title}
      </h3>
      <p>{away ? [words.offline_hint, opens && fill(words.opens_at, { time: opens })].filter(Boolean).join(" ") : words.handoff_hint}</p>
      <Field
        label={away ? words.email : words.handoff_email}
        value={email}
        onValue={setEmail}
        type="email"
        autocomplete="email"
        maxLength={254}
        optional={!away}
        focus
      />
      {away && <Field label={words.message} value={message} onValue={setMessage} autocomplete="off" maxLength={4_000} long />}
      <Footer form={form} label={away ? words.offline_send : words.handoff_ask}>
        <button type="button" class="quiet" onClick={onDone}>
          {words.cancel}
        </button>
      </Footer>
    </form>
  );
}
