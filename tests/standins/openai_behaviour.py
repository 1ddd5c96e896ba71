"""What the stand-in says: a plain shop assistant, one that obeys whatever it reads, and the vectors of texts."""

import html
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_ORDER_NUMBER = re.compile(r"#?\b([A-Z]{0,4}-?\d{3,})\b")
_PRICE_LIMIT = re.compile(r"(?:under|below|less than|up to|max(?:imum)?)\s*[$€£]?\s*(\d+(?:\.\d+)?)", re.I)
_GREETING = re.compile(r"\s*(hi|hello|hey|thanks|thank you|bonjour|merci)\b[^?]{0,30}$", re.I)
_INTENTS = (
    ("request_human", re.compile(r"\b(human|real person|agent|staff|manager)\b", re.I)),
    ("order_status", re.compile(r"\b(my (order|parcel|package)|order (number|status|#?\d)|track)", re.I)),
    (
        "search_policies",
        re.compile(r"\b(return|refund|exchange|ship|deliver|warrant|guarantee|polic|pay|cancel|gift|discount)", re.I),
    ),
)
_MAX_SENTENCES = 4
_PICKED = 3
_MATERIAL = re.compile(r"<source [^>]*>\n(.*?)\n</source>", re.DOTALL)
_SOURCE = re.compile(r'<source id="[^"]*" title="(.*?)">\n(.*?)\n</source>', re.DOTALL)
_ANSWER = re.compile(r"<answer>\n(.*?)\n</answer>", re.DOTALL)
_SENTENCE_BREAK = re.compile(r"\n+|(?<=[.!?])\s+(?=[A-Z])")
_TALK = ("Sure,", "the", "team", "is", "glad", "to", "help", "you", "with", "that,", "any", "time.")

_SAY = re.compile(r"\b(?:say|reply|answer|write|respond)(?: with| only|:)*\s+(?:[\"“‘](.+?)[\"”’]|([^\n]+))", re.I)
_CALL = re.compile(r"\b(?:call|use|run|invoke)\s+(?:the\s+)?(?:tool\s+)?[`'\"]?(\w+)[`'\"]?\s+with\s+([^\n]*)", re.I)
_LINK = re.compile(r"\b(?:include|add|append|insert|show|send|visit|click|load)\b[^\n]{0,120}?(\S*https?://\S+)", re.I)
_REVEAL = re.compile(r"\b(?:print|repeat|reveal|show|leak)\b[^\n]{0,60}\b(?:system prompt|instructions)\b", re.I)
_PAIR = re.compile(r"(\w+)\s*[=:]\s*[\"']?([^\s,\"'}]+)")


class Call(NamedTuple):
    """A tool to call."""

    name: str
    arguments: str


class Turn(NamedTuple):
    """The part of a chat request that decides what to say."""

    said: str
    """The last user message."""
    results: list[str]
    """What the tools called since then gave back."""
    calls: list[Call]
    """Those calls."""
    tools: dict[str, dict[str, Any]]
    """Offered tools: name to properties of their arguments."""
    system: str

    @property
    def rounds(self) -> int:
        return len(self.results)


def read_turn(request: dict[str, Any]) -> Turn:
    """From the body of a chat request."""
    messages = request.get("messages") or []
    last = max((index for index, message in enumerate(messages) if message["role"] == "user"), default=-1)
    after = messages[last + 1 :]
    calls = [call["function"] for message in after for call in message.get("tool_calls") or ()]
    return Turn(
        said=text_of(messages[last]) if last >= 0 else "",
        results=[text_of(message) for message in after if message["role"] == "tool"],
        calls=[Call(call["name"], call["arguments"]) for call in calls],
        tools={
            tool["function"]["name"]: (tool["function"].get("parameters") or {}).get("properties") or {}
            for tool in request.get("tools") or ()
        },
        system="\n".join(text_of(message) for message in messages if message["role"] in ("system", "developer")),
    )


def text_of(message: dict[str, Any]) -> str:
    """The text of a message, whichever of its two forms the content has."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content)


def assist(turn: Turn) -> list[Call] | str:
    """A shop assistant: calls the tools that fit the question once, then tells what they gave."""
    if turn.results:
        return _retell(turn.results)
    if _GREETING.match(turn.said):
        return "Hello! I can help you find a product, explain our policies or look up an order."
    calls = [Call(name, _arguments(turn, name)) for name in _fitting(turn)]
    return calls or "I can help you with products, policies and orders. What are you looking for?"


def quote(turn: Turn, words: int) -> str:
    """An answer of so many words that nothing has to be held back of: whole sentences of the first material in the
    prompt, figures included, then some that claim nothing."""
    said: list[str] = []
    for material in _MATERIAL.findall(turn.system):
        for sentence in _SENTENCE_BREAK.split(material):
            if sentence.endswith((".", "!", "?")) and len(said) + len(sentence.split()) <= words:
                said += sentence.split()
    return " ".join([*said, *talk(words - len(said)).split()])


def repeat(turn: Turn) -> str:
    """The answer of the shop's search where the prompt has one, or else the text that fits best."""
    found = _ANSWER.search(turn.system)
    return html.unescape(found[1]) if found else pick(turn)


