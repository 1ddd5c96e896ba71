import { describe, expect, test } from "vitest";
import { AisleClient, fold, fromHistory, wordsOf, type Chunk, type Message } from "../../src/api";
import { wholeSentences } from "../../src/frame/announcer";
import { count, fill } from "../../src/frame/language";
import { day, money } from "../../src/frame/format";
import { contrast, paletteOf } from "../../src/frame/contrast";

const EMPTY: Message = { id: "m", role: "assistant", parts: [] };
const TURN: Chunk[] = [
  { type: "start", messageId: "m" },
  { type: "data-status", data: { text: "Looking" }, transient: true },
  { type: "text-start", id: "t" },
  { type: "text-delta", id: "t", delta: "Hello " },
  { type: "text-delta", id: "t", delta: "wörld" },
  { type: "text-end", id: "t" },
  { type: "source-url", sourceId: "s", url: "https://shop.example", title: "S" },
  { type: "finish", messageMetadata: { answered_by: "engine" } },
];

describe("fold", () => {
  test("builds the message that the history tells", () => {
    const live = TURN.reduce(fold, EMPTY);
    expect(wordsOf(live)).toBe("Hello wörld");
    expect(live.metadata?.answered_by).toBe("engine");
    const told = fromHistory({ id: "m", role: "assistant", parts: [{ type: "text", text: "Hello wörld" }, TURN[6]], metadata: { answered_by: "engine" } });
    expect(told.parts.map((part) => part.type)).toEqual(live.parts.map((part) => part.type));
  });

  test("data of one id replaces, of none adds; unknown data is set aside", () => {
    const data = { suggestions: ["a"] };
    const twice = [{ type: "data-suggestions", id: "x", data }, { type: "data-suggestions", id: "x", data: { suggestions: ["b"] } }].reduce(fold, EMPTY);
    expect(twice.parts).toEqual([{ type: "data-suggestions", id: "x", data: { suggestions: ["b"] } }]);
    expect(fold(EMPTY, { type: "data-weather", data: {} }).parts[0]?.type).toBe("other");
    expect(fold(EMPTY, { type: "data-order", data: "no" }).parts[0]?.type).toBe("other");
  });
});

/** A server whose every connection breaks after `cut` events, and which resumes after the id it is told. */
function brittle(cut: number): typeof fetch {
  const frames = [...TURN.map((part, i) => `id: t-${i + 1}\ndata: ${JSON.stringify(part)}\n\n`), "data: [DONE]\n\n"];
  return (address, init) => {
    if (String(address).endsWith("v1/sessions")) return Promise.resolve(Response.json({ session: "s", conversation_id: "c" }, { status: 201 }));
    const after = Number(new Headers(init?.headers).get("Last-Event-ID")?.split("-")[1] ?? 0);
    const sent = new TextEncoder().encode(frames.slice(after, after + cut).join(""));
    const half = sent.slice(0, sent.length - (after + cut < frames.length ? 3 : 0));
    return Promise.resolve(new Response(half));
  };
}

test.each([2, 3, 4, 5, 6, 7, 8, 9])("a stream cut after every %i events ends in the same message", async (cut) => {
  const client = new AisleClient("https://chat.example/", "pk", brittle(cut));
  await client.start({});
  let message = EMPTY;
  for await (const chunk of client.send("id", [{ type: "text", text: "hi" }], undefined, new AbortController().signal)) message = fold(message, chunk);
  expect(message).toEqual(TURN.reduce(fold, EMPTY));
});

test("money, days and plurals", () => {
  expect(money({ amount: 1999, currency: "EUR" }, "en")).toBe("€19.99");
  expect(money({ amount: 500, currency: "JPY" }, "en")).toBe("¥500");
  expect(money({ amount: 1234, currency: "KWD" }, "en")).toMatch(/1\.234/);
  expect(money({ amount: 100, currency: "nonsense" }, "en")).toBe("1 nonsense");
  expect(day("2020-01-31", "en")).toBe("Jan 31, 2020");
  expect(day("soon", "en")).toBe("");
  expect(count({ one: "{n} day", other: "{n} days" }, 1, "en")).toBe("1 day");
  expect(fill("{a} of {b}", { a: 1, b: 2 })).toBe("1 of 2");
});

test("whole sentences only", () => {
  const text = "It costs 19.99 now. And th";
  expect(text.slice(0, wholeSentences(text))).toBe("It costs 19.99 now.");
  expect(wholeSentences("no end")).toBe(0);
});

test.each(["#ffffff", "#000000", "#ffff00", "#808080", "#2f6f4f", "#ff0000", "#e8e8e8", "#0af", "not a colour"])("%s becomes readable", (accent) => {
  for (const scheme of ["light", "dark"] as const) {
    const palette = paletteOf(accent, scheme);
    expect(contrast(palette.accent, palette.ink)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(palette.text, scheme === "light" ? "#ffffff" : "#1f2125")).toBeGreaterThanOrEqual(4.5);
  }
});
