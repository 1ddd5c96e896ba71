/** Pictures in the thread: fetched with the session's token, opened larger on a click. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { FilePart } from "../../wire";
import { useChat } from "../chat";
import { Icon } from "../icons";
import { fill, useLanguage } from "../language";
import { Modal } from "../modal";

const SCHEME = "aisle-image:";

export function Pictures({ parts }: { parts: FilePart[] }): ComponentChildren {
  return (
    <div class="pictures">
      {parts.map((part, i) => (
        <Sent part={part} n={i + 1} />
      ))}
    </div>
  );
}

function Sent({ part, n }: { part: FilePart; n: number }): ComponentChildren {
  const { words } = useLanguage();
  const { conversation } = useChat();
  const [src, setSrc] = useState<string>();
  const [large, setLarge] = useState(false);
  const label = fill(words.picture, { n });
  useEffect(() => {
    if (part.url.startsWith(SCHEME)) void conversation.pictures.show(part.url.slice(SCHEME.length)).then(setSrc, () => undefined);
  }, [part.url]);
  return (
    <>
      <button aria-label={fill(words.enlarge, { n })} disabled={!src} onClick={() => setLarge(true)}>
        {src ? <img src={src} alt={label} /> : <Icon name="image" />}
      </button>
      {large && (
        <Modal label={label} name="large" onClose={() => setLarge(false)}>
          <img src={src} alt={label} />
        </Modal>
      )}
    </>
  );
}
