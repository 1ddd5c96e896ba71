/** One message: the shopper's in a bubble, an answer with its words, cards, sources and what to do with it. */
import { Component, type ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import { wordsOf } from "../api";
import type { FilePart, Message, Part } from "../wire";
import { useChat } from "./chat";
import { isAskedAgain } from "./ids";
import { Icon } from "./icons";
import { fill, useLanguage } from "./language";
import { hostsOf, listOf, type Hosts } from "./links";
import { LONGEST } from "./markdown";
import { Contact } from "./parts/notices";
import { Order } from "./parts/order";
import { Pictures } from "./parts/pictures";
import { Products } from "./parts/products";
import { Sources, sourcesOf } from "./parts/sources";
import { HandoffLine } from "./parts/staff";
import { MoreByCode, Verify } from "./parts/verification";
import { Rich } from "./rich";

interface MessageProps {
  message: Message;
  /** The newest of all: its forms and suggestions still count. */
  latest: boolean;
  /** It is still being written. */
  running: boolean;
  stopped: boolean;
}

export function MessageView(props: MessageProps): ComponentChildren {
  const { message } = props;
  const { words } = useLanguage();
  if (message.role !== "user") return <Answer {...props} />;
  if (isAskedAgain(message.id))
    return (
      <p class="line good">
        <Icon name="check" /> {words.is_checked}
      </p>
    );
  const pictures = message.parts.filter((part): part is FilePart => part.type === "file");
  const said = wordsOf(message);
  return (
    <article class="message user" aria-label={words.you}>
      {pictures.length > 0 && <Pictures parts={pictures} />}
      {said && (
        <p class="said" dir="auto">
          {said}
        </p>
      )}
    </article>
  );
}

function Answer({ message, latest, running, stopped }: MessageProps): ComponentChildren {
  const { words } = useLanguage();
  const { home } = useChat();
  const [open, setOpen] = useState(0);
  const sources = sourcesOf(message, home);
  const { answered_by, stopped: cut, interrupted } = message.metadata ?? {};
  const staff = answered_by === "staff";
  const hosts = useMemo(() => hostsOf(message, ownHosts(home)), [message, home]);
  const done = !running && message.parts.length > 0;
  const by = staff ? message.metadata?.staff || words.team : words.assistant_says;
  const cite = (number: number): void => setOpen(open === number ? 0 : number);
  return (
    <article class="message assistant" aria-label={by}>
      {staff && <p class="by">{by}</p>}
      {message.parts.map((part, i) => (
        <Guard key={i}>
          <PartView part={part} message={message} live={latest && done} hosts={hosts} sources={sources.length} onCite={cite} />
        </Guard>
      ))}
      {(stopped || cut || interrupted) && done && <p class="fine">{words.stopped}</p>}
      {done && <Sources sources={sources} open={open} onOpen={setOpen} />}
      {done && isAnswer(message) && <Actions message={message} />}
      {done && latest && <Suggestions parts={message.parts} />}
    </article>
  );
}

interface PartProps {
  part: Part;
  message: Message;
  live: boolean;
  hosts: Hosts;
  sources: number;
  onCite: (number: number) => void;
}

function PartView({ part, message, live, ...rich }: PartProps): ComponentChildren {
  switch (part.type) {
    case "text":
      return <Words text={part.text} streaming={part.state === "streaming"} {...rich} />;
    case "data-products":
      return <Products products={part.data.products} />;
    case "data-order":
      return <Order order={part.data.order}>{live && offersMore(message, part) && <MoreByCode order={part.data.order.number} />}</Order>;
    case "data-verification":
      return <Verify wanted={part.data} live={live} />;
    case "data-handoff":
      return <HandoffLine handoff={part.data} />;
    case "data-fallback":
      return <Contact fallback={part.data} />;
    default:
      return null;
  }
}

/** Something to judge or copy, not merely the words around a form. */
function isAnswer(message: Message): boolean {
  return wordsOf(message) !== "" && !message.parts.some((part) => part.type === "data-verification");
}

/** The order shows its status only, and no form of the server's already offers more. */
function offersMore(message: Message, part: Part & { type: "data-order" }): boolean {
  const { items, tracking } = part.data.order;
  return !items && !tracking && !message.parts.some((other) => other.type === "data-verification");
}

function Words({ text, streaming, ...rich }: { text: string; streaming: boolean } & Pick<PartProps, "hosts" | "sources" | "onCite">): ComponentChildren {
  const { words } = useLanguage();
  return <Rich {...rich} text={text.slice(0, LONGEST)} streaming={streaming} citeLabel={(n) => fill(words.source, { n })} />;
}

function Suggestions({ parts }: { parts: Part[] }): ComponentChildren {
  const { conversation } = useChat();
  const texts = parts.flatMap((part) => (part.type === "data-suggestions" ? [...listOf(part.data.suggestions)] : []));
  if (!texts.length) return null;
  return (
    <div class="chips">
      {texts.map((text) => (
        <button onClick={() => void conversation.send(text)}>
          {text}
        </button>
      ))}
    </div>
  );
}

function Actions({ message }: { message: Message }): ComponentChildren {
  const { words } = useLanguage();
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(wordsOf(message)).then(
      () => setCopied(true),
      () => undefined,
    );
  };
  return (
    <div class="after">
      <button class="tool" aria-label={copied ? words.copied : words.copy} onClick={() => void copy()}>
        <Icon name={copied ? "check" : "copy"} />
      </button>
      {message.metadata?.answered_by !== "staff" && <Rating message={message} />}
    </div>
  );
}

function Rating({ message }: { message: Message }): ComponentChildren {
  const { words } = useLanguage();
  const { conversation } = useChat();
  const [rating, setRating] = useState<"up" | "down">();
  const [comment, setComment] = useState<string>();
  const rate = (value: "up" | "down"): void => {
    setRating(value);
    setComment(value === "down" ? "" : undefined);
    void conversation.rate(message.id, value).catch(() => setRating(undefined));
  };
  const tell = (event: Event): void => {
    event.preventDefault();
    if (comment) void conversation.rate(message.id, "down", comment).catch(() => undefined);
    setComment(undefined);
  };
  return (
    <>
      <button class="tool" aria-label={words.up} aria-pressed={rating === "up"} onClick={() => rate("up")}>
        <Icon name="up" />
      </button>
      <button class="tool" aria-label={words.down} aria-pressed={rating === "down"} onClick={() => rate("down")}>
        <Icon name="up" turned="down" />
      </button>
      {rating && comment === undefined && (
        <span class="fine" role="status">
          {words.thanks}
        </span>
      )}
      {comment !== undefined && (
        <form class="comment" onSubmit={tell}>
          <input
            value={comment}
            aria-label={words.what_wrong}
            placeholder={words.what_wrong}
            maxLength={500}
            onInput={(event) => setComment(event.currentTarget.value)}
          />
          <button class="quiet">{words.submit}</button>
        </form>
      )}
    </>
  );
}

/** The shop's page and our own origin: links to them are always known. */
function ownHosts(home: string): string[] {
  return [home, location.origin].filter((origin) => origin && origin !== "null").map((origin) => new URL(origin).hostname);
}

/** A part of a shape we did not expect shows nothing, and takes nothing else with it. */
class Guard extends Component<{ children?: ComponentChildren }, { broken: boolean }> {
  override state = { broken: false };
  override componentDidCatch(): void {
    this.setState({ broken: true });
  }
  override render(): ComponentChildren {
    return this.state.broken ? null : this.props.children;
  }
}
