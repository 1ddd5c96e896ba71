"""docs/stream.md, from what `server.chat.transcript` sends for every answer event and docs/reference/stream.toml."""

import ast
import asyncio
import inspect
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any, get_args
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec import inspect as types

from integrations.platform import Money, OrderStatus
from server.chat import models, transcript
from server.chat.conversations import service as conversations
from server.chat.turns import abandoned_turns as interrupted
from server.chat.turns.recording import answer_metadata
from server.orders.models import OrderView
from tests.documentation.markdown import Undescribed, code, descriptions, page, table

NOW = "2026-11-30T12:00:00Z"
PRODUCT = models.ProductCard(id="1", title="Tent", url=None, image_url=None, price=None, available=True, fetched_at=NOW)
ORDER = OrderView(number="1001", status=OrderStatus.SHIPPED, status_text="On its way", placed_on="2026-11-28")
SAMPLES: tuple[models.AnswerEvent, ...] = (
    models.StatusLine("Looking"),
    models.TextPiece("Hello"),
    models.ToolUsed(name="search_catalog", input={}, output={}),
    models.ShowProducts((PRODUCT,)),
    models.ShowOrder(ORDER),
    models.AskProof(order_number="1001", methods=("email",)),
    models.Suggest(("And the blue one?",)),
    models.HandedOff(state="joined", staff="Ada"),
    models.Cite(models.Source(id="a", kind="document", title="Returns", text="", url="https://shop.example/returns")),
    models.Cite(models.Source(id="b", kind="document", title="Returns", text="")),
    models.Concluded(kind="policy", confidence=1.0),
)
OBJECTS: tuple[type[Struct], ...] = (models.ProductCard, OrderView, models.Receipt)
SPREAD = ("data", "messageMetadata")
"""Fields whose own fields are documented one by one."""


def sent() -> dict[str, list[str]]:
    """Every event that is sent, in the order of an answer, with its fields. Raises Undescribed where an answer event
    has no sample here."""
    if unsampled := {*get_args(models.AnswerEvent)} - {type(sample) for sample in SAMPLES}:
        raise Undescribed(
            f"tests/documentation/stream.py has no sample of {', '.join(each.__name__ for each in unsampled)}"
        )
    found: dict[str, list[str]] = {}
    for event in asyncio.run(_events()):
        names = found.setdefault(event["type"], [])
        names += [name for name in _names(event) if name not in names]
    if unseen := written_types() - set(found):
        raise Undescribed(f"tests/documentation/stream.py does not see the events {', '.join(sorted(unseen))}")
    return found


async def _events() -> list[dict[str, Any]]:
    frames = []
    for state in ("done", "stopped", "failed"):
        answer = transcript.Transcript(UUID(int=1), "m1")
        answer.start()
        for sample in SAMPLES:
            answer.add(sample)
        answer.add_fallback("quota", {"email": "help@shop.example"})
        turn: Any = SimpleNamespace(transcript=answer)
        answer.close(answer_metadata(turn, state, "engine"))
        answer.end(state, "Please try again.")
        frames += answer.take_frames()
    data = [frame.partition(b"data: ")[2] for frame in frames]
    return [msgspec.json.decode(text) for text in data if text.startswith(b"{")]


def _names(event: dict[str, Any]) -> Iterator[str]:
    for name, value in event.items():
        if name in SPREAD:
            yield from (f"{name}.{inner}" for inner in value)
        elif name != "type":
            yield name


def written_types() -> set[str]:
    """Every `{"type": "..."}` in the code that makes events, but for the part "text", which is history and no event."""
    trees = [ast.parse(inspect.getsource(module)) for module in (transcript, conversations, interrupted)]
    pairs = [
        (key, value)
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
    ]
    literal = {
        value.value
        for key, value in pairs
        if isinstance(key, ast.Constant) and key.value == "type" and isinstance(value, ast.Constant)
    }
    return {str(each) for each in literal} - {"text"}


