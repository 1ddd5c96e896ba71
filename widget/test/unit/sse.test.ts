import { describe, expect, test } from "vitest";
import { EventParser } from "../../src/sse";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const STREAM = 'id: t-1\ndata: {"a":"héllo 🌿"}\n\n: beat\n\nid: t-2\r\ndata: one\r\ndata: two\r\n\r\nid: t-3\rdata:three\r\rdata: [DONE]\n\n';
const EVENTS = [
  { id: "t-1", data: '{"a":"héllo 🌿"}' },
  { id: "t-2", data: "one\ntwo" },
  { id: "t-3", data: "three" },
  { id: "t-3", data: "[DONE]" },
];

describe("EventParser", () => {
  test("reads the same events wherever the bytes are cut", () => {
    const whole = bytes(STREAM);
    for (let cut = 0; cut <= whole.length; cut++) {
      const parser = new EventParser();
      expect([...parser.push(whole.slice(0, cut)), ...parser.push(whole.slice(cut))]).toEqual(EVENTS);
    }
  });

  test("reads one byte at a time", () => {
    const parser = new EventParser();
    expect([...bytes(STREAM)].flatMap((byte) => parser.push(new Uint8Array([byte])))).toEqual(EVENTS);
  });

  test("an event without its empty line has not happened", () => {
    expect(new EventParser().push(bytes("id: t-1\ndata: half"))).toEqual([]);
  });

  test("an id with NUL is ignored and a byte order mark skipped", () => {
    const parser = new EventParser();
    expect(parser.push(bytes("\ufeffid: a\ndata: 1\n\nid: b\0c\ndata: 2\n\n"))).toEqual([
      { id: "a", data: "1" },
      { id: "a", data: "2" },
    ]);
  });
});
