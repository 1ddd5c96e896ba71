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
    event({ aisle: 1, type: "keep", token: 1 }),
  ])("nobody and nothing else (%#)", (message) => expect(fromFrame(message, FRAME, AISLE)).toBeUndefined());

  test("not even the right window before there is a frame", () => {
    expect(fromFrame(event(sealed({ type: "ready" }), null), undefined, AISLE)).toBeUndefined();
    expect(fromFrame(event(sealed({ type: "ready" }), null), null, AISLE)).toBeUndefined();
  });
});

describe("what the frame believes", () => {
  const hello = sealed({ type: "hello", locale: "de", kept: "" });

  test("the first hello, then only its sender", () => {
    expect(fromPage(event(hello, FRAME, SHOP), FRAME, "")).toEqual({ type: "hello", locale: "de", kept: "" });
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
