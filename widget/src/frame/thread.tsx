/** The conversation as it scrolls: greeting, messages, what is being done, what went wrong. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useChat, useConversation } from "./chat";
import { Icon } from "./icons";
import { useLanguage } from "./language";
import { MessageView } from "./message";
import { listOf } from "./links";
import { CallPerson, HandoffLine, Trouble } from "./parts/notices";

const NEAR_PX = 80;
const ABOVE_PX = 16;

export function Thread({ calling, onCalled }: { calling: boolean; onCalled: () => void }): ComponentChildren {
  const { messages, status, busy, problem, stopped, handoff } = useConversation();
  const { words } = useLanguage();
  const { box, inner, far, toEnd } = useStuckToEnd(messages.findLast((message) => message.role === "user")?.id);
  const told = messages.some((message) => message.parts.some((part) => part.type === "data-handoff"));
  return (
    <>
      <div class="scroll" ref={box} tabIndex={0} role="log" aria-live="off" aria-label={words.assistant}>
        <div class="inner" ref={inner}>
          <Welcome />
          {messages.map((message, i) => (
            <MessageView
              key={message.id}
              message={message}
              latest={i === messages.length - 1}
              running={busy && i === messages.length - 1}
              stopped={stopped.has(message.id)}
            />
          ))}
          {busy && <Working status={status} />}
          {handoff && !told && <HandoffLine handoff={handoff} />}
          {problem && <Trouble problem={problem} />}
          {calling && <CallPerson onDone={onCalled} />}
        </div>
      </div>
      {far && (
        <button type="button" class="latest" aria-label={words.latest} onClick={toEnd}>
          <Icon name="down" />
        </button>
      )}
    </>
  );
}

function Welcome(): ComponentChildren {
  const { session, messages, phase } = useConversation();
  const { conversation } = useChat();
  const { words } = useLanguage();
  if (!session) return phase === "starting" ? <Waiting /> : null;
  const asked = messages.length > 0;
  return (
    <section class={asked ? "welcome small" : "welcome"}>
      <h2 dir="auto">{session.greeting}</h2>
      {!asked && (
        <ul class="starters" aria-label={words.try_asking}>
          {listOf(session.suggestions).map((text) => (
            <li>
              <button type="button" onClick={() => void conversation.send(text)}>
                <span dir="auto">{text}</span>
                <Icon name="send" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Waiting(): ComponentChildren {
  return (
    <div class="waiting" aria-hidden="true">
      <i />
      <i />
      <i />
    </div>
  );
}

function Working({ status }: { status: string }): ComponentChildren {
  const { words } = useLanguage();
  const { messages } = useConversation();
  const last = messages.at(-1);
  const writing = last?.role === "assistant" && last.parts.some((part) => part.type === "text" && part.text);
  if (writing && !status) return null;
  return (
    <p class="working">
      <span class="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {status ? <span>{status}</span> : <span class="unseen">{words.thinking}</span>}
    </p>
  );
}

/**
 * Keeps the end in sight while the shopper is there, but never scrolls the question itself away: a long answer is
 * read from its start. Leaves them alone when they have scrolled.
 */
function useStuckToEnd(asked: string | undefined) {
  const box = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const stuck = useRef(true);
  const [far, setFar] = useState(false);
  const toEnd = (): void => {
    stuck.current = true;
    box.current?.scrollTo({ top: box.current.scrollHeight });
  };
  const follow = (): void => {
    const scroller = box.current;
    const question = [...(inner.current?.querySelectorAll(".user, .line.good") ?? [])].at(-1);
    if (!scroller || !question) return;
    const top = question.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;
    const end = scroller.scrollHeight - scroller.clientHeight;
    scroller.scrollTo({ top: end - top < NEAR_PX ? end : top - ABOVE_PX });
  };
  useEffect(() => {
    const scroller = box.current;
    if (!scroller || !inner.current) return;
    const look = (): void => setFar(scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight > NEAR_PX);
    const release = (): void => void (stuck.current = false);
    const observer = new ResizeObserver(() => {
      if (stuck.current) follow();
      look();
    });
    observer.observe(inner.current);
    observer.observe(scroller);
    scroller.onscroll = look;
    for (const touch of ["wheel", "touchmove", "keydown", "focusin"]) scroller.addEventListener(touch, release, { passive: true });
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    stuck.current = true;
    follow();
  }, [asked]);
  return { box, inner, far, toEnd };
}
