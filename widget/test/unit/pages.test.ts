import { describe, expect, test } from "vitest";
import { matches } from "../../src/pages";

const SHOP = "https://shop.example";

describe("a rule means the page", () => {
  test.each([
    ["/checkout*", "/checkout"],
    ["/checkout*", "/checkout/address?step=2#top"],
    ["/checkout", "/checkout?step=2"],
    ["/", "/"],
    ["*", "/anything/at/all"],
    ["/*/products/*", "/de/products/7"],
    ["/a.b+c", "/a.b+c"],
    ["/größe*", "/gr%C3%B6%C3%9Fe/xl"],
    ["/search?q=*", "/search?q=lamp&page=2"],
    ["/app#/cart*", "/app#/cart/1"],
    ["https://shop.example/sale*", "/sale/2026"],
  ])("%s: %s", (glob, path) => expect(matches(glob, SHOP + path)).toBe(true));
});

describe("and no other", () => {
  test.each([
    ["/checkout", "/checkout/address"],
    ["/checkout*", "/de/checkout"],
    ["/a.b", "/aXb"],
    ["/search?q=lamp", "/search?q=lamps"],
    ["https://other.example/sale*", "/sale"],
    ["http://[", "/"],
    ["", "/checkout/address/2"],
  ])("%s: %s", (glob, path) => expect(matches(glob, SHOP + path)).toBe(glob === ""));
});

test("many stars take no time", () => {
  const began = performance.now();
  matches(`/${"*a".repeat(12)}`, `${SHOP}/${"a".repeat(40)}!`);
  expect(performance.now() - began).toBeLessThan(1_000);
});
