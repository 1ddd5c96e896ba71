/** Which page a rule of the merchant's means: "/checkout*" on any host, or "https://host/path*". */

/**
 * Whether `url` is one of the pages that `glob` names; `*` stands for any characters. Query and fragment count only
 * as far as the glob names them.
 */
export function matches(glob: string, url: string): boolean {
  try {
    // through URL, so that both sides are escaped alike
    const parts = new URL(glob, url).href.split("*");
    return [url, url.replace(/#.*/, ""), url.replace(/[?#].*/, "")].some((text) => isLike(parts, text));
  } catch {
    return false;
  }
}

/** Part by part and without going back: a pattern of many stars costs no more than one of few. */
function isLike(parts: string[], text: string): boolean {
  const [first = "", ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.endsWith(last) && at <= text.length - last.length;
}
