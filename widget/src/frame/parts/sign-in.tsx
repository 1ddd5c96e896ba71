/** Signing in at the shop in a window of its own, which hands back a word that the server turns into a customer. */
import type { ComponentChildren } from "preact";
import { useChat } from "../chat";
import { Icon } from "../icons";
import { useLanguage } from "../language";
import { safeLink } from "../links";
import { useForm } from "./form";

const WINDOW = "popup,width=480,height=680";
const LOOK_MS = 500;
const DONE = "aisle:signed-in";

export function SignIn(): ComponentChildren {
  const { words } = useLanguage();
  const { conversation } = useChat();
  const form = useForm(async () => {
    // opened within the click, or browsers block it; where it leads is asked afterwards
    const popup = window.open("", "_blank", WINDOW);
    if (!popup) return words.popup_blocked;
    try {
      const url = safeLink(await conversation.client.signIn());
      if (!url) return words.sign_in_failed;
      popup.location.href = url;
      const result = await resultOf(popup);
      if (result) await conversation.identify(await conversation.client.signedIn(result));
      if (result) conversation.askAgain();
      return "";
    } catch {
      return words.sign_in_failed;
    } finally {
      popup.close();
    }
  });
  return (
    <div class="sign-in">
      <p role="status">{form.busy ? words.sign_in_wait : words.sign_in_hint}</p>
      {form.problem && (
        <p class="wrong" role="alert">
          {form.problem}
        </p>
      )}
      <button type="button" class="more" disabled={form.busy} onClick={() => void form.run()}>
        <Icon name="person" /> {words.sign_in}
      </button>
    </div>
  );
}

/** What the window says, "" when it was closed instead. */
function resultOf(popup: Window): Promise<string> {
  return new Promise((resolve) => {
    const end = (result: string): void => {
      clearInterval(timer);
      removeEventListener("message", hear);
      resolve(result);
    };
    const hear = ({ source, origin, data }: MessageEvent): void => {
      if (source === popup && origin === location.origin && data?.type === DONE) end(String(data.result ?? ""));
    };
    const timer = setInterval(() => popup.closed && end(""), LOOK_MS);
    addEventListener("message", hear);
  });
}
