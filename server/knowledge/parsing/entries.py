"""JSON, JSONL, YAML and XML: lists of questions with answers, lists of documents, or anything else as "name: value"."""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import msgspec

from integrations.text import clean_text, html_to_text, one_line
from server.catalog.formats.field_values import parse_url, render_text
from server.catalog.formats.text_encoding import decode_bytes

from .documents import ParsedDocument, Section, UnreadableFile
from .outline import Outline, title_from_name

MAX_NODES = 200_000
"""The most values read from one file. With YAML aliases a few lines can stand for billions."""
MAX_DEPTH = 30

_QUESTIONS = ("question", "q", "frage", "pregunta", "domanda", "faq question", "prompt")
_ANSWERS = ("answer", "a", "antwort", "réponse", "reponse", "respuesta", "risposta", "faq answer", "response")
_TITLES = ("title", "name", "heading", "subject", "headline", "topic", "titel", "titre")
_BODIES = ("content", "body", "text", "body html", "article", "markdown", "html", "description", "answer", "inhalt")
_KEYS = ("id", "key", "slug", "doc id", "document id", "handle", "uuid")
_URLS = ("url", "link", "permalink", "href", "source url")
Entry = dict[str, Any]


def parse_entries(data: bytes, name: str, kind: str) -> tuple[ParsedDocument, ...]:
    """The documents in a JSON, JSONL, YAML or XML file. Raises UnreadableFile."""
    value = _load(data, kind)
    _require_bounded(value)
    title = title_from_name(name)
    if isinstance(value, dict):
        title = render_text(_pick(value, ("title", "name"))) or title
    found: list[ParsedDocument] = []
    for path, entries in _lists(value):
        within = entry_documents(entries, title)
        found += [_below(path, document) for document in within or ()]
    if found:
        return _joined(found)
    if isinstance(value, dict) and (single := entry_documents([value], title)):
        return single
    outline = Outline()
    _fill(outline, value, 2)
    return (ParsedDocument(title=title, sections=outline.sections()),)


def entry_documents(entries: Sequence[Entry], title: str) -> tuple[ParsedDocument, ...] | None:
    """Return questions as sections of one document, or titled texts as documents; None when the entries are neither."""
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        return None
    if sum(_is_question(entry) for entry in entries) > len(entries) / 2:
        sections = tuple(section for entry in entries if (section := _answered(entry)))
        return (ParsedDocument(title=title, sections=sections),)
    if sum(_is_document(entry) for entry in entries) > len(entries) / 2:
        return tuple(_document(entry, position) for position, entry in enumerate(entries, 1))
    return None


def _is_question(entry: Entry) -> bool:
    return bool(render_text(_pick(entry, _QUESTIONS)) and render_text(_pick(entry, _ANSWERS)))


def _answered(entry: Entry) -> Section | None:
    question, answer = one_line(render_text(_pick(entry, _QUESTIONS))), _text(_pick(entry, _ANSWERS))
    url = parse_url(_pick(entry, _URLS))
    anchor = re.search(r"#[^\s]{1,200}$", url) if url else None
    return Section((question,), answer, anchor[0] if anchor else None) if question and answer else None


def _is_document(entry: Entry) -> bool:
    title, body = _pick(entry, _TITLES), _pick(entry, _BODIES)
    return isinstance(title, str) and isinstance(body, str) and len(body) > len(title)


def _document(entry: Entry, position: int) -> ParsedDocument:
    from .markdown import markdown_sections

    body = _pick(entry, _BODIES)
    text = body if isinstance(body, str) else render_text(body)
    is_html = re.search(r"<(?:p|div|h[1-6]|ul|ol|table|br)\b", text[:5000], re.IGNORECASE)
    heading, sections = (None, (Section((), html_to_text(text)),)) if is_html else markdown_sections(text)
    title = one_line(render_text(_pick(entry, _TITLES))) or heading or f"Entry {position}"
    return ParsedDocument(
        title=title[:200],
        key=one_line(render_text(_pick(entry, _KEYS)))[:200] or str(position),
        url=parse_url(_pick(entry, _URLS), max_chars=None),
        sections=tuple(section for section in sections if section.text),
    )


