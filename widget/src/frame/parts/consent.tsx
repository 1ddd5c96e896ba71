/** Asked before anything is sent, where the shop wants it so. */
import type { ComponentChildren } from "preact";
import { useChat, useConversation } from "../chat";
import { fill, useLanguage } from "../language";

export function Consent(): ComponentChildren {
  const { words } = useLanguage();
  const { consent } = useChat();
  const { session } = useConversation();
  const name = session?.appearance.name ?? words.this_shop;
  return (
    <div class="scroll">
      <section class="consent card form" aria-label={words.consent_title}>
        <h2>{words.consent_title}</h2>
        <p>{fill(words.consent_text, { name })}</p>
        <div class="actions">
          <button class="solid" onClick={() => consent(true)}>
            {words.consent_yes}
          </button>
          <button class="quiet" onClick={() => consent(false)}>
            {words.consent_no}
          </button>
        </div>
      </section>
    </div>
  );
}
