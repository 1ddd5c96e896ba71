import { describe, expect, test } from "vitest";
import { fromFrame, fromPage, sealed } from "../../src/bridge";

const FRAME = {} as Window;
const OTHER = {} as Window;
const AISLE = "https://chat.example";
const SHOP = "https://shop.example";
const event = (data: unknown, source: Window | null = FRAME, origin = AISLE) => ({ data, source, origin });

describe("what the page believes", () => {
  test("the frame, from its origin", () => {
    expect(fromFrame(event(sealed({ type: "ready" })), FRAME, AISLE)?.type).toBe("ready");
  });

  test.each([
    event(sealed({ type: "close" }), OTHER),
    event(sealed({ type: "close" }), null),
    event(sealed({ type: "close" }), FRAME, "https://chat.example.evil.example"),
    event(sealed({ type: "close" }), FRAME, "http://chat.example"),
    event(sealed({ type: "close" }), FRAME, "https://chat.example:8443"),
    event(sealed({ type: "close" }), FRAME, "null"),
    event({ type: "close" }),
    event("close"),
    event(null),
    event([]),
    event({ aisle: 1, type: "constructor" }),
    event({ aisle: 1, type: "look", accent: "red;background:url(//evil)", ink: "#ffffff" }),
    event({ aisle: 1, type: "look", accent: "#ffffff" }),
    event({ aisle: 1, type: "unread", count: "9" }),
    event({ aisle: 1, type: "event", name: {} }),
    event({ aisle: 1, type: "keep", kept: 1 }),
    event({ aisle: 1, type: "keep", kept: "x".repeat(100_000) }),
    event({ aisle: 1, type: "event", name: "opened" }),
    event({ aisle: 1, type: "event", name: "cart" }),
    event({ aisle: 1, type: "add_to_cart", ref: "1", product_id: "", quantity: 1 }),
    event({ aisle: 1, type: "add_to_cart", ref: "1", product_id: "1", quantity: 0 }),
    event({ aisle: 1, type: "add_to_cart", ref: "1", product_id: "1", quantity: 1.5 }),
    event({ aisle: 1, type: "add_to_cart", ref: "1", product_id: "1", quantity: 1e6 }),
    event({ aisle: 1, type: "add_to_cart", product_id: "1", quantity: 1 }),
  ])("nobody and nothing else (%#)", (message) => expect(fromFrame(message, FRAME, AISLE)).toBeUndefined());

  test("not even the right window before there is a frame", () => {
    expect(fromFrame(event(sealed({ type: "ready" }), null), undefined, AISLE)).toBeUndefined();
    expect(fromFrame(event(sealed({ type: "ready" }), null), null, AISLE)).toBeUndefined();
  });
});

describe("what the frame believes", () => {
  const hello = sealed({ type: "hello", locale: "de", kept: "", consent: null, page: null });

  test("the first hello, then only its sender", () => {
    expect(fromPage(event(hello, FRAME, SHOP), FRAME, "")).toEqual({
      type: "hello",
      locale: "de",
      kept: "",
      consent: null,
      page: null,
    });
    expect(fromPage(event(sealed({ type: "close" }), FRAME, SHOP), FRAME, "")).toBeUndefined();
    expect(fromPage(event(sealed({ type: "close" }), FRAME, SHOP), FRAME, SHOP)).toEqual({ type: "close" });
    expect(fromPage(event(sealed({ type: "close" }), FRAME, "https://evil.example"), FRAME, SHOP)).toBeUndefined();
    expect(fromPage(event(hello, OTHER, SHOP), FRAME, "")).toBeUndefined();
  });

  test("a customer with an id and a signature, nothing less", () => {
    const said = (customer: object) => fromPage(event({ aisle: 1, type: "identify", customer }, FRAME, SHOP), FRAME, SHOP);
    expect(said({ id: 7, email: "a@b.example", signature: "s", extra: 1 })).toEqual({
      type: "identify",
      customer: { id: "7", email: "a@b.example", signature: "s" },
    });
    expect(said({ id: "7" })).toBeUndefined();
    expect(said({ id: "7", signature: "x".repeat(5_000) })).toBeUndefined();
  });

  test("known facts about the page only", () => {
    const context = { product_id: "p1", cart_id: {}, admin: true };
    expect(fromPage(event({ aisle: 1, type: "context", context }, FRAME, SHOP), FRAME, SHOP)).toEqual({ type: "context", context: { product_id: "p1" } });
  });
});

describe("anything at all", () => {
  const types = ["hello", "open", "close", "ready", "look", "keep", "kept", "unread", "event", "consent", "add_to_cart", "identify", "context", "page", "can", "cart_result", "__proto__"];
  const fields = ["url", "title", "locale", "kept", "consent", "page", "phone", "nudge", "quiet", "customer", "context", "granted", "cart", "ref", "ok", "message", "accent", "ink", "position", "token", "count", "name", "detail", "product_id", "variant_id", "quantity"];
  const values: unknown[] = [undefined, null, true, false, 0, -1, 1.5, NaN, Infinity, "", "x", "#abcdef", "y".repeat(10_000), "z".repeat(100_000), [], [1], {}, { url: 1 }, { token: "t" }, { id: "1", signature: [] }, Symbol.iterator, () => 1];
  let seed = 7;
  const draw = <T>(from: T[]): T => from[(seed = (seed * 48_271) % 2_147_483_647) % from.length]!;

  test("is answered by a message of a known shape, or by nothing, and never by an error", () => {
    for (let round = 0; round < 20_000; round++) {
      const data: Record<string, unknown> = { aisle: draw([1, 1, 1, "1", true, undefined]), type: draw(types) };
      for (let at = 0; at < 6; at++) data[draw(fields)] = draw(values);
      for (const said of [fromFrame(event(data), FRAME, AISLE), fromPage(event(data, FRAME, SHOP), FRAME, SHOP)]) {
        if (!said) continue;
        expect(data.aisle).toBe(1);
        expect(types).toContain(said.type);
        for (const [name, value] of Object.entries(said)) {
          if (name === "detail") continue;
          expect(["string", "number", "boolean", "object", "undefined"]).toContain(typeof value);
          if (typeof value === "string") expect(value.length).toBeLessThanOrEqual(name === "kept" ? 65_536 : 4_096);
        }
      }
    }
  });
});
