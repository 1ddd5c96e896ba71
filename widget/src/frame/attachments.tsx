/** Pictures put to a message before it goes: picked, dropped, pasted or taken, uploaded at once. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { FilePart } from "../wire";
import { useChat, useConversation } from "./chat";
import { Icon } from "./icons";
import { fill, useLanguage } from "./language";
import { MAX_PER_MESSAGE, Unfit, prepared } from "./pictures";

interface Item {
  file: Blob;
  src: string;
  state: "sending" | "failed" | FilePart;
}

export interface Attachments {
  items: Item[];
  /** One picture is still on its way. */
  busy: boolean;
  problem: string;
  dropping: boolean;
  parts: FilePart[];
  add: (files: Iterable<File>) => Promise<void>;
  send: (item: Item) => void;
  remove: (item: Item) => void;
  clear: () => void;
}

/** The attachments of this message; `allowed` when the shop takes pictures. */
export function useAttachments(allowed: boolean): Attachments {
  const { words } = useLanguage();
  const { conversation } = useChat();
  const [items, setItems] = useState<Item[]>([]);
  const [problem, setProblem] = useState("");
  const [dropping, setDropping] = useState(false);
  const now = useRef(items);
  now.current = items;
  const change = (src: string, state: Item["state"]): void =>
    setItems((before) => before.map((item) => (item.src === src ? { ...item, state } : item)));
  const send = ({ file, src }: Item): void => {
    change(src, "sending");
    conversation.pictures.upload(file).then(
      (part) => change(src, part),
      () => change(src, "failed"),
    );
  };
  const add = async (files: Iterable<File>): Promise<void> => {
    setProblem("");
    for (const file of files) {
      if (now.current.length >= MAX_PER_MESSAGE) return setProblem(words.picture_many);
      try {
        const ready = await prepared(file);
        const item: Item = { file: ready, src: URL.createObjectURL(ready), state: "sending" };
        now.current = [...now.current, item];
        setItems(now.current);
        send(item);
      } catch (error) {
        setProblem(error instanceof Unfit ? words[error.reason] : words.failed);
      }
    }
  };
  useEffect(() => {
    if (!allowed) return;
    const stop = new AbortController();
    const on = <K extends "paste" | "drop" | "dragover" | "dragleave">(name: K, hear: (event: DocumentEventMap[K]) => void): void =>
      document.addEventListener(name, hear, { signal: stop.signal });
    const take = (event: Event, data: DataTransfer | null): void => {
      const files = [...(data?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      void add(files);
    };
    on("paste", (event) => take(event, event.clipboardData));
    on("drop", (event) => {
      setDropping(false);
      take(event, event.dataTransfer);
    });
    on("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setDropping(true);
    });
    on("dragleave", (event) => event.relatedTarget || setDropping(false));
    return () => stop.abort();
  }, [allowed, words]);
  const parts = items.flatMap(({ state }) => (typeof state === "object" ? state : []));
  return {
    items,
    busy: items.some(({ state }) => state === "sending"),
    problem,
    dropping,
    parts,
    add,
    send,
    remove: (item) => setItems(items.filter((other) => other !== item)),
    clear: () => setItems([]),
  };
}

export function Thumbnails({ attachments }: { attachments: Attachments }): ComponentChildren {
  const { words } = useLanguage();
  return (
    <>
      {attachments.items.length > 0 && (
        <ul class="tray">
          {attachments.items.map((item, i) => {
            const n = i + 1;
            const { state } = item;
            return (
              <li key={item.src} class={typeof state === "string" ? state : ""}>
                <img src={item.src} alt={fill(words.picture, { n })} />
                {state === "sending" && <span class="unseen" role="status">{fill(words.uploading, { n })}</span>}
                {state === "failed" && (
                  <button type="button" class="again" aria-label={fill(words.picture_failed, { n })} onClick={() => attachments.send(item)}>
                    <Icon name="retry" />
                  </button>
                )}
                <button type="button" class="remove" aria-label={fill(words.remove_picture, { n })} onClick={() => attachments.remove(item)}>
                  <Icon name="close" />
                </button>
              </li>
            );
          })}
        </ul>
      )}
      {attachments.problem && (
        <p class="fine wrong" role="alert">
          {attachments.problem}
        </p>
      )}
    </>
  );
}

/** The button that opens the device's own picker, or its camera. */
export function Attach({ attachments }: { attachments: Attachments }): ComponentChildren {
  const { words } = useLanguage();
  const { session } = useConversation();
  const field = useRef<HTMLInputElement>(null);
  if (!session?.appearance.images) return null;
  return (
    <>
      <button type="button" class="tool" aria-label={words.attach} onClick={() => field.current?.click()}>
        <Icon name="image" />
      </button>
      <input
        ref={field}
        type="file"
        hidden
        multiple
        accept="image/jpeg,image/png,image/webp,image/gif"
        onChange={(event) => {
          void attachments.add([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}
