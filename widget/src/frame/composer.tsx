/** Where the shopper writes. Enter sends, Shift+Enter breaks the line. */
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { useChat, useConversation } from "./chat";
import { Icon } from "./icons";
import { count, fill, useLanguage } from "./language";
import { Attach, Thumbnails, useAttachments } from "./attachments";

/** As much as the server takes. */
const MAX_LENGTH = 4_000;
const COUNT_FROM = 3_600;
const MAX_HEIGHT_PX = 140;
/** What key events carry while an input method composes, also where `isComposing` is already false (Safari). */
const COMPOSING = 229;

export function Composer({ field }: { field: RefObject<HTMLTextAreaElement | null> }): ComponentChildren {
  const { words, locale } = useLanguage();
  const { conversation } = useChat();
  const { busy, phase, session } = useConversation();
  const [text, setText] = useState("");
  const [cut, setCut] = useState(false);
  /** Enter was pressed while the session was still on its way. */
  const [waits, setWaits] = useState(false);
  const attachments = useAttachments(!!session?.appearance.images);
  useLayoutEffect(() => grow(field.current), [text]);
  const ready = phase === "ready" && !busy && !attachments.busy && (text.trim() !== "" || attachments.parts.length > 0);
  const send = (): void => {
    setWaits(phase === "starting");
    if (!ready) return;
    void conversation.send(text, attachments.parts);
    attachments.clear();
    write("");
    field.current?.focus();
  };
  useEffect(() => {
    if (waits && ready) send();
  }, [waits, ready]);
  const write = (next: string): void => {
    setWaits(false);
    setText(next);
    setCut(false);
    if (next) conversation.typing();
  };
  const key = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === COMPOSING) return;
    event.preventDefault();
    send();
  };
  const paste = ({ clipboardData, currentTarget: { selectionStart, selectionEnd } }: ClipboardEvent & { currentTarget: HTMLTextAreaElement }): void => {
    const added = clipboardData?.getData("text").length ?? 0;
    // after the change that the paste itself makes
    if (text.length - (selectionEnd - selectionStart) + added > MAX_LENGTH) setTimeout(setCut, 0, true);
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {attachments.dropping && <p class="drop">{words.drop_here}</p>}
      <div class="box">
        <Thumbnails attachments={attachments} />
        <div class="line-up">
          <Attach attachments={attachments} />
          <textarea
            ref={field}
            rows={1}
            dir="auto"
            value={text}
            maxLength={MAX_LENGTH}
            aria-label={words.message}
            placeholder={words.placeholder}
            enterkeyhint="send"
            onKeyDown={key}
            onPaste={paste}
            onInput={(event) => write(event.currentTarget.value)}
          />
          {busy ? (
            <button type="button" class="send" aria-label={words.stop} onClick={() => void conversation.stop()}>
              <Icon name="stop" />
            </button>
          ) : (
            <button class="send" aria-label={words.send} aria-disabled={!ready}>
              <Icon name="send" />
            </button>
          )}
        </div>
      </div>
      {(cut || text.length >= COUNT_FROM) && (
        <p class="fine counter" role="status">
          {cut ? fill(words.paste_cut, { n: MAX_LENGTH.toLocaleString(locale) }) : count(words.left, MAX_LENGTH - text.length, locale)}
        </p>
      )}
      {session && !session.appearance.hide_branding && <p class="brand">{fill(words.powered_by, { name: "Aisle" })}</p>}
    </form>
  );
}

function grow(field: HTMLTextAreaElement | null): void {
  if (!field) return;
  field.style.height = "";
  if (field.value) field.style.height = `${Math.min(field.scrollHeight, MAX_HEIGHT_PX)}px`;
}
