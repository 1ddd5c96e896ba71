"""RSS and Atom product feeds (Google Merchant Center's format), one item at a time."""

from collections.abc import Iterator
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError

from .row_result import BadRow, Record, UnreadableFile

MAX_ITEM_BYTES = 8 * 2**20
MAX_DEPTH = 50
_ITEM_TAGS = frozenset(("item", "entry", "product", "offer"))


class _BoundedStream:
    """The bytes of a feed. Reading raises UnreadableFile once a single item exceeds MAX_ITEM_BYTES."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._since_item = 0

    def read(self, size: int = 65536) -> bytes:
        data = self._stream.read(size)
        self._since_item += len(data)
        if self._since_item > MAX_ITEM_BYTES:
            raise UnreadableFile("the feed has 8 MB without an <item> or <entry>; it is damaged or not a product feed")
        return data

    def item_done(self) -> None:
        self._since_item = 0


def feed_records(stream: IO[bytes]) -> Iterator[Record | BadRow]:
    """Yield one record per item, keyed by tag without namespace; a repeated tag gives a list. Rows count from 1.

    Raises UnreadableFile when the feed declares entities (an attack, never a feed) or is no XML at all.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    source = _BoundedStream(stream)
    row = 0
    path: list[Element] = []
    item_depth = 0
    try:
        for event, element in iterparse(source, events=("start", "end")):
            if event == "start":
                path.append(element)
                if len(path) > MAX_DEPTH:
                    raise UnreadableFile(f"the feed nests elements more than {MAX_DEPTH} deep")
                if not item_depth and _name(element) in _ITEM_TAGS:
                    item_depth = len(path)
                continue
            is_item = len(path) == item_depth
            path.pop()
            if is_item:
                row += 1
                item_depth = 0
                source.item_done()
                yield Record(row, _fields(element))
            if not item_depth and path:
                path[-1].remove(element)
    except DefusedXmlException as error:
        raise UnreadableFile("the feed declares XML entities, which no product feed needs; remove them") from error
    except (ParseError, ValueError, LookupError) as error:
        if row == 0:
            raise UnreadableFile(f"the file is not well-formed XML ({error})") from error
        yield BadRow(row + 1, f"the XML is damaged here ({error}); the items before were read")


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2].rpartition(":")[2].lower()


def _fields(item: Element) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for child in item:
        name, value = _name(child), _value(child)
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    return fields


def _value(element: Element) -> Any:
    if len(element):
        return {_name(child): _value(child) for child in element}
    # Atom puts the address into an attribute: <link href="..."/>
    return (element.text or "").strip() or element.get("href", "")
