/**
 * The back button closes a chat that fills the screen: one history entry while it is open, with the page's own state
 * at the page's own address. A router that hears of a step there or back finds what it has put there itself.
 */

/** Only where there is no Navigation API to tell our entry by. */
const MARK = "aisle";

export interface BackButton {
  /** Makes back mean close. May be called as often as one likes. */
  hold(): void;
  /** Gives it back to the page, and the entry with it where it is still the current one. */
  release(): void;
}

export function backButton(onBack: () => void): BackButton {
  const { navigation } = window;
  let listening = new AbortController();
  let entry = "";
  let held = false;
  let leaving = false;

  /** Whether the current entry is the one we made. */
  const isOurs = (): boolean => {
    if (navigation) return !!entry && navigation.currentEntry?.key === entry;
    return !!entry && (history.state as Record<string, unknown> | null)?.[MARK] === entry;
  };

  const push = (): void => {
    try {
      entry = navigation ? "" : `${Date.now()}`;
      history.pushState(navigation ? history.state : marked(entry), "");
      if (navigation) entry = navigation.currentEntry?.key ?? "";
    } catch {
      entry = ""; // not a page that may have a history: back then does what it did
    }
  };

  const onPop = (): void => {
    if (leaving) {
      leaving = false;
      if (held) push();
    } else if (held && !isOurs()) {
      held = false;
      onBack();
    }
    rest();
  };

  const rest = (): void => {
    if (!held && !leaving) listening.abort();
  };

  return {
    hold() {
      if (listening.signal.aborted) listening = new AbortController();
      // each time: a document that is written anew has lost it, and twice counts once
      window.addEventListener("popstate", onPop, { signal: listening.signal });
      if (held) return;
      held = true;
      // of a step back that is still under way we shall hear: it pushes then
      if (!leaving && !isOurs()) push();
    },
    release() {
      if (!held) return;
      held = false;
      if (!leaving && isOurs()) {
        leaving = true;
        history.back();
      }
      rest();
    },
  };
}

/** The page's state with our mark. One that cannot carry a mark is left alone, and so is the history. */
function marked(entry: string): object {
  const state: unknown = history.state;
  if (state !== null && Object.getPrototypeOf(state) !== Object.prototype) throw new TypeError("state without room");
  return { ...(state as object | null), [MARK]: entry };
}
