/** What the menu opens over the chat: the shopper's conversations, and the way to have them all deleted. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Talk } from "../wire";
import { useChat, useConversation } from "./chat";
import { moment } from "./format";
import { Icon } from "./icons";
import { useLanguage } from "./language";
import { Modal } from "./modal";
import { Footer, useForm } from "./parts/form";

export function Talks({ onDone }: { onDone: () => void }): ComponentChildren {
  const { words, locale } = useLanguage();
  const { conversation } = useChat();
  const { session } = useConversation();
  const [talks, setTalks] = useState<Talk[]>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    conversation.client.conversations().then(setTalks, () => setFailed(true));
  }, []);
  const go = (id: string): void => {
    onDone();
    if (id !== session?.conversation_id) void conversation.switchTo(id);
  };
  return (
    <Modal label={words.conversations} name="sheet" onClose={onDone}>
      <h2>{words.conversations}</h2>
      <ul class="talks">
        {talks?.map(({ id, title, preview, last_message_at }) => (
          <li>
            <button type="button" aria-current={id === session?.conversation_id} onClick={() => go(id)}>
              <b dir="auto">{title || words.untitled}</b>
              <time class="fine">{moment(last_message_at, locale)}</time>
              <span class="fine" dir="auto">
                {preview}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <p class="fine" role="status">
        {failed ? words.failed : talks?.length === 0 && words.no_conversations}
      </p>
      <button type="button" class="solid" onClick={() => go("new")}>
        <Icon name="close" turned="plus" /> {words.new_conversation}
      </button>
    </Modal>
  );
}

export function Forget({ onDone }: { onDone: () => void }): ComponentChildren {
  const { words } = useLanguage();
  const { conversation } = useChat();
  const form = useForm(async () => {
    await conversation.forget();
    onDone();
    return "";
  });
  return (
    <Modal label={words.forget_title} name="sheet small" onClose={onDone}>
      <form class="form" onSubmit={form.submit}>
        <h2>{words.forget_title}</h2>
        <p>{words.forget_hint}</p>
        <Footer form={form} label={words.forget_yes}>
          <button type="button" class="quiet" onClick={(event) => event.currentTarget.closest("dialog")!.close()}>
            {words.cancel}
          </button>
        </Footer>
      </form>
    </Modal>
  );
}
