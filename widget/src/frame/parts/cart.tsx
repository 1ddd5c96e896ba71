/** Into the shop's cart, which is the page's to fill: we ask it and say what became of it. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { CartLine } from "../../bridge";
import { useChat } from "../chat";
import { Icon } from "../icons";
import { useLanguage } from "../language";

/** Shown this long before the same may be added once more. */
const DONE_MS = 3_000;

export function Cart({ line, of }: { line: CartLine; of: string }): ComponentChildren {
  const { words } = useLanguage();
  const { addToCart } = useChat();
  const [state, setState] = useState<"add_to_cart" | "adding" | "added">("add_to_cart");
  const [problem, setProblem] = useState("");
  const add = async (): Promise<void> => {
    if (state === "adding") return;
    setProblem("");
    setState("adding");
    const { ok, message } = await addToCart(line);
    setState(ok ? "added" : "add_to_cart");
    if (!ok) setProblem(message || words.not_added);
    else setTimeout(() => setState("add_to_cart"), DONE_MS);
  };
  return (
    <>
      <button class={`solid small ${state}`} aria-disabled={state === "adding"} onClick={() => void add()}>
        {state === "added" && <Icon name="check" />} {words[state]}
        <span class="unseen">: {of}</span>
      </button>
      <span class={problem ? "wrong" : "unseen"} role="status">
        {problem || (state === "added" && words.added)}
      </span>
    </>
  );
}
