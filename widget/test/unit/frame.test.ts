import { expect, test, vi } from "vitest";
import { AisleClient, type Chunk } from "../../src/api";
import { coming } from "../../src/frame/format";
import { fitted, kindOf } from "../../src/frame/pictures";
import { spokenOn } from "../../src/frame/rules";
import { waiting } from "../../src/frame/parts/staff";
import { en } from "../../src/frame/strings/en";
import type { Session } from "../../src/wire";

const ENGLISH = { locale: "en", words: en };
const SIGNAL = new AbortController().signal;

test("a picture is known by its first bytes", () => {
  const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  expect(kindOf(bytes("ffd8ffe000104a46"))).toBe("image/jpeg");
  expect(kindOf(bytes("89504e470d0a1a0a"))).toBe("image/png");
  expect(kindOf(bytes("524946460000000057454250"))).toBe("image/webp");
  expect(kindOf(bytes("474946383961"))).toBe("image/gif");
  expect(kindOf(bytes("5249464600000000574156452020"))).toBeUndefined();
  expect(kindOf(new TextEncoder().encode("<svg xmlns"))).toBeUndefined();
  expect(kindOf(new Uint8Array())).toBeUndefined();
});

test("a picture is made to fit, never larger", () => {
  expect(fitted(3_200, 1_600)).toEqual([1_600, 800]);
  expect(fitted(100, 50)).toEqual([100, 50]);
  expect(fitted(16_000, 2)).toEqual([1_600, 1]);
});

test("the first rule of the page counts, field by field", () => {
  const rules = [
    { match: "/checkout*", device: "phone" as const, greeting: "On a phone" },
    { match: "/checkout*", suggestions: ["Pay?"] },
    { match: "*", greeting: "Anywhere" },
  ];
  const session = { appearance: { rules }, greeting: "Hi", suggestions: ["a"] } as unknown as Session;
  const on = (url: string, phone = false, nudge?: string): object => spokenOn(session, { page: { url }, phone, nudge });
  expect(on("https://shop.example/checkout/2", true)).toEqual({ greeting: "On a phone", suggestions: ["Pay?"] });
  expect(on("https://shop.example/checkout/2")).toEqual({ greeting: "Anywhere", suggestions: ["Pay?"] });
  expect(on("https://shop.example/", false, "May I help?")).toEqual({ greeting: "May I help?", suggestions: ["a"] });
  expect(spokenOn(session, { page: null, phone: false, nudge: undefined })).toEqual({ greeting: "Hi", suggestions: ["a"] });
});

test("waiting says what is known and no more", () => {
  const say = (handoff: object, online = true): string => waiting({ state: "waiting", ...handoff }, online, ENGLISH);
  expect(say({ ahead: 2, wait_s: 290 })).toBe("2 people before you, usually about 5 minutes");
  expect(say({ ahead: 0 })).toBe("You are next");
  expect(say({ wait_s: 10 })).toBe("usually about 1 minute");
  expect(say({})).toBe("We cannot say how long it will take.");
  expect(say({}, false)).toBe("Nobody from the team is here right now.");
  expect(say({ opens_at: "2030-01-07T08:00:00" }, false)).toMatch(/The team is back: Monday 8:00 AM|Monday at 8:00 AM/);
  expect(coming("never", "en")).toBe("");
});

/** Seconds pass in a millisecond, until stopped. */
function hurry(): () => void {
  const [begin, end] = [setInterval, clearInterval];
  vi.useFakeTimers();
  const pump = begin(() => void vi.advanceTimersByTimeAsync(1_000), 1);
  return () => {
    end(pump);
    vi.useRealTimers();
  };
}

/** A proxy that hands a stream over only when it has ended, while asking shows what is there. */
function holdingBack(events: Chunk[]): { ask: typeof fetch; reports: unknown[] } {
  const reports: unknown[] = [];
  let told = 0;
  const frames = events.map((event, i) => `id: t-${i + 1}\ndata: ${JSON.stringify(event)}\n\n`);
  const ask = (async (address, init) => {
    const path = String(address);
    if (path.endsWith("v1/sessions")) return Response.json({ session: "s", conversation_id: "c" });
    if (path.endsWith("/reports")) return new Response(null, { status: (reports.push(JSON.parse(String(init?.body))), 204) });
    if (!path.includes("poll=true")) return new Promise<Response>(() => undefined);
    const after = Number(new Headers(init?.headers).get("Last-Event-ID")?.split("-")[1] ?? 0);
    told = Math.min(frames.length, told + 2);
    return new Response(frames.slice(after, told).join(""));
  }) as typeof fetch;
  return { ask, reports };
}

test("a stream that is held back is asked for, and the shop is told once", async () => {
  const stop = hurry();
  const events: Chunk[] = [
    { type: "start", messageId: "m" },
    { type: "text-start", id: "t" },
    { type: "text-delta", id: "t", delta: "Hello" },
    { type: "text-end", id: "t" },
    { type: "finish" },
  ];
  const { ask, reports } = holdingBack(events);
  const client = new AisleClient("https://chat.example/", "pk", ask);
  await client.start({});
  const seen: Chunk[] = [];
  for await (const chunk of client.send("id", [], undefined, SIGNAL)) seen.push(chunk);
  for await (const chunk of client.send("id2", [], undefined, SIGNAL)) seen.push(chunk);
  stop();
  expect(seen).toEqual([...events, ...events]);
  expect(reports).toEqual([{ kind: "buffered_stream" }]);
});

test("a message without a network is tried until there is one, under the same id", async () => {
  const stop = hurry();
  const ids: string[] = [];
  const ask = (async (address, init) => {
    if (String(address).endsWith("v1/sessions")) return Response.json({ session: "s", conversation_id: "c" });
    ids.push((JSON.parse(String(init?.body)) as { message: { id: string } }).message.id);
    if (ids.length < 8) throw new TypeError("no network");
    return new Response('id: t-1\ndata: {"type":"finish"}\n\n');
  }) as typeof fetch;
  const client = new AisleClient("https://chat.example/", "pk", ask);
  let troubles = 0;
  client.onTrouble = () => troubles++;
  await client.start({});
  for await (const chunk of client.send("one", [], undefined, SIGNAL)) expect(chunk.type).toBe("finish");
  stop();
  expect(new Set(ids)).toEqual(new Set(["one"]));
  expect(troubles).toBe(7);
});
