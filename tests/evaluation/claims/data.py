"""The sentences of this folder, and the demo shop in memory that they speak of."""

import tomllib
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from integrations.demo import load_store
from server.chat.models import Question
from tests.server.chat.engine.memory import Document
from tests.server.chat.engine.shop import ShopTools, question

FOLDER = Path(__file__).parent
LANGUAGE_NAMES = ("english", "german", "french", "spanish")
FILES = (*LANGUAGE_NAMES, *(f"{name}_second" for name in LANGUAGE_NAMES))
CRITICAL = frozenset({"price", "order state", "action done", "contact", "refund"})
"""Kinds of which not one may reach a shopper."""
UNSEEN_EVERY = 3
"""Every third sentence of a group is left out of tuning, and all of the second files."""


class Part(StrEnum):
    """How a sentence was used: rules are tuned on `TUNED` alone."""

    TUNED = "tuned"
    UNSEEN = "unseen"
    SECOND = "second"


class Sentence(Struct, frozen=True):
    """What a model says to a question, and whether it is true."""

    text: str
    kind: str
    question: str
    language: str
    is_true: bool
    part: Part


class _Group(Struct, frozen=True, forbid_unknown_fields=True):
    kind: str
    question: str
    false: list[str]
    true: list[str]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    language: str
    group: list[_Group]
    is_unseen: bool = False


def list_sentences() -> Iterator[Sentence]:
    """Every sentence, file by file."""
    for name in FILES:
        file = msgspec.convert(tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8")), _File)
        for group in file.group:
            for is_true, texts in ((False, group.false), (True, group.true)):
                for number, text in enumerate(texts):
                    part = Part.UNSEEN if number % UNSEEN_EVERY == UNSEEN_EVERY - 1 else Part.TUNED
                    part = Part.SECOND if file.is_unseen else part
                    yield Sentence(text, group.kind, group.question, file.language, is_true, part)


@cache
def demo_documents() -> tuple[Document, ...]:
    """The demo shop's policies."""
    return tuple(Document(each.external_id, each.title, each.body, each.url) for each in load_store().policies)


def demo_tools() -> ShopTools:
    """The real tools over the demo shop, with the orders of the tests' small shop."""
    return ShopTools(catalog=load_store().products, policies=demo_documents())


def ask_demo(text: str, language: str, *, is_signed_in: bool = False) -> Question:
    """A shopper's message to the demo shop."""
    asked = question(text, locale="en-US" if language == "en" else language, signed_in=is_signed_in)
    contact = {"email": load_store().shop.contact_email or ""}
    return msgspec.structs.replace(asked, shop_name=load_store().shop.name, contact=contact)
