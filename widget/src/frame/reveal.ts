/** Text that arrives in lumps, shown as if written: a whole sentence takes about a third of a second. */
import { useEffect, useRef, useState } from "preact/hooks";

const LUMP_MS = 320;

/** What of `text` to show now. Everything at once for finished text, hidden pages and people who want less motion. */
export function useReveal(text: string, streaming: boolean): string {
  const live = useRef(streaming && !matchMedia("(prefers-reduced-motion: reduce)").matches);
  const [shown, setShown] = useState(live.current ? 0 : text.length);
  useEffect(() => {
    if (!live.current || shown >= text.length) return;
    if (document.hidden) return setShown(text.length);
    const began = performance.now();
    const from = shown;
    let frame = 0;
    const step = (now: number): void => {
      const share = Math.min(1, (now - began) / LUMP_MS);
      setShown(Math.ceil(from + (text.length - from) * share));
      if (share < 1) frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [text]);
  return live.current ? text.slice(0, shown) : text;
}
