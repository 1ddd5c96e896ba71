/** Tabs of one shopper follow each other: a channel says that a conversation has news, storage which token holds. */
import { parsed, type TokenStore } from "./storage";

/** `onNews` hears conversation ids, none for any; `onToken` the token that another tab has kept, none when it forgot. */
export class Tabs {
  #channel: BroadcastChannel | undefined;

  constructor(
    readonly tokens: TokenStore,
    readonly onNews: (conversation?: string) => void,
    readonly onToken: (token: string | undefined) => void,
  ) {
    const { name } = tokens;
    try {
      this.#channel = new BroadcastChannel(name);
      this.#channel.onmessage = ({ data }) => onNews(String(data));
    } catch {
      // Firefox denies it together with storage: then the pages outside carry the news.
    }
    addEventListener("storage", ({ key, newValue }) => {
      // a page of the frame's own origin notes other things under this name, in its sessionStorage
      if (key !== name || !tokens.holds(newValue)) return;
      if (!newValue) tokens.handOut("");
      onToken(parsed(newValue).token);
    });
  }

  say(conversation: string): void {
    if (this.#channel) this.#channel.postMessage(conversation);
    else this.tokens.stir();
  }

  /** Another tab has had its page keep something else. */
  hear(kept: string): void {
    this.tokens.handIn(kept);
    this.onToken(this.tokens.recall());
    this.onNews();
  }
}
