"""No module that reads, answers or finds evidence has a word of any language: words are data of server/languages."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct

import server.chat.answering as answering
import server.knowledge.evidence as evidence
from server.chat.answering.reading.models import Intent
from server.chat.languages.phrases import Phrases as SaidPhrases
from server.languages import LANGUAGES
from server.languages.matching import normalise
from server.languages.words import language

FOLDERS = (Path(answering.__file__).parent, Path(evidence.__file__).parent)
MODULES = sorted(path for folder in FOLDERS for path in folder.rglob("*.py"))
GROUP_NAME = re.compile(r"\(\?P[<=]\w+[>)]")
LEAST_LETTERS = 3
"""Shorter words are signs of units and letters of patterns too."""
IS_NAME = re.compile(r"[a-z][a-z0-9]*(?:[_.:][a-z0-9]+)+|[a-z0-9_/]*\.(?:npz|toml|tsv)")
"""A text that names a field, a key or a file of ours: "policy_returns"."""
ALLOWED = {
    "html": "names of tags and attributes that pages are made of",
    "kinds": "kinds of answers, events and sources in our own records",
    "log": "what a log line says to the operator",
    "model": "what the language model is told, in the one language it is told in",
}
EXEMPT = {
    "driver.py": "log",
    "prompt.py": "model",
    "model_driver.py": "model",
    "model_conclusion.py": "log",
    "model_sentences.py": "log",
    "links.py": "html",
    "facts.py": "kinds",
    "page_reader.py": "html",
    "blocks.py": "html",
    "extraction.py": "html",
}
"""Modules whose texts are words of a format."""


def texts_in(path: Path) -> Iterator[str]:
    """The texts in a module's code, without docstrings, type hints, dictionary keys and arguments of Enum members."""
    tree = ast.parse(path.read_text("utf-8"))
    left_out = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):  # members of an Enum are our own names
            left_out |= {id(each.value) for each in node.body if isinstance(each, ast.Assign)}
        if isinstance(node, ast.Call):  # kinds of an answer: conclude("stock", 0.9), reply.say(..., separator)
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in OUR_CALLS:
                left_out |= {id(each) for each in ast.walk(node) if isinstance(each, ast.Constant)}
        if isinstance(node, ast.AnnAssign):
            left_out |= {id(each) for each in ast.walk(node.annotation) if isinstance(each, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            yield node.value


OUR_CALLS = frozenset(
    ("conclude", "add_facts", "ValueError", "NotImplementedError", "AskProof", "warning", "info", "AwayEmbedder")
)
"""Calls whose texts are kinds of our own, or messages to the operator."""


def words_of_languages(code: str) -> set[str]:
    """All words that the data of a language reads."""
    data = language(code)
    phrases = [*_phrases_in(data.words), *(phrase for each in data.intents.values() for phrase in each.cues.phrases)]
    plain = {word.strip("*^$?,、").lower() for phrase in phrases for word in re.split(r"[\s'-]+", phrase)}
    least = LEAST_LETTERS if data.is_spaced else 1
    return {word for word in plain if len(word) >= least and word.isalpha()}


def _phrases_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _phrases_in(each)
    elif isinstance(value, Struct):
        for field in value.__struct_fields__:
            yield from _phrases_in(getattr(value, field))
    elif hasattr(value, "phrases"):
        yield from value.phrases


def our_names() -> set[str]:
    """Names of ours that are written as texts: fields of records, intents, keys of the language data."""
    words = language("en").words
    names = {intent.value for intent in Intent} | set(SaidPhrases.__struct_fields__)
    names |= {field for table in words.__struct_fields__ for field in _fields(getattr(words, table))}
    return names | set(words.__struct_fields__)


def _fields(value: object) -> set[str]:
    if isinstance(value, Struct):
        return set(value.__struct_fields__)
    return set(value) if isinstance(value, dict) else set()


OUR_WORDS = frozenset(
    ["about", "after", "amount", "answer", "available", "before", "between", "category", "chat", "code",
     "colour", "date", "day", "days", "documents", "email", "end", "eur", "free", "high", "hour", "item",
     "kind", "label", "long", "low", "max", "measure", "min", "minute", "model", "money", "month", "months", "name",
     "none", "number", "one", "order", "orders", "other", "page", "passage", "phone", "piece", "policy",
     "price", "product", "products", "question", "reply", "short", "sign", "similar", "size", "stand", "start",
     "stock", "text", "time", "title", "unit", "usd", "waiting", "warranty", "week", "weekday", "wide",
     "within", "year"]
)  # fmt: skip
"""Names of ours that are words of English too: keys, columns, tags, groups of patterns."""
SQL = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|FROM|VALUES|WHERE|AND|IS NOT NULL)\b")


@pytest.fixture(scope="module")
def known() -> tuple[frozenset[str], frozenset[str]]:
    """The words of English, and those of the other languages that are no words of English."""
    english = words_of_languages("en")
    others = {word for code in LANGUAGES if code != "en" for word in words_of_languages(code)}
    return frozenset(english - OUR_WORDS), frozenset(others - english - OUR_WORDS)


def test_no_text_in_the_code_is_a_word_of_a_language(known: tuple[frozenset[str], frozenset[str]]) -> None:
    assert MODULES
    assert [complaint for path in MODULES for complaint in words_in(path, *known)] == []


def words_in(path: Path, english: frozenset[str], others: frozenset[str]) -> Iterator[str]:
    """What to say of a module's texts that are words of a language."""
    if path.name in EXEMPT:
        assert EXEMPT[path.name] in ALLOWED
        return
    ours = our_names()
    for text in texts_in(path):
        if text in ours or IS_NAME.fullmatch(text) or SQL.search(text):
            continue
        found = set(re.findall(r"[^\W\d_]{3,}", normalise(GROUP_NAME.sub("", text))))
        if words := found & (others | english):
            yield f"{path}: {text!r} has {sorted(words)}"


def test_a_word_in_the_code_would_be_seen(known: tuple[frozenset[str], frozenset[str]]) -> None:
    english, others = known
    assert {"where", "without", "cheaper", "shipping"} <= english
    assert {"oder", "ohne", "siparis", "prix", "senza", "以下", "طلب"} <= others
