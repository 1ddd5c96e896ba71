/** The live region: whole sentences for screen readers, never single tokens. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { wordsOf } from "../api";
import { useConversation } from "./chat";
import { LONGEST } from "./markdown";

const KEPT = 12;

export function Announcer(): ComponentChildren {
  const { messages, status, busy } = useConversation();
  const [said, setSaid] = useState<{ key: number; text: string }[]>([]);
  const spoken = useRef({ id: "", length: 0, key: 0 });
  const last = messages.at(-1);
  const answer = last?.role === "assistant" ? last : undefined;

  const say = (text: string): void => {
    const plain = text.replace(/\[([^\]\n]{0,300})\]\([^)\n]{0,2000}\)|[*_`#|]/g, "$1").trim();
    if (plain) setSaid((before) => [...before.slice(1 - KEPT), { key: spoken.current.key++, text: plain }]);
  };
  useEffect(() => {
    if (status) say(status);
  }, [status]);
  useEffect(() => {
    if (!answer) return;
    const text = wordsOf(answer).slice(0, LONGEST);
    if (spoken.current.id !== answer.id) spoken.current = { ...spoken.current, id: answer.id, length: busy ? 0 : text.length };
    const fresh = text.slice(spoken.current.length);
    const length = busy ? wholeSentences(fresh) : fresh.length;
    spoken.current.length += length;
    say(fresh.slice(0, length));
  }, [answer, busy]);
  return (
    <div class="unseen" aria-live="polite">
      {said.map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </div>
  );
}

/** How many characters of the text are finished sentences or lines. */
export function wholeSentences(text: string): number {
  const ends = [...text.matchAll(/[.!?…](?=\s)|[。！？\n]/g)];
  const end = ends.at(-1);
  return end ? end.index + 1 : 0;
}
