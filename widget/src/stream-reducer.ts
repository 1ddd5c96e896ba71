/** How stream parts become messages: the UI message stream v1, kept to what our server says. */
import type { Chunk, Message, Metadata, Part, ShownPart } from "./wire";

/** Every data part that stays in a message: one that the server adds is a type error until the chat knows what to do. */
const SHOWN: Record<ShownPart["type"], true> = {
  "data-products": true,
  "data-order": true,
  "data-verification": true,
  "data-suggestions": true,
  "data-handoff": true,
  "data-fallback": true,
};

/** The message with one more stream part in it; the same object when the part does not change it. */
export function fold(message: Message, chunk: Chunk): Message {
  switch (chunk.type) {
    case "text-start":
      return withParts(message, [...message.parts, { type: "text", id: text(chunk.id), text: "", state: "streaming" }]);
    case "text-delta":
      return withParts(message, withText(message.parts, text(chunk.id), text(chunk.delta)));
    case "text-end":
      return withParts(message, message.parts.map((part) => ended(part, text(chunk.id))));
    case "start":
    case "finish":
    case "message-metadata":
      return withMetadata(message, chunk.messageMetadata);
    case "source-url":
    case "source-document":
      return withParts(message, put(message.parts, chunk as unknown as Part, (part) => same(part, chunk)));
    default:
      if (!chunk.type.startsWith("data-") || chunk.transient === true) return message;
      return withParts(message, put(message.parts, dataPart(chunk), (part) => same(part, chunk)));
  }
}

/** Every text part closed: for a turn that ended without saying so. */
export function settle(message: Message): Message {
  return withParts(message, message.parts.map((part) => (part.type === "text" ? { ...part, state: "done" } : part)));
}

/** A message of the history, with parts we do not know set aside instead of trusted. */
export function fromHistory(raw: { id: string; role: string; parts?: unknown; created_at?: string; metadata?: Metadata | null }): Message {
  const parts = Array.isArray(raw.parts) ? (raw.parts as Chunk[]) : [];
  const message: Message = { id: raw.id, role: raw.role as Message["role"], parts: parts.map(historyPart) };
  if (raw.created_at) message.created_at = raw.created_at;
  if (raw.metadata) message.metadata = raw.metadata;
  return message;
}

/** All the words of a message, paragraphs apart. */
export function wordsOf(message: Message): string {
  return message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n\n");
}

function historyPart(part: Chunk): Part {
  if (part.type === "text") return { type: "text", text: text(part.text), state: "done" };
  if (part.type === "source-url" || part.type === "source-document" || part.type === "file") return part as unknown as Part;
  return dataPart(part);
}

function dataPart(chunk: Chunk): Part {
  const known = Object.hasOwn(SHOWN, chunk.type) && typeof chunk.data === "object" && chunk.data !== null;
  if (known) return chunk as unknown as Part;
  return { type: "other", name: chunk.type, key: text(chunk.id), data: chunk.data };
}

function withText(parts: Part[], id: string, delta: string): Part[] {
  const open = parts.some((part) => part.type === "text" && part.id === id);
  if (!open) return [...parts, { type: "text", id, text: delta, state: "streaming" }];
  return parts.map((part) => (part.type === "text" && part.id === id ? { ...part, text: part.text + delta } : part));
}

function ended(part: Part, id: string): Part {
  return part.type === "text" && part.id === id ? { ...part, state: "done" } : part;
}

function same(part: Part, chunk: Chunk): boolean {
  if ("sourceId" in part) return part.sourceId === chunk.sourceId;
  return part.type === chunk.type && "id" in part && part.id !== undefined && part.id === chunk.id;
}

function put(parts: Part[], part: Part, replaces: (part: Part) => boolean): Part[] {
  const at = parts.findIndex(replaces);
  return at < 0 ? [...parts, part] : parts.with(at, part);
}

function withParts(message: Message, parts: Part[]): Message {
  return { ...message, parts };
}

function withMetadata(message: Message, metadata: unknown): Message {
  if (typeof metadata !== "object" || metadata === null) return message;
  return { ...message, metadata: { ...message.metadata, ...(metadata as Metadata) } };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
