import { describe, expect, test } from "vitest";
import { hostsOf, knownLink, safeLink } from "../../src/frame/links";
import { inlineOf, parseMarkdown, type Block, type Inline } from "../../src/frame/markdown";

const HOSTS = new Set(["shop.example"]);

/** Every address that would become a link. */
function linksIn(text: string): string[] {
  const found: string[] = [];
  const walk = (nodes: Inline[]): void => {
    for (const node of nodes) {
      if (typeof node === "string" || !("kids" in node)) continue;
      const href = node.kind === "link" ? knownLink(node.href, HOSTS) : undefined;
      if (href) found.push(href);
      walk(node.kids);
    }
  };
  const blocks = (all: Block[]): void => {
    for (const block of all) {
      if ("kids" in block) walk(block.kids);
      if ("items" in block) block.items.forEach(blocks);
      if ("rows" in block) [block.head, ...block.rows].flat().forEach(walk);
    }
  };
  blocks(parseMarkdown(text));
  return found;
}

describe("formatting", () => {
  test("bold, italic, code, citations and breaks", () => {
    expect(inlineOf("a **b *c*** `d*e*` [1]\nf")).toEqual([
      "a ",
      { kind: "strong", kids: ["b ", { kind: "em", kids: ["c"] }] },
      " ",
      { kind: "code", kids: ["d*e*"] },
      { kind: "cite", number: 1 },
      { kind: "break" },
      "f",
    ]);
  });

  test("citations stand behind the full stop", () => {
    const kids = ["Free.", { kind: "cite", number: 1 }, { kind: "cite", number: 2 }, " Yes"];
    expect(parseMarkdown("Free [1][2]. Yes")).toEqual([{ kind: "p", kids }]);
  });

  test("stars and underscores that are not marks stay", () => {
    for (const text of ["2 * 3 * 4", "snake_case_name", "5 ** 2", "a*", "**", "_"]) expect(inlineOf(text)).toEqual([text]);
  });

  test("lists, nested lists, headings, tables, fences", () => {
    const kinds = parseMarkdown("# T\ntext\n- a\n  - b\n- c\n\n1. x\n2. y\n\n|a|b|\n|-|-|\n```\n<b>\n```").map((block) => block.kind);
    expect(kinds).toEqual(["h", "p", "ul", "ol", "p", "pre"]);
    expect(parseMarkdown("|a|b|\n|--|--|\n|1|2|")[0]).toMatchObject({ kind: "table", rows: [[["1"], ["2"]]] });
    expect(parseMarkdown("3. x\n4. y")[0]).toMatchObject({ kind: "ol", start: 3 });
  });

  test("while text streams in, an unclosed mark does not show", () => {
    expect(inlineOf("now **bold", true)).toEqual(["now ", { kind: "strong", kids: ["bold"] }]);
    expect(inlineOf("see [the page](https://shop.exa", true)).toEqual(["see ", { kind: "em", kids: ["the page"] }]);
  });

  test("every beginning of an answer can be read", () => {
    const text = "**A** [b](https://shop.example/x) `c`\n- *d*\n  1. e [2]\n\n|a|b|\n|--|--|\n|1|";
    for (let end = 0; end <= text.length; end++) expect(() => parseMarkdown(text.slice(0, end), true)).not.toThrow();
  });
});

describe("links", () => {
  test.each([
    "[a](javascript:alert(1))",
    "[a](JAVASCRIPT:alert(1))",
    "[a](java\nscript:alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    "[a](vbscript:x)",
    "[a](//evil.example)",
    "[a](/\\evil.example)",
    "[a](https:\\\\evil.example)",
    "[a](https://evil.example)",
    "[a](https://shop.example@evil.example)",
    "[a](https://evilshop.example)",
    "[a](https://shop.example.evil.example)",
    "https://evil.example/bare",
    "![a](https://evil.example/pixel)",
    "![a](https://shop.example/pixel)",
    "[a][b]\n\n[b]: https://evil.example",
    "<a href=https://evil.example onclick=alert(1)>x</a>",
    "<https://evil.example>",
    "[a](\u0001javascript:alert(1))",
    "[a](ftp://shop.example)",
    "[a](blob:https://shop.example/1)",
    "[a](https://xn--shp-2na.example)",
  ])("%s is no link", (text) => expect(linksIn(text)).toEqual([]));

  test("the shop's own pages and mail are", () => {
    expect(linksIn("[a](https://shop.example/p) and https://www.shop.example/q. [m](mailto:x@y.example)")).toEqual([
      "https://shop.example/p",
      "https://www.shop.example/q",
      "mailto:x@y.example",
    ]);
  });

  test("relative addresses are the shop's, and only with one slash", () => {
    expect(safeLink("/products/1", "https://shop.example")).toBe("https://shop.example/products/1");
    expect(safeLink("//evil.example", "https://shop.example")).toBeUndefined();
    expect(safeLink("/products/1")).toBeUndefined();
  });

  test("a message vouches for the hosts of its sources", () => {
    const parts = [{ type: "source-url" as const, sourceId: "1", url: "https://carrier.example/t", title: "" }];
    expect([...hostsOf({ id: "1", role: "assistant", parts }, ["shop.example"])]).toEqual(["shop.example", "carrier.example"]);
  });
});

test.each(["[", "![", "](", "*a ", "**", "_a", "`", "[a](", "http://", "|a|\n", "- ", "> ", "h", "\\", "[1", "https://a."])(
  "100,000 characters of %s are read in linear time",
  (piece) => {
    const text = piece.repeat(100_000 / piece.length);
    const began = performance.now();
    parseMarkdown(text, true);
    parseMarkdown(text);
    expect(performance.now() - began).toBeLessThan(3_000);
  },
);
