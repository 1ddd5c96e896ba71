"""From stored conversations to what a template prints: plain values, never HTML (templates escape all text)."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from server.chat.conversations.pictures.models import URL as PICTURE_URL
from server.console.models import BROKEN_STATES, ConversationDetail, Feedback, MessageView, TurnView
from server.core.money import format_money

_SPAN = re.compile(r"\*\*(?P<bold>[^*\n]+)\*\*|\[(?P<label>[^\]\n]+)\]\((?P<url>[^)\s]+)\)")
_ITEM = re.compile(r"\s*(?:[-*•]|\d{1,2}[.)])\s+(?P<text>.+)")
_SHOWN_PARTS = ("text", "file", "data-products", "data-order", "data-verification", "data-handoff", "data-fallback")
STATE_WORDS = {"failed": "failed", "interrupted": "interrupted", "stopped": "stopped by the shopper"}


class Span(Struct, frozen=True):
    """A run of text; bold, or a link, or neither."""

    text: str
    bold: bool = False
    url: str | None = None


class Block(Struct, frozen=True):
    """A paragraph (one line per element) or a list (one item per element)."""

    is_list: bool
    lines: list[list[Span]]


class Part(Struct, frozen=True, kw_only=True):
    """A piece of a message: `kind` is the stored part's type."""

    kind: str
    blocks: list[Block] = []
    data: dict[str, Any] = {}


class SourceLine(Struct, frozen=True):
    """A source as cited; without a link when it has no web address."""

    title: str
    url: str | None


class Bar(Struct, frozen=True, kw_only=True):
    """A duration; `percent` (0..100) of the whole turn."""

    label: str
    seconds: float
    percent: float
    kind: str


class ToolCall(Struct, frozen=True, kw_only=True):
    """A tool with what went in and came out, as indented JSON."""

    name: str
    seconds: float
    given: str
    answered: str


class Trace(Struct, frozen=True, kw_only=True):
    """Why an answer is as it is."""

    turn: TurnView
    is_broken: bool
    state_text: str
    bars: list[Bar]
    tools: list[ToolCall]
    sources: list[SourceLine]


class Entry(Struct, frozen=True, kw_only=True):
    """One bubble of the thread. A turn without an answer has no parts, only its trace."""

    id: str
    author: str
    name: str
    at: datetime
    parts: list[Part]
    sources: list[SourceLine] = []
    trace: Trace | None = None
    feedback: Feedback | None = None


class Clock:
    """Prints times as somebody in `zone` reads them at `now`."""

    def __init__(self, now: datetime, zone: ZoneInfo) -> None:
        self._now, self._zone = now.astimezone(zone), zone
        self.zone = zone.key.rpartition("/")[2].replace("_", " ")

    def short(self, moment: datetime) -> str:
        """14:05 today, yesterday 14:05, 3 Nov 14:05, 3 Nov 2025."""
        local = moment.astimezone(self._zone)
        days = (self._now.date() - local.date()).days
        if days == 0:
            return f"{local:%H:%M}"
        if days == 1:
            return f"yesterday {local:%H:%M}"
        if local.year == self._now.year:
            return f"{local.day} {local:%b %H:%M}"
        return f"{local.day} {local:%b %Y}"

    def date(self, moment: datetime) -> str:
        """3 November 2025."""
        local = moment.astimezone(self._zone)
        return f"{local.day} {local:%B %Y}"

    def full(self, moment: datetime) -> str:
        """Friday 3 November 2025, 14:05:09."""
        local = moment.astimezone(self._zone)
        return f"{local:%A} {local.day} {local:%B %Y, %H:%M:%S}"

    def field(self, moment: datetime) -> str:
        """As an input of type datetime-local has it."""
        return f"{moment.astimezone(self._zone):%Y-%m-%dT%H:%M}"


def entries_of(talk: ConversationDetail) -> list[Entry]:
    """The thread, oldest first; a turn that left no answer follows its question."""
    by_answer = {turn.answer_id: turn for turn in talk.turns}
    answered = {message.id for message in talk.messages}
    unanswered = {turn.question_id: turn for turn in talk.turns if turn.answer_id not in answered}
    return list(_entries(talk.messages, by_answer, unanswered, talk.id))


def _entries(
    messages: list[MessageView], by_answer: dict[str, TurnView], unanswered: dict[str, TurnView], talk_id: UUID
) -> Iterator[Entry]:
    for message in messages:
        turn = by_answer.get(message.id) if message.author == "assistant" else None
        yield _entry(message, turn, talk_id)
        if message.author == "shopper" and (lost := unanswered.get(message.id)):
            yield Entry(
                id=lost.answer_id, author="assistant", name="Aisle", at=lost.started_at, parts=[], trace=trace_of(lost)
            )


