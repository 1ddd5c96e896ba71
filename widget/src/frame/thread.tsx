/** The conversation as it scrolls: greeting, messages, what is being done, what went wrong. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useChat, useConversation } from "./chat";
import { Icon } from "./icons";
import { useLanguage } from "./language";
import { MessageView } from "./message";
import { safeImage } from "./links";
import { Trouble } from "./parts/notices";
import { CallPerson, Dots, HandoffLine, StaffNow } from "./parts/staff";
import { spokenOn } from "./rules";

const NEAR_PX = 80;
const ABOVE_PX = 16;

interface ThreadProps {
  /** The shopper is asking for a person. */
  calling: boolean;
  onCall: () => void;
  onCalled: () => void;
}

export function Thread({ calling, onCall, onCalled }: ThreadProps): ComponentChildren {
  const { messages, status, busy, problem, stopped, handoff, forgotten, offline } = useConversation();
  const { words } = useLanguage();
  const { box, inner, far, toEnd } = useStuckToEnd(messages.findLast((message) => message.role === "user")?.id);
  const told = messages.some((message) => message.parts.some((part) => part.type === "data-handoff"));
  return (
    <>
      <div class="scroll" ref={box} tabIndex={0} role="log" aria-live="off" aria-label={words.assistant}>
        <div class="inner" ref={inner}>
          {forgotten && (
            <p class="line good" role="status">
              <Icon name="check" /> {words.forgotten}
            </p>
          )}
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
          {busy && <Working status={offline ? words.queued : status} />}
          {handoff && !told && <HandoffLine handoff={handoff} />}
          {!calling && <StaffNow onLeave={onCall} />}
          {problem && <Trouble problem={problem} />}
          {calling && <CallPerson onDone={onCalled} />}
        </div>
      </div>
      {far && (
        <button class="latest" onClick={toEnd}>
          {words.latest} <Icon name="down" />
        </button>
      )}
    </>
  );
}

function Welcome(): ComponentChildren {
  const state = useConversation();
  const { conversation, home } = useChat();
  const { words } = useLanguage();
  const { session, messages, phase } = state;
  if (!session || phase === "starting") return phase === "starting" ? <Dots /> : null;
  const { greeting, suggestions } = spokenOn(session, state);
  const asked = messages.length > 0;
  const logo = safeImage(session.appearance.logo_url, home || location.origin);
  return (
    <section class={asked ? "welcome small" : "welcome"}>
      {!asked && logo && <img class="logo" src={logo} alt="" />}
      <h2 dir="auto">{greeting}</h2>
      {!asked && (
        <ul class="starters" aria-label={words.try_asking}>
          {suggestions.map((text) => (
            <li>
              <button onClick={() => void conversation.send(text)}>
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

function Working({ status }: { status: string }): ComponentChildren {
  const { words } = useLanguage();
  const { messages } = useConversation();
  const last = messages.at(-1);
  const writing = last?.role === "assistant" && last.parts.some((part) => part.type === "text" && part.text);
  if (writing && !status) return null;
  return (
    <p class="working">
      <Dots />
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
    for (const touch of ["wheel", "touchmove", "keydown", "focusin", "pointerdown"]) scroller.addEventListener(touch, release, { passive: true });
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    stuck.current = true;
    follow();
  }, [asked]);
  return { box, inner, far, toEnd };
}