def render() -> str:
    """The page. Raises Undescribed."""
    found, objects = sent(), {_title(each): each for each in _reachable(OBJECTS)}
    texts = descriptions("stream", ("events", "objects"))
    _require_same("event", found, texts["events"])
    _require_same("object", objects, texts["objects"])
    return page(
        "The chat stream",
        "`server/chat/transcript.py` and `docs/reference/stream.toml`",
        "`POST /v1/chat` answers with server-sent events in the [AI SDK UI message stream "
        "(v1)](https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol), so `useChat` and any other client of that protocol "
        "work unchanged. Each event is one JSON object, and `type` says which of the following it is. The stream ends "
        "with `data: [DONE]`. Lines that begin with a colon are comments that keep the connection open.",
        "Each event has an id. A client that was cut off calls `GET /v1/chat/{conversation_id}/stream` with the last "
        "id it saw in the header `Last-Event-ID`, and the stream goes on after it. Ignore types and fields that you do "
        "not know: new ones may be added.",
        *(_event(name, fields, texts["events"][name]) for name, fields in found.items()),
        "## Objects",
        "A field of an order that the shopper has not proved a right to see is absent. [Who may see an "
        "order](orders.md#who-may-see-an-order) has the levels. Dates are written `YYYY-MM-DD`.",
        *(_object(name, kind, texts["objects"][name]) for name, kind in objects.items()),
        "Statuses of orders and parcels: " + ", ".join(code(status.value) for status in OrderStatus) + ".",
    )


def _require_same(what: str, found: Iterable[str], described: Iterable[str]) -> None:
    if differing := sorted({*found} ^ {*described} - {"meaning"}):
        raise Undescribed(f"{what}: {', '.join(differing)} is only in one of the code and docs/reference/stream.toml")


def _event(name: str, fields: list[str], text: dict[str, str]) -> str:
    _require_same(f"event {name}", fields, text)
    block = f"## {name}\n\n{text['meaning']}"
    rows = [(code(field), text[field]) for field in fields]
    return f"{block}\n\n{table(['field', 'meaning'], rows)}" if rows else block


def _object(name: str, kind: type[Struct], text: dict[str, str]) -> str:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    _require_same(f"object {name}", fields, text)
    rows = [(code(field), _type(types.type_info(fields[field].type)), text[field]) for field in fields]
    return f"### {name}\n\n{table(['field', 'type', 'meaning'], rows)}"


def _title(kind: type[Any]) -> str:
    return kind.__name__.removesuffix("Card").removesuffix("View")


def _type(kind: types.Type) -> str:
    match kind:
        case types.UnionType(types=alternatives):
            return " or ".join(_type(each) for each in alternatives)
        case types.VarTupleType(item_type=item) | types.ListType(item_type=item):
            return f"list of {_type(item)}"
        case types.StructType(cls=cls):
            return f"[{_title(cls)}](#{_title(cls).lower()})"
        case types.EnumType():
            return "text"
    names = {
        types.StrType: "text",
        types.IntType: "whole number",
        types.BoolType: "true or false",
        types.NoneType: "null",
    }
    return names[type(kind)]


def _reachable(roots: Iterable[type[Struct]]) -> list[type[Struct]]:
    """The structs and those in their fields, each once, outer ones first; Money last."""
    found: list[type[Struct]] = []
    waiting = list(roots)
    while waiting:
        kind = waiting.pop(0)
        if kind not in found and kind is not Money:
            found.append(kind)
            inner = [types.type_info(field.type) for field in msgspec.structs.fields(kind)]
            waiting = [struct for each in inner for struct in _structs(each)] + waiting
    return [*found, Money]


def _structs(kind: types.Type) -> Iterator[type[Struct]]:
    match kind:
        case types.UnionType(types=alternatives):
            for each in alternatives:
                yield from _structs(each)
        case types.VarTupleType(item_type=item) | types.ListType(item_type=item):
            yield from _structs(item)
        case types.StructType(cls=cls):
            yield cls
