/**
 * The small part of Markdown that answers use, read into a tree in one pass. Nothing here knows HTML: markup in the
 * text stays text. Images become their words, reference links and raw HTML do not exist.
 */

export type Inline =
  | string
  | { kind: "strong" | "em" | "code"; kids: Inline[] }
  | { kind: "link"; href: string; kids: Inline[] }
  | { kind: "cite"; number: number }
  | { kind: "break" };

export type Block =
  | { kind: "p" | "h"; kids: Inline[] }
  | { kind: "ul" | "ol"; start: number; items: Block[][] }
  | { kind: "pre"; text: string }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] };

/** Characters of an answer that are shown: far more than any has, and no more than a phone can lay out at once. */
export const LONGEST = 40_000;
const MAX_DEPTH = 6;
const MAX_LABEL = 300;
const MAX_LINK = 2_000;
const ITEM = /^( *)([-*+•]|\d{1,9}[.)])\s+(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$/;
/** "word [1]." becomes "word.[1]": a number may not push its full stop to the next line. */
const CITED = / ?((?:\[\d{1,2}\]){1,9})([.,;:!?])(?=\s|$)/g;
/** Whatever may begin something: an escape, a line's end, a mark, a bracket, a bare address. */
const SPECIAL = /\\[\\`*_[\]()!#|~-]|\n|`|\*\*?|(?<!\w)__?|!?\[|(?<!\w)https?:\/\/[^\s<>"'`\\]+/gi;

/** `open` says that more text is coming: marks without their end are then taken as not yet closed. */
export function parseMarkdown(text: string, open = false): Block[] {
  return blocksOf(text.replace(/\r\n?/g, "\n").split("\n"), open, 0);
}

function blocksOf(lines: string[], open: boolean, depth: number): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    if (!line.trim()) at++;
    else if (line.trimStart().startsWith("```")) at = fence(lines, at, blocks);
    else if (ITEM.test(line) && depth < MAX_DEPTH) at = list(lines, at, open, depth, blocks);
    else if (line.includes("|") && TABLE_RULE.test(lines[at + 1] ?? "")) at = table(lines, at, open, blocks);
    else at = paragraph(lines, at, open, blocks);
  }
  return blocks;
}

function fence(lines: string[], from: number, blocks: Block[]): number {
  let end = from + 1;
  while (end < lines.length && !lines[end]?.trimStart().startsWith("```")) end++;
  blocks.push({ kind: "pre", text: lines.slice(from + 1, end).join("\n") });
  return end + 1;
}

function list(lines: string[], from: number, open: boolean, depth: number, blocks: Block[]): number {
  const [, indent = "", mark = ""] = ITEM.exec(lines[from] ?? "") ?? [];
  const numbered = /\d/.test(mark);
  const items: Block[][] = [];
  let at = from;
  for (let found = ITEM.exec(lines[at] ?? ""); found; found = ITEM.exec(lines[at] ?? "")) {
    if (found[1] !== indent || /\d/.test(found[2] ?? "") !== numbered) break;
    const body = [found[3] ?? ""];
    for (at++; at < lines.length && belongs(lines, at, indent.length); at++) body.push((lines[at] ?? "").slice(indent.length + 2));
    items.push(blocksOf(body, open && at >= lines.length, depth + 1));
    while (lines[at]?.trim() === "" && ITEM.test(lines[at + 1] ?? "")) at++;
  }
  blocks.push({ kind: numbered ? "ol" : "ul", start: Number.parseInt(mark, 10) || 1, items });
  return at;
}

/** Lines indented under an item are its own. */
function belongs(lines: string[], at: number, indent: number): boolean {
  const line = lines[at] ?? "";
  return line.trim() !== "" && line.length - line.trimStart().length >= indent + 2;
}

function table(lines: string[], from: number, open: boolean, blocks: Block[]): number {
  const cells = (line: string): Inline[][] =>
    line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => inlineOf(cell.trim(), open));
  let end = from + 2;
  while (lines[end]?.includes("|")) end++;
  blocks.push({ kind: "table", head: cells(lines[from] ?? ""), rows: lines.slice(from + 2, end).map(cells) });
  return end;
}

function paragraph(lines: string[], from: number, open: boolean, blocks: Block[]): number {
  const heading = /^#{1,6}\s+(.*)$/.exec(lines[from] ?? "");
  if (heading) {
    blocks.push({ kind: "h", kids: inlineOf(heading[1] ?? "", open) });
    return from + 1;
  }
  let end = from + 1;
  while (lines[end]?.trim() && !ITEM.test(lines[end] ?? "") && !/^(#{1,6}\s|\s*```)/.test(lines[end] ?? "")) end++;
  const body = lines.slice(from, end).map((line) => line.replace(/^\s*>\s?/, "").trim());
  blocks.push({ kind: "p", kids: inlineOf(body.join("\n").replace(CITED, "$2$1"), open && end >= lines.length) });
  return end;
}

/** Marks within one block. Linear: a mark whose end was once not found is never looked for again. */
export function inlineOf(text: string, open = false, depth = 0): Inline[] {
  const out: Inline[] = [];
  const hopeless = new Set<string>();
  let plain = "";
  let at = 0;
  const flush = (): void => {
    if (plain) out.push(plain);
    plain = "";
  };
  const add = (node: Inline, next: number): void => {
    flush();
    out.push(node);
    at = next;
  };
  const wrap = (mark: string, kind: "strong" | "em" | "code"): boolean => {
    if (hopeless.has(mark) || depth > MAX_DEPTH) return false;
    const start = at + mark.length;
    if (/\s/.test(text[start] ?? " ") && kind !== "code") return false;
    const close = closing(text, mark, start);
    if (close < 0) {
      hopeless.add(mark);
      if (!open) return false;
    }
    const inner = text.slice(start, close < 0 ? undefined : close);
    if (!inner) return false;
    add({ kind, kids: kind === "code" ? [inner] : inlineOf(inner, open && close < 0, depth + 1) }, close < 0 ? text.length : close + mark.length);
    return true;
  };
  for (let found; (found = next(text, at)); ) {
    const { 0: mark, index } = found;
    plain += text.slice(at, index);
    at = index;
    const end = index + mark.length;
    if (mark[0] === "\\") {
      plain += mark[1];
      at = end;
    } else if (mark === "\n") add({ kind: "break" }, end);
    else if (/^h/i.test(mark)) {
      const href = mark.slice(0, MAX_LINK).replace(/[.,;:!?)\]*_]+$/, "");
      add({ kind: "link", href, kids: [href] }, at + href.length);
    } else if (mark.endsWith("[")) {
      const link = bracket(text, at, open, depth);
      if (typeof link?.node === "object" && link.node.kind === "cite") plain = plain.trimEnd();
      if (link) add(link.node, link.next);
      else plain += text[at++];
    } else if (!wrap(mark, mark === "`" ? "code" : mark[1] ? "strong" : "em")) plain += text[at++];
  }
  plain += text.slice(at);
  flush();
  return out;
}

/** A closing mark follows a letter; a word's own underscore closes nothing; a lone star is not half of two. */
function closing(text: string, mark: string, from: number): number {
  for (let at = text.indexOf(mark, from); at >= 0; at = text.indexOf(mark, at + 1)) {
    const single = mark.length === 1 && mark !== "`";
    // Of three stars the last two are ours.
    if (mark.length === 2 && text[at + 2] === mark[0] && text[at - 1] !== mark[0]) at++;
    if (single && text[at + 1] === mark) {
      at++;
      continue;
    }
    if (mark === "`" || (!/\s/.test(text[at - 1] ?? " ") && !(mark[0] === "_" && /\w/.test(text[at + mark.length] ?? "")))) return at;
  }
  return -1;
}

function bracket(text: string, from: number, open: boolean, depth: number): { node: Inline; next: number } | undefined {
  const image = text[from] === "!";
  const start = from + (image ? 2 : 1);
  const cite = /^(\d{1,2})\](?!\()/.exec(text.slice(start, start + 4));
  if (cite && !image) return { node: { kind: "cite", number: Number(cite[1]) }, next: start + cite[0].length };
  if (depth > MAX_DEPTH) return;
  const length = text.slice(start, start + MAX_LABEL).indexOf("](");
  const label = text.slice(start, start + length);
  if (length < 0 || /[[\n]/.test(label)) return;
  const middle = start + length;
  const reach = text.slice(middle, middle + MAX_LINK).indexOf(")");
  const end = reach < 0 ? -1 : middle + reach;
  if (end < 0 && !open) return;
  const next = end < 0 ? text.length : end + 1;
  const kids = inlineOf(label, false, depth + 1);
  if (image || end < 0) return { node: { kind: "em", kids }, next };
  const href = text.slice(middle + 2, end).trim().replace(/^<|>$/g, "").split(/\s/)[0] ?? "";
  return { node: { kind: "link", href, kids }, next };
}

function next(text: string, from: number): RegExpExecArray | null {
  SPECIAL.lastIndex = from;
  return SPECIAL.exec(text);
}
