/** Where the shopper writes. Enter sends, Shift+Enter breaks the line. */
import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { useChat, useConversation } from "./chat";
import { Icon } from "./icons";
import { count, useLanguage } from "./language";

const MAX_LENGTH = 2_000;
const COUNT_FROM = 1_800;
const MAX_HEIGHT_PX = 140;

export function Composer({ field }: { field: RefObject<HTMLTextAreaElement | null> }): ComponentChildren {
  const { words, locale } = useLanguage();
  const { conversation } = useChat();
  const { busy, phase } = useConversation();
  const [text, setText] = useState("");
  useLayoutEffect(() => grow(field.current), [text]);
  const ready = phase === "ready" && !busy && text.trim() !== "";
  const send = (): void => {
    if (!ready) return;
    void conversation.send(text);
    setText("");
    field.current?.focus();
  };
  const key = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const left = MAX_LENGTH - text.length;
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="box">
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
          onInput={(event) => setText(event.currentTarget.value)}
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
      {text.length >= COUNT_FROM && (
        <p class="fine counter" role="status">
          {count(words.left, left, locale)}
        </p>
      )}
    </form>
  );
}

function grow(field: HTMLTextAreaElement | null): void {
  if (!field) return;
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, MAX_HEIGHT_PX)}px`;
}