def _load(data: bytes, kind: str) -> Any:
    if kind == "xml":
        return _load_xml(data)
    text = decode_bytes(data)
    try:
        if kind == "json":
            return msgspec.json.decode(text)
        if kind == "jsonl":
            return [msgspec.json.decode(line) for line in text.splitlines() if line.strip()]
    except msgspec.DecodeError as error:
        raise UnreadableFile(f"the file is not valid JSON ({error})") from error
    import yaml

    try:
        documents = list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)  # where it is; the parser's own words are for programmers
        where = f": see line {mark.line + 1}" if mark else ""
        raise UnreadableFile(f"the file is not valid YAML{where}") from error
    return documents[0] if len(documents) == 1 else documents


def _load_xml(data: bytes) -> Any:
    """The elements of an XML file as objects: repeated ones as a list, and the text of an element without others."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(data)
    except DefusedXmlException as error:
        raise UnreadableFile("the XML declares entities, which no document needs; remove them") from error
    except (ParseError, ValueError, LookupError) as error:
        raise UnreadableFile(f"the file is not well-formed XML ({error})") from error
    return _element(root, 0)


def _element(element: Element, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise UnreadableFile("the file holds too many values or nests them too deeply; split it")
    if not len(element):
        return (element.text or "").strip() or element.get("href", "")
    fields: Entry = {}
    loose = [element.text, *(child.tail for child in element)]
    if text := " ".join(part.strip() for part in loose if part and part.strip()):
        fields["text"] = text
    for child in element:
        if not isinstance(child.tag, str):
            continue
        name, value = child.tag.rpartition("}")[2].replace("_", " "), _element(child, depth + 1)
        known = fields.get(name)
        fields[name] = value if known is None else [*known, value] if isinstance(known, list) else [known, value]
    return fields


def _require_bounded(value: Any) -> None:
    """Raises UnreadableFile for what is too large or too deep once aliases are followed."""
    waiting = [(value, 0)]
    seen = 0
    while waiting:
        item, depth = waiting.pop()
        seen += 1
        if seen > MAX_NODES or depth > MAX_DEPTH:
            raise UnreadableFile("the file holds too many values or nests them too deeply; split it")
        if isinstance(item, dict):
            waiting += [(inner, depth + 1) for inner in item.values()]
        elif isinstance(item, list | set | tuple):
            waiting += [(inner, depth + 1) for inner in item]


def _lists(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Yield lists of objects, at the top or inside objects, with the names that lead to them."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        yield path, value
        if entry_documents(value, "") is None:
            for item in value:
                group = one_line(render_text(_pick(item, (*_TITLES, "category", "section", "group"))))
                for name, inner in item.items():
                    if isinstance(inner, list):
                        yield from _lists(inner, (*path, group or str(name)))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _lists(inner, (*path, str(name)) if path or len(value) > 1 else path)


def _below(path: tuple[str, ...], document: ParsedDocument) -> ParsedDocument:
    if document.key is not None or not path:
        return document
    sections = tuple(Section((*path, *s.heading_path), s.text, s.anchor) for s in document.sections)
    return msgspec.structs.replace(document, sections=sections)


def _joined(found: list[ParsedDocument]) -> tuple[ParsedDocument, ...]:
    """Return documents with a key as they are, and all questions of a file in one document."""
    keyed = [document for document in found if document.key is not None]
    plain = [document for document in found if document.key is None]
    if not plain:
        return tuple(keyed)
    sections = tuple(section for document in plain for section in document.sections)
    return (*keyed, msgspec.structs.replace(plain[0], sections=sections))


def _fill(outline: Outline, value: Any, level: int) -> None:
    """Render objects as headings with "name: value" lines."""
    if isinstance(value, list):
        for item in value:
            _fill(outline, item, level)
        return
    if not isinstance(value, dict):
        outline.block(_text(value))
        return
    plain = {name: item for name, item in value.items() if not isinstance(item, dict) and not _is_nested(item)}
    outline.block("\n".join(f"{name}: {text}" for name, item in plain.items() if (text := _text(item))))
    for name, item in value.items():
        if name not in plain:
            outline.heading(level, str(name))
            _fill(outline, item, level + 1)


def _is_nested(item: Any) -> bool:
    return isinstance(item, list) and any(isinstance(inner, dict | list) for inner in item)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return html_to_text(value) if "<" in value else clean_text(value)
    return render_text(value)


def _pick(entry: Entry, names: tuple[str, ...]) -> Any:
    plain = {re.sub(r"[\W_]+", " ", str(name)).strip().lower(): value for name, value in entry.items()}
    return next((plain[name] for name in names if plain.get(name) not in (None, "")), None)
