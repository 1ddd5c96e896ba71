/** Page changes without a page load, noticed without touching the page's own history object. */

/** For routers without the Navigation API: some go at once after a click, some ask first. */
const LOOK_AFTER_MS = [0, 900];

/** Calls `then` whenever the page's address may have changed, until `signal` ends it. */
export function onNavigation(then: () => void, signal: AbortSignal): void {
  const { navigation } = window;
  if (navigation) return navigation.addEventListener("currententrychange", then, { signal });
  const look = (): void => {
    for (const wait of LOOK_AFTER_MS) setTimeout(() => signal.aborted || then(), wait);
  };
  for (const event of ["popstate", "hashchange", "click"]) window.addEventListener(event, look, { signal, capture: true });
}