def _entry(message: MessageView, turn: TurnView | None, talk_id: UUID) -> Entry:
    stored: list[dict[str, Any]] = msgspec.json.decode(message.parts)
    metadata: dict[str, Any] = msgspec.json.decode(message.metadata)
    names = {"shopper": "Shopper", "assistant": "Aisle", "staff": metadata.get("staff") or "Staff", "system": "System"}
    return Entry(
        id=message.id,
        author=message.author,
        name=names[message.author],
        at=message.created_at,
        parts=[_part(part, message.author, talk_id) for part in stored if part.get("type") in _SHOWN_PARTS],
        sources=[
            SourceLine(str(part.get("title") or part.get("url") or "source"), web_url(part.get("url")))
            for part in stored
            if part.get("type") in ("source-url", "source-document")
        ],
        trace=trace_of(turn) if turn else None,
        feedback=message.feedback,
    )


def part_of(part: dict[str, Any]) -> Part | None:
    """A part of the assistant's answer outside any conversation; None for one that is not shown."""
    return _part(part, "assistant", None) if part.get("type") in _SHOWN_PARTS else None


def _part(part: dict[str, Any], author: str, talk_id: UUID | None) -> Part:
    if part["type"] == "text":
        return Part(kind="text", blocks=blocks_of(str(part["text"]), marked_up=author == "assistant"))
    if part["type"] == "file":
        picture_id = str(part["url"]).removeprefix(PICTURE_URL)
        return Part(kind="file", data={"url": f"/v1/conversations/{talk_id}/images/{picture_id}"})
    data = part.get("data") or {}
    if part["type"] == "data-order":
        # a template's `order.items` would be the dict's own method
        data = data | {"lines": (data.get("order") or {}).get("items") or []}
    if part["type"] == "data-products":
        data = {"products": [_product(product) for product in data.get("products") or []]}
    return Part(kind=part["type"], data=data)


def _product(product: dict[str, Any]) -> dict[str, Any]:
    return product | {
        "url": web_url(product.get("url")),
        "image_url": web_url(product.get("image_url")),
        "price": money_text(product.get("price")),
        "compare_at": money_text(product.get("compare_at_price")),
    }


def trace_of(turn: TurnView) -> Trace:
    """Why an answer is as it is, with a bar for each step."""
    whole = turn.seconds or 0.0
    steps = [(f"{tool['name']}", float(tool.get("seconds") or 0), "tool") for tool in turn.tools]
    if turn.first_text_s is not None:
        steps.append(("first words", turn.first_text_s, "first"))
    if turn.seconds is not None:
        steps.append(("whole answer", whole, "whole"))
    longest = max([seconds for _, seconds, _ in steps], default=0.0) or 1.0
    return Trace(
        turn=turn,
        is_broken=turn.state in BROKEN_STATES,
        state_text=STATE_WORDS.get(turn.state, turn.state),
        bars=[
            Bar(label=label, seconds=seconds, percent=round(100 * seconds / longest, 1), kind=kind)
            for label, seconds, kind in steps
        ],
        tools=[
            ToolCall(
                name=tool["name"],
                seconds=float(tool.get("seconds") or 0),
                given=_json(tool.get("input")),
                answered=_json(tool.get("output")),
            )
            for tool in turn.tools
        ],
        sources=[
            SourceLine(str(source.get("title") or source.get("id")), web_url(source.get("url")))
            for source in turn.sources
        ],
    )


def blocks_of(text: str, *, marked_up: bool) -> list[Block]:
    """Paragraphs and lists of a message; bold and links only where the text is the assistant's own Markdown."""
    blocks: list[Block] = []
    for line in text.split("\n"):
        item = _ITEM.fullmatch(line) if marked_up else None
        if item:
            if not (blocks and blocks[-1].is_list):
                blocks.append(Block(True, []))
            blocks[-1].lines.append(spans_of(item["text"]))
        elif not line.strip():
            blocks.append(Block(False, []))
        else:
            if not blocks or blocks[-1].is_list:
                blocks.append(Block(False, []))
            blocks[-1].lines.append(spans_of(line) if marked_up else [Span(line)])
    return [block for block in blocks if block.lines]


def spans_of(line: str) -> list[Span]:
    """A line in runs: bold, links to web addresses, and plain text."""
    spans, end = [], 0
    for found in _SPAN.finditer(line):
        spans.append(Span(line[end : found.start()]))
        spans.append(Span(found["bold"], bold=True) if found["bold"] else _link(found))
        end = found.end()
    return [span for span in (*spans, Span(line[end:])) if span.text]


def _link(found: re.Match[str]) -> Span:
    url = web_url(found["url"])
    return Span(found["label"], url=url) if url else Span(found[0])


def web_url(url: object) -> str | None:
    """The address when it is http or https with a host; None for anything a click must not run."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc and url.isprintable() else None


def money_text(money: object) -> str:
    """19.99 with its currency; empty where there is no price."""
    if not isinstance(money, dict) or "amount" not in money:
        return ""
    return format_money(int(money["amount"]), str(money.get("currency", "USD")))


def _json(value: object) -> str:
    plain = msgspec.json.encode(value, enc_hook=_plain)
    return msgspec.json.format(plain, indent=2).decode()


def _plain(value: object) -> str:
    return str(value) if isinstance(value, UUID) else repr(value)