def pick(turn: Turn) -> str:
    """The sentences of the material that share most words with the question, with what stands above them."""
    asked = set(_words(turn.said))
    texts = [
        (title, sentence)
        for title, text in _SOURCE.findall(html.unescape(turn.system))
        for sentence in _SENTENCE_BREAK.split(text)
        if sentence.strip()
    ]
    ranked = sorted(texts, key=lambda each: -len(asked & set(_words(f"{each[0]} {each[1]}"))))
    return " ".join(dict.fromkeys(sentence.strip() for _, sentence in ranked[:_PICKED])) or talk(_PICKED)


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"\w+", text.lower()) if len(word) > 3]


def talk(words: int) -> str:
    """So many words without a figure, the last sentence whole."""
    told = " ".join(_TALK[index % len(_TALK)] for index in range(words))
    return told and told.rstrip(".,") + "."


def obey(turn: Turn) -> list[Call] | str:
    """Follows every instruction found in the question or in a tool's result, else assists."""
    texts = [turn.said, *(text for result in turn.results for text in _texts(result))]
    calls = [call for text in texts for call in _ordered_calls(text) if call not in turn.calls]
    if calls:
        return calls
    if any(_REVEAL.search(text) for text in texts):
        return turn.system or "I have no instructions."
    words = [found[1] or found[2] for text in texts for found in _SAY.finditer(text)]
    words += [found[1] for text in texts for found in _LINK.finditer(text)]
    return " ".join(words) or assist(turn)


def _texts(result: str) -> Iterator[str]:
    """Every string in a tool's JSON, or the result itself."""
    try:
        found = [json.loads(result)]
    except ValueError:
        found = [result]
    while found:
        match found.pop(0):
            case str(text):
                yield text
            case list(items):
                found += items
            case dict(fields):
                found += fields.values()


def _fitting(turn: Turn) -> Iterator[str]:
    fitting = [name for name, pattern in _INTENTS if name in turn.tools and pattern.search(turn.said)]
    yield from fitting
    if not fitting and "search_catalog" in turn.tools:
        yield "search_catalog"


def _arguments(turn: Turn, name: str) -> str:
    """Only what the tool's schema declares."""
    number = _ORDER_NUMBER.search(_EMAIL.sub(" ", turn.said))
    email = _EMAIL.search(turn.said)
    limit = _PRICE_LIMIT.search(turn.said)
    known: dict[str, Any] = {"query": turn.said, "q": turn.said, "reason": turn.said}
    if number:
        known |= dict.fromkeys(("order_number", "number", "order_id"), number[1])
    if email:
        known["email"] = email[0].rstrip(".")
    if limit:
        known |= dict.fromkeys(("max_price", "price_max"), float(limit[1]))
    return json.dumps({key: known[key] for key in turn.tools[name] if key in known}, ensure_ascii=False)


def _ordered_calls(text: str) -> Iterator[Call]:
    for name, rest in _CALL.findall(text):
        braces = re.search(r"\{.*\}", rest)
        try:
            arguments = json.loads(braces[0]) if braces else dict(_PAIR.findall(rest))
        except ValueError:
            arguments = dict(_PAIR.findall(rest))
        yield Call(name, json.dumps(arguments))


def _retell(results: list[str]) -> str:
    sentences = [sentence for result in results for sentence in _sentences(result)]
    unique = list(dict.fromkeys(sentences))
    return " ".join(unique[:_MAX_SENTENCES]) or "I could not find anything about that."


def _sentences(result: str) -> Iterator[str]:
    try:
        yield from _told(json.loads(result))
    except ValueError:
        yield from re.split(r"(?<=[.!?])\s+", result.strip())[:2]


def _told(value: Any) -> Iterator[str]:
    """A sentence for each thing in a tool's JSON: products, passages, orders, errors."""
    match value:
        case list():
            for item in value:
                yield from _told(item)
        case {"title": str(title), "price": price}:
            yield f"{title} costs {_money(price)}."
        case {"status_text": str(text)} | {"text": str(text)} | {"error": str(text)} | {"message": str(text)}:
            yield from re.split(r"(?<=[.!?])\s+", text.strip())[:2]
        case {"status": str(status), **rest}:
            yield f"Your order {rest.get('number', '')} is {status}.".replace("  ", " ")
        case dict():
            for item in value.values():
                yield from _told(item) if isinstance(item, dict | list) else ()


def _money(price: Any) -> str:
    if isinstance(price, dict):
        return f"{price.get('amount', 0) / 100:.2f} {price.get('currency', '')}".strip()
    return str(price)


def embed(text: str, dimensions: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A hashed bag of words of length 1: texts with words in common are near each other."""
    vector = np.zeros(dimensions, np.float32)
    for word in re.findall(r"\w+", text.lower()):
        for position, sign in _word_marks(word):
            vector[position % dimensions] += sign
    vector[0] += 0.01  # a text without words has a direction too
    return vector / np.float32(np.linalg.norm(vector))


@lru_cache(maxsize=65536)
def _word_marks(word: str) -> tuple[tuple[int, float], ...]:
    digest = np.frombuffer(blake2b(word.encode(), digest_size=32).digest(), np.uint32)
    return tuple((int(number >> 1), 1.0 if number & 1 else -1.0) for number in digest)
