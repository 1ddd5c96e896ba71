/** Which addresses may be opened or shown. Everything that was not written by us passes through here. */
import type { Message } from "../wire";

/** Hosts that links in an answer's words may lead to: the shop's own and those of the answer's sources. */
export type Hosts = ReadonlySet<string>;

/**
 * An absolute http, https or mailto address, or undefined. Relative ones are read against `home` (the shop's
 * origin); "//host", back-slashes, control characters and every other scheme are refused.
 */
export function safeLink(address: unknown, home = ""): string | undefined {
  if (typeof address !== "string" || address.length > 2_000 || /[\s\\\u0000-\u001f\u007f<>"]/.test(address)) return;
  const rooted = address.startsWith("/") && !address.startsWith("//");
  if (rooted && !home) return;
  if (!rooted && !/^(https?:\/\/|mailto:)/i.test(address)) return;
  try {
    const url = new URL(address, home || undefined);
    return url.username || url.password ? undefined : url.href;
  } catch {
    return;
  }
}

/** A picture we may show: http only where the chat itself is served without TLS (a demo). */
export function safeImage(address: unknown, home: string): string | undefined {
  const link = safeLink(address, home);
  return link && (link.startsWith("https:") || (link.startsWith("http:") && location.protocol === "http:")) ? link : undefined;
}

/** A link in an answer's words: as `safeLink`, and only to a known host (or its sub-domains). */
export function knownLink(address: unknown, hosts: Hosts): string | undefined {
  const link = safeLink(address);
  if (!link || link.startsWith("mailto:")) return link;
  const host = new URL(link).hostname;
  return [...hosts].some((known) => host === known || host.endsWith(`.${known}`)) ? link : undefined;
}

/** The hosts that a message vouches for by its structured parts, with `own` added. */
export function hostsOf(message: Message, own: Iterable<string>): Hosts {
  const hosts = new Set(own);
  const note = (address: unknown): void => {
    const link = safeLink(address);
    if (link && !link.startsWith("mailto:")) hosts.add(new URL(link).hostname);
  };
  for (const source of listOf(message.metadata?.sources)) note(source.url);
  for (const part of message.parts) {
    if (part.type === "source-url") note(part.url);
    if (part.type === "data-products") for (const product of listOf(part.data.products)) note(product.url);
    if (part.type === "data-fallback") note(part.data.contact?.url);
    if (part.type === "data-order") {
      const parcels = [...listOf(part.data.order?.tracking), ...listOf(part.data.order?.shipments).flatMap((one) => listOf(one.tracking))];
      for (const parcel of parcels) note(parcel.url);
    }
  }
  return hosts;
}

/** The list itself, or an empty one for anything else. */
export function listOf<T>(value: readonly T[] | null | undefined): readonly T[] {
  return Array.isArray(value) ? value : [];
}
