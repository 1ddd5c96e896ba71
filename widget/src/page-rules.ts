/**
 * What only some shops need, and only they load: rules for single pages, nudges, and another icon than the bubble.
 * Fetched before the button is drawn, so that nothing appears where a rule hides it.
 */
import { onNavigation } from "./navigation";
import { matches } from "./pages";
import type { Nudge, Rule, Shop } from "./shared";

/** Put in by the build. */
declare const NUDGE_MODULE: string;

export const icons: Record<string, string> = {
  question: "M8 9a4 4 0 1 1 6 3q-2 1-2 3m0 4h0",
  bag: "M5 8h14l1 12H4ZM8 11V8a4 4 0 0 1 8 0v3",
  sparkle: "M11 4q1 7 8 8-7 1-8 8-1-7-8-8 7-1 8-8m8-1v4m-2-2h4",
  headset: "M4 15v-3a8 8 0 0 1 16 0v3M4 14h1q3 0 3 3t-3 3h-1Zm16 0h-1q-3 0-3 3t3 3h1Z",
};

let watcher: Promise<{ watch(shop: Shop, nudges: Nudge[]): void }> | undefined;

/** The rules that hold on this page and device, in the merchant's order. */
export function rules(shop: Shop): Rule[] {
  return fitting(shop, shop.answer.rules ?? []);
}

/** Looks after page changes for as long as this launcher lives. */
export function follow(shop: Shop): void {
  let at = "";
  const arrive = (): void => {
    if (at === (at = location.href)) return;
    shop.settle();
    const nudges = fitting(shop, shop.answer.nudges ?? []);
    if (!watcher && !nudges.length) return;
    watcher ??= import(/* @vite-ignore */ shop.base + NUDGE_MODULE);
    watcher.then(({ watch }) => watch(shop, nudges)).catch(() => (watcher = undefined));
  };
  onNavigation(arrive, shop.life.signal);
  arrive();
}

/** The shop's own picture on the button, once it has loaded. */
export function draw(button: HTMLElement, url: string | undefined): void {
  if (!url?.startsWith("http")) return;
  const image = new Image();
  image.onload = () => button.querySelector("svg")?.replaceWith(image);
  image.style.cssText = "width:32px;height:32px;object-fit:contain";
  image.src = url;
}

function fitting<T extends Rule | Nudge>({ ui }: Shop, all: T[]): T[] {
  const device = ui?.phone.matches ? "phone" : "desktop";
  return all.filter((one) => (one.device ?? device) === device && matches(one.match, location.href));
}
