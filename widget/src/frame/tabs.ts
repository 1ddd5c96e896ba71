/** Tabs of one shopper follow each other: a channel says that a conversation has news, storage which token holds. */

/** `onNews` hears conversation ids; `onToken` the token that another tab has kept, null when it forgot. */
export class Tabs {
  #channel: BroadcastChannel | undefined;

  constructor(name: string, onNews: (conversation: string) => void, onToken: (token: string | null) => void) {
    try {
      this.#channel = new BroadcastChannel(name);
      this.#channel.onmessage = ({ data }) => onNews(String(data));
    } catch {
      // Frames without storage have no channel either: such tabs stand alone.
    }
    addEventListener("storage", (event) => {
      if (event.key === name) onToken(event.newValue);
    });
  }

  say(conversation: string): void {
    this.#channel?.postMessage(conversation);
  }
}
